/* Batch normalisation: y = (x - mean) / sqrt(variance + epsilon) scale + shift, by channel.
 *
 * In a net for attacks it is folded into the weights before it where it can be (net_read.c); what
 * is left, after a sum, works with the running statistics sample by sample. In a net for training
 * it is a layer of its own and takes all samples. In training mode statistics are those of the
 * samples of the pass, as data-parallel training does: one chunk of the batch, not all of it. The
 * adjoint goes through them:
 *
 *   d_x = scale / deviation (d - mean(d) - u mean(d u)),    u = (x - mean) / deviation
 *
 * Boxes: centres are normalised by their own statistics, radii are scaled by |scale| / deviation, so
 * that the centres' adjoint has a share, through the deviation, of what the radii give:
 *
 *   d_c = ... - (c - mean) |scale| sum(d_r r) / (count deviation^3)
 *
 * Linear forms take the statistics of the boxes' centres as they are. How the forms depend on them
 * is kept as sums in the centres' tape, whose backward pass adds them to its own.
 *
 * Tangents v at points go as adjoints do: scale / deviation (v - mean(v) - u mean(u v)). Against
 * tangents' adjoints a, the points' adjoint gains the derivative of a^T J v by x,
 *
 *   -scale / deviation^2 (u (mean(a v) - mean(a) mean(v) - 3 p q) + q (v - mean(v)) + p (a - mean(a))),
 *   p = mean(u v), q = mean(u a)
 *
 * Source: Ioffe, Szegedy 2015. One reading pass for the sums, one for what comes out, forward and
 * backward; sums are taken around the first sample's mean, lest variances cancel.
 * SPEC: ONNX BatchNormalization-15; running statistics as PyTorch keeps them.
 */
#include <math.h>
#include <string.h>

#include "grad/net_weights.h"
#include "num/sheet.h"

static const double momentum = 0.1; /* of running statistics */

/* What a tape keeps for the layer, c floats each, the sums c doubles. FLOW: of centres, sums of
 * forms; of tangents, those of what was taken, and of adjoints times that. */
enum { SCALE, SHIFT, CENTRE, BY_X, SUM, PRODUCT = SUM + 2, FLOW_SUM = PRODUCT + 2 };
enum { FLOW_PRODUCT = FLOW_SUM + 2, CROSS = FLOW_PRODUCT + 2, STATE = CROSS + 2 };

typedef struct batch_norm {
    int64_t c, count, area;    /* channels, with filling and without; pixels */
    int64_t scale, shift;      /* where they begin among the parameters */
    int64_t statistics, state; /* mean and variance, [2][c]; where they begin */
    int constant[4];           /* of the graph: scale, shift, mean, variance */
    float epsilon;
} batch_norm;

/* ---- reading and storing --------------------------------------------------------------------- */

static bool fits(const net_reading *r, const net_value *in)
{
    const vouch_attr *eps = vouch_node_attr(r->node, "epsilon");
    const int64_t area = in->real[1] * in->real[2];
    if ((in->flat && area > 1) || in->image.c % VOUCH_LANE != 0 ||
        (eps && eps->kind != VOUCH_ATTR_FLOAT))
        return false;
    for (int i = 1; i < 5; i++)
        if (!vouch_net_constant(r, i) || vouch_net_constant(r, i)->count != in->real[0])
            return false;
    return true;
}

static bool read(net_reading *r)
{
    const int take = vouch_net_taken(r);
    const vouch_attr *eps = vouch_node_attr(r->node, "epsilon");
    if (strcmp(r->node->type, "BatchNormalization") != 0 || take < 0 ||
        !fits(r, &r->net->value[take]))
        return false;
    net_layer *l = vouch_net_add_layer(r, take, sizeof(batch_norm));
    if (!l)
        return false;
    const net_value *in = &r->net->value[take];
    batch_norm *b = l->own;
    *b = (batch_norm){.c = in->image.c,
                      .count = in->real[0],
                      .area = in->real[1] * in->real[2],
                      .epsilon = eps ? (float)eps->f : 1e-5F};
    memcpy(b->constant, r->node->input + 1, sizeof b->constant);
    l->whole = r->net->training;
    return true;
}

