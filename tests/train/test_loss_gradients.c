/* Losses and their gradients by parameters, in float32, against their published formulas in float64
 * (support/traced_net.h): every loss and regulariser (loss.def), with labels and with shares of the
 * classes, over networks of all kinds of layers that it takes. Perturbed points and boxes are those
 * that the loss itself took: they count as constants, as in the papers. What is compared is the
 * Euclidean norm of what is off, over that of the whole gradient.
 *
 * Lines "gradient NAME ERROR ALLOWED" on the standard output are what bench-train reports. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"
#include "support/traced_net.h"
#include "train/architecture.h"
#include "train/bound.h"

enum { COUNT = 6, MOST_ROWS = 3 * COUNT, SEEDS = 60 };

/* Far enough from every kink that float32 takes the same side. */
static const double clear = 5e-7;

static const struct {
    const char *text;
    int64_t c, h, w;
} nets[] = {
    {"fc8 relu fc7 relu fc3", 1, 1, 6},
    {"conv4k3 relu res( conv4p1 ) relu avgpool fc6 relu fc4", 1, 5, 5},
    {"conv4p1 bn relu fc6 bn relu fc3", 1, 4, 4},
    {"conv4p1 relu maxpool fc6 relu fc3", 1, 4, 4},
    {"conv4k2 softplus fc6 tanh fc3", 1, 4, 4},
    {"conv4k2 ln relu fc6 silu fc3", 1, 4, 4},
};
enum { NETS = sizeof nets / sizeof *nets };

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_graph *graph;
    vouch_net *net;
    int64_t n, m;
    int label[COUNT];
    uint64_t name[COUNT];
    float *target; /* [COUNT][m] */
    vouch_loss_part part[VOUCH_LOSS_PARTS];
    int64_t hits, certified;
    double state[128]; /* of a loss that has one */
    float *sum;
    vouch_loss_term term[VOUCH_LOSS_TERMS];
    vouch_loss_job job;
    vouch_trace *trace;
    traced_net reference;
} fixture;

/* ---- formulas -------------------------------------------------------------------------------- */

/* Outputs at rows of samples, [rows][m]. */
static traced *at(fixture *f, int64_t rows, const float *x)
{
    f->reference.samples = rows;
    return traced_net_at(&f->reference, traced_net_numbers(&f->reference, rows * f->n, x));
}

static traced loss_of(fixture *f, int64_t s, const traced *y)
{
    const traced_aim aim = {f->m, f->label[s], f->job.target ? f->target + s * f->m : NULL};
    return traced_cross_entropy(f->trace, &aim, y);
}

/* The mean over the samples of what stands in list. */
static traced mean(fixture *f, const traced *list)
{
    return trace_scale(f->trace, trace_sum(f->trace, COUNT, list), 1.0 / COUNT);
}

static traced mean_loss(fixture *f, const traced *y)
{
    traced list[COUNT];
    for (int64_t s = 0; s < COUNT; s++)
        list[s] = loss_of(f, s, y + s * f->m);
    return mean(f, list);
}

static traced share(fixture *f, double of_a, traced a, traced b)
{
    return trace_add(f->trace, trace_scale(f->trace, a, of_a),
                     trace_scale(f->trace, b, 1 - of_a));
}

/* The boxes that the loss took. */
static traced *margins(fixture *f)
{
    const vouch_bound *b = f->job.scratch;
    traced *c = traced_net_numbers(&f->reference, COUNT * f->n, b->low);
    traced *r = traced_net_numbers(&f->reference, COUNT * f->n, b->low);
    for (int64_t i = 0; i < COUNT * f->n; i++) {
        const double low = (double)b->low[i], high = (double)b->high[i];
        c[i] = trace_number(f->trace, (low + high) / 2);
        r[i] = trace_number(f->trace, (high - low) / 2);
    }
    f->reference.samples = COUNT;
    return traced_net_margins(&f->reference, c, r, f->label);
}

/* a times the one and b times the other, number by number. */
static void combine(fixture *f, double a, const traced *one, double b, traced *other)
{
    for (int64_t i = 0; i < COUNT * f->m; i++)
        other[i] = trace_add(f->trace, trace_scale(f->trace, one[i], a),
                             trace_scale(f->trace, other[i], b));
}

static traced worst_loss(fixture *f)
{
    traced *y = margins(f);
    combine(f, -1, y, 0, y);
    return mean_loss(f, y);
}

