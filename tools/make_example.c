/* Makes our example networks: data/collision and data/tiny.
 *
 * collision: an advisory network in the manner of airborne collision avoidance, of our own
 * making. Inputs: distance to the intruder (m), its bearing (rad, 0 ahead, positive to the
 * left), its heading relative to ours (rad), our speed and its speed (m/s). Outputs: the scores
 * of five advisories; the highest is given. A hand-written score table (below) is the teacher;
 * a 5-30-30-30-30-5 ReLU network is fitted to it by Adam on seeded random encounters.
 *
 * tiny: a 2-2-1 network small enough to check by hand, for documents and tests.
 *
 * The same bytes come out on every machine: the arithmetic is + - * / and sqrt alone, which
 * IEEE 754 rounds in one way (the build forbids fusing them), sines are polynomials, and the
 * random numbers are seeded.
 *
 * Usage: make_example DATA_FOLDER (which holds collision/ and tiny/)
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "io/io.h"

enum { INPUTS = 5, HIDDEN = 30, LAYERS = 5, OUTPUTS = 5, BATCH = 64, ROUNDS = 12000, SEED = 7 };

static const double input_low[INPUTS] = {0, -3.14159265, -3.14159265, 50, 50};
static const double input_high[INPUTS] = {20000, 3.14159265, 3.14159265, 350, 350};
/* The network's first two nodes: x -> (x - mean) * scale. */
static const float mean[INPUTS] = {10000, 0, 0, 200, 200};
static const float scale[INPUTS] = {1.0F / 16384, 0.25F, 0.25F, 1.0F / 256, 1.0F / 256};

/* ---- the teacher ------------------------------------------------------------------------- */

/* Taylor to degree 13, for |x| <= pi. */
static double sine(double x)
{
    const double pi = 3.14159265358979;
    double square, term, sum;

    if (x > pi / 2)
        x = pi - x;
    if (x < -pi / 2)
        x = -pi - x;
    square = x * x;
    term = sum = x;
    for (int k = 1; k <= 6; k++) {
        term *= -square / ((2 * k) * (2 * k + 1));
        sum += term;
    }
    return sum;
}

static double cosine(double x)
{
    return sine(x > 0 ? 1.57079632679490 - x : 1.57079632679490 + x);
}

/* 1 at 0, 1/2 at `half`, towards 0 beyond; smooth. */
static double fade(double x, double half) { return 1 / (1 + x * x / (half * half)); }

/* How dangerous the encounter is, in 0..1, and on which side the intruder will pass: 1 left,
 * -1 right. Straight flight is assumed; danger falls with the time to the closest approach,
 * with the distance kept then, and with the distance now. */
static double danger(const double x[INPUTS], double *side)
{
    double px = x[0] * cosine(x[1]), py = x[0] * sine(x[1]);
    double vx = x[4] * cosine(x[2]) - x[3], vy = x[4] * sine(x[2]);
    double square = vx * vx + vy * vy + 1, t = -(px * vx + py * vy) / square;

    t = t > 0 ? t : 0;
    px += t * vx;
    py += t * vy;
    double miss = sqrt(px * px + py * py);
    double lateral = py + .25 * x[0] * sine(x[1]);
    *side = lateral / sqrt(lateral * lateral + 250.0 * 250.0);
    return fade(t, 30) * fade(miss, 1200) * fade(x[0], 9000);
}

/* The scores: clear of conflict falls with danger, weak turns peak in the middle, strong ones
 * rise; a turn towards the side on which the intruder passes is worth less, the more so the
 * more dangerous it is. */
static void teach(const double x[INPUTS], double y[OUTPUTS])
{
    double side, d = danger(x, &side), weak = 0.2 + 1.4 * d - 1.3 * d * d;
    double strong = -0.2 + 1.45 * d;

    side *= d / (d + 0.1);
    y[0] = 1 - 2.2 * d;
    y[1] = weak - 0.3 * side;
    y[2] = weak + 0.3 * side;
    y[3] = strong - 0.4 * side;
    y[4] = strong + 0.4 * side;
}

/* ---- the network and its fitting --------------------------------------------------------- */

enum { WIDEST = HIDDEN };

typedef struct layer {
    int in, out;
    double weight[WIDEST][WIDEST], bias[WIDEST]; /* [in][out] */
    double d_weight[WIDEST][WIDEST], d_bias[WIDEST];
    double m_weight[WIDEST][WIDEST], m_bias[WIDEST]; /* Adam: mean and mean square */
    double s_weight[WIDEST][WIDEST], s_bias[WIDEST];
} layer;

typedef struct network {
    layer layer[LAYERS];
    double value[LAYERS + 1][WIDEST], d_value[LAYERS + 1][WIDEST];
} network;

static void initialise(network *n, vouch_random *random)
{
    for (int l = 0; l < LAYERS; l++) {
        layer *a = &n->layer[l];
        a->in = l == 0 ? INPUTS : HIDDEN;
        a->out = l == LAYERS - 1 ? OUTPUTS : HIDDEN;
        double size = sqrt(6.0 / a->in); /* He et al. 2015, uniform */
        for (int i = 0; i < a->in; i++)
            for (int j = 0; j < a->out; j++)
                a->weight[i][j] = size * (2 * vouch_random_unit(random) - 1);
    }
}