static vouch_status plan(const net_planning *p, net_layer *l)
{
    batch_norm *b = l->own;
    b->scale = p->net->size;
    b->shift = b->scale + b->c;
    p->net->size += 2 * b->c;
    b->statistics = p->net->statistic_count;
    p->net->statistic_count += 2 * b->c;
    b->state = p->net->state;
    p->net->state += STATE * b->c;
    if (b->area == 1) /* one value is its own mean: nothing is left of it */
        p->net->least_samples = 2;
    return VOUCH_OK;
}

/* Where the graph's four constants are kept. */
static void places(const vouch_net *net, const batch_norm *b, float *at[4])
{
    at[0] = net->parameters + b->scale;
    at[1] = net->parameters + b->shift;
    at[2] = net->statistics + b->statistics;
    at[3] = at[2] + b->c;
}

static void load(vouch_net *net, const net_layer *l, const vouch_graph *graph)
{
    const batch_norm *b = l->own;
    float *at[4];
    places(net, b, at);
    for (int k = 0; k < 4; k++)
        for (int64_t j = 0; j < b->count; j++)
            at[k][j] = (float)vouch_tensor_get(graph->value[b->constant[k]].constant, j);
}

static vouch_status store(vouch_context *ctx, const vouch_net *net, const net_layer *l,
                          vouch_graph *graph)
{
    const batch_norm *b = l->own;
    float *at[4];
    places(net, b, at);
    for (int k = 0; k < 4; k++) {
        vouch_tensor *t = NULL;
        VOUCH_TRY(vouch_net_renew(ctx, graph, b->constant[k], &t));
        memcpy(t->f32, at[k], (size_t)b->count * sizeof *t->f32);
    }
    return VOUCH_OK;
}

/* ---- statistics ------------------------------------------------------------------------------ */

static float *state_of(const net_job *job, int what)
{
    const batch_norm *b = job->layer->own;
    return job->tape->state + b->state + what * b->c;
}

static double *sums_of(const net_job *job, int what)
{
    return (double *)(void *)state_of(job, what);
}

/* The tape of points or of centres whose statistics hold. */
static const vouch_tape *measured(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const bool pair = t->plane == NET_RADII || t->plane == NET_FORMS;
    return pair ? t->pair : t->at;
}

/* Mean and, c floats later, variance. */
static const float *statistics_of(const net_job *job)
{
    const batch_norm *b = job->layer->own;
    const vouch_tape *t = measured(job);
    return (t->training ? t->statistics : t->net->statistics) + b->statistics;
}

/* The statistics are those of what this very tape takes. */
static bool moves(const net_job *job)
{
    const vouch_tape *t = job->tape;
    return measured(job)->training && t->plane != NET_RADII && t->plane != NET_FORMS;
}

static vouch_sheet sheet_of(const net_job *job)
{
    const net_image *in = &job->tape->net->value[job->layer->take[0]].image;
    return (vouch_sheet){.lines = in->h, .pixels = in->w, .c = in->c};
}

/* What is added up over samples [first, end): u and u (x - centre), u being x - centre itself, the
 * tape's adjoints of what is given, or the values that it takes. */
typedef struct sums {
    const vouch_tape *x;
    enum { ITSELF, ADJOINTS, FLOWS } of;
    const float *centre;
    int64_t end;
    int sum, product; /* where to */
} sums;

static void add_up(const net_job *job, const sums *a)
{
    const vouch_tape *t = job->tape;
    const int in = job->layer->take[0], out = job->layer->give;
    const net_image *image = &t->net->value[in].image, *adjoint = &t->net->value[out].adjoint;
    vouch_sheet_sums s = {.sheet = sheet_of(job),
                          .x_pitch = image->pitch,
                          .d_pitch = a->of == FLOWS ? image->pitch : adjoint->pitch,
                          .centre = a->centre,
                          .sum = sums_of(job, a->sum),
                          .product = sums_of(job, a->product)};
    memset(s.sum, 0, (size_t)s.sheet.c * sizeof *s.sum);
    memset(s.product, 0, (size_t)s.sheet.c * sizeof *s.product);
    for (int64_t i = job->first; i < a->end; i++) {
        s.x = net_value_at(a->x, in, i) + net_at(image, 0, 0);
        s.d = a->of == FLOWS      ? net_value_at(t, in, i) + net_at(image, 0, 0)
              : a->of == ADJOINTS ? net_adjoint_at(t, out, i) + net_at(adjoint, 0, 0)
                                  : NULL;
        vouch_sheet_add_sums(&s);
    }
}

