/* Every operator against its own promises (op/op.h), on small cases with random numbers; a new
 * operator only needs a line in support/op_case.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lower/decompose.h"
#include "op/op_priv.h"
#include "support/op_case.h"

static bool near(double a, double b, double tolerance)
{
    return fabs(a - b) <= tolerance * (1 + fabs(a) + fabs(b));
}

/* ---- the table --------------------------------------------------------------------------- */

static void every_operator_is_sorted_described_and_has_a_case(void **state)
{
    (void)state;
    const vouch_op *const *table = vouch_op_table();
    for (int i = 0; table[i]; i++) {
        const vouch_op *op = table[i];
        bool has_case = false;
        for (size_t c = 0; vouch_test_op_cases[c]; c++)
            has_case |= strncmp(vouch_test_op_cases[c], op->name, strlen(op->name)) == 0 &&
                        vouch_test_op_cases[c][strlen(op->name)] == ' ';
        if (!has_case)
            print_error("%s has no case\n", op->name);
        assert_true(has_case);
        assert_true(i == 0 || strcmp(table[i - 1]->name, op->name) < 0);
        assert_true(op->summary && op->citation && op->prepare && op->op_class > 0);
        assert_ptr_equal(vouch_op_find(op->name, op->until), op);
        assert_true(op->eval || op->expand);
        if (op->op_class == VOUCH_OP_AFFINE && !op->expand)
            assert_true(op->linear && op->terms);
        else if (!op->expand && op->eval != vouch_op_eval_never)
            assert_non_null(op->range);
        if (op->op_class == VOUCH_OP_POINTWISE)
            assert_true(op->relax && op->slopes && op->lines && op->split_point);
        if (op->op_class == VOUCH_OP_MAX)
            assert_true(op->window && op->decompose);
        if (op->op_class == VOUCH_OP_COMPOSITE)
            assert_non_null(op->decompose);
    }
}

/* ---- evaluation -------------------------------------------------------------------------- */

static void float32_and_float64_evaluations_agree(void **state)
{
    (void)state;
    for (size_t i = 0; vouch_test_op_cases[i]; i++) {
        op_case f;
        vouch_test_op_open(&f, vouch_test_op_cases[i], 1);
        const int64_t n = vouch_op_input_size(f.graph), m = vouch_op_output_size(f.graph);
        double *x = VOUCH_NEW_ARRAY(f.arena, double, n + 1);
        double *y[2] = {VOUCH_NEW_ARRAY(f.arena, double, m + 1),
                        VOUCH_NEW_ARRAY(f.arena, double, m + 1)};
        for (int64_t k = 0; k < n; k++)
            x[k] = (double)(float)(.25 + 2 * vouch_random_unit(&f.random));
        vouch_test_ok(f.ctx, vouch_op_eval_graph(f.ctx, f.graph, VOUCH_F32, x, y[0]));
        vouch_test_ok(f.ctx, vouch_op_eval_graph(f.ctx, f.graph, VOUCH_F64, x, y[1]));
        for (int64_t k = 0; k < m; k++)
            OP_EXPECT(&f, near(y[0][k], y[1][k], 1e-4));
        vouch_test_op_close(&f);
    }
}

/* ---- gradients --------------------------------------------------------------------------- */

/* sum of w_i y_i */
static double weighted(op_case *f, op_operands *o, const vouch_tensor *w)
{
    double sum = 0;
    vouch_test_op_evaluate(f, o);
    for (int64_t i = 0; i < w->count; i++)
        sum += w->f64[i] * o->out[0]->f64[i];
    return sum;
}

static void check_gradient(op_case *f, const vouch_node *node)
{
    static const double h = 1e-6;
    op_operands o;
    vouch_test_op_operands(f, node, &o);
    vouch_tensor *w = vouch_tensor_convert(
        f->arena, vouch_test_op_random(f, f->arena, &o.out[0]->shape, false), VOUCH_F64);
    vouch_tensor *d_in[VOUCH_TEST_OP_INPUTS] = {NULL};
    for (int i = 0; i < node->input_count; i++)
        if (o.in[i] && o.in[i]->dtype == VOUCH_F64 &&
            (vouch_test_op_varies(f, node, i) ||
             (node->op->op_class == VOUCH_OP_AFFINE && strcmp(node->type, "Pad") != 0)))
            d_in[i] = vouch_tensor_new(f->arena, VOUCH_F64, &o.in[i]->shape);
    vouch_test_op_evaluate(f, &o);
    vouch_test_ok(f->ctx, node->op->grad(&o.call, (const vouch_tensor *const[]){w}, d_in));
    for (int i = 0; i < node->input_count; i++)
        for (int64_t k = 0; d_in[i] && k < d_in[i]->count; k++) {
            const double x = o.in[i]->f64[k];
            o.in[i]->f64[k] = x + h;
            const double more = weighted(f, &o, w);
            o.in[i]->f64[k] = x - h;
            const double slope = (more - weighted(f, &o, w)) / (2 * h);
            o.in[i]->f64[k] = x;
            OP_EXPECT(f, near(slope, d_in[i]->f64[k], 1e-5 * (1 + fabs(slope))));
        }
}