static void forward(network *n, const double x[INPUTS])
{
    for (int i = 0; i < INPUTS; i++)
        n->value[0][i] = (x[i] - (double)mean[i]) * (double)scale[i];
    for (int l = 0; l < LAYERS; l++) {
        const layer *a = &n->layer[l];
        double *y = n->value[l + 1];
        memcpy(y, a->bias, sizeof a->bias);
        for (int i = 0; i < a->in; i++)
            for (int j = 0; j < a->out; j++)
                y[j] += n->value[l][i] * a->weight[i][j];
        for (int j = 0; j < a->out && l < LAYERS - 1; j++)
            y[j] = y[j] > 0 ? y[j] : 0;
    }
}

/* Adds the gradient of the squared error to the layers' sums. */
static void backward(network *n, const double target[OUTPUTS])
{
    for (int j = 0; j < OUTPUTS; j++)
        n->d_value[LAYERS][j] = n->value[LAYERS][j] - target[j];
    for (int l = LAYERS - 1; l >= 0; l--) {
        layer *a = &n->layer[l];
        const double *d = n->d_value[l + 1];
        for (int j = 0; j < a->out; j++)
            a->d_bias[j] += d[j];
        for (int i = 0; i < a->in; i++) {
            double x = n->value[l][i], sum = 0;
            if (l > 0 && !(x > 0)) { /* a ReLU that is off passes nothing on either way */
                n->d_value[l][i] = 0;
                continue;
            }
            for (int j = 0; j < a->out; j++) {
                a->d_weight[i][j] += x * d[j];
                sum += a->weight[i][j] * d[j];
            }
            n->d_value[l][i] = sum;
        }
    }
}

typedef struct adam {
    double rate, m_scale, s_scale;
} adam;

static void adam_update(const adam *a, double *w, double *d, double *m, double *s)
{
    double g = *d / BATCH;

    *m = 0.9 * *m + 0.1 * g;
    *s = 0.999 * *s + 0.001 * g * g;
    *w -= a->rate * (*m * a->m_scale) / (sqrt(*s * a->s_scale) + 1e-8);
    *d = 0;
}

static void update(network *n, const adam *a)
{
    for (int l = 0; l < LAYERS; l++) {
        layer *p = &n->layer[l];
        for (int j = 0; j < p->out; j++) {
            adam_update(a, &p->bias[j], &p->d_bias[j], &p->m_bias[j], &p->s_bias[j]);
            for (int i = 0; i < p->in; i++)
                adam_update(a, &p->weight[i][j], &p->d_weight[i][j], &p->m_weight[i][j],
                            &p->s_weight[i][j]);
        }
    }
}

/* A random encounter; half of them near, where the advisories change. */
static void encounter(vouch_random *random, double x[INPUTS])
{
    for (int i = 0; i < INPUTS; i++)
        x[i] = input_low[i] + vouch_random_unit(random) * (input_high[i] - input_low[i]);
    if (vouch_random_bits(random) >> 63)
        x[0] *= 0.3;
}

static double fit(network *n)
{
    vouch_random random = vouch_random_stream(SEED, "example", 0);
    double m_power = 1, s_power = 1, error = 0;

    initialise(n, &random);
    for (int round = 0; round < ROUNDS; round++) {
        double left = 1 - (double)round / ROUNDS;
        for (int b = 0; b < BATCH; b++) {
            double x[INPUTS], y[OUTPUTS];
            encounter(&random, x);
            teach(x, y);
            forward(n, x);
            backward(n, y);
            for (int j = 0; j < OUTPUTS; j++)
                error += n->d_value[LAYERS][j] * n->d_value[LAYERS][j];
        }
        if (round == ROUNDS - 501)
            error = 0; /* report the last 500 rounds */
        m_power *= 0.9;
        s_power *= 0.999;
        update(n, &(adam){0.003 * left * left + 1e-5, 1 / (1 - m_power), 1 / (1 - s_power)});
    }
    return sqrt(error / (500.0 * BATCH * OUTPUTS));
}

/* ---- writing networks -------------------------------------------------------------------- */

typedef struct writer {
    vouch_context *ctx;
    vouch_graph_builder *builder;
    vouch_arena *arena;
    const char *last; /* the value the next node reads */
    int nodes;
} writer;

static _Noreturn void fail(const vouch_context *ctx)
{
    fprintf(stderr, "make_example: %s\n", vouch_context_error(ctx));
    exit(1);
}

static void need(const writer *w, bool ok)
{
    if (!ok)
        fail(w->ctx);
}

static void constant(writer *w, const char *name, int rows, int columns, const float *data)
{
    vouch_shape shape = {.rank = rows ? 2 : 1, .dim = {rows ? rows : columns, columns}};
    vouch_tensor *t = vouch_tensor_new(w->arena, VOUCH_F32, &shape);

    need(w, t != NULL);
    memcpy(t->f32, data, (size_t)t->count * sizeof(float));
    need(w, vouch_graph_add_constant(w->builder, name, t) == VOUCH_OK);
}

