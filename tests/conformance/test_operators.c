/* Every operator against its own promises (op/op.h), on small cases with random numbers.
 *
 * A case is a line "Type opset | inputs | attributes": v2,3 is a varying input of that shape,
 * c2,3 a random constant, p2,3 a positive one, i1,-1 a list of integers, s0.5 a constant
 * scalar, - an input left out; attributes are name=3, name=0.5f, name=1,2 (a list; "name=1,"
 * has one entry), name='text'. Every operator of the table has at least one line, and a test
 * sees to that.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "num/round.h"
#include "op/op.h"
#include "support/support.h"

static const char *const cases[] = {
    "Abs 13 | v2,5 |",
    "Add 14 | v2,3 v2,3 |",
    "Add 14 | v2,3,4 v3,1 |",
    "Add 14 | c3,1 v2,1,4 |",
    "Add 6 | v2,3,4 v3 | broadcast=1 axis=1",
    "AveragePool 19 | v1,2,6,5 | kernel_shape=3,2 strides=2,1 pads=1,0,1,1",
    "AveragePool 19 | v2,1,7 | kernel_shape=2, dilations=2, count_include_pad=1 pads=1,1",
    "BatchNormalization 15 | v2,3,2,2 c3 c3 c3 p3 | epsilon=0.001f",
    "BatchNormalization 15 | v4,3 c3 c3 c3 p3 |",
    "Clip 13 | v4,4 s-0.5 s0.75 |",
    "Clip 13 | v4,4 - s0.25 |",
    "Clip 13 | v4,4 s0.1 |",
    "Clip 13 | v4,4 |",
    "Clip 13 | v4,4 s0.5 s-0.5 |",
    "Clip 6 | v4 | min=-1.0f max=0.0f",
    "Concat 13 | v2,3 c2,1 v2,2 | axis=1",
    "Concat 13 | v1,3,2 v2,3,2 | axis=-3",
    "Constant 13 | | value_floats=0.5f,1.5f",
    "Conv 11 | v1,2,5,6 c3,2,3,2 c3 | pads=1,0,2,1 strides=2,1 dilations=1,2",
    "Conv 11 | v2,4,7 c6,2,3 | group=2 auto_pad='SAME_LOWER' strides=2,",
    "Conv 11 | v1,1,3,4,3 c2,1,2,2,2 c2 |",
    "Conv 11 | v1,3,4,4 c3,1,3,3 | group=3 pads=1,1,1,1",
    "Div 14 | v2,3 p3 |",
    "Div 14 | v2,3 v2,3 |",
    "Dropout 13 | v2,3 |",
    "Flatten 13 | v2,3,4 | axis=2",
    "Gather 13 | v3,4 i2,0,2,-1 | axis=0",
    "Gather 13 | v3,4 i1 | axis=-1",
    "Gemm 13 | v2,3 c4,3 c4 | transB=1 alpha=0.5f beta=2.0f",
    "Gemm 13 | v3,2 c3,4 v2,1 | transA=1",
    "Gemm 13 | c2,3 v3,4 c1,4 | alpha=-1.5f",
    "Gemm 13 | c2,3 v4,3 | transB=1",
    "Gemm 13 | v2,3 v3,2 v2 | beta=-0.5f",
    "GlobalAveragePool 1 | v2,3,4,2 |",
    "Identity 16 | v3 |",
    "LeakyRelu 16 | v3,3 | alpha=0.1f",
    "LeakyRelu 16 | v3,3 | alpha=1.5f",
    "LeakyRelu 16 | v3,3 | alpha=-0.25f",
    "MatMul 13 | v2,3 c3,4 |",
    "MatMul 13 | c2,3 v3,4 |",
    "MatMul 13 | v3 c3,2 |",
    "MatMul 13 | v2,1,2,3 c4,3,2 |",
    "MatMul 13 | v2,3,2 c2 |",
    "MatMul 13 | c3 v2,3,4 |",
    "MatMul 13 | c2,2,3 v3,2 |",
    "MatMul 13 | v2,3 v3,2 |",
    "MaxPool 12 | v1,2,6,5 | kernel_shape=3,2 strides=2,2 pads=1,0,1,1 ceil_mode=1",
    "Mul 14 | v2,3 c3 |",
    "Mul 14 | c2,3 v2,1 |",
    "Mul 14 | v2,3 v2,1 |",
    "Neg 13 | v2,3 |",
    "Pad 19 | v2,3 i0,1,1,2 s0.5 |",
    "Pad 19 | v2,4 i1,3,0,2 | mode='reflect'",
    "Pad 19 | v2,3 i1,2,0,4 | mode='wrap'",
    "Pad 19 | v2,3 i1,-1,1,2 | mode='edge'",
    "ReduceMean 18 | v2,3,4 i1,-1 | keepdims=0",
    "ReduceSum 13 | v2,3,4 i1, |",
    "ReduceSum 11 | v2,3 | keepdims=0",
    "Relu 14 | v4,4 |",
    "Reshape 14 | v2,6 i3,-1 |",
    "Sigmoid 13 | v4,4 |",
    "Slice 13 | v4,5 i-1,1 i-9,4 i0,1 i-2,1 |",
    "Softmax 13 | v2,4,2 | axis=1",
    "Softmax 11 | v2,2,2 | axis=1",
    "Split 18 | v5,2 | axis=0 num_outputs=2",
    "Squeeze 13 | v1,3,1 i0, |",
    "Sub 14 | v2,3 v3 |",
    "Sub 14 | c2,3 v3 |",
    "Tanh 13 | v4,4 |",
    "Transpose 13 | v2,3,4 | perm=1,2,0",
    "Unsqueeze 13 | v2,3 i0,-1 |",
};

/* ---- building a case -----------------------------------------------------------------------
 */