static void gradients_are_those_of_finite_differences(void **state)
{
    (void)state;
    vouch_test_op_all(check_gradient, 3);
}

/* ---- ranges ------------------------------------------------------------------------------ */

typedef struct ranges {
    vouch_tensor *low[VOUCH_TEST_OP_INPUTS], *high[VOUCH_TEST_OP_INPUTS], *out_low, *out_high;
} ranges;

/* A box around the op_operands, of the given radius; constants stay points. */
static void make_ranges(op_case *f, const op_operands *o, double radius, ranges *r)
{
    const vouch_node *node = o->call.node;
    *r = (ranges){.out_low = vouch_tensor_new(f->arena, VOUCH_F64, &o->out[0]->shape),
                  .out_high = vouch_tensor_new(f->arena, VOUCH_F64, &o->out[0]->shape)};
    for (int i = 0; i < node->input_count; i++) {
        r->low[i] = r->high[i] = o->in[i];
        if (!vouch_test_op_varies(f, node, i))
            continue;
        r->low[i] = vouch_tensor_convert(f->arena, o->in[i], VOUCH_F64);
        r->high[i] = vouch_tensor_convert(f->arena, o->in[i], VOUCH_F64);
        for (int64_t k = 0; k < o->in[i]->count; k++) {
            r->low[i]->f64[k] -= radius * vouch_random_unit(&f->random);
            r->high[i]->f64[k] += radius * vouch_random_unit(&f->random);
        }
    }
    vouch_test_ok(f->ctx, vouch_op_range(&o->call, (const vouch_tensor *const *)r->low,
                                         (const vouch_tensor *const *)r->high, &r->out_low,
                                         &r->out_high));
}

/* A corner, or a point inside. */
static void move_inside(op_case *f, op_operands *o, const ranges *r)
{
    for (int i = 0; i < o->call.node->input_count; i++)
        for (int64_t k = 0; vouch_test_op_varies(f, o->call.node, i) && k < o->in[i]->count;
             k++) {
            const double l = r->low[i]->f64[k], h = r->high[i]->f64[k];
            const double t = vouch_random_unit(&f->random);
            o->in[i]->f64[k] = t < .3 ? l : t > .7 ? h : fmin(fmax(l + t * (h - l), l), h);
        }
}

static void check_range(op_case *f, const vouch_node *node)
{
    static const double radii[] = {0, 1e-9, .1, 3};
    for (size_t i = 0; i < VOUCH_TEST_COUNT(radii); i++) {
        op_operands o;
        ranges r;
        vouch_test_op_operands(f, node, &o);
        make_ranges(f, &o, radii[i], &r);
        for (int sample = 0; sample < 20; sample++) {
            move_inside(f, &o, &r);
            vouch_test_op_evaluate(f, &o);
            for (int64_t k = 0; k < o.out[0]->count; k++) {
                /* the evaluation itself rounds: a little slack, only for the test */
                const double y = o.out[0]->f64[k], slack = 1e-14 * (1 + fabs(y)) * 50;
                if (isnan(y)) /* undefined there: only where the range says so */
                    OP_EXPECT(f, r.out_low->f64[k] == -INFINITY);
                else
                    OP_EXPECT(f, r.out_low->f64[k] <= y + slack &&
                                     y - slack <= r.out_high->f64[k]);
                OP_EXPECT(f, !(r.out_low->f64[k] > r.out_high->f64[k]));
                if (radii[i] == 0)
                    OP_EXPECT(f,
                              r.out_high->f64[k] - r.out_low->f64[k] <= 1e-12 * (1 + fabs(y)));
            }
        }
    }
}

