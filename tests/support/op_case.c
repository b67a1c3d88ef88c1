/* One-node networks for the tests of operators; see op_case.h. */
#include "support/op_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const vouch_test_op_cases[] = {
    "Abs 13 | v2,5 |",
    "Add 14 | v2,3 v2,3 |",
    "Add 14 | v2,3,4 v3,1 |",
    "Add 14 | c3,1 v2,1,4 |",
    "Add 14 | v1,2,3,4 c2,1,1 |",
    "Add 14 | v1,2,3,4 v1,2,3,4 |",
    "Add 6 | v2,3,4 v3 | broadcast=1 axis=1",
    "And 7 | b2,3 b3 |",
    "ArgMax 13 | v2,4,3 | axis=1",
    "ArgMax 13 | v4 | keepdims=0 select_last_index=1",
    "ArgMin 13 | v2,4,3 | axis=-1 keepdims=0",
    "AveragePool 19 | v1,2,6,5 | kernel_shape=3,2 strides=2,1 pads=1,0,1,1",
    "AveragePool 19 | v2,1,7 | kernel_shape=2, dilations=2, count_include_pad=1 pads=1,1",
    "AveragePool 19 | v1,2,9,9 | kernel_shape=2,2 strides=2,3 ceil_mode=1",
    "BatchNormalization 15 | v2,3,2,2 c3 c3 c3 p3 | epsilon=0.001f",
    "BatchNormalization 15 | v1,3,4,3 c3 c3 c3 p3 |",
    "BatchNormalization 15 | v4,3 c3 c3 c3 p3 |",
    "Cast 13 | v2,3 | to=11",
    "Cast 13 | v2,3 | to=7",
    "Cast 13 | v2,3 | to=9",
    "Ceil 13 | v3,3 |",
    "Celu 12 | v3,3 | alpha=0.5f",
    "Clip 13 | v4,4 s-0.5 s0.75 |",
    "Clip 13 | v4,4 - s0.25 |",
    "Clip 13 | v4,4 s0.1 |",
    "Clip 13 | v4,4 |",
    "Clip 13 | v4,4 s0.5 s-0.5 |",
    "Clip 6 | v4 | min=-1.0f max=0.0f",
    "Concat 13 | v2,3 c2,1 v2,2 | axis=1",
    "Concat 13 | v1,3,2 v2,3,2 | axis=-3",
    "Concat 13 | v1,2,3,4 v1,1,3,4 c1,2,3,4 | axis=1",
    "Constant 13 | | value_floats=0.5f,1.5f",
    "ConstantOfShape 9 | i2,3 |",
    "Conv 11 | v1,2,5,6 c3,2,3,2 c3 | pads=1,0,2,1 strides=2,1 dilations=1,2",
    "Conv 11 | v2,4,7 c6,2,3 | group=2 auto_pad='SAME_LOWER' strides=2,",
    "Conv 11 | v1,1,3,4,3 c2,1,2,2,2 c2 |",
    "Conv 11 | v1,3,4,4 c3,1,3,3 | group=3 pads=1,1,1,1",
    "Conv 11 | v2,3,4,4 c5,3,1,1 c5 |",
    "Conv 11 | v1,2,9,8 c3,2,2,2 | strides=3,3",
    "Conv 11 | v1,2,9 c3,2,3 | strides=2, dilations=2, pads=2,1",
    "Conv 11 | v1,4,10,9 c6,2,3,3 c6 | group=2 strides=2,2 dilations=2,2 pads=3,2,1,0",
    "ConvTranspose 11 | v1,2,3,4 c2,3,3,2 c3 | pads=1,0,1,1 strides=2,3 output_padding=1,0",
    "ConvTranspose 11 | v2,4,5 c4,3,4 | group=2 strides=2, dilations=2,",
    "ConvTranspose 11 | v1,2,3,3 c2,1,2,2 | strides=3,3",
    "ConvTranspose 11 | v1,2,2,3,2 c2,1,2,2,2 c1 | strides=1,2,1",
    "ConvTranspose 11 | v1,2,4 c2,3,3 | auto_pad='SAME_UPPER' strides=2,",
    "ConvTranspose 11 | v1,4,6,5 c4,3,2,3 | group=2 strides=3,2 dilations=1,2 pads=1,1,0,2",
    "Cos 7 | v3,3 |",
    "DepthToSpace 13 | v1,8,2,3 | blocksize=2",
    "DepthToSpace 13 | v1,8,2,3 | blocksize=2 mode='CRD'",
    "Div 14 | v2,3 p3 |",
    "Div 14 | v2,3 v2,3 |",
    "Div 14 | v2,3 v2,1 |",
    "Dropout 13 | v2,3 |",
    "Elu 6 | v3,3 | alpha=0.7f",
    "Elu 6 | v3,3 | alpha=-0.5f",
    "Equal 13 | v2,3 v3 |",
    "Erf 13 | v3,3 |",
    "Exp 13 | v3,3 |",
    "Expand 13 | v3,1 i2,3,4 |",
    "Expand 13 | v2,3,4 i3,1 |",
    "Flatten 13 | v2,3,4 | axis=2",
    "Floor 13 | v3,3 |",
    "Gather 13 | v3,4 i2,0,2,-1 | axis=0",
    "Gather 13 | v3,4 i1 | axis=-1",
    "GatherElements 13 | v4 i2,0,-1 |",
    "GatherND 13 | v3,4,2 i2,-1 |",
    "Gelu 20 | v3,3 |",
    "Gemm 13 | v2,3 c4,3 c4 | transB=1 alpha=0.5f beta=2.0f",
    "Gemm 13 | v3,2 c3,4 v2,1 | transA=1",
    "Gemm 13 | c2,3 v3,4 c1,4 | alpha=-1.5f",
    "Gemm 13 | c2,3 v4,3 | transB=1",
    "Gemm 13 | v2,3 v3,2 v2 | beta=-0.5f",
    "GlobalAveragePool 2 | v2,3,4,2 |",
    "Greater 13 | v2,3 c3 |",
    "GreaterOrEqual 16 | v2,3 v3 |",
    "HardSigmoid 6 | v3,3 | alpha=0.3f beta=0.4f",
    "HardSigmoid 6 | v3,3 | alpha=-0.5f",
    "HardSwish 14 | v3,3 |",
    "Identity 16 | v3 |",
    "LayerNormalization 17 | v2,4 c4 c4 |",
    "LayerNormalization 17 | v2,3,2 c3,1 | axis=1 epsilon=0.01f",
    "LayerNormalization 17 | v2,1 c1 c1 |",
    "LeakyRelu 16 | v3,3 | alpha=0.1f",
    "LeakyRelu 16 | v3,3 | alpha=1.5f",
    "LeakyRelu 16 | v3,3 | alpha=-0.25f",
    "Less 13 | v2,3 v1,3 |",
    "LessOrEqual 16 | c2,1 v1,3 |",
    "Log 13 | q3,3 |",
    "LogSoftmax 13 | v2,3,2 | axis=1",
    "LogSoftmax 11 | v3,2 |",
    "MatMul 13 | v2,3 c3,4 |",
    "MatMul 13 | c2,3 v3,4 |",
    "MatMul 13 | v3 c3,2 |",
    "MatMul 13 | v2,1,2,3 c4,3,2 |",
    "MatMul 13 | v2,3,2 c2 |",
    "MatMul 13 | c3 v2,3,4 |",
    "MatMul 13 | c2,2,3 v3,2 |",
    "MatMul 13 | v2,3 v3,2 |",
    "MatMul 13 | v2,2,3 v3,2 |",
    "MatMul 13 | v3 v2,3,2 |",
    "Max 13 | v2,3 v3 c2,1 |",
    "Max 13 | v2,3 |",
    "MaxPool 12 | v1,2,6,5 | kernel_shape=3,2 strides=2,2 pads=1,0,1,1 ceil_mode=1",
    "MaxPool 12 | v2,1,4,4 | kernel_shape=2,2 strides=2,2",
    "Min 13 | c2,3 v2,1 v2,3 |",
    "Mul 14 | v2,3 c3 |",
    "Mul 14 | v1,3,2,4 c3,1,1 |",
    "Mul 14 | v1,3,2,4 c1,1,4 |",
    "Mul 14 | c2,3 v2,1 |",
    "Mul 14 | v2,3 v2,1 |",
    "Neg 13 | v2,3 |",
    "Neg 13 | v1,2,3 |",
    "Not 2 | b2,3 |",
    "Or 7 | b2,3 b2,1 |",
    "PRelu 16 | v2,3,2 c3,1 |",
    "PRelu 16 | v2,3 v3 |",
    "Pad 19 | v2,3 i0,1,1,2 s0.5 |",
    "Pad 19 | v1,2,3,4 i0,0,1,2,0,0,-1,1 s0.5 |",
    "Pad 19 | v1,2,5 i0,0,2,0,0,3 | mode='reflect'",
    "Pad 19 | v2,4 i1,3,0,2 | mode='reflect'",
    "Pad 19 | v2,3 i1,2,0,4 | mode='wrap'",
    "Pad 19 | v2,3 i1,-1,1,2 | mode='edge'",
    "Pow 15 | v3,3 s2 |",
    "Pow 15 | v3,3 s3 |",
    "Pow 15 | q3,3 s0.5 |",
    "Pow 15 | q3,3 s-0.5 |",
    "Pow 15 | q3,3 s1.7 |",
    "Pow 15 | q3,3 s-2 |",
    "Pow 15 | v3,3 s1 |",
    "Pow 15 | q3,3 s-3 |",
    "Pow 15 | v3,3 s0 |",
    "Pow 15 | q2,3 c3 |",
    "Pow 15 | q2,3 v3 |",
    "Pow 15 | p2,3 v1 |",
    "Range 11 | i1, i7, i2, |",
    "Reciprocal 13 | q3,3 |",
    "ReduceMax 18 | v2,3,4 i1, |",
    "ReduceMax 11 | v2,5 | keepdims=0",
    "ReduceMean 18 | v2,3,4 i1,-1 | keepdims=0",
    "ReduceMin 18 | v2,3,4 i0,2 | keepdims=0",
    "ReduceSum 13 | v2,3,4 i1, |",
    "ReduceSum 11 | v2,3 | keepdims=0",
    "Relu 14 | v4,4 |",
    "Reshape 14 | v2,6 i3,-1 |",
    "Resize 13 | v1,2,3,4 - f1,1,2,1.5 | mode='nearest'",
    "Resize 13 | v1,2,3,4 - f1,1,2,1.5 | mode='linear'",
    "Resize 13 | v1,2,5,4 - - i1,2,3,7 | mode='linear' "
    "coordinate_transformation_mode='align_corners'",
    "Resize 10 | v1,1,3,4 f1,1,0.6,2 |",
    "Round 11 | v3,3 |",
    "ScatterElements 18 | v4 i2,-4 v2 |",
    "ScatterElements 18 | c4 i3,0 v2 |",
    "ScatterND 18 | v3,4 i2, v4 |",
    "ScatterND 18 | v3,4 i1,-1 s0.5 |",
    "Selu 6 | v3,3 |",
    "Shape 15 | v2,3,4 | start=1",
    "Sigmoid 13 | v4,4 |",
    "Sign 13 | v3,3 |",
    "Sin 7 | v3,3 |",
    "Size 13 | v2,3 |",
    "Slice 13 | v4,5 i-1,1 i-9,4 i0,1 i-2,1 |",
    "Slice 13 | v1,3,7,5 i1,0 i9,5 i2,3 i2,1 |",
    "Softmax 13 | v2,4,2 | axis=1",
    "Softmax 11 | v2,2,2 | axis=1",
    "Softmax 13 | v3,2 |",
    "Softplus 13 | v3,3 |",
    "Softsign 13 | v3,3 |",
    "SpaceToDepth 13 | v2,3,4,2 | blocksize=2",
    "Split 18 | v5,2 | axis=0 num_outputs=2",
    "Sqrt 13 | q3,3 |",
    "Squeeze 13 | v1,3,1 i0, |",
    "Sub 14 | v2,3 v3 |",
    "Sub 14 | v1,2,4,3 v1,2,4,3 |",
    "Sub 14 | c2,3 v3 |",
    "Tanh 13 | v4,4 |",
    "Tile 13 | v2,3 i2,1 |",
    "Tile 13 | v2,3 i1,3 |",
    "Transpose 13 | v2,3,4 | perm=1,2,0",
    "Trilu 14 | v2,3,4 | upper=0",
    "Trilu 14 | v3,4 i1, |",
    "Unsqueeze 13 | v2,3 i0,-1 |",
    "Upsample 9 | v1,2,3,2 f1,1,2,2 |",
    "Upsample 7 | v1,1,3,2 | scales=1f,1f,2f,1.5f mode='linear'",
    "Where 16 | b2,3 v3 v2,1 |",
    "Where 16 | b2,1 c2,3 v2,3 |",
    "Xor 7 | b2,3 b3 |",
    NULL};