enum { LIST_MAX = 8, INPUT_MAX = 5 };

typedef struct fixture {
    const char *text;
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_random random;
    vouch_graph *graph;
    vouch_tensor **value; /* [value_count] float64 values of one evaluation */
} fixture;

static int read_list(const char *text, double list[LIST_MAX])
{
    int count = 0;
    char *end;
    while (count < LIST_MAX) {
        list[count] = strtod(text, &end);
        if (end == text)
            break;
        count++;
        text = *end == 'f' ? end + 1 : end;
        if (*text++ != ',')
            break;
    }
    return count;
}

static vouch_tensor *random_tensor(fixture *f, vouch_arena *arena, const vouch_shape *shape,
                                   bool positive)
{
    vouch_tensor *t = vouch_tensor_new(arena, VOUCH_F32, shape);
    for (int64_t i = 0; i < t->count; i++) {
        const double x = 4 * vouch_random_unit(&f->random) - 2;
        t->f32[i] = (float)(positive ? fabs(x) + .25 : x);
    }
    return t;
}

static void add_input(fixture *f, vouch_graph_builder *b, const char *word, const char *name)
{
    double list[LIST_MAX];
    vouch_arena *arena = vouch_graph_builder_arena(b);
    const int count = read_list(word + 1, list);
    vouch_shape shape = {.rank = count};
    vouch_tensor *t;
    for (int i = 0; i < count; i++)
        shape.dim[i] = (int64_t)list[i];
    if (word[0] == 'v') {
        vouch_test_ok(f->ctx, vouch_graph_add_input(b, name, VOUCH_F32, &shape));
        return;
    }
    if (word[0] == 'i') {
        t = vouch_tensor_new(arena, VOUCH_I64, &(vouch_shape){.rank = 1, .dim = {count}});
        for (int i = 0; i < count; i++)
            t->i64[i] = (int64_t)list[i];
    } else if (word[0] == 's') {
        t = vouch_tensor_new(arena, VOUCH_F32, &(vouch_shape){.rank = 0});
        t->f32[0] = (float)list[0];
    } else {
        t = random_tensor(f, arena, &shape, word[0] == 'p');
    }
    vouch_test_ok(f->ctx, vouch_graph_add_constant(b, name, t));
}

static vouch_attr read_attribute(vouch_arena *arena, char *word)
{
    double list[LIST_MAX];
    char *text = strchr(word, '=');
    *text++ = '\0';
    vouch_attr a = {.name = vouch_arena_text(arena, word)};
    if (*text == '\'') {
        a.kind = VOUCH_ATTR_TEXT;
        a.text = vouch_arena_text_n(arena, text + 1, strlen(text) - 2);
        return a;
    }
    const bool real = strchr(text, 'f') != NULL, many = strchr(text, ',') != NULL;
    a.count = (size_t)read_list(text, list);
    int64_t *ints = VOUCH_NEW_ARRAY(arena, int64_t, a.count);
    double *reals = VOUCH_NEW_ARRAY(arena, double, a.count);
    for (size_t i = 0; i < a.count; i++) {
        ints[i] = (int64_t)list[i];
        reals[i] = (double)(float)list[i];
    }
    a.kind = real ? (many ? VOUCH_ATTR_FLOATS : VOUCH_ATTR_FLOAT)
                  : (many ? VOUCH_ATTR_INTS : VOUCH_ATTR_INT);
    if (real && many)
        a.floats = reals;
    else if (real)
        a.f = reals[0];
    else if (many)
        a.ints = ints;
    else
        a.i = ints[0];
    return a;
}

