/* Indirect products of every instruction set against plain sums, all tile heights, panels,
 * epilogues; updates of arrays against their definitions. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "num/indirect_tables.h"
#include "num/update_tables.h"
#include "support/net.h"

enum { MOST_M = 31, MOST_N = 80, LINE = 5, RUNS = 3, DEPTH = RUNS * LINE };

typedef void product_fn(const vouch_indirect *g);
static const struct {
    product_fn *run;
    const vouch_update_table *update;
    const char *needs;
} versions[] = {
    {vouch_indirect_generic, &vouch_update_generic, NULL},
#if defined(__x86_64__)
    {vouch_indirect_avx2, &vouch_update_avx2, "avx2"},
    {vouch_indirect_avx512, &vouch_update_avx512, "avx512f"},
#endif
};
enum { VERSIONS = sizeof versions / sizeof *versions };

static bool runs_here(int v)
{
#if defined(__x86_64__)
    if (v == 1)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (v == 2)
        return __builtin_cpu_supports("avx512f");
#endif
    return versions[v].needs == NULL;
}

static void fill(float *a, int count, uint64_t index)
{
    vouch_random r = vouch_random_stream(11, "indirect", index);
    for (int i = 0; i < count; i++)
        a[i] = (float)(vouch_random_unit(&r) - 0.5);
}

static float a[4096], b[DEPTH * 128], c[MOST_M * MOST_N], before[MOST_M * MOST_N];
static float bias[MOST_N], gate[MOST_M * MOST_N];
static int64_t row[MOST_M], at[MOST_M];

static double factor(const vouch_indirect *g, float x)
{
    return g->magnitude ? fabs((double)x) : (double)x;
}

static double expected(const vouch_indirect *g, int64_t i, int64_t j)
{
    const int64_t panel = j / VOUCH_PANEL, column = j % VOUCH_PANEL;
    double sum = 0;
    for (int64_t r = 0; r < g->run_count; r++)
        for (int64_t k = 0; k < g->run[r].count; k++)
            sum += (double)a[row[i] + g->run[r].a + k * g->a_step] *
                   factor(g, b[g->run[r].b + k * g->b_step + panel * g->b_panel + column]);
    const int64_t place = at[i] + j;
    if (g->sign)
        sum *= (gate[place] > 0) - (gate[place] < 0);
    sum += g->accumulate ? (double)before[place] : 0;
    sum += g->bias ? (double)bias[j] : 0;
    if ((g->relu && sum < 0) || (g->gate && !(gate[place] > 0)))
        return 0;
    return sum;
}

static void check(int v, int64_t m, int64_t n, int epilogue)
{
    static const vouch_run run[RUNS] = {
        {0, 0, LINE}, {40, LINE * 32, LINE}, {7, 2 * LINE * 32, LINE}};
    const vouch_indirect g = {.m = m,
                              .n = n,
                              .a = a,
                              .b = b,
                              .row = row,
                              .run = run,
                              .run_count = RUNS,
                              .a_step = 2,
                              .b_step = 32,
                              .b_panel = DEPTH * 32,
                              .c = c,
                              .at = at,
                              .c_panel = 32,
                              .magnitude = epilogue & 16,
                              .sign = epilogue & 32 ? gate : NULL,
                              .accumulate = epilogue & 1,
                              .bias = epilogue & 2 ? bias : NULL,
                              .relu = epilogue & 4,
                              .gate = epilogue & 8 ? gate : NULL,
                              .gate_at = at};
    memcpy(c, before, sizeof c);
    versions[v].run(&g);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < MOST_N; j++) {
            const double want = j < n ? expected(&g, i, j) : (double)before[at[i] + j];
            if (!(fabs((double)c[at[i] + j] - want) < 1e-5))
                fail_msg("version %d, %lld x %lld, epilogue %d", v, (long long)m, (long long)n,
                         epilogue);
        }
}

static void products_are_sums_of_products(void **state)
{
    (void)state;
    fill(a, 4096, 0);
    fill(b, DEPTH * 128, 1);
    fill(before, MOST_M * MOST_N, 2);
    fill(bias, MOST_N, 3);
    fill(gate, MOST_M * MOST_N, 4);
    for (int i = 0; i < MOST_M * MOST_N; i += 9)
        gate[i] = 0;
    for (int i = 0; i < MOST_M; i++) {
        row[i] = i * 37 % 1000;
        at[i] = (MOST_M - 1 - i) * MOST_N;
    }
    for (int v = 0; v < VERSIONS; v++)
        for (int64_t m = 1; runs_here(v) && m <= MOST_M; m++)
            for (int64_t n = 16; n <= MOST_N; n += 16)
                check(v, m, n, (int)(m + 7 * (n / 16)) % 64);
}

static void updates_are_the_same_bits_with_every_instruction_set(void **state)
{
    (void)state;
    enum { N = 1003 };
    static float w[N], g[N], m[N], s[N], x[N], first[4][N];
    for (int v = 0; v < VERSIONS; v++) {
        if (!runs_here(v))
            continue;
        fill(w, N, 5);
        fill(g, N, 6);
        fill(m, N, 7);
        fill(x, N, 8);
        for (int i = 0; i < N; i++)
            s[i] = g[i] * g[i];
        g[0] = 0;
        const vouch_moments step = {.count = N,
                                    .beta = {0.9F, 0.99F},
                                    .rate = 0.1F,
                                    .scale = 1.5F,
                                    .least = 1e-8F,
                                    .decay = 0.01F,
                                    .parameter = w,
                                    .gradient = g,
                                    .moment = {m, s}};
        versions[v].update->moments(&step);
        const vouch_sign_step sign = {.count = N,
                                      .step = 0.25F,
                                      .radius = 0.125F,
                                      .low = -0.25F,
                                      .high = 0.5F,
                                      .centre = g,
                                      .gradient = m,
                                      .to = x};
        versions[v].update->signs(&sign);
        const float *const now[] = {w, m, s, x};
        for (int i = 0; i < 4; i++) {
            if (v == 0)
                memcpy(first[i], now[i], sizeof first[i]);
            assert_memory_equal(first[i], now[i], sizeof first[i]);
        }
    }
}

/* A box below 0, across it, above it; one whose radius is 0. */
static void boxes_go_through_relu_and_their_adjoints_back(void **state)
{
    enum { N = 5 };
    static const float centre[N] = {-3, 1, 4, 2, -2}, radius[N] = {1, 3, 2, 0, 0};
    static const float want_c[N] = {0, 2, 4, 2, 0}, want_r[N] = {0, 2, 2, 0, 0};
    static const float want_d[2][N] = {{0, 3, 5, 5, 0}, {0, 3, 1, 1, 0}};
    (void)state;
    for (int v = 0; v < VERSIONS; v++) {
        if (!runs_here(v))
            continue;
        float x[N], r[N], d_x[N] = {5, 5, 5, 5, 5}, d_r[N] = {1, 1, 1, 1, 1};
        memcpy(x, centre, sizeof x);
        memcpy(r, radius, sizeof r);
        versions[v].update->boxes(&(vouch_boxes){N, x, r});
        versions[v].update->boxes_back(&(vouch_boxes_back){N, x, r, d_x, d_r});
        assert_memory_equal(x, want_c, sizeof x);
        assert_memory_equal(r, want_r, sizeof r);
        assert_memory_equal(d_x, want_d[0], sizeof d_x);
        assert_memory_equal(d_r, want_d[1], sizeof d_r);
    }
}