static traced clean(fixture *f) { return mean_loss(f, at(f, COUNT, f->job.x)); }

static traced perturbed(fixture *f) { return mean_loss(f, at(f, COUNT, f->job.out)); }

static traced trades(fixture *f)
{
    const traced *y = at(f, 2 * COUNT, f->job.out);
    traced list[COUNT];
    for (int64_t s = 0; s < COUNT; s++) {
        traced p[8], q[8];
        traced_log_softmax(f->trace, f->m, y + s * f->m, p);
        traced_log_softmax(f->trace, f->m, y + (COUNT + s) * f->m, q);
        list[s] = TRACED_ZERO;
        for (int64_t j = 0; j < f->m; j++)
            list[s] = trace_add(f->trace, list[s],
                                trace_times(f->trace, trace_exp(f->trace, p[j]),
                                            trace_less(f->trace, p[j], q[j])));
    }
    return trace_add(f->trace, mean_loss(f, y), trace_scale(f->trace, mean(f, list), 6));
}

/* The mean of the worst 1.8 of the six samples, or of the others. */
static traced tail(fixture *f, bool others)
{
    const double edge = 0.3 * COUNT;
    const traced *y = at(f, COUNT, f->job.out);
    traced list[COUNT], sum = TRACED_ZERO;
    for (int64_t s = 0; s < COUNT; s++)
        list[s] = loss_of(f, s, y + s * f->m);
    for (int64_t s = 0; s < COUNT; s++) {
        int rank = 0;
        for (int64_t o = 0; o < COUNT; o++)
            rank += trace_value(f->trace, list[o]) > trace_value(f->trace, list[s]);
        const double in = fmin(fmax(edge - rank, 0), 1);
        sum = trace_add(
            f->trace, sum,
            trace_scale(f->trace, list[s], others ? (1 - in) / (COUNT - edge) : in / edge));
    }
    return sum;
}

static traced cvar(fixture *f) { return tail(f, false); }

static traced trimmed(fixture *f) { return tail(f, true); }

static traced ibp(fixture *f) { return share(f, 0.4, clean(f), worst_loss(f)); }

static traced mtl(fixture *f) { return share(f, 0.3, worst_loss(f), perturbed(f)); }

static traced exp_ibp(fixture *f)
{
    return trace_times(f->trace, trace_power(f->trace, worst_loss(f), 0.3),
                       trace_power(f->trace, perturbed(f), 0.7));
}

static traced cc(fixture *f)
{
    const traced *z = at(f, COUNT, f->job.out);
    traced *y = margins(f), *apart = at(f, COUNT, f->job.out);
    for (int64_t i = 0; i < COUNT * f->m; i++)
        apart[i] = trace_less(f->trace, z[i], z[i / f->m * f->m + f->label[i / f->m]]);
    combine(f, 0.7, apart, -0.3, y);
    return mean_loss(f, y);
}

static traced crown(fixture *f)
{
    const traced *m = margins(f);
    traced *y = traced_net_forms(&f->reference, f->label, 1, NULL);
    combine(f, -0.4, m, -0.6, y);
    return share(f, 0.3, clean(f), mean_loss(f, y));
}

static traced irrelevance(fixture *f)
{
    (void)margins(f);
    traced *y = traced_net_forms(&f->reference, f->label, 0.6, f->job.x);
    combine(f, 0, y, -1, y);
    return trace_scale(f->trace, mean_loss(f, y), 0.7);
}

static traced forwabs(fixture *f)
{
    traced *r = traced_net_numbers(&f->reference, f->n, f->job.x);
    for (int64_t i = 0; i < f->n; i++) {
        double sum = 0;
        for (int64_t s = 0; s < COUNT; s++) {
            const double x = (double)f->job.x[s * f->n + i], eps = (double)f->job.eps;
            sum += (fmin(x + eps, (double)f->job.high) - fmax(x - eps, (double)f->job.low)) / 2;
        }
        r[i] = trace_number(f->trace, sum);
    }
    return trace_scale(f->trace, traced_net_spread(&f->reference, r), 0.01);
}