static float *zeros(const net_job *job)
{
    const batch_norm *b = job->layer->own;
    return memset(state_of(job, CENTRE), 0, (size_t)b->c * sizeof(float));
}

static void measure(const net_job *job)
{
    const batch_norm *b = job->layer->own;
    float *centre = zeros(job), *mean = job->tape->statistics + b->statistics;
    const double *sum = sums_of(job, SUM), *square = sums_of(job, PRODUCT);
    const double count = (double)(job->count * b->area);
    sums a = {.x = job->tape,
              .of = ITSELF,
              .centre = centre,
              .end = job->first + 1,
              .sum = SUM,
              .product = PRODUCT};
    add_up(job, &a);
    for (int64_t j = 0; j < b->c; j++)
        centre[j] = (float)(sum[j] / (double)b->area);
    a.end = job->first + job->count;
    add_up(job, &a);
    for (int64_t j = 0; j < b->c; j++) {
        const double off = sum[j] / count, variance = square[j] / count - off * off;
        mean[j] = (float)((double)centre[j] + off);
        mean[b->c + j] = variance > 0 || variance != variance ? (float)variance : 0;
    }
}

/* How far the running statistics go: the last batch of an epoch may be a few samples, which tell
 * little. */
static double step_of(const vouch_net_passes *passes)
{
    int64_t samples = 0;
    for (int64_t p = 0; p < passes->count; p++)
        samples += passes->samples[p];
    return passes->anew              ? 1
           : samples < passes->batch ? momentum * (double)samples / (double)passes->batch
                                     : momentum;
}

/* The statistics of several passes' samples together, the variance over count - 1, move the
 * running ones. One value has no variance. */
static void absorb(vouch_net *net, const net_layer *l, const vouch_net_passes *passes)
{
    const batch_norm *b = l->own;
    float *running = net->statistics + b->statistics;
    const double step = step_of(passes);
    for (int64_t j = 0; j < b->count; j++) {
        double count = 0, mean = 0, square = 0;
        for (int64_t p = 0; p < passes->count; p++) {
            const float *s = passes->statistics[p] + b->statistics;
            const double more = (double)(passes->samples[p] * b->area);
            const double off = more > 0 ? (double)s[j] - mean : 0;
            if (!(more > 0))
                continue;
            mean += off * more / (count + more);
            square += (double)s[b->c + j] * more + off * off * count * more / (count + more);
            count += more;
        }
        if (count > 0)
            running[j] += (float)(step * (mean - (double)running[j]));
        if (count > 1)
            running[b->c + j] +=
                (float)(step * (square / (count - 1) - (double)running[b->c + j]));
    }
}

static float factor_of(const net_job *job, int64_t j)
{
    const batch_norm *b = job->layer->own;
    const float gain = job->tape->net->parameters[b->scale + j];
    const float deviation = sqrtf(statistics_of(job)[b->c + j] + b->epsilon);
    if (job->tape->plane == NET_RADII)
        return (job->tape->bare ? 1 : fabsf(gain)) / deviation;
    return gain / deviation;
}

/* ---- passes ---------------------------------------------------------------------------------- */

