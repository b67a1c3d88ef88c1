/* Matrix products: every instruction set against the plain sum, within its error bound. */
#include <math.h>
#include <string.h>

#include "num/gemm.h"
#include "num/gemm_tables.h"
#include "num/round.h"
#include "support/support.h"

typedef void product_fn(const vouch_gemm *g);

typedef struct version {
    const char *name;
    product_fn *f32, *f64;
} version;

static int versions(version list[4])
{
    int count = 0;
    list[count++] = (version){"chosen", vouch_gemm32, vouch_gemm64};
    list[count++] = (version){"generic", vouch_gemm_generic_f32, vouch_gemm_generic_f64};
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        list[count++] = (version){"avx2", vouch_gemm_avx2_f32, vouch_gemm_avx2_f64};
    if (__builtin_cpu_supports("avx512f"))
        list[count++] = (version){"avx512", vouch_gemm_avx512_f32, vouch_gemm_avx512_f64};
#endif
    return count;
}

enum { MOST = 40 * 600 };

typedef struct data {
    float f[2][MOST];
    double d[2][MOST], out64[MOST];
    float out32[MOST];
} data;

static double entry(const vouch_matrix *m, int64_t i, int64_t j)
{
    const int64_t at = i * m->row + j * m->column;
    const double x =
        m->is_float ? (double)((const float *)m->data)[at] : ((const double *)m->data)[at];
    return m->absolute ? fabs(x) : x;
}

/* The element in extended precision, and the sum of magnitudes. */
static long double exact(const vouch_gemm *g, int64_t i, int64_t j, long double *size)
{
    long double sum = 0;
    *size = 0;
    for (int64_t l = 0; l < g->k; l++) {
        const long double p = (long double)entry(&g->a, i, l) * (long double)entry(&g->b, l, j);
        sum += p;
        *size += fabsl(p);
    }
    return sum;
}

/* A view of rows x columns, transposed or not, of either type. */
static vouch_matrix view(data *x, vouch_random *r, int which, int64_t rows, int64_t columns,
                         bool is_float)
{
    const bool turned = vouch_random_below(r, 2);
    return (vouch_matrix){.data = is_float ? (void *)x->f[which] : (void *)x->d[which],
                          .row = turned ? 1 : columns,
                          .column = turned ? rows : 1,
                          .is_float = is_float,
                          .absolute = vouch_random_below(r, 3) == 0};
}

static void check(const version *v, data *x, vouch_random *r, bool single)
{
    static const int64_t depths[] = {0, 1, 7, 255, 256, 257, 600};
    vouch_gemm g = {.m = 1 + (int64_t)vouch_random_below(r, 39),
                    .n = 1 + (int64_t)vouch_random_below(r, 39),
                    .k = depths[vouch_random_below(r, VOUCH_TEST_COUNT(depths))]};
    const bool turned = vouch_random_below(r, 2);
    g.a = view(x, r, 0, g.m, g.k, single || vouch_random_below(r, 2));
    g.b = view(x, r, 1, g.k, g.n, single || vouch_random_below(r, 2));
    g.c = single ? (void *)x->out32 : (void *)x->out64;
    g.c_row = turned ? 1 : g.n;
    g.c_column = turned ? g.m : 1;
    g.accumulate = vouch_random_below(r, 2);
    for (int i = 0; i < MOST; i++)
        x->out64[i] = x->out32[i] = 3;
    (single ? v->f32 : v->f64)(&g);
    const double gamma = single ? vouch_gamma32(g.k + 1) : vouch_gamma64(g.k + 1);
    for (int64_t i = 0; i < g.m; i++)
        for (int64_t j = 0; j < g.n; j++) {
            long double size;
            const long double sum = exact(&g, i, j, &size) + (g.accumulate ? 3 : 0);
            const int64_t at = i * g.c_row + j * g.c_column;
            const double c = single ? (double)x->out32[at] : x->out64[at];
            if (fabsl((long double)c - sum) > (long double)gamma * (size + 3))
                fail_msg("%s: %g instead of %Lg", v->name, c, sum);
        }
    for (int64_t i = g.m * g.n; i < MOST; i++) /* nothing beyond C is touched */
        assert_true(single ? x->out32[i] == 3 : x->out64[i] == 3);
}