/* The mean of (L_c - (1 - a) L_a - a L_b)^2; a is the first number of the sample's stream. */
static traced linearity(fixture *f)
{
    const traced *y = at(f, 3 * COUNT, f->job.out);
    traced list[COUNT];
    for (int64_t s = 0; s < COUNT; s++) {
        vouch_random r = vouch_random_stream(f->job.seed, "elle", f->name[s]);
        const double a = (double)(float)vouch_random_unit(&r);
        const traced chord =
            share(f, a, loss_of(f, s, y + (COUNT + s) * f->m), loss_of(f, s, y + s * f->m));
        const traced off =
            trace_less(f->trace, loss_of(f, s, y + (2 * COUNT + s) * f->m), chord);
        list[s] = trace_times(f->trace, off, off);
    }
    return mean(f, list);
}

static traced elle(fixture *f) { return trace_scale(f->trace, linearity(f), 50); }

/* What the state gives, one decay later. */
static traced elle_a(fixture *f) { return trace_scale(f->trace, linearity(f), 7 * 0.99); }

/* Each sample's gradient of its cross-entropy: to [COUNT][n]. */
static void slopes(fixture *f, const float *rows, traced *to)
{
    const traced *x = traced_net_numbers(&f->reference, COUNT * f->n, rows);
    f->reference.samples = COUNT;
    const traced sum =
        trace_scale(f->trace, mean_loss(f, traced_net_at(&f->reference, x)), COUNT);
    trace_differentiate(f->trace, sum, COUNT * f->n, x, to);
}

static traced input_gradient(fixture *f)
{
    traced *g = traced_net_numbers(&f->reference, COUNT * f->n, f->job.x);
    slopes(f, f->job.x, g);
    return trace_scale(f->trace, trace_dot(f->trace, COUNT * f->n, g, g), 3.0 / COUNT);
}

/* The gradient at the sample is held. */
static traced grad_align(fixture *f)
{
    traced *g = traced_net_numbers(&f->reference, COUNT * f->n, f->job.x);
    traced *h = traced_net_numbers(&f->reference, COUNT * f->n, f->job.x), list[COUNT];
    slopes(f, f->job.x, g);
    slopes(f, f->job.out, h);
    for (int64_t s = 0; s < COUNT; s++) {
        const traced *other = h + s * f->n;
        traced *held = g + s * f->n;
        for (int64_t i = 0; i < f->n; i++)
            held[i] = trace_number(f->trace, trace_value(f->trace, held[i]));
        const traced lengths = trace_times(f->trace, trace_dot(f->trace, f->n, held, held),
                                           trace_dot(f->trace, f->n, other, other));
        const traced cosine = trace_times(f->trace, trace_dot(f->trace, f->n, held, other),
                                          trace_power(f->trace, lengths, -0.5));
        list[s] = trace_less(f->trace, TRACED_ONE, cosine);
    }
    return trace_scale(f->trace, mean(f, list), 0.5);
}

/* Of ELLE-A, without a leap; of group DRO: samples of each group so far, weights alike. */
static const double first_state[] = {1, 1e9, 0, 7};

static traced group_dro(fixture *f)
{
    const traced *y = at(f, COUNT, f->job.x);
    double all = 0;
    traced list[COUNT];
    for (int64_t g = 0; g < f->m; g++)
        all += first_state[g];
    for (int64_t s = 0; s < COUNT; s++) {
        const double seen = first_state[f->label[s]];
        list[s] = trace_scale(f->trace, loss_of(f, s, y + s * f->m),
                              seen > 0 ? all / ((double)f->m * seen) : 1);
    }
    return mean(f, list);
}

/* 1 - min(a / b, b / a): tolerance 1; of an empty side 1. */
static traced lack(fixture *f, traced a, traced b)
{
    const double x = trace_value(f->trace, a), y = trace_value(f->trace, b);
    if (x <= 0 || y <= 0)
        return x <= 0 && y <= 0 ? TRACED_ZERO : TRACED_ONE;
    const traced rho = x < y ? trace_over(f->trace, a, b) : trace_over(f->trace, b, a);
    return trace_ramp(f->trace, trace_less(f->trace, TRACED_ONE, rho));
}

