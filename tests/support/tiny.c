#include "support/tiny.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- rationals ------------------------------------------------------------------------- */

mpq_t *vouch_tiny_rationals(int count)
{
    mpq_t *q = malloc((size_t)(count + 1) * sizeof *q);

    assert_non_null(q);
    for (int i = 0; i < count; i++)
        mpq_init(q[i]);
    return q;
}

void vouch_tiny_rationals_free(mpq_t *q, int count)
{
    for (int i = 0; i < count; i++)
        mpq_clear(q[i]);
    free(q);
}

void vouch_tiny_add(mpq_t total, const mpq_t a, double b)
{
    mpq_t product;

    mpq_init(product);
    mpq_set_d(product, b);
    mpq_mul(product, product, a);
    mpq_add(total, total, product);
    mpq_clear(product);
}

int vouch_tiny_compare(const mpq_t x, double d)
{
    mpq_t other;
    int order;

    if (d - d != 0)
        return d > 0 ? -1 : 1;
    mpq_init(other);
    mpq_set_d(other, d);
    order = mpq_cmp(x, other);
    mpq_clear(other);
    return order;
}

const char *vouch_tiny_decimal(const mpq_t x, char text[VOUCH_TINY_TEXT])
{
    mpz_t scaled;
    size_t digits = mpz_sizeinbase(mpq_denref(x), 2) - 1;
    char number[VOUCH_TINY_TEXT];

    mpz_init(scaled);
    mpz_ui_pow_ui(scaled, 5, digits);
    mpz_mul(scaled, scaled, mpq_numref(x));
    mpz_abs(scaled, scaled);
    assert_true(mpz_sizeinbase(scaled, 10) + digits + 4 < VOUCH_TINY_TEXT);
    gmp_snprintf(number, sizeof number, "%0*Zd", (int)digits + 1, scaled);
    mpz_clear(scaled);
    size_t whole = strlen(number) - digits;
    snprintf(text, VOUCH_TINY_TEXT, "%s%.*s.%s", mpq_sgn(x) < 0 ? "-" : "", (int)whole, number,
             digits ? number + whole : "0");
    return text;
}

/* ---- random networks ------------------------------------------------------------------- */

static double draw(vouch_random *r, vouch_tiny_style style, int layer)
{
    double x = 2 * vouch_random_unit(r) - 1;

    if (vouch_random_below(r, 10) == 0)
        return 0;
    if (style == VOUCH_TINY_EIGHTHS)
        return (double)(int64_t)vouch_random_below(r, 17) / 8 - 1;
    if (layer == 0 && style == VOUCH_TINY_LARGE)
        x *= 1e6;
    if (layer == 0 && style == VOUCH_TINY_SMALL)
        x *= 1e-6;
    return (double)(float)x;
}

static vouch_tiny_pieces pieces_of(vouch_tiny_curve curve, vouch_random *r)
{
    double alpha = vouch_random_below(r, 2) ? (double)0.1F : -0.25;
    double least = -(double)(1 + vouch_random_below(r, 4)) / 4;
    double most = (double)vouch_random_below(r, 5) / 4;

    switch (curve) {
    case VOUCH_TINY_LEAKY:
        return (vouch_tiny_pieces){2, {0}, {alpha, 1}, {0}};
    case VOUCH_TINY_ABS:
        return (vouch_tiny_pieces){2, {0}, {-1, 1}, {0}};
    case VOUCH_TINY_CLIP:
        return (vouch_tiny_pieces){3, {least, most}, {0, 1, 0}, {least, 0, most}};
    case VOUCH_TINY_RELU:
    case VOUCH_TINY_CURVES:
        break;
    }
    return (vouch_tiny_pieces){2, {0}, {0, 1}, {0}};
}

static void draw_all(const vouch_tiny_shape *shape, vouch_random *r, vouch_tiny *net)
{
    net->layers = shape->hidden + 1;
    assert_true(net->layers <= VOUCH_TINY_LAYERS);
    for (int l = 0; l <= net->layers; l++)
        net->size[l] = 1 + (int)vouch_random_below(r, (uint64_t)shape->width);
    net->size[0] = shape->inputs;
    net->size[net->layers] = shape->outputs;
    for (int l = 0; l < net->layers; l++) {
        for (int i = 0; i < net->size[l]; i++)
            for (int j = 0; j < net->size[l + 1]; j++)
                net->weight[l][i][j] = draw(r, shape->style, l);
        for (int j = 0; j < net->size[l + 1]; j++)
            net->bias[l][j] = draw(r, shape->style, l) / 2;
        if (!shape->relu_only && vouch_random_below(r, 2))
            net->curve[l] = (vouch_tiny_curve)vouch_random_below(r, VOUCH_TINY_CURVES);
        net->pieces[l] = pieces_of(net->curve[l], r);
    }
}

/* ---- graphs ---------------------------------------------------------------------------- */

