#include "support/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grad/net.h"

static float *copy(const float *from, int count)
{
    float *to = malloc((size_t)count * sizeof *to);

    assert_non_null(to);
    memcpy(to, from, (size_t)count * sizeof *to);
    return to;
}

static int add_constant(vouch_graph_builder *b, vouch_dtype dtype, const char *name,
                        const vouch_shape *shape, const float *data)
{
    vouch_tensor *t = vouch_tensor_new(vouch_graph_builder_arena(b), dtype, shape);

    assert_non_null(t);
    for (int64_t i = 0; i < t->count; i++)
        vouch_tensor_set(t, i, (double)data[i]);
    assert_int_equal(vouch_graph_add_constant(b, name, t), VOUCH_OK);
    return vouch_graph_value(b, name);
}

static void add_node(vouch_graph_builder *b, const char *type, const int *inputs, int count,
                     const char *output)
{
    int *index = VOUCH_NEW_ARRAY(vouch_graph_builder_arena(b), int, count + 1);

    assert_non_null(index);
    memcpy(index, inputs, (size_t)count * sizeof *index);
    index[count] = vouch_graph_value(b, output);
    const vouch_node node = {.type = type,
                             .name = "",
                             .domain = "",
                             .input_count = count,
                             .output_count = 1,
                             .input = index,
                             .output = index + count};
    assert_int_equal(vouch_graph_add_node(b, &node), VOUCH_OK);
}

static void build(vouch_context *ctx, vouch_dtype dtype, vouch_test_net *net)
{
    vouch_graph_builder *b = vouch_graph_builder_new(ctx, "test", 13);
    const vouch_shape shape = {.rank = 2, .dim = {1, net->size[0]}};
    char name[5][32] = {"x"};

    assert_non_null(b);
    vouch_test_ok(ctx, vouch_graph_add_input(b, "x", dtype, &shape));
    for (int l = 0; l < net->layers; l++) {
        const vouch_shape w = {.rank = 2, .dim = {net->size[l], net->size[l + 1]}};
        const vouch_shape c = {.rank = 1, .dim = {net->size[l + 1]}};
        int inputs[3] = {vouch_graph_value(b, name[0])};
        snprintf(name[1], sizeof name[1], "w%d", l);
        snprintf(name[2], sizeof name[2], "b%d", l);
        snprintf(name[3], sizeof name[3], "s%d", l);
        snprintf(name[4], sizeof name[4], "h%d", l);
        inputs[1] = add_constant(b, dtype, name[1], &w, net->weight[l]);
        inputs[2] = add_constant(b, dtype, name[2], &c, net->bias[l]);
        add_node(b, "Gemm", inputs, 3, name[3]);
        inputs[0] = vouch_graph_value(b, name[3]);
        memcpy(name[0], name[l < net->layers - 1 ? 4 : 3], sizeof name[0]);
        if (l < net->layers - 1)
            add_node(b, "Relu", inputs, 1, name[4]);
    }
    vouch_test_ok(ctx, vouch_graph_add_output(b, name[0]));
    vouch_test_ok(ctx, vouch_graph_finish(b, &net->graph));
    vouch_test_ok(ctx, vouch_op_bind_graph(ctx, net->graph));
}

void vouch_test_net_new(vouch_context *ctx, vouch_dtype dtype, int layers, const int *size,
                        const float *parameters, vouch_test_net *net)
{
    *net = (vouch_test_net){.layers = layers};
    assert_in_range(layers, 1, VOUCH_TEST_NET_LAYERS);
    memcpy(net->size, size, (size_t)(layers + 1) * sizeof *size);
    for (int l = 0; l < layers; l++) {
        net->weight[l] = copy(parameters, size[l] * size[l + 1]);
        parameters += size[l] * size[l + 1];
        net->bias[l] = copy(parameters, size[l + 1]);
        parameters += size[l + 1];
    }
    build(ctx, dtype, net);
}

void vouch_test_net_random(vouch_context *ctx, vouch_dtype dtype, int layers, const int *size,
                           vouch_random *r, vouch_test_net *net)
{
    int count = 0;
    float *parameters;

    for (int l = 0; l < layers; l++)
        count += (size[l] + 1) * size[l + 1];
    parameters = malloc((size_t)count * sizeof *parameters);
    assert_non_null(parameters);
    for (int i = 0; i < count; i++)
        parameters[i] = vouch_random_below(r, 10) ? (float)(2 * vouch_random_unit(r) - 1) : 0;
    vouch_test_net_new(ctx, dtype, layers, size, parameters, net);
    free(parameters);
}

void vouch_test_net_free(vouch_test_net *net)
{
    for (int l = 0; l < net->layers; l++) {
        free(net->weight[l]);
        free(net->bias[l]);
    }
    vouch_graph_free(net->graph);
    *net = (vouch_test_net){0};
}

