/* Gradients of the float32 engine against those of the operators' definitions in float64
 * (support/traced_net.h): every kind of layer (layer.def), in every pass that takes it: points in
 * use and in training, boxes, linear forms, spreads, second derivatives. What is compared is the
 * Euclidean norm of what is off, over that of the whole gradient, of parameters and of inputs.
 *
 * Lines "gradient NAME ERROR ALLOWED" on the standard output are what bench-train reports. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "grad/form.h"
#include "grad/net_priv.h"
#include "support/support.h"
#include "support/traced_net.h"
#include "train/architecture.h"

enum { SAMPLES = 8, SEEDS = 60 };

/* Far enough from every kink that float32 takes the same side. */
static const double clear = 5e-7;

/* Small networks with layers of the kind; c h w of the input. What their gradients may be off. */
static const struct {
    const char *kind, *text;
    int64_t c, h, w;
    double most;
} nets[] = {
    {"dense", "fc12 relu fc9 relu fc3", 1, 1, 9, 1e-6},
    {"dense", "fc20 fc3", 1, 3, 4, 1e-6},
    {"conv", "conv8k3s2p1 relu conv5k2 relu fc3", 2, 7, 6, 1e-6},
    {"conv", "conv20p1 relu conv18k2s2 relu fc4", 4, 3, 4, 1e-6},
    {"flatten", "conv6p1 relu flatten fc9 relu fc4", 2, 4, 5, 1e-6},
    {"add", "conv6p1 relu res( conv6p1 relu conv6p1 ) relu fc3", 2, 4, 5, 1e-6},
    {"add", "conv6 res( conv6p1 relu conv8k1 | res( conv6p1 ) conv8k1 ) relu fc3", 1, 5, 5,
     1e-6},
    {"average", "conv6p1 relu avgpool3s2p1 conv6p1 relu avgpool gap fc4", 2, 7, 6, 1e-6},
    {"batch_norm", "conv6p1 bn relu conv8s2 bn relu fc7 bn relu fc3", 2, 5, 5, 1e-6},
    {"batch_norm", "fc8 bn relu res( fc8 bn relu fc8 ) bn relu fc3", 1, 1, 6, 1e-6},
    {"max", "conv6p1 relu maxpool3s2p1 conv6p1 relu maxpool fc4", 2, 7, 6, 1e-6},
    {"max", "conv6p1 maxpool relu fc4", 2, 4, 4, 1e-6},
    {"product", "conv6p1 gate( conv5p1 | conv5p1 sigmoid ) fc5 relu fc3", 2, 4, 4, 1e-6},
    {"product", "fc6 relu gate( fc5 | fc5 ) relu fc3", 1, 1, 6, 1e-6},
    {"curve", "conv6p1 silu fc5 silu fc3", 2, 4, 4, 1e-6},
    {"curve", "conv6p1 softplus conv5k2 sigmoid fc8 tanh fc3", 2, 4, 4, 1e-6},
    {"curve", "conv6p1 elu conv5k2 leakyrelu fc8 elu fc3", 2, 4, 4, 1e-6},
    {"curve", "conv6p1 gelu fc8 gelu fc3", 2, 4, 4, 1e-6},
    {"layer_norm", "conv6p1 ln relu fc8 ln softplus fc3", 2, 4, 4, 1e-6},
    {"prototype", "conv6p1 relu conv5k2 sigmoid proto7 fc3", 2, 4, 4, 1e-6},
    {"prototype", "fc7 relu proto5 fc4 relu fc3", 1, 1, 6, 1e-6},
    {"dropout", "conv6p1 relu dropout30 fc8 softplus dropout50 fc3", 2, 4, 4, 1e-6},
};
enum { NETS = sizeof nets / sizeof *nets };

/* The worst so far of every kind of layer. */
typedef struct worst {
    const char *kind, *pass;
    double apart, most;
} worst;

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_graph *graph;
    vouch_net *net;
    vouch_tape *tape;
    vouch_trace *trace;
    traced_net reference;
    int64_t n, m;
    float *x, *d, *v, *low, *high, *y, *d_x, *g; /* [SAMPLES][n or m]; [parameters] */
    int label[SAMPLES];
    uint64_t name[SAMPLES];
    double apart; /* the worst of what a pass compared */
} fixture;

static float *reals(fixture *f, int64_t count, uint64_t index)
{
    vouch_random r = vouch_random_stream(9, "gradients", index);
    return vouch_test_reals(f->arena, &r, count);
}