static void outputs_lie_in_the_range_and_points_have_tight_ranges(void **state)
{
    (void)state;
    vouch_test_op_all(check_range, 3);
}

static void check_unbounded(op_case *f, const vouch_node *node)
{
    op_operands o;
    ranges r;
    vouch_test_op_operands(f, node, &o);
    make_ranges(f, &o, 1, &r);
    for (int i = 0; i < node->input_count; i++)
        for (int64_t k = 0; vouch_test_op_varies(f, node, i) && k < o.in[i]->count; k++) {
            const double t = vouch_random_unit(&f->random);
            if (t < .3)
                r.low[i]->f64[k] = -INFINITY;
            if (t > .2 && t < .5)
                r.high[i]->f64[k] = INFINITY;
        }
    vouch_test_ok(f->ctx,
                  vouch_op_range(&o.call, (const vouch_tensor *const *)r.low,
                                 (const vouch_tensor *const *)r.high, &r.out_low, &r.out_high));
    vouch_test_op_evaluate(f, &o);
    for (int64_t k = 0; k < o.out[0]->count; k++) {
        const double y = o.out[0]->f64[k], slack = 1e-12 * (1 + fabs(y));
        OP_EXPECT(f, r.out_low->f64[k] <= y + slack && y - slack <= r.out_high->f64[k]);
    }
}

static void unbounded_inputs_give_sound_ranges(void **state)
{
    (void)state;
    vouch_test_op_all(check_unbounded, 3);
}

/* ---- linear forms ------------------------------------------------------------------------ */

/* A call of the node's linear form; the caller says what with. */
static void call_linear(op_case *f, const vouch_node *node, vouch_linear_call call)
{
    call.ctx = f->ctx;
    call.scratch = f->arena;
    call.graph = f->graph;
    call.node = node;
    vouch_test_ok(f->ctx, node->op->linear(&call));
}

static void apply(op_case *f, const vouch_node *node, int which, vouch_linear_mode mode,
                  int64_t batch, const double *in, double *out)
{
    call_linear(f, node,
                (vouch_linear_call){
                    .which = which, .mode = mode, .batch = batch, .in = in, .out = out});
}

/* The matrix [out][in] of input `which` and its magnitudes, column by column. */
static void make_matrix(op_case *f, const vouch_node *node, int which, vouch_linear_mode mode,
                        int64_t n, int64_t m, double *matrix)
{
    double *unit = VOUCH_NEW_ARRAY(f->arena, double, n *n);
    double *column = VOUCH_NEW_ARRAY(f->arena, double, n *m);
    for (int64_t i = 0; i < n; i++)
        unit[i * n + i] = 1;
    apply(f, node, which, mode, n, unit, column);
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < m; k++)
            matrix[k * n + i] = column[i * m + k];
}

static double dot(int64_t n, const double *a, const double *b)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static double *randoms(op_case *f, int64_t n, double low)
{
    double *x = VOUCH_NEW_ARRAY(f->arena, double, n);
    for (int64_t i = 0; i < n; i++)
        x[i] = low + (2 - low) * vouch_random_unit(&f->random);
    return x;
}

/* Modes of one input against its matrix; adds A x to sum. */
static void check_modes(op_case *f, const vouch_node *node, int which, int64_t n, int64_t m,
                        const double *x, double *sum)
{
    double *a = VOUCH_NEW_ARRAY(f->arena, double, n *m);
    double *size = VOUCH_NEW_ARRAY(f->arena, double, n *m);
    enum { VECTORS = 11 };
    double *out = VOUCH_NEW_ARRAY(f->arena, double, VECTORS *(n > m ? n : m));
    make_matrix(f, node, which, VOUCH_LINEAR_PLAIN, n, m, a);
    make_matrix(f, node, which, VOUCH_LINEAR_ABS, n, m, size);
    for (int64_t i = 0; i < n * m; i++)
        OP_EXPECT(f, near(fabs(a[i]), size[i], 1e-15));
    apply(f, node, which, VOUCH_LINEAR_PLAIN, 1, x, out);
    for (int64_t k = 0; k < m; k++) {
        OP_EXPECT(f, near(out[k], dot(n, a + k * n, x), 1e-13));
        sum[k] += out[k];
    }
    const double *y = randoms(f, VECTORS * m, -2);
    for (int mode = 0; mode < 2; mode++) { /* A^T and |A|^T, several vectors at once */
        apply(f, node, which, mode ? VOUCH_LINEAR_ABS_TRANSPOSED : VOUCH_LINEAR_TRANSPOSED,
              VECTORS, y, out);
        for (int64_t v = 0; v < VECTORS; v++)
            for (int64_t i = 0; i < n; i++) {
                double expected = 0;
                for (int64_t k = 0; k < m; k++)
                    expected += (mode ? size : a)[k * n + i] * y[v * m + k];
                OP_EXPECT(f, near(out[v * n + i], expected, 1e-13));
            }
    }
    const bool exact = node->op->terms(f->graph, node) == 0;
    for (int64_t k = 0; exact && k < m; k++) {
        int entries = 0;
        for (int64_t i = 0; i < n; i++) {
            OP_EXPECT(f, a[k * n + i] == 0 || fabs(a[k * n + i]) == 1);
            entries += a[k * n + i] != 0;
        }
        OP_EXPECT(f, entries <= 1);
    }
}