/* ---- building a case --------------------------------------------------------------------- */

enum { LIST_MAX = 8 };

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

vouch_tensor *vouch_test_op_random(op_case *f, vouch_arena *arena, const vouch_shape *shape,
                                   bool positive)
{
    vouch_tensor *t = vouch_tensor_new(arena, VOUCH_F32, shape);
    for (int64_t i = 0; t && i < t->count; i++) {
        const double x = 4 * vouch_random_unit(&f->random) - 2;
        t->f32[i] = (float)(positive ? fabs(x) + .25 : x);
    }
    return t;
}

static vouch_status add_input(op_case *f, vouch_graph_builder *b, const char *word,
                              const char *name)
{
    double list[LIST_MAX];
    vouch_arena *arena = vouch_graph_builder_arena(b);
    const int count = read_list(word + 1, list);
    vouch_shape shape = {.rank = count};
    vouch_tensor *t;
    for (int i = 0; i < count; i++)
        shape.dim[i] = (int64_t)list[i];
    if (word[0] == 'v' || word[0] == 'q')
        return vouch_graph_add_input(b, name, VOUCH_F32, &shape);
    if (word[0] == 'f') {
        t = vouch_tensor_new(arena, VOUCH_F32, &(vouch_shape){.rank = 1, .dim = {count}});
        for (int i = 0; t && i < count; i++)
            t->f32[i] = (float)list[i];
    } else if (word[0] == 'b') {
        t = vouch_tensor_new(arena, VOUCH_BOOL, &shape);
        for (int64_t i = 0; t && i < t->count; i++)
            t->boolean[i] = vouch_random_unit(&f->random) < .5;
    } else if (word[0] == 'i') {
        t = vouch_tensor_new(arena, VOUCH_I64, &(vouch_shape){.rank = 1, .dim = {count}});
        for (int i = 0; t && i < count; i++)
            t->i64[i] = (int64_t)list[i];
    } else if (word[0] == 's') {
        t = vouch_tensor_new(arena, VOUCH_F32, &(vouch_shape){.rank = 0});
        if (t)
            t->f32[0] = (float)list[0];
    } else {
        t = vouch_test_op_random(f, arena, &shape, word[0] == 'p');
    }
    return t ? vouch_graph_add_constant(b, name, t) : VOUCH_ERR_MEMORY;
}