static traced shi_of(fixture *f, int value, double input)
{
    const vouch_shape *shape = &f->graph->value[value].shape;
    const int64_t count = COUNT * vouch_shape_count(shape);
    const traced *c = f->reference.centre[value], *r = f->reference.radius[value];
    const double each = 1 / (double)count;
    const traced tau = trace_scale(f->trace, trace_sum(f->trace, count, r), each);
    const traced mean_c = trace_scale(f->trace, trace_sum(f->trace, count, c), each);
    traced sum[2] = {TRACED_ZERO, TRACED_ZERO}, square[2] = {TRACED_ZERO, TRACED_ZERO};
    for (int64_t i = 0; i < count; i++) {
        const traced off = trace_less(f->trace, c[i], mean_c);
        const bool open = trace_positive(f->trace, trace_less(f->trace, c[i], r[i]));
        const bool shut = !trace_positive(f->trace, trace_add(f->trace, c[i], r[i]));
        if (!open && !shut)
            continue;
        sum[shut] = trace_add(f->trace, sum[shut], trace_scale(f->trace, c[i], shut ? -1 : 1));
        square[shut] = trace_add(f->trace, square[shut], trace_times(f->trace, off, off));
    }
    const traced quotient = trace_scale(f->trace, trace_power(f->trace, tau, -1), input);
    const traced wide = trace_ramp(f->trace, trace_less(f->trace, TRACED_ONE, quotient));
    return trace_add(
        f->trace, wide,
        trace_add(f->trace, lack(f, sum[0], sum[1]), lack(f, square[0], square[1])));
}

/* Half of the ramp is over. */
static traced shi(fixture *f)
{
    const vouch_bound *b = f->job.scratch;
    traced total = TRACED_ZERO;
    double input = 0;
    int count = 0;
    (void)margins(f);
    for (int64_t i = 0; i < COUNT * f->n; i++)
        input += ((double)b->high[i] - (double)b->low[i]) / 2 / 0.3 / (double)(COUNT * f->n);
    for (int n = 0; n < f->graph->node_count; n++) {
        const vouch_node *node = &f->graph->node[n];
        if (strcmp(node->type, "Relu") != 0)
            continue;
        total = trace_add(f->trace, total, shi_of(f, node->input[0], input));
        count++;
    }
    return trace_scale(f->trace, total, 0.8 / 2 / count);
}

/* ---- the table ------------------------------------------------------------------------------- */

/* A loss as text, its formula, the radius, and what its gradient may be off: 1e-6 of its size. The
 * local linearity error is what is left of three losses, of which it is a small part: rounding of
 * the network's outputs in float32 counts for more, about 1e-7 times that part's inverse. A large
 * radius keeps it at 1e-6 and less, but on other processors it rounds otherwise. So it is with the
 * cosine of two gradients, which is next to one: 1.2e-6 where a maximum is pooled. */
static const struct row {
    const char *text;
    traced (*formula)(fixture *f);
    float eps;
    double most;
} rows[] = {
    {"standard", clean, 0.1F, 1e-6},
    {"fgsm", perturbed, 0.1F, 1e-6},
    {"rs-fgsm", perturbed, 0.1F, 1e-6},
    {"n-fgsm", perturbed, 0.1F, 1e-6},
    {"pgd", perturbed, 0.1F, 1e-6},
    {"trades beta=6", trades, 0.3F, 1e-6},
    {"cvar share=.3", cvar, 0.1F, 1e-6},
    {"cvar share=.3 steps=2", cvar, 0.1F, 1e-6},
    {"trimmed share=.3", trimmed, 0.1F, 1e-6},
    {"group-dro", group_dro, 0.1F, 1e-6},
    {"shi lambda=.8 tolerance=1", shi, 0.1F, 1e-6},
    {"ibp kappa=.4", ibp, 0.05F, 1e-6},
    {"sabr share=.4", worst_loss, 0.1F, 1e-6},
    {"mtl-ibp alpha=.3", mtl, 0.05F, 1e-6},
    {"cc-ibp alpha=.3", cc, 0.05F, 1e-6},
    {"exp-ibp alpha=.3", exp_ibp, 0.05F, 1e-6},
    {"crown-ibp beta=.6 kappa=.3", crown, 0.05F, 1e-6},
    {"irrelevance lambda=.7 share=.6", irrelevance, 0.05F, 1e-6},
    {"forwabs coefficient=.01", forwabs, 0.1F, 1e-6},
    {"elle lambda=50", elle, 5, 3e-6},
    {"elle-a", elle_a, 5, 3e-6},
    {"input-gradient lambda=3", input_gradient, 0.1F, 1e-6},
    {"grad-align lambda=.5", grad_align, 0.5F, 2e-6},
};
enum { ROWS = sizeof rows / sizeof *rows };

static const vouch_loss *loss_named_by(const char *text)
{
    char name[32] = "";
    const size_t length = strcspn(text, " ");
    assert_true(length < sizeof name);
    memcpy(name, text, length);
    const vouch_loss *loss = vouch_loss_find(name);
    if (!loss)
        fail_msg("no loss is called %s", name);
    return loss;
}