/* Scales, shifts and statistics other than 1 and 0, lest a mistake hides behind them. */
static void stir(fixture *f, uint64_t seed)
{
    vouch_random r = vouch_random_stream(seed, "stir", 0);
    for (int v = 0; v < f->graph->value_count; v++) {
        const vouch_tensor *c = f->graph->value[v].constant;
        const char letter = f->graph->value[v].name[0];
        vouch_tensor *t = c ? vouch_tensor_new(f->graph->arena, c->dtype, &c->shape) : NULL;
        for (int64_t i = 0; t && c->dtype == VOUCH_F32 && i < c->count; i++)
            t->f32[i] = c->f32[i] + (letter == 'g' || letter == 'b' || letter == 'v'
                                         ? (float)(0.4 * vouch_random_unit(&r))
                                         : 0);
        if (t && c->dtype == VOUCH_F32)
            f->graph->value[v].constant = t;
    }
    vouch_test_ok(f->ctx, vouch_op_bind_graph(f->ctx, f->graph));
}

static void begin(fixture *f, int i, uint64_t seed)
{
    const vouch_architecture a = {.text = nets[i].text,
                                  .channels = nets[i].c,
                                  .height = nets[i].h,
                                  .width = nets[i].w,
                                  .mean = 0.1,
                                  .deviation = 0.7,
                                  .seed = seed};
    *f = (fixture){.ctx = vouch_test_context()};
    f->arena = vouch_arena_new(f->ctx);
    vouch_test_ok(f->ctx, vouch_architecture_build(f->ctx, &a, &f->graph));
    vouch_test_ok(f->ctx, vouch_op_bind_graph(f->ctx, f->graph));
    stir(f, seed);
    vouch_test_ok(f->ctx, vouch_net_new_to_train(f->ctx, f->arena, f->graph, &f->net));
    assert_non_null(f->net);
    vouch_test_ok(f->ctx, vouch_tape_new(f->ctx, f->arena, f->net, SAMPLES, &f->tape));
    f->n = vouch_net_inputs(f->net);
    f->m = vouch_net_outputs(f->net);
    f->x = reals(f, SAMPLES * f->n, 10 * seed);
    f->d = reals(f, SAMPLES * f->m, 10 * seed + 1);
    f->v = reals(f, SAMPLES * f->n, 10 * seed + 2);
    f->low = reals(f, SAMPLES * f->n, 10 * seed + 3);
    f->high = reals(f, SAMPLES * f->n, 10 * seed + 4);
    f->y = reals(f, SAMPLES * f->m, 0);
    f->d_x = reals(f, SAMPLES * f->n, 0);
    f->g = reals(f, vouch_net_size(f->net), 0);
    for (int64_t k = 0; k < SAMPLES * f->n; k++) {
        f->high[k] = f->x[k] + 0.1F + 0.1F * f->high[k];
        f->low[k] = f->x[k] - 0.1F + 0.1F * f->low[k];
    }
    for (int s = 0; s < SAMPLES; s++) {
        f->label[s] = s % (int)f->m;
        f->name[s] = (uint64_t)(100 + s);
    }
    vouch_tape_name(f->tape, seed, SAMPLES, f->name);
    f->trace = vouch_trace_new();
    traced_net_begin(&f->reference, f->trace, f->arena, f->graph, SAMPLES);
}