/* False when out of memory. */
static bool read_attribute(vouch_arena *arena, char *word, vouch_attr *a)
{
    double list[LIST_MAX];
    char *text = strchr(word, '=');
    *text++ = '\0';
    *a = (vouch_attr){.name = vouch_arena_text(arena, word)};
    if (*text == '\'') {
        a->kind = VOUCH_ATTR_TEXT;
        a->text = vouch_arena_text_n(arena, text + 1, strlen(text) - 2);
        return a->name && a->text;
    }
    const bool real = strchr(text, 'f') != NULL, many = strchr(text, ',') != NULL;
    a->count = (size_t)read_list(text, list);
    int64_t *ints = VOUCH_NEW_ARRAY(arena, int64_t, a->count);
    double *reals = VOUCH_NEW_ARRAY(arena, double, a->count);
    for (size_t i = 0; ints && reals && i < a->count; i++) {
        ints[i] = (int64_t)list[i];
        reals[i] = (double)(float)list[i];
    }
    a->kind = real ? (many ? VOUCH_ATTR_FLOATS : VOUCH_ATTR_FLOAT)
                   : (many ? VOUCH_ATTR_INTS : VOUCH_ATTR_INT);
    if (real && many)
        a->floats = reals;
    else if (real)
        a->f = (double)(float)list[0];
    else if (many)
        a->ints = ints;
    else
        a->i = (int64_t)list[0];
    return a->name && ints && reals;
}