/* output = type(last, second, third); second and third may be NULL. */
static void node(writer *w, const char *type, const char *second, const char *third,
                 const char *output)
{
    const char *names[3] = {w->last, second, third};
    int count = third ? 3 : second ? 2 : 1;
    int *index = VOUCH_NEW_ARRAY(w->arena, int, 4);

    need(w, index != NULL);
    for (int i = 0; i < count; i++)
        index[i] = vouch_graph_value(w->builder, names[i]);
    index[3] = vouch_graph_value(w->builder, output);
    const vouch_node n = {.type = type,
                          .name = vouch_arena_print(w->arena, "%s_%d", type, w->nodes++),
                          .domain = "",
                          .input_count = count,
                          .output_count = 1,
                          .input = index,
                          .output = index + 3};
    need(w, n.name && vouch_graph_add_node(w->builder, &n) == VOUCH_OK);
    w->last = output;
}

static void begin(writer *w, vouch_context *ctx, const char *source, int inputs)
{
    const vouch_shape shape = {.rank = 2, .dim = {1, inputs}};

    *w = (writer){.ctx = ctx, .last = "input"};
    w->builder = vouch_graph_builder_new(ctx, source, 13);
    need(w, w->builder != NULL);
    w->arena = vouch_graph_builder_arena(w->builder);
    need(w, vouch_graph_add_input(w->builder, "input", VOUCH_F32, &shape) == VOUCH_OK);
}

static void finish(writer *w, const char *output, const char *path)
{
    vouch_graph *graph = NULL;

    need(w, vouch_graph_add_output(w->builder, output) == VOUCH_OK);
    need(w, vouch_graph_finish(w->builder, &graph) == VOUCH_OK);
    need(w, vouch_onnx_write(w->ctx, graph, path) == VOUCH_OK);
    vouch_graph_free(graph);
}

static const char *numbered(writer *w, const char *stem, int number)
{
    const char *name = vouch_arena_print(w->arena, "%s%d", stem, number);

    need(w, name != NULL);
    return name;
}

static void write_layer(writer *w, const layer *a, int number)
{
    float weight[WIDEST * WIDEST], bias[WIDEST];
    const char *weight_name = numbered(w, "weight", number);
    const char *bias_name = numbered(w, "bias", number);
    bool last = number == LAYERS;

    for (int i = 0; i < a->in; i++)
        for (int j = 0; j < a->out; j++)
            weight[i * a->out + j] = (float)a->weight[i][j];
    for (int j = 0; j < a->out; j++)
        bias[j] = (float)a->bias[j];
    constant(w, weight_name, a->in, a->out, weight);
    constant(w, bias_name, 0, a->out, bias);
    node(w, "Gemm", weight_name, bias_name, last ? "scores" : numbered(w, "sum", number));
    if (!last)
        node(w, "Relu", NULL, NULL, numbered(w, "hidden", number));
}

static void write_collision(vouch_context *ctx, const network *n, const char *path)
{
    writer w;

    begin(&w, ctx, "collision", INPUTS);
    constant(&w, "mean", 0, INPUTS, mean);
    constant(&w, "scale", 0, INPUTS, scale);
    node(&w, "Sub", "mean", NULL, "centred");
    node(&w, "Mul", "scale", NULL, "normalised");
    for (int l = 0; l < LAYERS; l++)
        write_layer(&w, &n->layer[l], l + 1);
    finish(&w, "scores", path);
}

/* y = relu(x0 + x1) - relu(x0 - x1) + 0.5 */
static void write_tiny(vouch_context *ctx, const char *path)
{
    static const float first[4] = {1, 1, 1, -1}, second[2] = {1, -1}, zero[2] = {0, 0},
                       half[1] = {0.5F};
    writer w;

    begin(&w, ctx, "tiny", 2);
    constant(&w, "weight1", 2, 2, first);
    constant(&w, "bias1", 0, 2, zero);
    constant(&w, "weight2", 2, 1, second);
    constant(&w, "bias2", 0, 1, half);
    node(&w, "Gemm", "weight1", "bias1", "sum1");
    node(&w, "Relu", NULL, NULL, "hidden1");
    node(&w, "Gemm", "weight2", "bias2", "y");
    finish(&w, "y", path);
}

int main(int argc, char **argv)
{
    static network n; /* large, and zeroed */
    vouch_context *ctx = vouch_context_new(NULL);
    char path[4096];

    if (argc != 2 || !ctx) {
        fprintf(stderr, "usage: make_example DATA_FOLDER\n");
        return 2;
    }
    snprintf(path, sizeof path, "%s/tiny/tiny.onnx", argv[1]);
    write_tiny(ctx, path);
    printf("%s\n", path);
    double error = fit(&n);
    snprintf(path, sizeof path, "%s/collision/collision.onnx", argv[1]);
    write_collision(ctx, &n, path);
    printf("%s: mean error of a score %.4f\n", path, error);
    vouch_context_free(ctx);
    return 0;
}
