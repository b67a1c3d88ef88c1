/* What a step of training is measured against (bench/speed.py): how many operations a second the
 * machine's threads do at most, and how many a step needs.
 *
 * Usage: peak NET SECONDS THREADS. Prints two numbers. First GFLOP/s of multiply-adds whose operands
 * stay in registers, each thread's best by its processor time, added up. Then GFLOP of a step of
 * training a sample, additions and multiplications of convolutions and dense layers alone: forward,
 * by weights, and by inputs but for the first layer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/workers.h"
#include "io/io.h"
#include "op/op.h"

enum { CHAINS = 12, ROUNDS = 1 << 20, MOST_THREADS = 256 };

/* Enough chains to hide the latency of a multiply-add; only these may be fused here. Each begins
 * elsewhere, or the compiler would see that all are the same and make one of them. */
#if defined(__clang__)
#define FUSED
#define FUSES _Pragma("clang fp contract(fast)")
#else
#define FUSED optimize("fp-contract=fast")
#define FUSES
#endif
#define KERNEL(name, floats, isa)                                                              \
    typedef float name##_lane __attribute__((vector_size(4 * (floats))));                      \
    __attribute__((isa, FUSED, noinline)) static float name(const float *start)                \
    {                                                                                          \
        FUSES                                                                                  \
        const name##_lane a = start[0] + (name##_lane){0}, b = start[1] + (name##_lane){0};    \
        name##_lane sum[CHAINS];                                                               \
        for (int k = 0; k < CHAINS; k++)                                                       \
            sum[k] = start[k] + (name##_lane){0};                                              \
        for (int64_t i = 0; i < ROUNDS; i++)                                                   \
            for (int k = 0; k < CHAINS; k++)                                                   \
                sum[k] = sum[k] * a + b;                                                       \
        for (int k = 1; k < CHAINS; k++)                                                       \
            sum[0] += sum[k];                                                                  \
        return sum[0][0];                                                                      \
    }

#if defined(__x86_64__)
KERNEL(avx512, 16, target("avx512f"))
KERNEL(avx2, 8, target("avx2,fma"))
#endif
KERNEL(plain, 4, )

typedef struct kernel {
    float (*run)(const float *start);
    int floats;
} kernel;

static kernel choose(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return (kernel){avx512, 16};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return (kernel){avx2, 8};
#endif
    return (kernel){plain, 4};
}

typedef struct job {
    double seconds;
    double best[MOST_THREADS]; /* GFLOP/s of each thread */
    float sum[MOST_THREADS];
} job;

static vouch_status work(vouch_context *ctx, void *shared, int worker)
{
    job *j = shared;
    const kernel k = choose();
    const double end_s = vouch_wall_s() + j->seconds;
    float start[CHAINS];
    const double work = 2e-9 * ROUNDS * CHAINS * k.floats;
    (void)ctx;
    for (int i = 0; i < CHAINS; i++)
        start[i] = 1 / (float)(i + 2);
    while (vouch_wall_s() < end_s) {
        const double begun_s = vouch_thread_cpu_s();
        j->sum[worker] += k.run(start);
        const double rate = work / (vouch_thread_cpu_s() - begun_s);
        j->best[worker] = rate > j->best[worker] ? rate : j->best[worker];
    }
    return VOUCH_OK;
}

/* GFLOP of a step. */
static double step_of(const vouch_graph *g)
{
    double sum = 0, first = 0;
    for (int n = 0; n < g->node_count; n++) {
        const vouch_node *node = &g->node[n];
        const vouch_tensor *w =
            node->input_count > 1 ? g->value[node->input[1]].constant : NULL;
        const vouch_shape *out = &g->value[node->output[0]].shape;
        const bool conv = strcmp(node->type, "Conv") == 0;
        if (!w || w->shape.rank < 2 ||
            (!conv && strcmp(node->type, "Gemm") != 0 && strcmp(node->type, "MatMul") != 0))
            continue;
        const double places =
            conv ? (double)vouch_shape_count(out) / (double)w->shape.dim[0] : 1;
        const double once = 2e-9 * (double)w->count * places;
        first = sum > 0 ? first : once;
        sum += once;
    }
    return 3 * sum - first;
}

static vouch_status run(vouch_context *ctx, char **argument)
{
    static job j;
    vouch_graph *graph = NULL;
    const long threads = strtol(argument[2], NULL, 10);
    double peak = 0;
    j.seconds = strtod(argument[1], NULL);
    if (threads < 1 || threads > MOST_THREADS)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "%ld threads", threads);
    VOUCH_TRY(vouch_network_read(ctx, argument[0], &graph, NULL));
    vouch_status status = vouch_op_bind_graph(ctx, graph);
    if (!status)
        status = vouch_workers_run(ctx, (int)threads, work, &j);
    for (long t = 0; t < threads; t++)
        peak += j.best[t];
    if (!status)
        printf("%.6g %.6g\n", peak, step_of(graph));
    vouch_graph_free(graph);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: peak NET SECONDS THREADS\n", stderr);
        return EXIT_FAILURE;
    }
    vouch_context *ctx = vouch_context_new(NULL);
    const vouch_status status = ctx ? run(ctx, argv + 1) : VOUCH_ERR_MEMORY;
    if (status)
        fprintf(stderr, "peak: %s\n", ctx ? vouch_context_error(ctx) : "out of memory");
    vouch_context_free(ctx);
    return status ? EXIT_FAILURE : EXIT_SUCCESS;
}