static mpq_t *new_rationals(int count)
{
    mpq_t *q = malloc((size_t)count * sizeof *q);

    assert_non_null(q);
    for (int i = 0; i < count; i++)
        mpq_init(q[i]);
    return q;
}

static void free_rationals(mpq_t *q, int count)
{
    for (int i = 0; i < count; i++)
        mpq_clear(q[i]);
    free(q);
}

static void exact_values(const vouch_test_net *net, mpq_t *x, mpq_t *y)
{
    mpq_t *in = new_rationals(net->size[0]), term;

    mpq_init(term);
    for (int i = 0; i < net->size[0]; i++)
        mpq_set(in[i], x[i]);
    for (int l = 0; l < net->layers; l++) {
        mpq_t *out = new_rationals(net->size[l + 1]);
        for (int j = 0; j < net->size[l + 1]; j++) {
            mpq_set_d(out[j], (double)net->bias[l][j]);
            for (int i = 0; i < net->size[l]; i++) {
                mpq_set_d(term, (double)net->weight[l][i * net->size[l + 1] + j]);
                mpq_mul(term, term, in[i]);
                mpq_add(out[j], out[j], term);
            }
            if (l < net->layers - 1 && mpq_sgn(out[j]) < 0)
                mpq_set_si(out[j], 0, 1);
        }
        free_rationals(in, net->size[l]);
        in = out;
    }
    for (int j = 0; j < net->size[net->layers]; j++)
        mpq_set(y[j], in[j]);
    free_rationals(in, net->size[net->layers]);
    mpq_clear(term);
}

void vouch_test_net_exact(const vouch_test_net *net, const double *x, mpq_t *y)
{
    mpq_t *exact = new_rationals(net->size[0]);

    for (int i = 0; i < net->size[0]; i++)
        mpq_set_d(exact[i], x[i]);
    exact_values(net, exact, y);
    free_rationals(exact, net->size[0]);
}

static bool row_holds(const vouch_row *row, mpq_t *x, mpq_t *y)
{
    mpq_t sum, part;
    int order;

    mpq_inits(sum, part, NULL);
    for (int t = 0; t < row->term_count; t++) {
        if (row->term[t].is_output)
            mpq_set(part, y[row->term[t].index]);
        else
            mpq_set(part, x[row->term[t].index]);
        mpq_mul(part, part, row->term[t].exact);
        mpq_add(sum, sum, part);
    }
    order = mpq_cmp(sum, row->exact_bound);
    mpq_clears(sum, part, NULL);
    return row->strict ? order < 0 : order <= 0;
}

bool vouch_test_net_holds(const vouch_test_net *net, const vouch_spec *spec, int k,
                          const double *x)
{
    const vouch_case *c = &spec->cases[k];
    const vouch_box *box = &spec->box[c->box];
    mpq_t *y = new_rationals(net->size[net->layers]), *exact = new_rationals(net->size[0]);
    bool holds = !box->empty;

    for (int i = 0; i < net->size[0]; i++) {
        mpq_set_d(exact[i], x[i]);
        if (mpq_equal(box->exact_low[i], box->exact_high[i]))
            mpq_set(exact[i], box->exact_low[i]);
        holds = holds && mpq_cmp(exact[i], box->exact_low[i]) >= 0 &&
                mpq_cmp(exact[i], box->exact_high[i]) <= 0;
    }
    exact_values(net, exact, y);
    for (int r = 0; r < c->row_count; r++)
        holds = holds && row_holds(&c->row[r], exact, y);
    free_rationals(y, net->size[net->layers]);
    free_rationals(exact, net->size[0]);
    return holds;
}

vouch_spec *vouch_test_spec(vouch_context *ctx, const vouch_graph *graph,
                            const char *assertions)
{
    size_t size = strlen(assertions) +
                  64 * (size_t)(vouch_op_input_size(graph) + vouch_op_output_size(graph) + 1);
    char *text = malloc(size), *at = text;
    vouch_spec *spec = NULL;

    assert_non_null(text);
    for (int64_t i = 0; i < vouch_op_input_size(graph); i++)
        at += sprintf(at, "(declare-const X_%lld Real)\n", (long long)i);
    for (int64_t i = 0; i < vouch_op_output_size(graph); i++)
        at += sprintf(at, "(declare-const Y_%lld Real)\n", (long long)i);
    at += sprintf(at, "%s", assertions);
    vouch_test_ok(
        ctx, vouch_spec_parse(ctx, graph, "test.vnnlib", text, (size_t)(at - text), &spec));
    free(text);
    return spec;
}

void vouch_test_outputs(vouch_context *ctx, const vouch_graph *graph, int64_t count,
                        const float *x, float *y)
{
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_net *net;
    vouch_tape *tape;
    vouch_test_ok(ctx, vouch_net_new(ctx, arena, graph, &net));
    assert_non_null(net);
    vouch_test_ok(ctx, vouch_tape_new(ctx, arena, net, count, &tape));
    vouch_tape_forward(tape, count, x, y);
    vouch_arena_free(arena);
}
