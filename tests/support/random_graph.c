#include "support/random_graph.h"

#include <math.h>
#include <string.h>

enum { OPSET = 17 };

typedef struct maker {
    vouch_context *ctx;
    vouch_graph_builder *b;
    vouch_arena *arena;
    vouch_random r;
    vouch_dtype dtype;
    int names, inputs;
    const char *at; /* the current value */
    vouch_shape shape;
} maker;

/* ---- building blocks --------------------------------------------------------------------- */

static const char *fresh(maker *m, const char *stem)
{
    const char *name = vouch_arena_print(m->arena, "%s%d", stem, m->names++);

    assert_non_null(name);
    return name;
}

static int64_t pick(maker *m, int64_t least, int64_t most)
{
    return least + (int64_t)vouch_random_below(&m->r, (uint64_t)(most - least + 1));
}

static bool chance(maker *m, double share) { return vouch_random_unit(&m->r) < share; }

static bool knows(const char *type) { return vouch_op_find(type, OPSET) != NULL; }

static vouch_attr int_attr(const char *name, int64_t i)
{
    return (vouch_attr){.name = name, .kind = VOUCH_ATTR_INT, .count = 1, .i = i};
}

static vouch_attr real_attr(const char *name, double f)
{
    return (vouch_attr){.name = name, .kind = VOUCH_ATTR_FLOAT, .count = 1, .f = f};
}

static vouch_attr ints_attr(maker *m, const char *name, size_t count, int64_t value)
{
    int64_t *ints = VOUCH_NEW_ARRAY(m->arena, int64_t, count);

    assert_non_null(ints);
    for (size_t i = 0; i < count; i++)
        ints[i] = value;
    return (vouch_attr){.name = name, .kind = VOUCH_ATTR_INTS, .count = count, .ints = ints};
}

/* Adds a node over the named inputs; returns the name of its output. */
static const char *node(maker *m, const char *type, int count, const char *const *inputs,
                        int attrs, const vouch_attr *attr)
{
    int *index = VOUCH_NEW_ARRAY(m->arena, int, count + 1);
    vouch_attr *copy = VOUCH_NEW_ARRAY(m->arena, vouch_attr, attrs);
    const char *output = fresh(m, type);

    assert_true(index && copy);
    for (int k = 0; k < count; k++)
        index[k] = vouch_graph_value(m->b, inputs[k]);
    index[count] = vouch_graph_value(m->b, output);
    if (attrs > 0)
        memcpy(copy, attr, (size_t)attrs * sizeof *attr);
    const vouch_node n = {.type = type,
                          .name = output,
                          .domain = "",
                          .input_count = count,
                          .output_count = 1,
                          .attr_count = attrs,
                          .input = index,
                          .output = index + count,
                          .attr = copy};
    vouch_test_ok(m->ctx, vouch_graph_add_node(m->b, &n));
    return output;
}

static const char *unary(maker *m, const char *type, const char *x)
{
    return node(m, type, 1, &x, 0, NULL);
}

static const char *binary(maker *m, const char *type, const char *x, const char *y)
{
    const char *inputs[2] = {x, y};

    return node(m, type, 2, inputs, 0, NULL);
}

/* A constant of that shape with entries around `centre`, up to `spread` away; some are exactly
 * the centre, few are tiny or far. */
static const char *constant(maker *m, int rank, const int64_t *dim, double centre,
                            double spread)
{
    vouch_shape shape = {.rank = rank};
    const char *name = fresh(m, "c");
    vouch_tensor *t;

    if (rank > 0)
        memcpy(shape.dim, dim, (size_t)rank * sizeof *dim);
    t = vouch_tensor_new(m->arena, m->dtype, &shape);
    assert_non_null(t);
    for (int64_t i = 0; i < t->count; i++) {
        double x = spread * (2 * vouch_random_unit(&m->r) - 1);

        if (chance(m, .1))
            x = 0;
        else if (chance(m, .02))
            x *= chance(m, .5) ? 1e-30 : 30;
        vouch_tensor_set(t, i, centre + x);
    }
    vouch_test_ok(m->ctx, vouch_graph_add_constant(m->b, name, t));
    return name;
}

static int64_t size_of(const maker *m) { return vouch_shape_count(&m->shape); }

static void flatten(maker *m)
{
    if (m->shape.rank == 2)
        return;
    m->at = unary(m, "Flatten", m->at);
    m->shape = (vouch_shape){.rank = 2, .dim = {1, size_of(m)}};
}