/* ---- the fixture ----------------------------------------------------------------------------- */

static float *reals(fixture *f, int64_t count, vouch_random *r)
{
    float *a = VOUCH_NEW_ARRAY(f->arena, float, count + 1);
    assert_non_null(a);
    for (int64_t i = 0; r && i < count; i++)
        a[i] = (float)vouch_random_unit(r);
    return a;
}

static void build(fixture *f, int i, uint64_t seed)
{
    const vouch_architecture a = {.text = nets[i].text,
                                  .channels = nets[i].c,
                                  .height = nets[i].h,
                                  .width = nets[i].w,
                                  .mean = 0.4,
                                  .deviation = 0.3,
                                  .seed = seed};
    *f = (fixture){.ctx = vouch_test_context()};
    f->arena = vouch_arena_new(f->ctx);
    vouch_test_ok(f->ctx, vouch_architecture_build(f->ctx, &a, &f->graph));
    vouch_test_ok(f->ctx, vouch_op_bind_graph(f->ctx, f->graph));
    vouch_test_ok(f->ctx, vouch_net_new_to_train(f->ctx, f->arena, f->graph, &f->net));
    assert_non_null(f->net);
    f->n = vouch_net_inputs(f->net);
    f->m = vouch_net_outputs(f->net);
    f->trace = vouch_trace_new();
    traced_net_begin(&f->reference, f->trace, f->arena, f->graph, COUNT);
    f->reference.training = true;
}

static void make_job(fixture *f, const struct row *row, bool shares, uint64_t seed)
{
    vouch_random r = vouch_random_stream(seed, "loss gradients", 0);
    const int64_t size = vouch_net_size(f->net);
    f->target = reals(f, COUNT * f->m, &r);
    for (int s = 0; s < COUNT; s++) {
        float sum = 0;
        f->label[s] = s % (int)f->m;
        f->name[s] = (uint64_t)(7 + s);
        for (int64_t j = 0; j < f->m; j++)
            sum += f->target[s * f->m + j];
        for (int64_t j = 0; j < f->m; j++)
            f->target[s * f->m + j] /= sum;
    }
    for (int p = 0; p < VOUCH_LOSS_PARTS; p++)
        f->part[p].gradient = reals(f, size, NULL);
    f->job = (vouch_loss_job){.net = f->net,
                              .count = COUNT,
                              .inputs = f->n,
                              .classes = f->m,
                              .x = reals(f, COUNT * f->n, &r),
                              .label = f->label,
                              .target = shares ? f->target : NULL,
                              .sample = f->name,
                              .seed = seed,
                              .scale = 1.0F / COUNT,
                              .high = 1,
                              .eps = row->eps,
                              .eps_most = 2 * row->eps,
                              .ramp = 1,
                              .state = f->state,
                              .y = reals(f, MOST_ROWS * f->m, NULL),
                              .d_y = reals(f, MOST_ROWS * f->m, NULL),
                              .d_x = reals(f, MOST_ROWS * f->n, NULL),
                              .out = reals(f, MOST_ROWS * f->n, NULL),
                              .spare = reals(f, size, NULL),
                              .part = f->part,
                              .hits = &f->hits,
                              .certified = &f->certified};
    vouch_test_ok(f->ctx, vouch_tape_new(f->ctx, f->arena, f->net, MOST_ROWS, &f->job.tape));
    vouch_tape_train(f->job.tape, true);
}