static void every_version_stays_within_the_error_bound(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    data *x = vouch_alloc(ctx, sizeof *x);
    vouch_random r = vouch_random_stream(1, "gemm", 0);
    for (int w = 0; w < 2; w++)
        for (int i = 0; i < MOST; i++) {
            x->d[w][i] = vouch_test_near_one(&r);
            if (!(fabs(x->d[w][i]) < 1e9))
                x->d[w][i] = 1;
            x->f[w][i] = (float)x->d[w][i];
        }
    version list[4];
    const int count = versions(list);
    for (int v = 0; v < count; v++)
        for (int round = 0; round < 60; round++)
            check(&list[v], x, &r, round % 2);
    vouch_release(ctx, x);
    vouch_context_free(ctx);
}

/* Rows of a product do not depend on how many others there are. */
static void results_do_not_depend_on_the_number_of_rows(void **state)
{
    (void)state;
    enum { K = 300, N = 21, M = 19 };
    static double a[M * K], b[K * N], all[M * N], one[N];
    vouch_random r = vouch_random_stream(2, "gemm", 0);
    for (int i = 0; i < M * K; i++)
        a[i] = vouch_random_normal(&r);
    for (int i = 0; i < K * N; i++)
        b[i] = vouch_random_normal(&r);
    vouch_gemm g = {.m = M,
                    .n = N,
                    .k = K,
                    .a = {.data = a, .row = K, .column = 1},
                    .b = {.data = b, .row = N, .column = 1},
                    .c = all,
                    .c_row = N,
                    .c_column = 1};
    vouch_gemm64(&g);
    for (int i = 0; i < M; i++) {
        g.m = 1;
        g.a.data = a + i * K;
        g.c = one;
        vouch_gemm64(&g);
        assert_memory_equal(one, all + i * N, sizeof one);
    }
}

/* Zeros of A alone in a row, shared by rows, and rows of nothing else. */
static void fill_with_zeros(vouch_random *r, int64_t m, int64_t k, double *a)
{
    for (int64_t i = 0; i < m; i++)
        for (int64_t l = 0; l < k; l++)
            a[i * k + l] = l % 3 == 1 || i % 5 == 2 || vouch_random_below(r, 4) == 0
                               ? 0
                               : vouch_random_normal(r);
}

static void leaving_zeros_out_changes_nothing(void **state)
{
    (void)state;
    enum { K = 300, N = 50, M = 41 };
    static double a[M * K], b[K * N], all[M * N], thin[M * N];
    vouch_random r = vouch_random_stream(3, "gemm", 0);
    version list[4];
    const int count = versions(list);
    fill_with_zeros(&r, M, K, a);
    for (int i = 0; i < K * N; i++)
        b[i] = vouch_random_normal(&r);
    for (int v = 0; v < count; v++)
        for (int64_t m = 1; m <= M; m += 8) { /* few rows read B where it lies */
            vouch_gemm g = {.m = m,
                            .n = N,
                            .k = K,
                            .a = {.data = a, .row = K, .column = 1},
                            .b = {.data = b, .row = N, .column = 1},
                            .c = all,
                            .c_row = N,
                            .c_column = 1};
            list[v].f64(&g);
            g.c = thin;
            g.thin = true;
            list[v].f64(&g);
            for (int64_t i = 0; i < m * N; i++)
                assert_true(all[i] == thin[i]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_version_stays_within_the_error_bound),
        cmocka_unit_test(results_do_not_depend_on_the_number_of_rows),
        cmocka_unit_test(leaving_zeros_out_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