/* x W + b, by Gemm or MatMul and Add. */
static const char *dense_of(maker *m, const char *x, int64_t n, int64_t out)
{
    int64_t plain[2] = {n, out}, swapped[2] = {out, n};
    double spread = 2 / sqrt((double)n);
    bool transposed = chance(m, .5);
    const char *inputs[3] = {x, NULL, NULL};
    vouch_attr attr[2] = {int_attr("transB", transposed), real_attr("alpha", 1)};

    if (knows("MatMul") && chance(m, .3)) {
        inputs[1] = constant(m, 2, plain, 0, spread);
        inputs[0] = node(m, "MatMul", 2, inputs, 0, NULL);
        return binary(m, "Add", inputs[0], constant(m, 1, &out, 0, .5));
    }
    if (chance(m, .2))
        attr[1] = real_attr("alpha", .7);
    inputs[1] = constant(m, 2, transposed ? swapped : plain, 0, spread);
    inputs[2] = constant(m, 1, &out, 0, .5);
    return node(m, "Gemm", 3, inputs, 2, attr);
}

/* ---- blocks: each extends the current value; false where it does not apply --------------- */

static bool dense(maker *m)
{
    int64_t out = pick(m, 1, 8);

    flatten(m);
    m->at = dense_of(m, m->at, m->shape.dim[1], out);
    m->shape.dim[1] = out;
    return true;
}

static bool relu(maker *m)
{
    m->at = unary(m, "Relu", m->at);
    return true;
}

static bool curve(maker *m)
{
    static const char *const types[] = {
        "Sigmoid",  "Tanh",     "Abs", "LeakyRelu",   "Neg",  "Sin",  "Cos",  "Exp",      "Erf",
        "Softplus", "Softsign", "Elu", "HardSigmoid", "Celu", "Selu", "Gelu", "HardSwish"};
    const char *type = types[pick(m, 0, (int64_t)VOUCH_TEST_COUNT(types) - 1)];
    vouch_attr alpha = real_attr("alpha", chance(m, .5) ? .1 : 1.5);

    if (!knows(type))
        return false;
    if (strcmp(type, "LeakyRelu") == 0 || strcmp(type, "Elu") == 0)
        m->at = node(m, type, 1, &m->at, 1, &alpha);
    else
        m->at = unary(m, type, m->at);
    return true;
}

static bool step(maker *m)
{
    static const char *const types[] = {"Sign", "Floor", "Ceil", "Round"};
    const char *type = types[pick(m, 0, 3)];

    if (!knows(type))
        return false;
    m->at = unary(m, type, m->at);
    return true;
}

/* x^p, of a positive number where p asks for it: x^2 + 1/2. */
static bool power(maker *m)
{
    static const double exponents[] = {2, 3, .5, -1, -.5, -2, 1.5};
    const int64_t which = pick(m, 0, (int64_t)VOUCH_TEST_COUNT(exponents) + 1);
    const int64_t one = 1;

    if (!knows("Pow") || !knows("Sqrt") || !knows("Log"))
        return false;
    if (which > 1) {
        m->at = binary(m, "Mul", m->at, m->at);
        m->at = binary(m, "Add", m->at, constant(m, 1, &one, .5, 0));
    }
    if (which < (int64_t)VOUCH_TEST_COUNT(exponents))
        m->at = binary(m, "Pow", m->at, constant(m, 0, NULL, exponents[which], 0));
    else if (which == (int64_t)VOUCH_TEST_COUNT(exponents))
        m->at = unary(m, "Log", m->at);
    else
        m->at = unary(m, "Sqrt", m->at);
    return true;
}

static bool clip(maker *m)
{
    const char *inputs[3] = {m->at, NULL, NULL};

    if (!knows("Clip"))
        return false;
    inputs[1] = constant(m, 0, NULL, -vouch_random_unit(&m->r), 0);
    inputs[2] = constant(m, 0, NULL, vouch_random_unit(&m->r), 0);
    m->at = node(m, "Clip", 3, inputs, 0, NULL);
    return true;
}

static bool residual(maker *m)
{
    int64_t n;
    const char *branch;

    flatten(m);
    n = m->shape.dim[1];
    branch = unary(m, "Relu", dense_of(m, m->at, n, n));
    m->at = binary(m, chance(m, .7) || !knows("Sub") ? "Add" : "Sub", m->at, branch);
    return true;
}