static void end(fixture *f)
{
    vouch_trace_free(f->trace);
    vouch_graph_free(f->graph);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

/* False where the loss refuses the network. */
static bool prepare(fixture *f, const struct row *row)
{
    const vouch_loss *loss = loss_named_by(row->text);
    int count = 0;
    vouch_test_ok(f->ctx,
                  vouch_loss_parse_sum(f->arena, loss->regulariser ? "standard" : row->text,
                                       loss->regulariser ? row->text : NULL, f->term, &count));
    f->job.settings = f->term[count - 1].settings;
    const vouch_loss_place place = {f->ctx,      f->arena,        f->net,
                                    f->job.tape, f->job.settings, COUNT};
    const vouch_status status =
        loss->prepare ? loss->prepare(&place, &f->job.scratch) : VOUCH_OK;
    if (status != VOUCH_ERR_UNSUPPORTED)
        vouch_test_ok(f->ctx, status);
    return status == VOUCH_OK;
}

/* ---- comparing ------------------------------------------------------------------------------- */

/* The gradient's parts into one, as a step of training does it; returns the loss. */
static double mix(fixture *f, const vouch_loss *loss)
{
    double means[VOUCH_LOSS_PARTS], weight[VOUCH_LOSS_PARTS] = {1};
    vouch_loss_mix m = {.settings = f->job.settings,
                        .state = f->state,
                        .ramp = 1,
                        .mean = means,
                        .weight = weight};
    for (int p = 0; p < VOUCH_LOSS_PARTS; p++)
        means[p] = f->part[p].loss / COUNT;
    m.loss = means[0];
    if (loss->mix)
        loss->mix(&m);
    for (int64_t i = 0; i < vouch_net_size(f->net); i++) {
        double sum = 0;
        for (int p = 0; p < VOUCH_LOSS_PARTS; p++)
            sum += f->part[p].begun ? weight[p] * (double)f->part[p].gradient[i] : 0;
        f->part[0].gradient[i] = (float)sum;
    }
    return m.loss;
}

/* As a batch of one chunk. */
static void run(fixture *f, const vouch_loss *loss)
{
    if (loss->sums)
        f->job.sum = reals(f, loss->sums(f->net), NULL);
    loss->run(&f->job);
    vouch_loss_whole whole = {.settings = f->job.settings,
                              .state = f->state,
                              .scratch = f->job.scratch,
                              .sum = f->job.sum,
                              .scale = f->job.scale,
                              .gradient = f->part[0].gradient};
    if (!loss->whole)
        return;
    loss->whole(&whole);
    f->part[0].loss += whole.loss;
    f->part[0].begun = true;
}

/* What a network's loss and gradient are off; false where it is refused, or too near a kink. */
static bool measure(fixture *f, const struct row *row, double apart[2])
{
    const vouch_loss *loss = loss_named_by(row->text);
    memcpy(f->state, first_state, sizeof first_state);
    run(f, loss);
    const double got = mix(f, loss);
    const traced want = row->formula(f);
    double *d = trace_derive(f->trace, want);
    apart[0] = traced_net_apart(&f->reference, f->net, f->part[0].gradient, d, 1);
    apart[1] = fabs(got / trace_value(f->trace, want) - 1);
    free(d);
    return trace_nearest(f->trace) > clear;
}

/* Over the first seed that is clear of kinks. */
static bool try_net(int i, const struct row *row, bool shares, double apart[2])
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        fixture f;
        build(&f, i, seed);
        make_job(&f, row, shares, seed);
        const bool taken = prepare(&f, row), fine = taken && measure(&f, row, apart);
        end(&f);
        if (!taken || fine)
            return taken;
    }
    fail_msg("%s, %s: always near a kink", row->text, nets[i].text);
    return false;
}

static int check_row(const struct row *row)
{
    double worst = 0;
    int taken = 0, wrong = 0;
    for (int i = 0; i < 2 * NETS; i++) {
        double apart[2] = {0};
        if (!try_net(i / 2, row, i % 2, apart))
            continue;
        taken++;
        worst = fmax(worst, apart[0]);
        if (apart[0] <= row->most && apart[1] <= row->most)
            continue;
        print_error("%s, %s: the gradient is off by %.3g of its size, the loss by %.3g\n",
                    row->text, nets[i / 2].text, apart[0], apart[1]);
        wrong++;
    }
    print_message("gradient loss %s %.4g %g\n", row->text, worst, row->most);
    if (taken == 0)
        print_error("%s: takes no network here\n", row->text);
    return wrong + (taken == 0);
}

static void gradients_are_those_of_the_formulas_in_float64(void **state)
{
    (void)state;
    int wrong = 0;
    for (int i = 0; i < ROWS; i++)
        wrong += check_row(&rows[i]);
    assert_int_equal(wrong, 0);
}

static void every_loss_is_held_against_its_formula(void **state)
{
    (void)state;
    for (const vouch_loss *const *l = vouch_loss_table(); *l; l++) {
        bool found = false;
        for (int i = 0; i < ROWS; i++)
            found |= loss_named_by(rows[i].text) == *l;
        if (!found)
            fail_msg("no formula of loss %s", (*l)->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_loss_is_held_against_its_formula),
        cmocka_unit_test(gradients_are_those_of_the_formulas_in_float64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