/* ---- patches ----------------------------------------------------------------------------- */

static void random_patch(op_case *f, const vouch_patch *whole, vouch_patch *p)
{
    *p = *whole;
    for (int d = 0; d < VOUCH_PATCH_DIMS; d++) {
        const uint64_t size = (uint64_t)whole->high[d];
        p->low[d] = (int64_t)vouch_random_below(&f->random, size);
        p->high[d] =
            p->low[d] + 1 + (int64_t)vouch_random_below(&f->random, size - (uint64_t)p->low[d]);
    }
}

/* A patch's transposed product, put back into zeros, is that of the whole values. */
static void check_patch_of(op_case *f, const vouch_node *node, int which, int64_t batch)
{
    vouch_patch y, x, in, out;
    if (!vouch_patch_whole(&f->graph->value[node->input[which]].shape, &in) ||
        !vouch_patch_whole(&f->graph->value[node->output[0]].shape, &out))
        return;
    random_patch(f, &out, &y);
    if (!node->op->patch(f->graph, node, which, &y, &x))
        return;
    const int64_t ys = vouch_patch_count(&y), xs = vouch_patch_count(&x);
    const int64_t n = vouch_patch_count(&in), m = vouch_patch_count(&out);
    const double *small = randoms(f, batch * ys, -2);
    double *got = randoms(f, batch * xs, -2), *back = VOUCH_NEW_ARRAY(f->arena, double, n);
    double *full = VOUCH_NEW_ARRAY(f->arena, double, m), *want = randoms(f, n, -2);
    call_linear(f, node,
                (vouch_linear_call){.which = which,
                                    .mode = VOUCH_LINEAR_TRANSPOSED,
                                    .batch = batch,
                                    .in = small,
                                    .out = got,
                                    .patch_y = &y,
                                    .patch_x = &x});
    for (int64_t v = 0; v < batch; v++) {
        memset(full, 0, (size_t)m * sizeof *full);
        memset(back, 0, (size_t)n * sizeof *back);
        vouch_patch_copy(&y, small + v * ys, &out, full, sizeof *full);
        vouch_patch_copy(&x, got + v * xs, &in, back, sizeof *back);
        apply(f, node, which, VOUCH_LINEAR_TRANSPOSED, 1, full, want);
        for (int64_t i = 0; i < n; i++)
            OP_EXPECT(f, near(back[i], want[i], 1e-13));
    }
}

static void check_patch(op_case *f, const vouch_node *node)
{
    bool varying[64];
    vouch_op_varying(f->graph, varying);
    if (!node->op->patch || vouch_op_node_class(f->graph, node, varying) != VOUCH_OP_AFFINE)
        return;
    for (int i = 0; i < node->input_count; i++)
        for (int64_t batch = 1; vouch_test_op_varies(f, node, i) && batch <= 37; batch += 12)
            check_patch_of(f, node, i, batch);
}

/* ---- picks ------------------------------------------------------------------------------- */