static bool concat(maker *m)
{
    vouch_attr axis = int_attr("axis", 1);
    const char *inputs[2];
    int64_t extra = pick(m, 1, 3);

    if (!knows("Concat"))
        return false;
    flatten(m);
    inputs[0] = m->at;
    inputs[1] = unary(m, "Relu", dense_of(m, m->at, m->shape.dim[1], extra));
    m->at = node(m, "Concat", 2, inputs, 1, &axis);
    m->shape.dim[1] += extra;
    return true;
}

static bool convolution(maker *m)
{
    int64_t out = pick(m, 1, 3), kernel = pick(m, 1, 3), pad = pick(m, 0, 1);
    int64_t stride = pick(m, 1, 2), dim[4] = {out, m->shape.dim[1], kernel, kernel};
    const char *inputs[3] = {m->at, NULL, NULL};
    vouch_attr attr[2] = {ints_attr(m, "strides", 2, stride), ints_attr(m, "pads", 4, pad)};

    if (m->shape.rank != 4 || m->shape.dim[2] + 2 * pad < kernel ||
        m->shape.dim[3] + 2 * pad < kernel || !knows("Conv"))
        return false;
    inputs[1] = constant(m, 4, dim, 0, .7);
    inputs[2] = constant(m, 1, &out, 0, .3);
    m->at = node(m, "Conv", 3, inputs, 2, attr);
    m->shape.dim[1] = out;
    for (int k = 2; k < 4; k++)
        m->shape.dim[k] = (m->shape.dim[k] + 2 * pad - kernel) / stride + 1;
    return true;
}

static bool pool(maker *m)
{
    const char *type = chance(m, .6) ? "MaxPool" : "AveragePool";
    vouch_attr attr[2] = {ints_attr(m, "kernel_shape", 2, 2), ints_attr(m, "strides", 2, 1)};

    if (m->shape.rank != 4 || m->shape.dim[2] < 2 || m->shape.dim[3] < 2 || !knows(type))
        return false;
    m->at = node(m, type, 1, &m->at, 2, attr);
    m->shape.dim[2]--;
    m->shape.dim[3]--;
    return true;
}

static bool normalise(maker *m)
{
    int64_t channels = m->shape.dim[1];
    const char *inputs[5] = {m->at, NULL, NULL, NULL, NULL};

    if (!knows("BatchNormalization"))
        return false;
    inputs[1] = constant(m, 1, &channels, 1, .5);
    inputs[2] = constant(m, 1, &channels, 0, .5);
    inputs[3] = constant(m, 1, &channels, 0, .5);
    inputs[4] = constant(m, 1, &channels, 40, .3);
    m->at = node(m, "BatchNormalization", 5, inputs, 0, NULL);
    return true;
}

/* Two dense branches, multiplied: bilinear. */
static bool product(maker *m)
{
    int64_t n;
    const char *a, *b;

    if (!knows("Mul"))
        return false;
    flatten(m);
    n = m->shape.dim[1];
    a = dense_of(m, m->at, n, 3);
    b = dense_of(m, m->at, n, 3);
    m->at = binary(m, "Mul", a, b);
    m->shape.dim[1] = 3;
    return true;
}

/* A branch by a positive one: a / (b^2 + 1/2). */
static bool ratio(maker *m)
{
    const int64_t one = 1;
    const char *a, *b;

    if (!knows("Div") || !knows("Mul"))
        return false;
    flatten(m);
    a = dense_of(m, m->at, m->shape.dim[1], 2);
    b = dense_of(m, m->at, m->shape.dim[1], 2);
    b = binary(m, "Add", binary(m, "Mul", b, b), constant(m, 1, &one, .5, 0));
    m->at = binary(m, "Div", a, b);
    m->shape.dim[1] = 2;
    return true;
}

/* x as rows of so many. */
static const char *reshaped(maker *m, const char *x, int64_t rows, int64_t columns)
{
    const vouch_shape shape = {.rank = 1, .dim = {2}};
    vouch_tensor *t = vouch_tensor_new(m->arena, VOUCH_I64, &shape);
    const char *name = fresh(m, "shape");

    assert_non_null(t);
    t->i64[0] = rows;
    t->i64[1] = columns;
    vouch_test_ok(m->ctx, vouch_graph_add_constant(m->b, name, t));
    return binary(m, "Reshape", x, name);
}