static void end(fixture *f)
{
    vouch_trace_free(f->trace);
    vouch_graph_free(f->graph);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

/* ---- passes ---------------------------------------------------------------------------------- */

/* Compares gradients of the sum of a b, times `by`: of parameters, and of x if given. */
static void compare(fixture *f, traced sum, double by, const traced *x)
{
    double *d = trace_derive(f->trace, sum);
    f->apart = fmax(f->apart, traced_net_apart(&f->reference, f->net, f->g, d, by));
    if (x)
        f->apart = fmax(f->apart, traced_apart(SAMPLES * f->n, x, f->d_x, d, by));
    free(d);
}

static traced form_of_outputs(fixture *f, const traced *y)
{
    const traced *d = traced_net_numbers(&f->reference, SAMPLES * f->m, f->d);
    return trace_dot(f->trace, SAMPLES * f->m, d, y);
}

/* What the dropout before value v multiplies by, drawn as layer_dropout.c says: the elements in
 * the order of the image with its filling. */
static const float *draw_factors(fixture *f, int layer, uint64_t seed, float share)
{
    const net_image *in = &f->net->value[f->net->layer[layer].take[0]].image;
    const int64_t *real = f->net->value[f->net->layer[layer].take[0]].real;
    const int64_t size = real[0] * real[1] * real[2];
    float *factor = reals(f, SAMPLES * size, 0);
    for (int64_t s = 0; s < SAMPLES; s++) {
        vouch_random r = vouch_random_stream(seed + (uint64_t)f->net->layer[layer].give,
                                             "dropout", f->name[s]);
        for (int64_t p = 0; p < in->h * in->w; p++)
            for (int64_t j = 0; j < in->c; j++) {
                const bool drops = (float)vouch_random_unit(&r) < share;
                if (j < real[0])
                    factor[s * size + j * in->h * in->w + p] = drops ? 0 : 1 / (1 - share);
            }
    }
    return factor;
}

static void drop(fixture *f)
{
    for (int i = 0, layer = 0; i < f->graph->node_count; i++) {
        const vouch_node *node = &f->graph->node[i];
        if (strcmp(node->type, "Dropout") != 0)
            continue;
        while (strcmp(f->net->layer[layer].kind->name, "dropout") != 0)
            layer++;
        const float share = f->graph->value[node->input[1]].constant->f32[0];
        f->reference.factor[i] = draw_factors(f, layer++, f->tape->seed, share);
    }
}

static bool points(fixture *f)
{
    const traced *x = traced_net_numbers(&f->reference, SAMPLES * f->n, f->x);
    vouch_tape_forward(f->tape, SAMPLES, f->x, f->y);
    vouch_tape_backward(f->tape, f->d, f->d_x, f->g);
    compare(f, form_of_outputs(f, traced_net_at(&f->reference, x)), 1, x);
    return true;
}

static bool points_in_training(fixture *f)
{
    vouch_tape_train(f->tape, true);
    f->reference.training = true;
    drop(f);
    return points(f);
}

/* Is what a function refuses a layer that it does not know? */
static bool takes(fixture *f, vouch_status status)
{
    if (status == VOUCH_ERR_UNSUPPORTED)
        return false;
    vouch_test_ok(f->ctx, status);
    return true;
}

static traced *margins(fixture *f)
{
    float *c = reals(f, SAMPLES * f->n, 0), *r = reals(f, SAMPLES * f->n, 0);
    for (int64_t k = 0; k < SAMPLES * f->n; k++) {
        c[k] = (f->low[k] + f->high[k]) / 2;
        r[k] = (f->high[k] - f->low[k]) / 2;
    }
    f->reference.training = true;
    return traced_net_margins(&f->reference,
                              traced_net_numbers(&f->reference, SAMPLES * f->n, c),
                              traced_net_numbers(&f->reference, SAMPLES * f->n, r), f->label);
}

static bool boxes(fixture *f)
{
    vouch_box_tape *tape;
    if (!takes(f, vouch_box_tape_new(f->ctx, f->arena, f->net, SAMPLES, &tape)))
        return false;
    vouch_box_name(tape, f->tape->seed, SAMPLES, f->name);
    drop(f);
    vouch_box_forward(tape, SAMPLES, f->low, f->high, f->label, f->y);
    vouch_box_backward(tape, f->d, f->g);
    compare(f, form_of_outputs(f, margins(f)), 1, NULL);
    return true;
}

static void ask(void *user, int64_t sample, const float *margin, float *d_margin)
{
    const fixture *f = user;
    (void)margin;
    for (int64_t j = 0; j < f->m; j++)
        d_margin[j] = j == f->label[sample] ? 0 : f->d[sample * f->m + j];
}

static bool forms(fixture *f)
{
    vouch_box_tape *tape;
    vouch_form_tape *forms;
    float *more = reals(f, vouch_net_size(f->net), 0), *none = reals(f, SAMPLES * f->m, 0);
    memset(none, 0, (size_t)(SAMPLES * f->m) * sizeof *none);
    if (!takes(f, vouch_box_tape_new(f->ctx, f->arena, f->net, SAMPLES, &tape)) ||
        !takes(f, vouch_form_tape_new(f->ctx, f->arena, tape, &forms)))
        return false;
    vouch_box_forward(tape, SAMPLES, f->low, f->high, f->label, f->y);
    vouch_form_run(forms, &(vouch_form_question){ask, f, 1, NULL}, f->g);
    vouch_box_backward(tape, none, more);
    for (int64_t k = 0; k < vouch_net_size(f->net); k++)
        f->g[k] += more[k];
    (void)margins(f);
    compare(f, form_of_outputs(f, traced_net_forms(&f->reference, f->label, 1, NULL)), 1, NULL);
    return true;
}

static bool spreads(fixture *f)
{
    vouch_box_tape *tape;
    float *r = reals(f, f->n, 0);
    for (int64_t k = 0; k < f->n; k++)
        r[k] = f->high[k] - f->low[k];
    if (!takes(f, vouch_box_spread_check(f->ctx, f->net)) ||
        !takes(f, vouch_box_tape_new(f->ctx, f->arena, f->net, 1, &tape)))
        return false;
    memset(f->g, 0, (size_t)vouch_net_size(f->net) * sizeof *f->g); /* it is added to */
    (void)vouch_box_spread(tape, r);
    vouch_box_spread_backward(tape, 0.25F, f->g);
    compare(f, traced_net_spread(&f->reference, traced_net_numbers(&f->reference, f->n, r)),
            0.25, NULL);
    return true;
}

static bool tangents(fixture *f)
{
    vouch_tape *tape;
    float *none = reals(f, SAMPLES * f->m, 0);
    memset(none, 0, (size_t)(SAMPLES * f->m) * sizeof *none);
    vouch_test_ok(f->ctx, vouch_tape_new(f->ctx, f->arena, f->net, SAMPLES, &tape));
    vouch_tape_train(f->tape, true);
    vouch_tape_train(tape, true);
    f->reference.training = true;
    drop(f);
    if (!takes(f, vouch_tape_follow(f->ctx, tape, f->tape)))
        return false;
    vouch_tape_forward(f->tape, SAMPLES, f->x, f->y);
    vouch_tape_forward(tape, SAMPLES, f->v, f->y);
    vouch_tape_backward_bent(tape, f->d, none, f->g);
    const traced *x = traced_net_numbers(&f->reference, SAMPLES * f->n, f->x);
    const traced *v = traced_net_numbers(&f->reference, SAMPLES * f->n, f->v);
    traced *by = VOUCH_NEW_ARRAY(f->arena, traced, SAMPLES * f->n);
    const traced sum = form_of_outputs(f, traced_net_at(&f->reference, x));
    trace_differentiate(f->trace, sum, SAMPLES * f->n, x, by);
    compare(f, trace_dot(f->trace, SAMPLES * f->n, by, v), 1, NULL);
    return true;
}

static const struct pass {
    const char *name;
    bool (*run)(fixture *f); /* false: the engine does not take such a network */
} passes[] = {
    {"points", points},   {"training", points_in_training}, {"boxes", boxes}, {"forms", forms},
    {"spreads", spreads}, {"tangents", tangents},
};
enum { PASSES = sizeof passes / sizeof *passes };

/* ---- tests ----------------------------------------------------------------------------------- */

/* One pass over one network, with parameters and samples that are clear of kinks. */
static bool try_pass(int i, const struct pass *pass, double *apart)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        fixture f;
        begin(&f, i, seed);
        const bool taken = pass->run(&f);
        const bool fine = trace_nearest(f.trace) > clear;
        *apart = f.apart;
        end(&f);
        if (!taken || fine)
            return taken;
    }
    fail_msg("%s, %s: always near a kink", nets[i].text, pass->name);
    return false;
}