/* Some elements of the transposed product, in an order of their own; of rows with one entry too. */
static void check_picks_of(op_case *f, const vouch_node *node, int which, int64_t batch)
{
    const int64_t n = vouch_shape_count(&f->graph->value[node->input[which]].shape);
    const int64_t m = vouch_shape_count(&f->graph->value[node->output[0]].shape);
    double *in = randoms(f, batch * m, -2), *got = randoms(f, batch * n, -2);
    double *want = randoms(f, batch * n, -2);
    int64_t *pick = VOUCH_NEW_ARRAY(f->arena, int64_t, n), count = 0;
    for (int64_t i = n - 1; i >= 0; i--)
        if (vouch_random_below(&f->random, 3))
            pick[count++] = i;
    for (int64_t j = 0; batch % 2 && j < batch * m; j++)
        in[j] = j % m == j / m % m ? 1 + fabs(in[j]) : 0;
    call_linear(f, node,
                (vouch_linear_call){.which = which,
                                    .mode = VOUCH_LINEAR_TRANSPOSED,
                                    .batch = batch,
                                    .in = in,
                                    .out = got,
                                    .pick = pick,
                                    .pick_count = count});
    apply(f, node, which, VOUCH_LINEAR_TRANSPOSED, batch, in, want);
    for (int64_t v = 0; v < batch; v++)
        for (int64_t i = 0; i < count; i++)
            OP_EXPECT(f, near(got[v * count + i], want[v * n + pick[i]], 1e-13));
}

static void check_picks(op_case *f, const vouch_node *node)
{
    bool varying[64];
    vouch_op_varying(f->graph, varying);
    if (!node->op->picks || vouch_op_node_class(f->graph, node, varying) != VOUCH_OP_AFFINE)
        return;
    for (int i = 0; i < node->input_count; i++)
        for (int64_t batch = 1; vouch_test_op_varies(f, node, i) && batch <= 38; batch += 9)
            if (node->op->picks(f->graph, node, i))
                check_picks_of(f, node, i, batch);
}

static void picks_give_elements_of_the_transposed_product(void **state)
{
    (void)state;
    vouch_test_op_all(check_picks, 8);
}

static void patches_give_the_transposed_products_of_whole_images(void **state)
{
    (void)state;
    vouch_test_op_all(check_patch, 8);
}

static void check_linear(op_case *f, const vouch_node *node)
{
    bool varying[64];
    vouch_op_varying(f->graph, varying);
    if (vouch_op_node_class(f->graph, node, varying) != VOUCH_OP_AFFINE)
        return;
    op_operands o;
    vouch_test_op_operands(f, node, &o);
    vouch_test_op_evaluate(f, &o);
    const int64_t m = o.out[0]->count;
    double *sum = VOUCH_NEW_ARRAY(f->arena, double, m);
    double *size = VOUCH_NEW_ARRAY(f->arena, double, m);
    apply(f, node, 0, VOUCH_LINEAR_OFFSET, 1, NULL, sum);
    apply(f, node, 0, VOUCH_LINEAR_ABS_OFFSET, 1, NULL, size);
    for (int64_t k = 0; k < m; k++)
        OP_EXPECT(f, fabs(sum[k]) <= size[k] * (1 + 1e-14));
    for (int i = 0; i < node->input_count; i++)
        if (vouch_test_op_varies(f, node, i))
            check_modes(f, node, i, o.in[i]->count, m, o.in[i]->f64, sum);
    for (int64_t k = 0; k < m; k++)
        OP_EXPECT(f, near(sum[k], o.out[0]->f64[k], 1e-12));
}

static void linear_forms_are_consistent_with_evaluation(void **state)
{
    (void)state;
    vouch_test_op_all(check_linear, 3);
}

/* ---- greatest ---------------------------------------------------------------------------- */

static void check_window(op_case *f, const vouch_node *node)
{
    op_operands o;
    int64_t element[64];
    if (!node->op->window)
        return;
    vouch_test_op_operands(f, node, &o);
    vouch_test_op_evaluate(f, &o);
    for (int64_t i = 0; i < o.out[0]->count; i++) {
        const int64_t count = node->op->window(f->graph, node, i, NULL);
        double most = -INFINITY;
        OP_EXPECT(f, count > 0 && count <= 64);
        OP_EXPECT(f, node->op->window(f->graph, node, i, element) == count);
        for (int64_t e = 0; e < count; e++)
            most = fmax(most, o.in[0]->f64[element[e]]);
        OP_EXPECT(f, most == o.out[0]->f64[i]);
    }
}

static void windows_name_the_elements_of_the_maximum(void **state)
{
    (void)state;
    vouch_test_op_all(check_window, 2);
}

/* ---- products ---------------------------------------------------------------------------- */