static void add_node(fixture *f, vouch_graph_builder *b, char *type, char *inputs, char *attrs)
{
    vouch_arena *arena = vouch_graph_builder_arena(b);
    int *input = VOUCH_NEW_ARRAY(arena, int, INPUT_MAX),
        *output = VOUCH_NEW_ARRAY(arena, int, 2);
    vouch_attr *attr = VOUCH_NEW_ARRAY(arena, vouch_attr, LIST_MAX);
    vouch_node node = {.type = vouch_arena_text(arena, type),
                       .name = "n",
                       .domain = "",
                       .input = input,
                       .output = output,
                       .attr = attr};
    char *rest;
    for (char *w = strtok_r(inputs, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
        char name[8];
        (void)snprintf(name, sizeof name, "x%d", node.input_count);
        if (w[0] != '-')
            add_input(f, b, w, name);
        input[node.input_count++] = w[0] == '-' ? -1 : vouch_graph_value(b, name);
    }
    for (char *w = strtok_r(attrs, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
        attr[node.attr_count++] = read_attribute(arena, w);
    node.output_count = strcmp(type, "Split") == 0 ? 2 : 1;
    for (int k = 0; k < node.output_count; k++) {
        const char *name = k ? "y1" : "y0";
        output[k] = vouch_graph_value(b, name);
        vouch_test_ok(f->ctx, vouch_graph_add_output(b, name));
    }
    vouch_test_ok(f->ctx, vouch_graph_add_node(b, &node));
}

static vouch_status build(fixture *f, const char *text)
{
    char type[64], copy[256];
    int opset = 0, used = 0;
    (void)snprintf(copy, sizeof copy, "%s ", text);
    assert_int_equal(sscanf(copy, "%63s %d |%n", type, &opset, &used), 2);
    char *bar = strchr(copy + used, '|');
    assert_non_null(bar);
    *bar = '\0';
    vouch_graph_builder *b = vouch_graph_builder_new(f->ctx, "case", opset);
    assert_non_null(b);
    add_node(f, b, type, copy + used, bar + 1);
    vouch_test_ok(f->ctx, vouch_graph_finish(b, &f->graph));
    return vouch_op_bind_graph(f->ctx, f->graph);
}

static void open_case(fixture *f, const char *text, uint64_t seed)
{
    *f = (fixture){.text = text,
                   .ctx = vouch_test_context(),
                   .random = vouch_random_stream(seed, text, 0)};
    f->arena = vouch_arena_new(f->ctx);
    vouch_test_ok(f->ctx, build(f, text));
}

static void close_case(fixture *f)
{
    vouch_graph_free(f->graph);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

/* Runs check on each node of each case, on `rounds` random instances. */
static void for_all_nodes(void (*check)(fixture *f, const vouch_node *node), int rounds)
{
    for (size_t i = 0; i < VOUCH_TEST_COUNT(cases); i++)
        for (int round = 0; round < rounds; round++) {
            fixture f;
            open_case(&f, cases[i], (uint64_t)round);
            for (int n = 0; n < f.graph->node_count; n++)
                check(&f, &f.graph->node[n]);
            close_case(&f);
        }
}

/* ---- evaluating a node ---------------------------------------------------------------------
 */

typedef struct operands {
    vouch_tensor *in[INPUT_MAX], *out[1];
    vouch_op_call call;
} operands;

/* float64 tensors for a node: constants as they are, varying inputs at random. */
static void make_operands(fixture *f, const vouch_node *node, operands *o)
{
    *o = (operands){
        .call = {.ctx = f->ctx, .scratch = f->arena, .graph = f->graph, .node = node}};
    for (int i = 0; i < node->input_count; i++) {
        if (node->input[i] < 0)
            continue;
        const vouch_value *v = &f->graph->value[node->input[i]];
        if (v->constant && v->constant->dtype == VOUCH_I64)
            o->in[i] = vouch_tensor_convert(f->arena, v->constant, VOUCH_I64);
        else if (v->constant)
            o->in[i] = vouch_tensor_convert(f->arena, v->constant, VOUCH_F64);
        else
            o->in[i] = vouch_tensor_convert(
                f->arena, random_tensor(f, f->arena, &v->shape, false), VOUCH_F64);
    }
    o->out[0] = vouch_tensor_new(f->arena, VOUCH_F64, &f->graph->value[node->output[0]].shape);
    o->call.in = (const vouch_tensor *const *)o->in;
    o->call.out = o->out;
}

static void evaluate(fixture *f, operands *o)
{
    o->call.in = (const vouch_tensor *const *)o->in; /* a copied struct points at its own */
    o->call.out = o->out;
    vouch_test_ok(f->ctx, o->call.node->op->eval(&o->call));
}

#define EXPECT(f, condition)                                                                   \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            print_error("case '%s'\n", (f)->text);                                             \
            assert_true(condition);                                                            \
        }                                                                                      \
    } while (0)

static bool near(double a, double b, double tolerance)
{
    return fabs(a - b) <= tolerance * (1 + fabs(a) + fabs(b));
}

static bool is_varying(const fixture *f, const vouch_node *node, int i)
{
    return node->input[i] >= 0 && !f->graph->value[node->input[i]].constant;
}

/* ---- the table -----------------------------------------------------------------------------
 */

static void every_operator_is_sorted_described_and_has_a_case(void **state)
{
    (void)state;
    const vouch_op *const *table = vouch_op_table();
    for (int i = 0; table[i]; i++) {
        const vouch_op *op = table[i];
        bool has_case = false;
        for (size_t c = 0; c < VOUCH_TEST_COUNT(cases); c++)
            has_case |= strncmp(cases[c], op->name, strlen(op->name)) == 0 &&
                        cases[c][strlen(op->name)] == ' ';
        if (!has_case)
            print_error("%s has no case\n", op->name);
        assert_true(has_case);
        assert_true(i == 0 || strcmp(table[i - 1]->name, op->name) < 0);
        assert_true(op->summary && op->citation && op->prepare && op->op_class > 0);
        assert_ptr_equal(vouch_op_find(op->name, op->until), op);
        assert_true(op->eval || op->expand);
        if (op->op_class == VOUCH_OP_AFFINE && !op->expand)
            assert_true(op->linear && op->terms);
        else if (!op->expand && strcmp(op->name, "Constant") != 0)
            assert_non_null(op->range);
        if (op->op_class == VOUCH_OP_POINTWISE)
            assert_true(op->relax && op->slopes);
        if (op->op_class == VOUCH_OP_MAX)
            assert_non_null(op->window);
    }
}

/* ---- evaluation ----------------------------------------------------------------------------
 */

static void float32_and_float64_evaluations_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(cases); i++) {
        fixture f;
        open_case(&f, cases[i], 1);
        const int64_t n = vouch_op_input_size(f.graph), m = vouch_op_output_size(f.graph);
        double *x = VOUCH_NEW_ARRAY(f.arena, double, n + 1);
        double *y[2] = {VOUCH_NEW_ARRAY(f.arena, double, m + 1),
                        VOUCH_NEW_ARRAY(f.arena, double, m + 1)};
        for (int64_t k = 0; k < n; k++)
            x[k] = (double)(float)(.25 + 2 * vouch_random_unit(&f.random));
        vouch_test_ok(f.ctx, vouch_op_eval_graph(f.ctx, f.graph, VOUCH_F32, x, y[0]));
        vouch_test_ok(f.ctx, vouch_op_eval_graph(f.ctx, f.graph, VOUCH_F64, x, y[1]));
        for (int64_t k = 0; k < m; k++)
            EXPECT(&f, near(y[0][k], y[1][k], 1e-4));
        close_case(&f);
    }
}