static void give_values(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const batch_norm *b = l->own;
    const net_image *in = &t->net->value[l->take[0]].image,
                    *out = &t->net->value[l->give].image;
    const float *shift = t->net->parameters + b->shift;
    if (moves(job))
        measure(job);
    const float *mean = statistics_of(job);
    vouch_sheet_map m = {.sheet = sheet_of(job),
                         .x_pitch = in->pitch,
                         .to_pitch = out->pitch,
                         .scale = state_of(job, SCALE),
                         .shift = state_of(job, SHIFT),
                         .relu = net_cuts(job)};
    for (int64_t j = 0; j < b->c; j++) {
        const float scale = factor_of(job, j);
        state_of(job, SCALE)[j] = scale;
        state_of(job, SHIFT)[j] = t->plane == NET_RADII ? 0 : shift[j] - mean[j] * scale;
    }
    for (int64_t s = job->first; s < job->first + job->count; s++) {
        m.x = net_value_at(t, l->take[0], s) + net_at(in, 0, 0);
        m.to = net_value_at(t, l->give, s) + net_at(out, 0, 0);
        vouch_sheet_run_map(&m);
    }
}

/* Sums of d and of d times what was taken, less the mean of points and centres. */
static void add_up_adjoints(const net_job *job)
{
    const bool radii = job->tape->plane == NET_RADII;
    add_up(job, &(sums){.x = job->tape->at,
                        .of = ADJOINTS,
                        .centre = radii ? zeros(job) : statistics_of(job),
                        .end = job->first + job->count,
                        .sum = SUM,
                        .product = PRODUCT});
}

static void by_parameters(const net_job *job)
{
    const batch_norm *b = job->layer->own;
    const double *sum = sums_of(job, SUM), *product = sums_of(job, PRODUCT);
    const float *variance = statistics_of(job) + b->c;
    float *scale = job->gradient + b->scale, *shift = job->gradient + b->shift;
    for (int64_t j = 0; j < b->c; j++) {
        const double by_scale = product[j] / sqrt((double)variance[j] + (double)b->epsilon);
        scale[j] = (job->first > 0 || job->adds ? scale[j] : 0) + (float)by_scale;
        shift[j] = (job->first > 0 || job->adds ? shift[j] : 0) + (float)sum[j];
    }
}

/* Of radii: through |scale| alone, added to what the centres gave. */
static void by_magnitudes(const net_job *job)
{
    const batch_norm *b = job->layer->own;
    const float *gain = job->tape->net->parameters + b->scale;
    const float *variance = statistics_of(job) + b->c;
    for (int64_t j = 0; j < b->c && !job->tape->bare; j++) {
        const double sign = (gain[j] > 0) - (gain[j] < 0);
        const double deviation = sqrt((double)variance[j] + (double)b->epsilon);
        job->gradient[b->scale + j] += (float)(sign * sums_of(job, PRODUCT)[j] / deviation);
    }
}

/* What d, x and 1 count in the adjoint of what was taken, by sums of d; of tangents likewise. */
static void weigh(const net_job *job, const double *sum, const double *product)
{
    const batch_norm *b = job->layer->own;
    const float *variance = statistics_of(job) + b->c;
    const bool counts = moves(job);
    const double count = (double)(job->count * b->area);
    for (int64_t j = 0; j < b->c; j++) {
        const double square = (double)variance[j] + (double)b->epsilon;
        const double scale = (double)factor_of(job, j);
        state_of(job, SCALE)[j] = (float)scale;
        state_of(job, BY_X)[j] = counts ? (float)(-scale * product[j] / (square * count)) : 0;
        state_of(job, SHIFT)[j] = counts ? (float)(-scale * sum[j] / count) : 0;
    }
}

/* What the radii's adjoints, through the deviation, add to BY_X of the centres. */
static void weigh_radii(const net_job *job)
{
    const batch_norm *b = job->layer->own;
    const float *variance = statistics_of(job) + b->c;
    const net_job radii = {
        .tape = job->tape->pair, .layer = job->layer, .first = job->first, .count = job->count};
    const double count = (double)(job->count * b->area);
    add_up_adjoints(&radii);
    for (int64_t j = 0; j < b->c; j++) {
        const double square = (double)variance[j] + (double)b->epsilon;
        const double spread = (double)factor_of(&radii, j) * sums_of(&radii, PRODUCT)[j];
        state_of(job, BY_X)[j] -= (float)(spread / (square * count));
    }
}

