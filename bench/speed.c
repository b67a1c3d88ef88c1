/* Speed of attacks and of steps of training, for bench/speed.py.
 *
 * Usage: speed NET BATCH WHAT SECONDS THREADS; WHAT is fgsm or pgd10, or `train` and a term, as in
 * "train ibp kappa=.5": a step of Adam on that loss. Prints images a second, the best of the batches done in that time: by the clock, or
 * on one thread by its processor time, which other programs disturb less.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/workers.h"
#include "io/io.h"
#include "train/fit.h"
#include "train/perturb.h"

#define TRAIN "train "
#define EPS 0.1

typedef struct job {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_graph *graph;
    vouch_fit_data data;
    int64_t steps; /* of the attack: 1 is fgsm; 0: a step of training */
    int64_t batch;
    double seconds;
    int threads;
} job;

static double now_s(const job *j) { return j->threads == 1 ? vouch_cpu_s() : vouch_wall_s(); }

static vouch_status make_data(job *j, const vouch_net *net)
{
    const int64_t inputs = vouch_net_inputs(net), classes = vouch_net_outputs(net);
    float *x = VOUCH_NEW_ARRAY(j->arena, float, j->batch *inputs);
    int *label = VOUCH_NEW_ARRAY(j->arena, int, j->batch);
    vouch_random r = vouch_random_stream(1, "bench", 0);
    if (!x || !label)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < j->batch * inputs; i++)
        x[i] = (float)vouch_random_unit(&r);
    for (int64_t i = 0; i < j->batch; i++)
        label[i] = (int)vouch_random_below(&r, (uint64_t)classes);
    j->data = (vouch_fit_data){.count = j->batch, .inputs = inputs, .x = x, .label = label};
    return VOUCH_OK;
}

/* ---- training -------------------------------------------------------------------------------- */

typedef struct stopwatch {
    const job *j;
    double begun_s, best_s, end_s;
} stopwatch;

/* An epoch is one batch. */
static bool note(void *user, const vouch_fit_progress *log, int64_t count)
{
    stopwatch *c = user;
    const double at_s = now_s(c->j), took_s = at_s - c->begun_s;
    c->begun_s = at_s;
    (void)log;
    if (count == 2 || (count > 2 && took_s < c->best_s))
        c->best_s = took_s;
    return count < 2 || vouch_wall_s() < c->end_s;
}

static vouch_status train(const job *j, vouch_net *net, const char *loss, double *best_s)
{
    vouch_fit_settings settings = {.epochs = 1 << 20,
                                   .threads = j->threads,
                                   .batch = j->batch,
                                   .seed = 1,
                                   .optimiser = vouch_optimiser_find("adam"),
                                   .schedule = vouch_schedule_find("constant"),
                                   .rate = 1e-3,
                                   .eps = EPS,
                                   .high = 1};
    VOUCH_TRY(vouch_loss_parse_sum(j->arena, loss, NULL, settings.term, &settings.term_count));
    stopwatch c = {.j = j, .end_s = vouch_wall_s() + j->seconds};
    VOUCH_TRY(vouch_fit_run(j->ctx, net, &j->data, &settings, note, &c));
    *best_s = c.best_s;
    return VOUCH_OK;
}

/* ---- attacks --------------------------------------------------------------------------------- */

typedef struct attack {
    const job *j;
    const vouch_net *net;
    pthread_barrier_t barrier;
    bool stop;
    double best_s;
} attack;

static vouch_status set_up(vouch_context *ctx, const attack *a, vouch_arena *arena, int worker,
                           vouch_loss_job *p)
{
    const job *j = a->j;
    const int64_t from = j->batch * worker / j->threads;
    *p = (vouch_loss_job){.count = j->batch * (worker + 1) / j->threads - from,
                          .inputs = j->data.inputs,
                          .classes = vouch_net_outputs(a->net),
                          .x = j->data.x + from * j->data.inputs,
                          .label = j->data.label + from,
                          .eps = (float)EPS,
                          .high = 1};
    uint64_t *sample = VOUCH_NEW_ARRAY(arena, uint64_t, p->count);
    p->sample = sample;
    p->y = VOUCH_NEW_ARRAY(arena, float, p->count * p->classes);
    p->d_y = VOUCH_NEW_ARRAY(arena, float, p->count * p->classes);
    p->d_x = VOUCH_NEW_ARRAY(arena, float, p->count * p->inputs);
    p->out = VOUCH_NEW_ARRAY(arena, float, p->count * p->inputs);
    if (!sample || !p->y || !p->d_y || !p->d_x || !p->out)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < p->count; i++)
        sample[i] = (uint64_t)(from + i);
    return vouch_tape_new(ctx, arena, a->net, p->count, &p->tape);
}