static int constant(vouch_graph_builder *b, vouch_dtype dtype, const char *name, int rank,
                    int rows, int columns, const double *data, int pitch)
{
    vouch_shape shape = {.rank = rank, .dim = {rank == 2 ? rows : columns, columns}};
    vouch_tensor *t = vouch_tensor_new(vouch_graph_builder_arena(b), dtype, &shape);

    assert_non_null(t);
    for (int64_t i = 0; i < t->count; i++)
        vouch_tensor_set(t, i, data[i / columns * pitch + i % columns]);
    assert_int_equal(vouch_graph_add_constant(b, name, t), VOUCH_OK);
    return vouch_graph_value(b, name);
}

static void node(vouch_graph_builder *b, const char *type, int count, const int *inputs,
                 const char *output, const vouch_attr *attr)
{
    int *index = VOUCH_NEW_ARRAY(vouch_graph_builder_arena(b), int, count + 1);
    vouch_attr *copy = VOUCH_NEW(vouch_graph_builder_arena(b), vouch_attr);

    assert_true(index && copy);
    memcpy(index, inputs, (size_t)count * sizeof *index);
    index[count] = vouch_graph_value(b, output);
    if (attr)
        *copy = *attr;
    const vouch_node n = {.type = type,
                          .name = "",
                          .domain = "",
                          .input_count = count,
                          .output_count = 1,
                          .attr_count = attr != NULL,
                          .input = index,
                          .output = index + count,
                          .attr = copy};
    assert_int_equal(vouch_graph_add_node(b, &n), VOUCH_OK);
}

static void add_curve(vouch_graph_builder *b, const vouch_tiny *net, vouch_dtype dtype, int l,
                      const char *from, const char *to)
{
    static const char *const types[] = {"Relu", "LeakyRelu", "Abs", "Clip"};
    const vouch_tiny_pieces *p = &net->pieces[l];
    const vouch_attr alpha = {
        .name = "alpha", .kind = VOUCH_ATTR_FLOAT, .count = 1, .f = p->slope[0]};
    int inputs[3] = {vouch_graph_value(b, from)}, count = 1;
    char name[2][32];

    if (net->curve[l] == VOUCH_TINY_CLIP)
        for (int i = 0; i < 2; i++) {
            snprintf(name[i], sizeof name[i], "limit%d_%d", l, i);
            inputs[count++] = constant(b, dtype, name[i], 0, 1, 1, &p->at[i], 1);
        }
    node(b, types[net->curve[l]], count, inputs, to,
         net->curve[l] == VOUCH_TINY_LEAKY ? &alpha : NULL);
}

/* max(x, slope x), where slope < 1; clips are min(max(least, x), most). */
static void add_extremum(vouch_graph_builder *b, const vouch_tiny *net, vouch_dtype dtype,
                         int l, const char *from, const char *to)
{
    const vouch_tiny_pieces *p = &net->pieces[l];
    const bool clip = net->curve[l] == VOUCH_TINY_CLIP;
    const double *number = clip ? p->at : p->slope;
    int inputs[3] = {0};
    char name[3][32];

    for (int i = 0; i < 2; i++)
        snprintf(name[i], sizeof name[i], "number%d_%d", l, i);
    snprintf(name[2], sizeof name[2], "other%d", l);
    inputs[1] = vouch_graph_value(b, from);
    inputs[0] = constant(b, dtype, name[0], 0, 1, 1, &number[0], 1);
    node(b, clip ? "Max" : "Mul", 2, inputs, name[2], NULL);
    inputs[0] = vouch_graph_value(b, name[2]);
    if (clip)
        inputs[1] = constant(b, dtype, name[1], 0, 1, 1, &number[1], 1);
    node(b, clip ? "Min" : "Max", 2, inputs, to, NULL);
}

static void build(vouch_context *ctx, const vouch_tiny_shape *how, vouch_tiny *net)
{
    const vouch_dtype dtype = how->dtype;
    vouch_graph_builder *b = vouch_graph_builder_new(ctx, "tiny", 13);
    const vouch_shape shape = {.rank = 2, .dim = {1, net->size[0]}};
    char at[32] = "x", name[4][32];

    assert_non_null(b);
    vouch_test_ok(ctx, vouch_graph_add_input(b, "x", dtype, &shape));
    for (int l = 0; l < net->layers; l++) {
        for (int i = 0; i < 4; i++)
            snprintf(name[i], sizeof name[i], "%c%d", "wbzh"[i], l);
        int inputs[3] = {vouch_graph_value(b, at)};
        inputs[1] = constant(b, dtype, name[0], 2, net->size[l], net->size[l + 1],
                             net->weight[l][0], VOUCH_TINY_WIDTH);
        inputs[2] = constant(b, dtype, name[1], 1, 1, net->size[l + 1], net->bias[l], 1);
        node(b, "Gemm", 3, inputs, name[2], NULL);
        memcpy(at, name[2], sizeof at);
        if (l + 1 == net->layers)
            break;
        (how->extrema ? add_extremum : add_curve)(b, net, dtype, l, at, name[3]);
        memcpy(at, name[3], sizeof at);
    }
    vouch_test_ok(ctx, vouch_graph_add_output(b, at));
    vouch_test_ok(ctx, vouch_graph_finish(b, &net->graph));
    vouch_test_ok(ctx, vouch_op_bind_graph(ctx, net->graph));
}