/* Of values of the tape `d` that is taken, or of its adjoints of what is given: to the adjoint. */
static void run_back(const net_job *job, const vouch_tape *d, bool flows, bool add)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_value *in = &t->net->value[l->take[0]], *out = &t->net->value[l->give];
    const bool gates = t->plane == NET_POINTS || t->plane == NET_TANGENTS;
    vouch_sheet_back s = {.sheet = sheet_of(job),
                          .x_pitch = in->image.pitch,
                          .d_pitch = flows ? in->image.pitch : out->adjoint.pitch,
                          .to_pitch = in->adjoint.pitch,
                          .by_d = state_of(job, SCALE),
                          .by_x = state_of(job, BY_X),
                          .shift = state_of(job, SHIFT),
                          .centre = statistics_of(job),
                          .add = add,
                          .gate = in->gate && gates};
    for (int64_t i = job->first; i < job->first + job->count; i++) {
        s.x = net_value_at(t->at, l->take[0], i) + net_at(&in->image, 0, 0);
        s.d = flows ? net_value_at(d, l->take[0], i) + net_at(&in->image, 0, 0)
                    : net_adjoint_at(d, l->give, i) + net_at(&out->adjoint, 0, 0);
        s.to = net_adjoint_at(t, l->take[0], i) + net_at(&in->adjoint, 0, 0);
        vouch_sheet_run_back(&s);
    }
}

/* ---- tangents -------------------------------------------------------------------------------- */

static void follow(const net_job *job)
{
    const vouch_tape *t = job->tape;
    const net_layer *l = job->layer;
    const net_image *in = &t->net->value[l->take[0]].image,
                    *out = &t->net->value[l->give].image;
    add_up(job, &(sums){.x = t->at,
                        .of = FLOWS,
                        .centre = statistics_of(job),
                        .end = job->first + job->count,
                        .sum = FLOW_SUM,
                        .product = FLOW_PRODUCT});
    weigh(job, sums_of(job, FLOW_SUM), sums_of(job, FLOW_PRODUCT));
    vouch_sheet_back s = {.sheet = sheet_of(job),
                          .x_pitch = in->pitch,
                          .d_pitch = in->pitch,
                          .to_pitch = out->pitch,
                          .by_d = state_of(job, SCALE),
                          .by_x = state_of(job, BY_X),
                          .shift = state_of(job, SHIFT),
                          .centre = statistics_of(job)};
    for (int64_t i = job->first; i < job->first + job->count; i++) {
        s.x = net_value_at(t->at, l->take[0], i) + net_at(in, 0, 0);
        s.d = net_value_at(t, l->take[0], i) + net_at(in, 0, 0);
        s.to = net_value_at(t, l->give, i) + net_at(out, 0, 0);
        vouch_sheet_run_back(&s);
    }
    vouch_net_shut(job);
}

/* Of tangents: the sum of adjoints times what scale multiplied. */
static void by_flows(const net_job *job)
{
    const batch_norm *b = job->layer->own;
    const float *variance = statistics_of(job) + b->c;
    const double *sum = sums_of(job, SUM), *product = sums_of(job, PRODUCT);
    const double *flow = sums_of(job, FLOW_SUM), *flow_product = sums_of(job, FLOW_PRODUCT);
    const double count = moves(job) ? (double)(job->count * b->area) : (double)INFINITY;
    float *scale = job->gradient + b->scale, *shift = job->gradient + b->shift;
    for (int64_t j = 0; j < b->c; j++) {
        const double square = (double)variance[j] + (double)b->epsilon;
        const double by_scale = sums_of(job, CROSS)[j] - sum[j] * flow[j] / count -
                                product[j] * flow_product[j] / (square * count);
        const bool adds = job->first > 0 || job->adds;
        scale[j] = (adds ? scale[j] : 0) + (float)(by_scale / sqrt(square));
        shift[j] = adds ? shift[j] : 0;
    }
}

static void add_up_cross(const net_job *job)
{
    add_up(job, &(sums){.x = job->tape,
                        .of = ADJOINTS,
                        .centre = zeros(job),
                        .end = job->first + job->count,
                        .sum = SUM,
                        .product = CROSS});
}