static void check_products(op_case *f, const vouch_node *node)
{
    bool varying[64];
    op_operands o;
    vouch_product product[64];
    vouch_op_varying(f->graph, varying);
    if (!node->op->products ||
        vouch_op_node_class(f->graph, node, varying) != VOUCH_OP_BILINEAR)
        return;
    vouch_test_op_operands(f, node, &o);
    vouch_test_op_evaluate(f, &o);
    for (int64_t i = 0; i < o.out[0]->count; i++) {
        const int64_t count = node->op->products(f->graph, node, i, NULL);
        double sum = 0;
        OP_EXPECT(f, count > 0 && count <= 64);
        OP_EXPECT(f, node->op->products(f->graph, node, i, product) == count);
        for (int64_t k = 0; k < count; k++) {
            OP_EXPECT(f, product[k].left < o.in[0]->count && product[k].right < o.in[1]->count);
            sum += o.in[0]->f64[product[k].left] * o.in[1]->f64[product[k].right];
        }
        OP_EXPECT(f, near(sum, o.out[0]->f64[i], 1e-13));
    }
}

static void products_name_the_factors_of_the_output(void **state)
{
    (void)state;
    vouch_test_op_all(check_products, 2);
}

/* ---- decomposition ----------------------------------------------------------------------- */

static void simple_nodes_only(op_case *f, const vouch_graph *g)
{
    bool *varying = VOUCH_NEW_ARRAY(f->arena, bool, g->value_count + 1);
    vouch_op_varying(g, varying);
    for (int n = 0; n < g->node_count; n++) {
        const vouch_node *node = &g->node[n];
        const vouch_op_class op_class = vouch_op_node_class(g, node, varying);
        OP_EXPECT(f, op_class != VOUCH_OP_MAX || !node->op->decompose);
        OP_EXPECT(f, op_class != VOUCH_OP_COMPOSITE || !node->op->decompose);
        if (op_class == VOUCH_OP_BILINEAR)
            OP_EXPECT(f, node->op->products && node->input[0] != node->input[1]);
    }
}

static void check_decomposition(op_case *f)
{
    vouch_graph *copy;
    const int64_t n = vouch_op_input_size(f->graph), m = vouch_op_output_size(f->graph);
    double *x = VOUCH_NEW_ARRAY(f->arena, double, n + 1);
    double *y[2] = {VOUCH_NEW_ARRAY(f->arena, double, m + 1),
                    VOUCH_NEW_ARRAY(f->arena, double, m + 1)};
    vouch_test_ok(f->ctx, vouch_lower_decompose(f->ctx, f->graph, &copy));
    simple_nodes_only(f, copy);
    for (int i = 0; i < copy->output_count; i++)
        OP_EXPECT(f, vouch_shape_equal(&f->graph->value[f->graph->output[i]].shape,
                                       &copy->value[copy->output[i]].shape));
    for (int round = 0; round < 20; round++) {
        for (int64_t k = 0; k < n; k++)
            x[k] = (round < 10 ? .2 : -2) + 3 * vouch_random_unit(&f->random);
        vouch_test_ok(f->ctx, vouch_op_eval_graph(f->ctx, f->graph, VOUCH_F64, x, y[0]));
        vouch_test_ok(f->ctx, vouch_op_eval_graph(f->ctx, copy, VOUCH_F64, x, y[1]));
        for (int64_t k = 0; k < m; k++)
            OP_EXPECT(f, near(y[0][k], y[1][k], 1e-9) || (isnan(y[0][k]) && isnan(y[1][k])));
    }
    vouch_graph_free(copy);
}

static void decompositions_compute_the_same_values(void **state)
{
    (void)state;
    for (size_t i = 0; vouch_test_op_cases[i]; i++) {
        op_case f;
        vouch_test_op_open(&f, vouch_test_op_cases[i], 3);
        check_decomposition(&f);
        vouch_test_op_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operator_is_sorted_described_and_has_a_case),
        cmocka_unit_test(float32_and_float64_evaluations_agree),
        cmocka_unit_test(gradients_are_those_of_finite_differences),
        cmocka_unit_test(outputs_lie_in_the_range_and_points_have_tight_ranges),
        cmocka_unit_test(unbounded_inputs_give_sound_ranges),
        cmocka_unit_test(linear_forms_are_consistent_with_evaluation),
        cmocka_unit_test(picks_give_elements_of_the_transposed_product),
        cmocka_unit_test(patches_give_the_transposed_products_of_whole_images),
        cmocka_unit_test(windows_name_the_elements_of_the_maximum),
        cmocka_unit_test(products_name_the_factors_of_the_output),
        cmocka_unit_test(decompositions_compute_the_same_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