static void note(worst *list, int i, const char *pass, double apart)
{
    worst *w = list;
    while (w->kind && strcmp(w->kind, nets[i].kind) != 0)
        w++;
    w->kind = nets[i].kind;
    if (!(apart <= w->apart))
        *w = (worst){w->kind, pass, apart, nets[i].most};
}

static void gradients_are_those_of_the_definitions_in_float64(void **state)
{
    (void)state;
    worst list[NETS + 1] = {0};
    int wrong = 0;
    for (int i = 0; i < NETS; i++)
        for (int p = 0; p < PASSES; p++) {
            double apart = 0;
            if (!try_pass(i, &passes[p], &apart))
                continue;
            note(list, i, passes[p].name, apart);
            if (!(apart <= nets[i].most)) {
                print_error("%s, %s: off by %.3g of its size\n", nets[i].text, passes[p].name,
                            apart);
                wrong++;
            }
        }
    for (const worst *w = list; w->kind; w++)
        print_message("gradient layer %s (%s) %.4g %g\n", w->kind, w->pass, w->apart, w->most);
    assert_int_equal(wrong, 0);
}

static void every_kind_of_layer_is_held_against_its_definition(void **state)
{
    (void)state;
    for (const net_kind *const *kind = vouch_net_kinds(); *kind; kind++) {
        bool found = false;
        for (int i = 0; i < NETS; i++)
            found |= strcmp(nets[i].kind, (*kind)->name) == 0;
        if (!found)
            fail_msg("no network with a layer of kind %s", (*kind)->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_layer_is_held_against_its_definition),
        cmocka_unit_test(gradients_are_those_of_the_definitions_in_float64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