/* What tangents and their adjoints count in that of the points. */
static void bend(const net_job *job)
{
    const batch_norm *b = job->layer->own;
    const net_job of = {.tape = job->bent, .layer = job->layer};
    const double *sum = sums_of(&of, SUM), *product = sums_of(&of, PRODUCT);
    const double *flow = sums_of(&of, FLOW_SUM), *flow_product = sums_of(&of, FLOW_PRODUCT);
    const float *variance = statistics_of(job) + b->c;
    const double n = (double)(job->count * b->area);
    float *by_flow = state_of(&of, SCALE);
    for (int64_t j = 0; j < b->c; j++) {
        const double square = (double)variance[j] + (double)b->epsilon;
        const double deviation = sqrt(square), factor = -(double)factor_of(job, j) / deviation;
        const double p = flow_product[j] / (deviation * n), q = product[j] / (deviation * n);
        const double both = sums_of(&of, CROSS)[j] / n - sum[j] / n * flow[j] / n;
        state_of(job, SCALE)[j] = (float)(factor * p);
        state_of(job, BY_X)[j] = (float)(factor * (both - 3 * p * q) / deviation);
        state_of(job, SHIFT)[j] = (float)(-factor * (q * flow[j] + p * sum[j]) / n);
        by_flow[j] = (float)(factor * q);
    }
    run_back(job, job->bent, false, true);
    for (int64_t j = 0; j < b->c; j++) {
        state_of(job, SCALE)[j] = by_flow[j];
        state_of(job, BY_X)[j] = state_of(job, SHIFT)[j] = 0;
    }
    run_back(job, job->bent, true, true);
}

/* ---- both ------------------------------------------------------------------------------------ */

static void forward(const net_job *job)
{
    if (job->tape->plane == NET_TANGENTS)
        follow(job);
    else
        give_values(job);
}

/* Sums of forms, for the centres' next backward pass. */
static void ask(const net_job *job)
{
    const batch_norm *b = job->layer->own;
    const net_job centres = {.tape = job->tape->pair, .layer = job->layer};
    for (int64_t j = 0; j < b->c; j++) {
        sums_of(&centres, FLOW_SUM)[j] += sums_of(job, SUM)[j];
        sums_of(&centres, FLOW_PRODUCT)[j] += sums_of(job, PRODUCT)[j];
    }
}

static void take_asked(const net_job *job)
{
    const batch_norm *b = job->layer->own;
    double *asked[] = {sums_of(job, FLOW_SUM), sums_of(job, FLOW_PRODUCT)};
    for (int64_t j = 0; j < b->c; j++) {
        sums_of(job, SUM)[j] += asked[0][j];
        sums_of(job, PRODUCT)[j] += asked[1][j];
        asked[0][j] = asked[1][j] = 0;
    }
}

static void learn(const net_job *job)
{
    switch (job->tape->plane) {
    case NET_RADII:
        by_magnitudes(job);
        break;
    case NET_TANGENTS:
        by_flows(job);
        break;
    case NET_FORMS:
        ask(job);
        by_parameters(job);
        break;
    case NET_POINTS:
    case NET_CENTRES:
        by_parameters(job);
    }
}

static void backward(const net_job *job)
{
    const net_plane plane = job->tape->plane;
    if (plane == NET_TANGENTS)
        add_up_cross(job);
    if (job->gradient || moves(job))
        add_up_adjoints(job);
    if (job->gradient)
        learn(job);
    if (!net_wants(job, 0))
        return;
    if (plane == NET_CENTRES)
        take_asked(job);
    weigh(job, sums_of(job, SUM), sums_of(job, PRODUCT));
    if (plane == NET_CENTRES && job->tape->training)
        weigh_radii(job);
    run_back(job, job->tape, false, job->layer->adds[0]);
    if (job->bent && moves(job))
        bend(job);
}

const net_kind vouch_layer_batch_norm = {.name = "batch_norm",
                                         .relu = true,
                                         .planes = true,
                                         .tangents = true,
                                         .forms = true,
                                         .read = read,
                                         .plan = plan,
                                         .forward = forward,
                                         .backward = backward,
                                         .load = load,
                                         .store = store,
                                         .absorb = absorb};