/* Rows times columns of two branches: attention without its softmax. */
static bool matrix_product(maker *m)
{
    int64_t n;
    const char *a, *b;

    if (!knows("MatMul") || !knows("Reshape"))
        return false;
    flatten(m);
    n = m->shape.dim[1];
    a = reshaped(m, dense_of(m, m->at, n, 6), 2, 3);
    b = reshaped(m, dense_of(m, m->at, n, 6), 3, 2);
    m->at = reshaped(m, binary(m, "MatMul", a, b), 1, 4);
    m->shape.dim[1] = 4;
    return true;
}

/* The greater, or the less, of two branches; or of all elements. */
static bool extreme(maker *m)
{
    vouch_attr axes = ints_attr(m, "axes", 1, 1);
    const char *inputs[3];

    if (!knows("Max") || !knows("ReduceMax"))
        return false;
    flatten(m);
    if (chance(m, .4)) {
        m->at = node(m, chance(m, .5) ? "ReduceMax" : "ReduceMin", 1, &m->at, 1, &axes);
        m->shape.dim[1] = 1;
        return true;
    }
    for (int k = 0; k < 3; k++)
        inputs[k] = k == 2 ? constant(m, 1, (const int64_t[]){1}, 0, .5)
                           : dense_of(m, m->at, m->shape.dim[1], 2);
    m->at = node(m, chance(m, .5) ? "Max" : "Min", (int)pick(m, 2, 3), inputs, 0, NULL);
    m->shape.dim[1] = 2;
    return true;
}

static bool layer_norm(maker *m)
{
    const char *inputs[3] = {NULL, NULL, NULL};
    vouch_attr epsilon = real_attr("epsilon", .01);

    if (!knows("LayerNormalization"))
        return false;
    flatten(m);
    inputs[0] = m->at;
    inputs[1] = constant(m, 1, &m->shape.dim[1], 1, .5);
    inputs[2] = constant(m, 1, &m->shape.dim[1], 0, .5);
    m->at = node(m, "LayerNormalization", 3, inputs, 1, &epsilon);
    return true;
}

static bool scale(maker *m)
{
    static const char *const types[] = {"Mul", "Div", "Add", "Sub"};
    const char *type = types[pick(m, 0, 3)];
    int64_t one = 1;
    const char *c = constant(m, 1, &one, 35, 3);

    if (!knows(type))
        return false;
    m->at = strcmp(type, "Sub") == 0 && chance(m, .5) ? binary(m, type, c, m->at)
                                                      : binary(m, type, m->at, c);
    return true;
}

static bool softmax(maker *m)
{
    vouch_attr axis = int_attr("axis", 1);

    if (!knows("Softmax"))
        return false;
    flatten(m);
    m->at = node(m, chance(m, .8) || !knows("LogSoftmax") ? "Softmax" : "LogSoftmax", 1, &m->at,
                 1, &axis);
    return true;
}

/* A second input of the network, of the current shape, is added. */
static bool second_input(maker *m)
{
    const char *name = "z";

    if (m->inputs > 1)
        return false;
    flatten(m);
    m->inputs++;
    vouch_test_ok(m->ctx, vouch_graph_add_input(m->b, name, m->dtype, &m->shape));
    m->at = binary(m, "Add", m->at, name);
    return true;
}

/* An int64 constant: one number. */
static const char *index_constant(maker *m, int64_t value)
{
    vouch_shape shape = {.rank = 1, .dim = {1}};
    vouch_tensor *t = vouch_tensor_new(m->arena, VOUCH_I64, &shape);
    const char *name = fresh(m, "i");

    assert_non_null(t);
    t->i64[0] = value;
    vouch_test_ok(m->ctx, vouch_graph_add_constant(m->b, name, t));
    return name;
}

/* Takes one column, or drops the first. */
static bool select_columns(maker *m)
{
    vouch_attr axis = int_attr("axis", 1);
    const char *inputs[4] = {NULL, NULL, NULL, NULL};
    int64_t n;

    flatten(m);
    inputs[0] = m->at;
    n = m->shape.dim[1];
    if (chance(m, .5) && knows("Gather")) {
        inputs[1] = index_constant(m, pick(m, 0, n - 1));
        m->at = node(m, "Gather", 2, inputs, 1, &axis);
        m->shape.dim[1] = 1;
        return true;
    }
    if (n < 2 || !knows("Slice"))
        return false;
    inputs[1] = index_constant(m, 1);
    inputs[2] = index_constant(m, n);
    inputs[3] = index_constant(m, 1);
    m->at = node(m, "Slice", 4, inputs, 0, NULL);
    m->shape.dim[1] = n - 1;
    return true;
}