void vouch_tiny_random(vouch_context *ctx, const vouch_tiny_shape *shape, vouch_random *r,
                       vouch_tiny *net)
{
    memset(net, 0, sizeof *net);
    draw_all(shape, r, net);
    build(ctx, shape, net);
}

void vouch_tiny_free(vouch_tiny *net) { vouch_graph_free(net->graph); }

/* ---- values ---------------------------------------------------------------------------- */

int vouch_tiny_hidden(const vouch_tiny *net)
{
    int count = 0;

    for (int l = 1; l < net->layers; l++)
        count += net->size[l];
    return count;
}

int vouch_tiny_neurons(const vouch_tiny *net, mpq_t *z, mpq_t *neuron)
{
    int k = 0, from = 0;
    mpq_t at;

    mpq_init(at);
    for (int l = 0; l + 1 < net->layers; from += net->size[++l])
        for (int b = 0; b + 1 < net->pieces[l].count; b++)
            for (int i = 0; i < net->size[l + 1]; i++, k++)
                if (neuron) {
                    mpq_set_d(at, net->pieces[l].at[b]);
                    mpq_sub(neuron[k], z[from + i], at);
                }
    mpq_clear(at);
    return k;
}

static void apply(const vouch_tiny_pieces *p, const mpq_t z, mpq_t h)
{
    int i = 0;

    while (i + 1 < p->count && vouch_tiny_compare(z, p->at[i]) > 0)
        i++;
    mpq_set_d(h, p->offset[i]);
    vouch_tiny_add(h, z, p->slope[i]);
}

void vouch_tiny_values(const vouch_tiny *net, mpq_t *x, mpq_t *z, mpq_t *y)
{
    mpq_t *in = vouch_tiny_rationals(VOUCH_TINY_WIDTH);
    mpq_t *out = vouch_tiny_rationals(VOUCH_TINY_WIDTH);
    int at = 0;

    for (int i = 0; i < net->size[0]; i++)
        mpq_set(in[i], x[i]);
    for (int l = 0; l < net->layers; l++) {
        for (int j = 0; j < net->size[l + 1]; j++) {
            mpq_set_d(out[j], net->bias[l][j]);
            for (int i = 0; i < net->size[l]; i++)
                vouch_tiny_add(out[j], in[i], net->weight[l][i][j]);
        }
        for (int j = 0; j < net->size[l + 1]; j++) {
            if (l + 1 == net->layers) {
                mpq_set(y[j], out[j]);
                continue;
            }
            if (z)
                mpq_set(z[at++], out[j]);
            apply(&net->pieces[l], out[j], in[j]);
        }
    }
    vouch_tiny_rationals_free(in, VOUCH_TINY_WIDTH);
    vouch_tiny_rationals_free(out, VOUCH_TINY_WIDTH);
}

void vouch_tiny_row(const vouch_row *row, mpq_t *x, mpq_t *y, mpq_t value)
{
    mpq_t part;

    mpq_init(part);
    mpq_neg(value, row->exact_bound);
    for (int t = 0; t < row->term_count; t++) {
        mpq_mul(part, row->term[t].exact,
                row->term[t].is_output ? y[row->term[t].index] : x[row->term[t].index]);
        mpq_add(value, value, part);
    }
    mpq_clear(part);
}

bool vouch_tiny_rows_hold(const vouch_tiny *net, const vouch_spec *spec, int k, mpq_t *x)
{
    const vouch_case *c = &spec->cases[k];
    mpq_t *y = vouch_tiny_rationals(VOUCH_TINY_WIDTH), value;
    bool holds = true;

    mpq_init(value);
    vouch_tiny_values(net, x, NULL, y);
    for (int r = 0; holds && r < c->row_count; r++) {
        vouch_tiny_row(&c->row[r], x, y, value);
        holds = c->row[r].strict ? mpq_sgn(value) < 0 : mpq_sgn(value) <= 0;
    }
    mpq_clear(value);
    vouch_tiny_rationals_free(y, VOUCH_TINY_WIDTH);
    return holds;
}

bool vouch_tiny_case_holds(const vouch_tiny *net, const vouch_spec *spec, int k, mpq_t *x)
{
    const vouch_box *box = &spec->box[spec->cases[k].box];

    for (int d = 0; d < net->size[0]; d++)
        if (mpq_cmp(x[d], box->exact_low[d]) < 0 || mpq_cmp(x[d], box->exact_high[d]) > 0)
            return false;
    return vouch_tiny_rows_hold(net, spec, k, x);
}