static vouch_status add_inputs(op_case *f, vouch_graph_builder *b, char *words, int *input,
                               int *count)
{
    char *rest;
    for (char *w = strtok_r(words, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
        char name[8];
        (void)snprintf(name, sizeof name, "%c%d", w[0] == 'q' ? 'q' : 'x', *count);
        if (w[0] != '-')
            VOUCH_TRY(add_input(f, b, w, name));
        input[*count] = w[0] == '-' ? -1 : vouch_graph_value(b, name);
        if (w[0] != '-' && input[*count] < 0)
            return VOUCH_ERR_MEMORY;
        ++*count;
    }
    return VOUCH_OK;
}

static vouch_status add_node(op_case *f, vouch_graph_builder *b, const char *type, char *inputs,
                             char *attrs)
{
    vouch_arena *arena = vouch_graph_builder_arena(b);
    int *input = VOUCH_NEW_ARRAY(arena, int, VOUCH_TEST_OP_INPUTS);
    int *output = VOUCH_NEW_ARRAY(arena, int, 2);
    vouch_attr *attr = VOUCH_NEW_ARRAY(arena, vouch_attr, LIST_MAX);
    vouch_node node = {.type = vouch_arena_text(arena, type),
                       .name = "n",
                       .domain = "",
                       .input = input,
                       .output = output,
                       .attr = attr};
    char *rest;
    if (!input || !output || !attr || !node.type)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(add_inputs(f, b, inputs, input, &node.input_count));
    for (char *w = strtok_r(attrs, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
        if (!read_attribute(arena, w, &attr[node.attr_count++]))
            return VOUCH_ERR_MEMORY;
    node.output_count = strcmp(type, "Split") == 0 ? 2 : 1;
    for (int k = 0; k < node.output_count; k++) {
        const char *name = k ? "y1" : "y0";
        output[k] = vouch_graph_value(b, name);
        if (output[k] < 0)
            return VOUCH_ERR_MEMORY;
        VOUCH_TRY(vouch_graph_add_output(b, name));
    }
    return vouch_graph_add_node(b, &node);
}

vouch_status vouch_test_op_build(op_case *f, const char *text)
{
    char type[64], copy[256];
    int opset = 0, used = 0;
    (void)snprintf(copy, sizeof copy, "%s ", text);
    assert_int_equal(sscanf(copy, "%63s %d |%n", type, &opset, &used), 2);
    char *bar = strchr(copy + used, '|');
    assert_non_null(bar);
    *bar = '\0';
    vouch_graph_builder *b = vouch_graph_builder_new(f->ctx, "case", opset);
    if (!b)
        return VOUCH_ERR_MEMORY;
    const vouch_status status = add_node(f, b, type, copy + used, bar + 1);
    if (status) {
        vouch_graph_builder_free(b);
        return status;
    }
    VOUCH_TRY(vouch_graph_finish(b, &f->graph));
    return vouch_op_bind_graph(f->ctx, f->graph);
}

void vouch_test_op_open(op_case *f, const char *text, uint64_t seed)
{
    *f = (op_case){.text = text,
                   .ctx = vouch_test_context(),
                   .random = vouch_random_stream(seed, text, 0)};
    f->arena = vouch_arena_new(f->ctx);
    vouch_test_ok(f->ctx, vouch_test_op_build(f, text));
}

void vouch_test_op_close(op_case *f)
{
    vouch_graph_free(f->graph);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

/* Runs check on each node of each case, on `rounds` random instances. */
void vouch_test_op_all(void (*check)(op_case *f, const vouch_node *node), int rounds)
{
    for (size_t i = 0; vouch_test_op_cases[i]; i++)
        for (int round = 0; round < rounds; round++) {
            op_case f;
            vouch_test_op_open(&f, vouch_test_op_cases[i], (uint64_t)round);
            for (int n = 0; n < f.graph->node_count; n++)
                check(&f, &f.graph->node[n]);
            vouch_test_op_close(&f);
        }
}

/* ---- evaluating a node ------------------------------------------------------------------- */

/* float64 tensors for a node: constants as they are, varying inputs at random. */
void vouch_test_op_operands(op_case *f, const vouch_node *node, op_operands *o)
{
    *o = (op_operands){
        .call = {.ctx = f->ctx, .scratch = f->arena, .graph = f->graph, .node = node}};
    for (int i = 0; i < node->input_count; i++) {
        if (node->input[i] < 0)
            continue;
        const vouch_value *v = &f->graph->value[node->input[i]];
        const vouch_dtype dtype = v->constant ? v->constant->dtype : VOUCH_F32;
        if (dtype == VOUCH_I64 || dtype == VOUCH_BOOL)
            o->in[i] = vouch_tensor_convert(f->arena, v->constant, dtype);
        else if (v->constant)
            o->in[i] = vouch_tensor_convert(f->arena, v->constant, VOUCH_F64);
        else
            o->in[i] = vouch_tensor_convert(
                f->arena, vouch_test_op_random(f, f->arena, &v->shape, v->name[0] == 'q'),
                VOUCH_F64);
    }
    o->out[0] = vouch_tensor_new(f->arena, VOUCH_F64, &f->graph->value[node->output[0]].shape);
    o->call.in = (const vouch_tensor *const *)o->in;
    o->call.out = o->out;
}

void vouch_test_op_evaluate(op_case *f, op_operands *o)
{
    o->call.in = (const vouch_tensor *const *)o->in; /* a copied struct points at its own */
    o->call.out = o->out;
    vouch_test_ok(f->ctx, o->call.node->op->eval(&o->call));
}

bool vouch_test_op_varies(const op_case *f, const vouch_node *node, int i)
{
    return node->input[i] >= 0 && !f->graph->value[node->input[i]].constant;
}