/* Swaps channels and rows. */
static bool transpose(maker *m)
{
    int64_t *perm = VOUCH_NEW_ARRAY(m->arena, int64_t, 4), swap = m->shape.dim[1];
    vouch_attr attr = {.name = "perm", .kind = VOUCH_ATTR_INTS, .count = 4, .ints = perm};

    assert_non_null(perm);
    if (m->shape.rank != 4 || !knows("Transpose"))
        return false;
    perm[1] = 2, perm[2] = 1, perm[3] = 3;
    m->at = node(m, "Transpose", 1, &m->at, 1, &attr);
    m->shape.dim[1] = m->shape.dim[2];
    m->shape.dim[2] = swap;
    return true;
}

static bool reduce(maker *m)
{
    vouch_attr attr = ints_attr(m, "axes", 1, 1);

    if (!knows("ReduceMean"))
        return false;
    m->at = node(m, "ReduceMean", 1, &m->at, 1, &attr);
    m->shape.dim[1] = 1;
    return true;
}

/* ---- blocks of images -------------------------------------------------------------------- */

/* A convolution of x to `out` channels of the same extents. */
static const char *same_conv(maker *m, const char *x, int64_t channels, int64_t out)
{
    int64_t dim[4] = {out, channels, 3, 3};
    const char *inputs[3] = {x, constant(m, 4, dim, 0, .5), constant(m, 1, &out, 0, .3)};
    vouch_attr attr[1] = {ints_attr(m, "pads", 4, 1)};

    return node(m, "Conv", 3, inputs, 1, attr);
}

static bool image_branches(maker *m)
{
    const char *inputs[2] = {m->at, NULL};
    int64_t n = m->shape.dim[1];
    vouch_attr axis = int_attr("axis", 1);

    inputs[1] = unary(m, "Relu", same_conv(m, m->at, n, n));
    if (chance(m, .5))
        inputs[1] = same_conv(m, inputs[1], n, n);
    if (chance(m, .7)) {
        m->at = node(m, chance(m, .8) ? "Add" : "Sub", 2, inputs, 0, NULL);
        return true;
    }
    m->at = node(m, "Concat", 2, inputs, 1, &axis);
    m->shape.dim[1] += n;
    return true;
}

static bool image_scale(maker *m)
{
    const int64_t dim[3] = {m->shape.dim[1], 1, 1};

    m->at = binary(m, chance(m, .5) ? "Mul" : "Add", m->at, constant(m, 3, dim, .8, .5));
    return true;
}

static bool image_pad(maker *m)
{
    const vouch_shape shape = {.rank = 1, .dim = {8}};
    vouch_tensor *t = vouch_tensor_new(m->arena, VOUCH_I64, &shape);
    const char *name = fresh(m, "pads");

    assert_non_null(t);
    for (int d = 2; d < 4; d++) {
        t->i64[d] = pick(m, 0, 2);
        t->i64[4 + d] = pick(m, m->shape.dim[d] > 2 ? -1 : 0, 1);
        m->shape.dim[d] += t->i64[d] + t->i64[4 + d];
    }
    vouch_test_ok(m->ctx, vouch_graph_add_constant(m->b, name, t));
    m->at = binary(m, "Pad", m->at, name);
    return true;
}

static bool image_grow(maker *m)
{
    const int64_t dim[4] = {m->shape.dim[1], 2, 2, 3};
    const char *inputs[2] = {m->at, constant(m, 4, dim, 0, .6)};
    vouch_attr attr[1] = {ints_attr(m, "strides", 2, 2)};

    if (m->shape.dim[2] > 7 || m->shape.dim[3] > 7)
        return false;
    m->at = node(m, "ConvTranspose", 2, inputs, 1, attr);
    m->shape.dim[1] = 2;
    m->shape.dim[2] = 2 * m->shape.dim[2];
    m->shape.dim[3] = 2 * m->shape.dim[3] + 1;
    return true;
}

static void image_layers(maker *m)
{
    static bool (*const blocks[])(maker *) = {
        convolution, image_branches, image_branches, image_scale, image_pad,
        image_grow,  pool,           normalise,      curve,       transpose};

    m->shape =
        (vouch_shape){.rank = 4, .dim = {1, pick(m, 1, 2), pick(m, 7, 12), pick(m, 7, 12)}};
    vouch_test_ok(m->ctx, vouch_graph_add_input(m->b, m->at, m->dtype, &m->shape));
    m->at = same_conv(m, m->at, m->shape.dim[1], m->shape.dim[1]);
    for (int64_t k = pick(m, 2, 4); k > 0; k--) {
        relu(m);
        while (!blocks[pick(m, 0, (int64_t)VOUCH_TEST_COUNT(blocks) - 1)](m))
            ;
    }
    relu(m);
    dense(m);
}