static void contrasts_and_their_gradients_are_as_defined(void **state)
{
    enum { N = 37 };
    float x[N], y[N], r[N], first = 0;
    (void)state;
    fill(x, N, 9);
    fill(y, N, 10);
    fill(r, N, 11);
    y[3] = x[3];
    for (int v = 0; v < VERSIONS; v++) {
        if (!runs_here(v))
            continue;
        float d[3][N] = {{0}};
        double want = 0;
        const vouch_contrast of = {N, x, y, r};
        const float spread = versions[v].update->contrast(&of);
        versions[v].update->contrast_back(&(vouch_contrast_back){of, 2, d[0], d[1], d[2]});
        for (int k = 0; k < N; k++) {
            const float sign = (float)((x[k] > y[k]) - (x[k] < y[k]));
            want += fabs((double)x[k] - (double)y[k]) * (double)r[k];
            assert_true(d[0][k] == 2 * r[k] * sign && d[1][k] == -d[0][k]);
            assert_true(d[2][k] == 2 * fabsf(x[k] - y[k]));
        }
        assert_true(fabs((double)spread - want) < 1e-5);
        first = v == 0 ? spread : first;
        assert_true(spread == first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_sums_of_products),
        cmocka_unit_test(boxes_go_through_relu_and_their_adjoints_back),
        cmocka_unit_test(contrasts_and_their_gradients_are_as_defined),
        cmocka_unit_test(updates_are_the_same_bits_with_every_instruction_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