static void climb(const vouch_loss_job *p, int64_t steps)
{
    if (steps == 1)
        vouch_perturb_none(p);
    else
        vouch_perturb_start(p, p->eps);
    vouch_perturb_climb(p, steps, steps == 1 ? p->eps : p->eps / 4, p->eps);
}

static void repeat(attack *a, int worker, const vouch_loss_job *p)
{
    const double end_s = vouch_wall_s() + a->j->seconds;
    for (int64_t i = 0; !a->stop; i++) {
        const double begun_s = now_s(a->j);
        climb(p, a->j->steps);
        (void)pthread_barrier_wait(&a->barrier);
        const double took_s = now_s(a->j) - begun_s;
        if (worker == 0 && i > 0 && (i == 1 || took_s < a->best_s))
            a->best_s = took_s;
        if (worker == 0 && i > 0)
            a->stop = vouch_wall_s() > end_s;
        (void)pthread_barrier_wait(&a->barrier);
    }
}

static vouch_status work(vouch_context *ctx, void *shared, int worker)
{
    attack *a = shared;
    vouch_loss_job p;
    vouch_arena *arena = vouch_arena_new(ctx);
    const vouch_status status = arena ? set_up(ctx, a, arena, worker, &p) : VOUCH_ERR_MEMORY;
    if (status)
        exit(EXIT_FAILURE); /* the other thread would wait for ever */
    repeat(a, worker, &p);
    vouch_arena_free(arena);
    return status;
}

static vouch_status perturb(const job *j, const vouch_net *net, double *best_s)
{
    attack a = {.j = j, .net = net};
    if (pthread_barrier_init(&a.barrier, NULL, (unsigned)j->threads) != 0)
        return VOUCH_ERR_MEMORY;
    const vouch_status status = vouch_workers_run(j->ctx, j->threads, work, &a);
    pthread_barrier_destroy(&a.barrier);
    *best_s = a.best_s;
    return status;
}

static vouch_status measure(job *j, const char *what)
{
    vouch_net *net = NULL;
    double best_s = 0;
    const bool training = strncmp(what, TRAIN, strlen(TRAIN)) == 0;
    VOUCH_TRY(
        (training ? vouch_net_new_to_train : vouch_net_new)(j->ctx, j->arena, j->graph, &net));
    if (!net)
        return vouch_fail(j->ctx, VOUCH_ERR_UNSUPPORTED, "not a net of known layers");
    VOUCH_TRY(make_data(j, net));
    j->steps = strcmp(what, "fgsm") == 0 ? 1 : 10;
    VOUCH_TRY(training ? train(j, net, what + strlen(TRAIN), &best_s)
                       : perturb(j, net, &best_s));
    printf("%.6g\n", (double)j->batch / best_s);
    return VOUCH_OK;
}

static vouch_status run(job *j, char **argument)
{
    j->batch = strtol(argument[1], NULL, 10);
    j->seconds = strtod(argument[3], NULL);
    j->threads = (int)strtol(argument[4], NULL, 10);
    VOUCH_TRY(vouch_network_read(j->ctx, argument[0], &j->graph, NULL));
    VOUCH_TRY(vouch_op_bind_graph(j->ctx, j->graph));
    return measure(j, argument[2]);
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fputs("usage: speed NET BATCH WHAT SECONDS THREADS\n", stderr);
        return EXIT_FAILURE;
    }
    job j = {.ctx = vouch_context_new(NULL)};
    j.arena = j.ctx ? vouch_arena_new(j.ctx) : NULL;
    const vouch_status status = j.arena ? run(&j, argv + 1) : VOUCH_ERR_MEMORY;
    if (status)
        fprintf(stderr, "speed: %s\n", j.ctx ? vouch_context_error(j.ctx) : "out of memory");
    if (j.graph)
        vouch_graph_free(j.graph);
    vouch_arena_free(j.arena);
    vouch_context_free(j.ctx);
    return status ? EXIT_FAILURE : EXIT_SUCCESS;
}