/* ---- whole networks ---------------------------------------------------------------------- */

static void begin(maker *m, vouch_context *ctx, vouch_random r)
{
    vouch_shape flat = {.rank = 2, .dim = {1, 1}}, image = {.rank = 4, .dim = {1, 1, 3, 3}};

    *m = (maker){.ctx = ctx, .r = r, .at = "x", .inputs = 1};
    m->dtype = chance(m, .6) ? VOUCH_F32 : VOUCH_F64;
    m->b = vouch_graph_builder_new(ctx, "random", OPSET);
    assert_non_null(m->b);
    m->arena = vouch_graph_builder_arena(m->b);
    flat.dim[1] = pick(m, 1, 6);
    image.dim[1] = pick(m, 1, 2);
    image.dim[2] = image.dim[3] = pick(m, 3, 5);
    m->shape = flat;
    if (knows("Conv") && chance(m, .3))
        m->shape = image;
}

static vouch_graph *finish(maker *m)
{
    vouch_graph *graph = NULL;

    vouch_test_ok(m->ctx, vouch_graph_add_output(m->b, m->at));
    vouch_test_ok(m->ctx, vouch_graph_finish(m->b, &graph));
    vouch_test_ok(m->ctx, vouch_op_bind_graph(m->ctx, graph));
    return graph;
}

static void random_block(maker *m)
{
    static bool (*const blocks[])(maker *) = {
        dense,        dense,          convolution,    convolution, residual, concat, curve,
        curve,        clip,           pool,           normalise,   product,  scale,  softmax,
        second_input, pool,           select_columns, transpose,   reduce,   step,   power,
        ratio,        matrix_product, extreme,        layer_norm};

    while (!blocks[pick(m, 0, (int64_t)VOUCH_TEST_COUNT(blocks) - 1)](m))
        ;
    if (chance(m, .6))
        relu(m);
}

static void dense_layers(maker *m)
{
    for (int64_t left = pick(m, 1, 3); left > 0; left--) {
        dense(m);
        relu(m);
    }
    dense(m);
}

vouch_graph *vouch_test_random_graph(vouch_context *ctx, vouch_test_kind kind, uint64_t seed,
                                     uint64_t index)
{
    maker m;

    begin(&m, ctx, vouch_random_stream(seed, "random graph", index));
    if (kind == VOUCH_TEST_DENSE)
        m.shape = (vouch_shape){.rank = 2, .dim = {1, pick(&m, 1, 5)}};
    if (kind == VOUCH_TEST_IMAGES) {
        image_layers(&m);
        return finish(&m);
    }
    vouch_test_ok(ctx, vouch_graph_add_input(m.b, "x", m.dtype, &m.shape));
    if (kind == VOUCH_TEST_DENSE)
        dense_layers(&m);
    else
        for (int64_t left = pick(&m, 1, 4); left > 0; left--)
            random_block(&m);
    return finish(&m);
}

/* ---- boxes ------------------------------------------------------------------------------- */

void vouch_test_random_box(vouch_random *r, int64_t n, double *low, double *high)
{
    static const double widths[] = {0, 1e-12, 1e-3, .1, 1, 1, 5, 1e4};
    double width = widths[vouch_random_below(r, VOUCH_TEST_COUNT(widths))];

    for (int64_t j = 0; j < n; j++) {
        double at = 2 * vouch_random_unit(r) - 1;
        double radius = vouch_random_unit(r) < .15 ? 0 : width * vouch_random_unit(r);

        low[j] = at - radius;
        high[j] = at + radius;
    }
}

void vouch_test_random_point(vouch_random *r, int64_t n, const double *low, const double *high,
                             double *point)
{
    double corners = vouch_random_unit(r) < .5 ? 1 : vouch_random_unit(r);

    for (int64_t j = 0; j < n; j++) {
        double t = vouch_random_unit(r);

        if (vouch_random_unit(r) < corners)
            t = t < .5 ? 0 : 1;
        point[j] = t == 1 ? high[j] : low[j] + t * (high[j] - low[j]);
        point[j] = fmin(fmax(point[j], low[j]), high[j]);
    }
}
