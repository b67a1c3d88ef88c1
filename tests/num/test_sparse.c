/* Sparse products against dense ones, both directions, float and double. */
#include <math.h>

#include "base/random.h"
#include "num/sparse.h"
#include "support/support.h"

enum { ROWS = 90, COLUMNS = 70, VECTORS = 3 };

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    float *dense;
    const vouch_sparse *sparse;
} fixture;

/* One entry in `every` is not zero. */
static fixture make(uint64_t every)
{
    fixture f = {.ctx = vouch_context_new(NULL)};
    vouch_random r = vouch_random_stream(7, "sparse", every);
    f.arena = vouch_arena_new(f.ctx);
    f.dense = VOUCH_NEW_ARRAY(f.arena, float, ROWS *COLUMNS);
    for (int i = 0; i < ROWS * COLUMNS; i++)
        f.dense[i] = vouch_random_below(&r, every) ? 0 : (float)vouch_random_normal(&r);
    vouch_matrix m = {.data = f.dense, .row = COLUMNS, .column = 1, .is_float = true};
    assert_int_equal(vouch_sparse_of(f.arena, &m, ROWS, COLUMNS, &f.sparse), VOUCH_OK);
    return f;
}

static void drop(fixture f)
{
    vouch_arena_free(f.arena);
    vouch_context_free(f.ctx);
}

static void only_mostly_zero_matrices_are_sparse(void **state)
{
    (void)state;
    fixture many = make(3), few = make(40);
    assert_null(many.sparse);
    assert_non_null(few.sparse);
    drop(many);
    drop(few);
}

static void products_equal_the_dense_ones(void **state)
{
    (void)state;
    fixture f = make(40);
    vouch_random r = vouch_random_stream(8, "sparse", 0);
    double x[VECTORS * ROWS], y[VECTORS * COLUMNS], back[VECTORS * ROWS] = {0};
    for (int i = 0; i < VECTORS * ROWS; i++)
        x[i] = vouch_random_normal(&r);
    for (int absolute = 0; absolute < 2; absolute++) {
        vouch_sparse_multiply64(f.sparse, absolute, VECTORS, x, y);
        for (int v = 0; v < VECTORS; v++)
            for (int j = 0; j < COLUMNS; j++) {
                double sum = 0;
                for (int i = 0; i < ROWS; i++) {
                    double b = (double)f.dense[i * COLUMNS + j];
                    sum += x[v * ROWS + i] * (absolute ? fabs(b) : b);
                }
                assert_true(fabs(sum - y[v * COLUMNS + j]) < 1e-13);
            }
    }
    vouch_sparse_transposed64(f.sparse, true, VECTORS, y, back);
    for (int v = 0; v < VECTORS; v++)
        for (int i = 0; i < ROWS; i++) {
            double sum = 0;
            for (int j = 0; j < COLUMNS; j++)
                sum += y[v * COLUMNS + j] * fabs((double)f.dense[i * COLUMNS + j]);
            assert_true(fabs(sum - back[v * ROWS + i]) < 1e-12);
        }
    drop(f);
}

static void float_products_are_near_the_double_ones(void **state)
{
    (void)state;
    fixture f = make(40);
    float x[ROWS], y[COLUMNS], back[ROWS] = {0};
    double x64[ROWS], y64[COLUMNS], back64[ROWS] = {0};
    for (int i = 0; i < ROWS; i++) {
        x[i] = (float)(i % 7) - 3;
        x64[i] = (double)x[i];
    }
    vouch_sparse_multiply32(f.sparse, 1, x, y);
    vouch_sparse_multiply64(f.sparse, false, 1, x64, y64);
    for (int j = 0; j < COLUMNS; j++)
        assert_true(fabs((double)y[j] - y64[j]) < 1e-4);
    vouch_sparse_transposed32(f.sparse, 1, y, back);
    vouch_sparse_transposed64(f.sparse, false, 1, y64, back64);
    for (int i = 0; i < ROWS; i++)
        assert_true(fabs((double)back[i] - back64[i]) < 1e-3);
    drop(f);
}

static void a_transposed_view_gives_the_same_matrix(void **state)
{
    (void)state;
    fixture f = make(40);
    const vouch_sparse *view;
    float *turned = VOUCH_NEW_ARRAY(f.arena, float, ROWS *COLUMNS);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++)
            turned[j * ROWS + i] = f.dense[i * COLUMNS + j];
    vouch_matrix m = {.data = turned, .row = 1, .column = ROWS, .is_float = true};
    assert_int_equal(vouch_sparse_of(f.arena, &m, ROWS, COLUMNS, &view), VOUCH_OK);
    assert_non_null(view);
    assert_memory_equal(view->start, f.sparse->start, (ROWS + 1) * sizeof(int64_t));
    assert_memory_equal(view->value, f.sparse->value,
                        (size_t)view->start[ROWS] * sizeof(double));
    drop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_mostly_zero_matrices_are_sparse),
        cmocka_unit_test(products_equal_the_dense_ones),
        cmocka_unit_test(float_products_are_near_the_double_ones),
        cmocka_unit_test(a_transposed_view_gives_the_same_matrix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