/* ---- gradients -----------------------------------------------------------------------------
 */

/* sum of w_i y_i */
static double weighted(fixture *f, operands *o, const vouch_tensor *w)
{
    double sum = 0;
    evaluate(f, o);
    for (int64_t i = 0; i < w->count; i++)
        sum += w->f64[i] * o->out[0]->f64[i];
    return sum;
}

static void check_gradient(fixture *f, const vouch_node *node)
{
    static const double h = 1e-6;
    operands o;
    make_operands(f, node, &o);
    vouch_tensor *w = vouch_tensor_convert(
        f->arena, random_tensor(f, f->arena, &o.out[0]->shape, false), VOUCH_F64);
    vouch_tensor *d_in[INPUT_MAX] = {NULL};
    for (int i = 0; i < node->input_count; i++)
        if (o.in[i] && o.in[i]->dtype == VOUCH_F64 &&
            (is_varying(f, node, i) ||
             (node->op->op_class == VOUCH_OP_AFFINE && strcmp(node->type, "Pad") != 0)))
            d_in[i] = vouch_tensor_new(f->arena, VOUCH_F64, &o.in[i]->shape);
    evaluate(f, &o);
    vouch_test_ok(f->ctx, node->op->grad(&o.call, (const vouch_tensor *const[]){w}, d_in));
    for (int i = 0; i < node->input_count; i++)
        for (int64_t k = 0; d_in[i] && k < d_in[i]->count; k++) {
            const double x = o.in[i]->f64[k];
            o.in[i]->f64[k] = x + h;
            const double more = weighted(f, &o, w);
            o.in[i]->f64[k] = x - h;
            const double slope = (more - weighted(f, &o, w)) / (2 * h);
            o.in[i]->f64[k] = x;
            EXPECT(f, near(slope, d_in[i]->f64[k], 1e-5 * (1 + fabs(slope))));
        }
}

static void gradients_are_those_of_finite_differences(void **state)
{
    (void)state;
    for_all_nodes(check_gradient, 3);
}

/* ---- ranges --------------------------------------------------------------------------------
 */

typedef struct ranges {
    vouch_tensor *low[INPUT_MAX], *high[INPUT_MAX], *out_low, *out_high;
} ranges;

/* A box around the operands, of the given radius; constants stay points. */
static void make_ranges(fixture *f, const operands *o, double radius, ranges *r)
{
    const vouch_node *node = o->call.node;
    *r = (ranges){.out_low = vouch_tensor_new(f->arena, VOUCH_F64, &o->out[0]->shape),
                  .out_high = vouch_tensor_new(f->arena, VOUCH_F64, &o->out[0]->shape)};
    for (int i = 0; i < node->input_count; i++) {
        r->low[i] = r->high[i] = o->in[i];
        if (!is_varying(f, node, i))
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
static void move_inside(fixture *f, operands *o, const ranges *r)
{
    for (int i = 0; i < o->call.node->input_count; i++)
        for (int64_t k = 0; is_varying(f, o->call.node, i) && k < o->in[i]->count; k++) {
            const double l = r->low[i]->f64[k], h = r->high[i]->f64[k];
            const double t = vouch_random_unit(&f->random);
            o->in[i]->f64[k] = t < .3 ? l : t > .7 ? h : fmin(fmax(l + t * (h - l), l), h);
        }
}

static void check_range(fixture *f, const vouch_node *node)
{
    static const double radii[] = {0, 1e-9, .1, 3};
    for (size_t i = 0; i < VOUCH_TEST_COUNT(radii); i++) {
        operands o;
        ranges r;
        make_operands(f, node, &o);
        make_ranges(f, &o, radii[i], &r);
        for (int sample = 0; sample < 20; sample++) {
            move_inside(f, &o, &r);
            evaluate(f, &o);
            for (int64_t k = 0; k < o.out[0]->count; k++) {
                /* the evaluation itself rounds: a little slack, only for the test */
                const double y = o.out[0]->f64[k], slack = 1e-14 * (1 + fabs(y)) * 50;
                EXPECT(f, r.out_low->f64[k] <= y + slack && y - slack <= r.out_high->f64[k]);
                EXPECT(f, !(r.out_low->f64[k] > r.out_high->f64[k]));
                if (radii[i] == 0)
                    EXPECT(f, r.out_high->f64[k] - r.out_low->f64[k] <= 1e-12 * (1 + fabs(y)));
            }
        }
    }
}

static void outputs_lie_in_the_range_and_points_have_tight_ranges(void **state)
{
    (void)state;
    for_all_nodes(check_range, 3);
}

static void check_unbounded(fixture *f, const vouch_node *node)
{
    operands o;
    ranges r;
    make_operands(f, node, &o);
    make_ranges(f, &o, 1, &r);
    for (int i = 0; i < node->input_count; i++)
        for (int64_t k = 0; is_varying(f, node, i) && k < o.in[i]->count; k++) {
            const double t = vouch_random_unit(&f->random);
            if (t < .3)
                r.low[i]->f64[k] = -INFINITY;
            if (t > .2 && t < .5)
                r.high[i]->f64[k] = INFINITY;
        }
    vouch_test_ok(f->ctx,
                  vouch_op_range(&o.call, (const vouch_tensor *const *)r.low,
                                 (const vouch_tensor *const *)r.high, &r.out_low, &r.out_high));
    evaluate(f, &o);
    for (int64_t k = 0; k < o.out[0]->count; k++) {
        const double y = o.out[0]->f64[k], slack = 1e-12 * (1 + fabs(y));
        EXPECT(f, r.out_low->f64[k] <= y + slack && y - slack <= r.out_high->f64[k]);
    }
}

static void unbounded_inputs_give_sound_ranges(void **state)
{
    (void)state;
    for_all_nodes(check_unbounded, 3);
}

/* ---- linear forms --------------------------------------------------------------------------
 */

static void apply(fixture *f, const vouch_node *node, int which, vouch_linear_mode mode,
                  int64_t batch, const double *in, double *out)
{
    const vouch_linear_call call = {.ctx = f->ctx,
                                    .scratch = f->arena,
                                    .graph = f->graph,
                                    .node = node,
                                    .which = which,
                                    .mode = mode,
                                    .batch = batch,
                                    .in = in,
                                    .out = out};
    vouch_test_ok(f->ctx, node->op->linear(&call));
}

/* The matrix [out][in] of input `which` and its magnitudes, column by column. */
static void make_matrix(fixture *f, const vouch_node *node, int which, vouch_linear_mode mode,
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

static double *randoms(fixture *f, int64_t n, double low)
{
    double *x = VOUCH_NEW_ARRAY(f->arena, double, n);
    for (int64_t i = 0; i < n; i++)
        x[i] = low + (2 - low) * vouch_random_unit(&f->random);
    return x;
}

/* Modes of one input against its matrix; adds A x to sum. */
static void check_modes(fixture *f, const vouch_node *node, int which, int64_t n, int64_t m,
                        const double *x, double *sum)
{
    double *a = VOUCH_NEW_ARRAY(f->arena, double, n *m);
    double *size = VOUCH_NEW_ARRAY(f->arena, double, n *m);
    double *out = VOUCH_NEW_ARRAY(f->arena, double, 2 * (n > m ? n : m));
    make_matrix(f, node, which, VOUCH_LINEAR_PLAIN, n, m, a);
    make_matrix(f, node, which, VOUCH_LINEAR_ABS, n, m, size);
    for (int64_t i = 0; i < n * m; i++)
        EXPECT(f, near(fabs(a[i]), size[i], 1e-15));
    apply(f, node, which, VOUCH_LINEAR_PLAIN, 1, x, out);
    for (int64_t k = 0; k < m; k++) {
        EXPECT(f, near(out[k], dot(n, a + k * n, x), 1e-13));
        sum[k] += out[k];
    }
    const double *y = randoms(f, 2 * m, -2);
    for (int mode = 0; mode < 2; mode++) { /* A^T and |A|^T, two vectors at once */
        apply(f, node, which, mode ? VOUCH_LINEAR_ABS_TRANSPOSED : VOUCH_LINEAR_TRANSPOSED, 2,
              y, out);
        for (int64_t v = 0; v < 2; v++)
            for (int64_t i = 0; i < n; i++) {
                double expected = 0;
                for (int64_t k = 0; k < m; k++)
                    expected += (mode ? size : a)[k * n + i] * y[v * m + k];
                EXPECT(f, near(out[v * n + i], expected, 1e-13));
            }
    }
    const bool exact = node->op->terms(f->graph, node) == 0;
    for (int64_t k = 0; exact && k < m; k++) {
        int entries = 0;
        for (int64_t i = 0; i < n; i++) {
            EXPECT(f, a[k * n + i] == 0 || fabs(a[k * n + i]) == 1);
            entries += a[k * n + i] != 0;
        }
        EXPECT(f, entries <= 1);
    }
}

static void check_linear(fixture *f, const vouch_node *node)
{
    bool varying[64];
    vouch_op_varying(f->graph, varying);
    if (vouch_op_node_class(f->graph, node, varying) != VOUCH_OP_AFFINE)
        return;
    operands o;
    make_operands(f, node, &o);
    evaluate(f, &o);
    const int64_t m = o.out[0]->count;
    double *sum = VOUCH_NEW_ARRAY(f->arena, double, m);
    double *size = VOUCH_NEW_ARRAY(f->arena, double, m);
    apply(f, node, 0, VOUCH_LINEAR_OFFSET, 1, NULL, sum);
    apply(f, node, 0, VOUCH_LINEAR_ABS_OFFSET, 1, NULL, size);
    for (int64_t k = 0; k < m; k++)
        EXPECT(f, fabs(sum[k]) <= size[k] * (1 + 1e-14));
    for (int i = 0; i < node->input_count; i++)
        if (is_varying(f, node, i))
            check_modes(f, node, i, o.in[i]->count, m, o.in[i]->f64, sum);
    for (int64_t k = 0; k < m; k++)
        EXPECT(f, near(sum[k], o.out[0]->f64[k], 1e-12));
}

static void linear_forms_are_consistent_with_evaluation(void **state)
{
    (void)state;
    for_all_nodes(check_linear, 3);
}

/* ---- curves --------------------------------------------------------------------------------
 */

/* The curve in extended precision. */
static long double curve(const fixture *f, const vouch_node *node, double x)
{
    double at[4];
    vouch_line piece[5];
    if (strcmp(node->type, "Tanh") == 0)
        return tanhl((long double)x);
    if (strcmp(node->type, "Sigmoid") == 0)
        return 1 / (1 + expl(-(long double)x));
    const int breaks = node->op->pieces(f->graph, node, at, piece);
    int i = 0;
    while (i < breaks && x > at[i])
        i++;
    return (long double)piece[i].slope * (long double)x + (long double)piece[i].offset;
}

static void random_interval(fixture *f, double *low, double *high)
{
    static const double sizes[] = {1e-300, 1e-12, 1e-3, .5, 1, 3, 8, 30, 800, 1e9};
    vouch_random *r = &f->random;
    const double s = sizes[vouch_random_below(r, VOUCH_TEST_COUNT(sizes))];
    const double t = sizes[vouch_random_below(r, VOUCH_TEST_COUNT(sizes))];
    const double a = s * (2 * vouch_random_unit(r) - 1);
    const double b = vouch_random_below(r, 3)   ? a + t * vouch_random_unit(r)
                     : vouch_random_below(r, 2) ? a
                                                : -a;
    *low = fmin(a, b);
    *high = fmax(a, b);
}

static long double line_at(vouch_line line, double x)
{
    return (long double)line.slope * (long double)x + (long double)line.offset;
}

static void check_lines(fixture *f, const vouch_node *node)
{
    for (int round = 0; round < 3000; round++) {
        double l, h;
        vouch_relaxation r;
        random_interval(f, &l, &h);
        vouch_test_ok(f->ctx, node->op->relax(f->graph, node, l, h, &r));
        for (int k = 0; k <= 40; k++) {
            const double t = k < 20 ? k / 20. : vouch_random_unit(&f->random);
            const double x = k == 20 ? h : fmin(fmax(l + t * (h - l), l), h);
            const long double y = curve(f, node, x);
            /* slack of the extended precision itself */
            const long double slack =
                1e-18L * (fabsl(y) + fabsl(line_at(r.upper, x)) + fabsl(line_at(r.lower, x)) +
                          fabsl((long double)r.upper.slope * (long double)x) +
                          fabsl((long double)r.lower.slope * (long double)x));
            if (!(line_at(r.lower, x) <= y + slack && y - slack <= line_at(r.upper, x)))
                print_error("[%.17g, %.17g] at %.17g: %.20Lg not in [%.20Lg, %.20Lg]\n", l, h,
                            x, y, line_at(r.lower, x), line_at(r.upper, x));
            EXPECT(f, line_at(r.lower, x) <= y + slack && y - slack <= line_at(r.upper, x));
        }
    }
}

static void check_slopes(fixture *f, const vouch_node *node)
{
    for (int round = 0; round < 500; round++) {
        double l, h, least, most;
        random_interval(f, &l, &h);
        node->op->slopes(f->graph, node, l, h, &least, &most);
        EXPECT(f, least <= most);
        const double x = fmin(fmax(l + (h - l) * vouch_random_unit(&f->random), l), h);
        const double z = fmin(fmax(l + (h - l) * vouch_random_unit(&f->random), l), h);
        const long double rise = curve(f, node, x) - curve(f, node, z);
        const long double run = (long double)x - (long double)z;
        const long double slack = 1e-17L * (1 + fabsl(curve(f, node, x)));
        if (run > 0)
            EXPECT(f, rise >= least * run - slack && rise <= most * run + slack);
    }
}

static void check_curve(fixture *f, const vouch_node *node)
{
    if (node->op->op_class != VOUCH_OP_POINTWISE)
        return;
    check_lines(f, node);
    check_slopes(f, node);
}

static void lines_and_slopes_enclose_the_curve(void **state)
{
    (void)state;
    for_all_nodes(check_curve, 1);
}

static void check_pieces(fixture *f, const vouch_node *node)
{
    double at[4];
    vouch_line piece[5];
    operands o;
    if (!node->op->pieces)
        return;
    const int breaks = node->op->pieces(f->graph, node, at, piece);
    make_operands(f, node, &o);
    evaluate(f, &o);
    for (int64_t k = 0; k < o.out[0]->count; k++)
        EXPECT(f, near(o.out[0]->f64[k], (double)curve(f, node, o.in[0]->f64[k]), 1e-15));
    for (int i = 0; i < breaks; i++)
        EXPECT(f, line_at(piece[i], at[i]) == line_at(piece[i + 1], at[i]));
}

static void pieces_are_continuous_and_equal_the_curve(void **state)
{
    (void)state;
    for_all_nodes(check_pieces, 2);
}

/* Area between the lines of Sigmoid and Tanh on [-2, 2] against the parallel lines' one. */
static void lines_of_s_curves_are_tight(void **state)
{
    (void)state;
    fixture f;
    open_case(&f, "Tanh 13 | v1 |", 0);
    vouch_relaxation r;
    const vouch_node *node = f.graph->node;
    vouch_test_ok(f.ctx, node->op->relax(f.graph, node, -2, 2, &r));
    const double gap = r.upper.offset - r.lower.offset; /* at the middle */
    assert_true(gap < 1.05); /* parallel lines of least slope: 1.79 */
    vouch_test_ok(f.ctx, node->op->relax(f.graph, node, .5, .6, &r));
    assert_true(r.upper.slope * .55 + r.upper.offset - tanh(.55) < 1e-15);
    assert_true(tanh(.55) - r.lower.slope * .55 - r.lower.offset < 2e-3);
    close_case(&f);
}

/* ---- greatest ------------------------------------------------------------------------------
 */

static void check_window(fixture *f, const vouch_node *node)
{
    operands o;
    int64_t element[64];
    if (!node->op->window)
        return;
    make_operands(f, node, &o);
    evaluate(f, &o);
    for (int64_t i = 0; i < o.out[0]->count; i++) {
        const int64_t count = node->op->window(f->graph, node, i, NULL);
        double most = -INFINITY;
        EXPECT(f, count > 0 && count <= 64);
        EXPECT(f, node->op->window(f->graph, node, i, element) == count);
        for (int64_t e = 0; e < count; e++)
            most = fmax(most, o.in[0]->f64[element[e]]);
        EXPECT(f, most == o.out[0]->f64[i]);
    }
}

static void windows_name_the_elements_of_the_maximum(void **state)
{
    (void)state;
    for_all_nodes(check_window, 2);
}

/* ---- errors --------------------------------------------------------------------------------
 */

static const struct {
    const char *text;
    vouch_status status;
    const char *part;
} bad[] = {
    {"Foo 13 | v2 |", VOUCH_ERR_UNSUPPORTED, "case: node 'n' (Foo): operator is not supported"},
    {"Relu 23 | v2 |", VOUCH_ERR_UNSUPPORTED, "opset 23"},
    {"Relu 13 | v2 v2 |", VOUCH_ERR_SHAPE, "2 inputs"},
    {"Add 13 | v2,3 v2 |", VOUCH_ERR_SHAPE, "[2,3] and [2] do not fit"},
    {"Add 6 | v2,3 v3 |", VOUCH_ERR_SHAPE, "broadcast"},
    {"Add 13 | v2 i1,2 |", VOUCH_ERR_SHAPE, "float32 and int64"},
    {"Div 13 | v2 s0 |", VOUCH_ERR_VALUE, "zero"},
    {"Clip 13 | v2 v1 |", VOUCH_ERR_UNSUPPORTED, "min"},
    {"Clip 13 | v2 c2 |", VOUCH_ERR_SHAPE, "scalar"},
    {"Concat 13 | v2,3 v3,3 | axis=1", VOUCH_ERR_SHAPE, "input 1"},
    {"Concat 13 | v2 v2 |", VOUCH_ERR_SHAPE, "axis"},
    {"Constant 13 | | value_string='a'", VOUCH_ERR_UNSUPPORTED, "supported kind"},
    {"Conv 11 | v1,2,5,5 v3,2,3,3 |", VOUCH_ERR_UNSUPPORTED, "weights ('x1')"},
    {"Conv 11 | v1,3,5,5 c3,2,3,3 |", VOUCH_ERR_SHAPE, "[1,3,5,5]"},
    {"Conv 11 | v1,2,5,5 c3,2,3,3 c2 |", VOUCH_ERR_SHAPE, "bias"},
    {"Conv 11 | v1,2,2,5 c3,2,3,3 |", VOUCH_ERR_SHAPE, "larger"},
    {"Conv 11 | v1,2,5,5 c3,2,3,3 | strides=0,1", VOUCH_ERR_VALUE, "strides"},
    {"Conv 11 | v1,2,5,5 c3,2,3,3 | pads=1,1", VOUCH_ERR_SHAPE, "pads"},
    {"Conv 11 | v1,2,5,5 c3,2,3,3 | auto_pad='ODD'", VOUCH_ERR_UNSUPPORTED, "ODD"},
    {"Conv 11 | v1,2,5,5 c3,2,3,3 | kernel_shape=2,2", VOUCH_ERR_SHAPE, "kernel_shape"},
    {"Conv 11 | v1,2 c3,2 |", VOUCH_ERR_SHAPE, "do not fit"},
    {"Dropout 13 | v2 s0.5 s1 |", VOUCH_ERR_UNSUPPORTED, "training"},
    {"Flatten 13 | v2,3 | axis=3", VOUCH_ERR_SHAPE, "axis 3"},
    {"Gather 13 | v2,3 i5, |", VOUCH_ERR_VALUE, "index 5"},
    {"Gather 13 | v2,3 v1 |", VOUCH_ERR_UNSUPPORTED, "indices"},
    {"Gemm 13 | v2,3 c4,3 |", VOUCH_ERR_SHAPE, "[2,3] and [4,3]"},
    {"Gemm 13 | v2,3 c3,4 c3 |", VOUCH_ERR_SHAPE, "C of shape [3]"},
    {"MatMul 13 | v2,3 c4,3 |", VOUCH_ERR_SHAPE, "[2,3] and [4,3]"},
    {"MaxPool 12 | v1,1,4 |", VOUCH_ERR_SHAPE, "kernel_shape"},
    {"MaxPool 12 | v1,1,4 | kernel_shape=2, pads=3,0", VOUCH_ERR_SHAPE, "padding"},
    {"MaxPool 12 | v4 | kernel_shape=2,", VOUCH_ERR_UNSUPPORTED, "spatial"},
    {"Pad 13 | v2,3 i1,1 |", VOUCH_ERR_SHAPE, "pads"},
    {"Pad 13 | v2,3 i-3,0,0,0 |", VOUCH_ERR_VALUE, "pads"},
    {"Pad 13 | v2 i1,1 | mode='odd'", VOUCH_ERR_UNSUPPORTED, "odd"},
    {"BatchNormalization 15 | v2,3 c2 c3 c3 p3 |", VOUCH_ERR_SHAPE, "scale"},
    {"BatchNormalization 15 | v2,3 c3 c3 c3 p3 | training_mode=1", VOUCH_ERR_UNSUPPORTED,
     "training"},
    {"BatchNormalization 15 | v2,3 c3 c3 c3 v3 |", VOUCH_ERR_UNSUPPORTED, "variance"},
    {"BatchNormalization 15 | v2,1 c1 c1 c1 p1 | epsilon=-9.0f", VOUCH_ERR_VALUE, "variance"},
    {"ReduceSum 13 | v2,3 i2, |", VOUCH_ERR_SHAPE, "axis 2"},
    {"ReduceSum 13 | v2,3 i1,-1 |", VOUCH_ERR_SHAPE, "twice"},
    {"Reshape 13 | v2,3 i4,-1 |", VOUCH_ERR_SHAPE, "[2,3] cannot become [4,-1]"},
    {"Reshape 13 | v2,3 v2 |", VOUCH_ERR_UNSUPPORTED, "shape ('x1')"},
    {"Slice 13 | v2,3 i0,0 i1, |", VOUCH_ERR_SHAPE, "starts"},
    {"Slice 13 | v2,3 i0, i1, i0, i0, |", VOUCH_ERR_VALUE, "step"},
    {"Softmax 13 | v2,3 | axis=2", VOUCH_ERR_SHAPE, "axis 2"},
    {"Softmax 13 | v2,3 | axis=1,", VOUCH_ERR_PARSE, "axis"},
    {"Split 13 | v5,2 i1,1 |", VOUCH_ERR_SHAPE, "add up"},
    {"Split 13 | v5,2 i1,1,3 |", VOUCH_ERR_SHAPE, "2 outputs"},
    {"Squeeze 13 | v2,3 i0, |", VOUCH_ERR_SHAPE, "axis 0"},
    {"Transpose 13 | v2,3 | perm=0,0", VOUCH_ERR_SHAPE, "twice"},
    {"Transpose 13 | v2,3 | perm=0,", VOUCH_ERR_SHAPE, "perm"},
    {"Unsqueeze 13 | v2,3 |", VOUCH_ERR_SHAPE, "axes"},
};

static void bad_nodes_are_named_with_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(bad); i++) {
        fixture f = {.text = bad[i].text, .ctx = vouch_test_context()};
        const vouch_status status = build(&f, bad[i].text);
        if (status != bad[i].status || !strstr(vouch_context_error(f.ctx), bad[i].part))
            print_error("%s: %s\n", bad[i].text, vouch_context_error(f.ctx));
        vouch_test_fails(f.ctx, status, bad[i].status, bad[i].part);
        vouch_graph_free(f.graph);
        vouch_context_free(f.ctx);
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
        cmocka_unit_test(lines_and_slopes_enclose_the_curve),
        cmocka_unit_test(pieces_are_continuous_and_equal_the_curve),
        cmocka_unit_test(lines_of_s_curves_are_tight),
        cmocka_unit_test(windows_name_the_elements_of_the_maximum),
        cmocka_unit_test(bad_nodes_are_named_with_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
