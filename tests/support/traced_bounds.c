/* Bounds over a traced network (traced_net.h): intervals, node by node, each operator by its way,
 * and linear forms of margins, walked back through the intervals (CROWN). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"
#include "support/traced_priv.h"

/* ---- boxes ----------------------------------------------------------------------------------- */

static traced end_of(const traced_net *n, int value, int64_t k, bool high)
{
    return high ? trace_add(n->t, n->centre[value][k], n->radius[value][k])
                : trace_less(n->t, n->centre[value][k], n->radius[value][k]);
}

/* The box of element k of a value, from its ends. */
static void put_ends(traced_net *n, int value, int64_t k, const traced end[2])
{
    n->centre[value][k] = trace_scale(n->t, trace_add(n->t, end[1], end[0]), 0.5);
    n->radius[value][k] = trace_scale(n->t, trace_less(n->t, end[1], end[0]), 0.5);
}

/* A node that rises in everything it takes, or falls, at both ends of its interval. */
static void run_ends(traced_net *n, int i, bool falls)
{
    const vouch_node *node = &n->graph->node[i];
    const int in = node->input[0], out = node->output[0];
    traced **value = traced_tables(n, n->graph->value_count), *ends[2];
    for (int side = 0; side < 2; side++) {
        value[in] = traced_room(n, n->samples * traced_elements(n, in));
        for (int64_t k = 0; k < n->samples * traced_elements(n, in); k++)
            value[in][k] = end_of(n, in, k, side);
        traced_run_node(n, i, TRACED_POINTS, n->samples, value);
        ends[side] = value[out];
    }
    for (int64_t k = 0; k < n->samples * traced_elements(n, out); k++)
        put_ends(n, out, k, (traced[]){ends[falls][k], ends[!falls][k]});
}

/* A curve of value `in` that falls up to its turn and rises from there. */
static void run_turning(traced_net *n, int i, int in, double turn)
{
    vouch_trace *t = n->t;
    const vouch_node *node = &n->graph->node[i];
    const traced_call c = {.n = n, .node = node};
    for (int64_t k = 0; k < n->samples * traced_elements(n, in); k++) {
        const traced at = trace_number(t, turn);
        const traced l = end_of(n, in, k, false), u = end_of(n, in, k, true);
        const traced lowest = trace_positive(t, trace_less(t, l, at))   ? l
                              : trace_positive(t, trace_less(t, u, at)) ? at
                                                                        : u;
        put_ends(n, node->output[0], k,
                 (traced[]){traced_curve_at(&c, lowest),
                            trace_most(t, traced_curve_at(&c, u), traced_curve_at(&c, l))});
    }
}

/* The nearest and the farthest from 0, squared. */
static void run_square(traced_net *n, int i)
{
    vouch_trace *t = n->t;
    const vouch_node *node = &n->graph->node[i];
    const int in = node->input[0];
    for (int64_t k = 0; k < n->samples * traced_elements(n, in); k++) {
        const traced from = trace_size(t, n->centre[in][k]);
        const traced near = trace_ramp(t, trace_less(t, from, n->radius[in][k]));
        const traced far = trace_add(t, from, n->radius[in][k]);
        put_ends(n, node->output[0], k,
                 (traced[]){trace_times(t, near, near), trace_times(t, far, far)});
    }
}

/* The least and the greatest of the corners' products. */
static void run_product(traced_net *n, int i)
{
    vouch_trace *t = n->t;
    const vouch_node *node = &n->graph->node[i];
    for (int64_t k = 0; k < n->samples * traced_elements(n, node->output[0]); k++) {
        traced end[2];
        for (int corner = 0; corner < 4; corner++) {
            const traced p = trace_times(t, end_of(n, node->input[0], k, corner / 2),
                                         end_of(n, node->input[1], k, corner % 2));
            end[0] = corner && trace_positive(t, trace_less(t, p, end[0])) ? end[0] : p;
            end[1] = corner ? trace_most(t, p, end[1]) : p;
        }
        put_ends(n, node->output[0], k, end);
    }
}

/* Root mean square of numbers less `from`. */
static traced root_mean_square(vouch_trace *t, int64_t count, const traced *x, traced from)
{
    traced square = TRACED_ZERO;
    for (int64_t i = 0; i < count; i++) {
        const traced off = trace_less(t, x[i], from);
        square = trace_add(t, square, trace_times(t, off, off));
    }
    return trace_power(t, trace_scale(t, square, 1 / (double)count), 0.5);
}

/* Of one sample: means of centres and radii; one over what the deviation is at least, at most. */
typedef struct level {
    traced centre, radius, inverse[2];
} level;

static level measure_box(const traced_call *c, int64_t size, const traced *centre,
                         const traced *radius)
{
    vouch_trace *t = c->n->t;
    level l = {.centre = trace_scale(t, trace_sum(t, size, centre), 1 / (double)size),
               .radius = trace_scale(t, trace_sum(t, size, radius), 1 / (double)size)};
    const traced a = root_mean_square(t, size, centre, l.centre);
    const traced r = root_mean_square(t, size, radius, TRACED_ZERO);
    const traced least = trace_ramp(t, trace_less(t, a, r)), most = trace_add(t, a, r);
    l.inverse[0] = traced_inverse_deviation(c, trace_times(t, least, least));
    l.inverse[1] = traced_inverse_deviation(c, trace_times(t, most, most));
    return l;
}

/* One end of (x - mean) / deviation: |x - mean| <= sqrt(n - 1) deviations. */
static traced level_end(vouch_trace *t, const level *l, traced x, bool high, double cap)
{
    const bool positive = trace_positive(t, x);
    const traced y = trace_times(t, x, l->inverse[positive == high ? 0 : 1]);
    const traced room_left =
        trace_less(t, trace_number(t, cap), positive ? y : trace_scale(t, y, -1));
    return trace_positive(t, room_left) ? y : trace_number(t, positive ? cap : -cap);
}

static void run_levelled(traced_net *n, int i)
{
    vouch_trace *t = n->t;
    const vouch_node *node = &n->graph->node[i];
    const traced_call c = {.n = n, .node = node};
    const int in = node->input[0], out = node->output[0];
    const int64_t size = traced_elements(n, in);
    const traced *gain = n->constant[node->input[1]], *shift = n->constant[node->input[2]];
    for (int64_t s = 0; s < n->samples; s++) {
        const level l =
            measure_box(&c, size, n->centre[in] + s * size, n->radius[in] + s * size);
        for (int64_t e = 0, k = s * size; e < size; e++, k++) {
            const traced x = trace_less(t, n->centre[in][k], l.centre);
            const traced r =
                trace_add(t, trace_scale(t, n->radius[in][k], 1 - 2 / (double)size), l.radius);
            put_ends(
                n, out, k,
                (traced[]){level_end(t, &l, trace_less(t, x, r), false, sqrt((double)size - 1)),
                           level_end(t, &l, trace_add(t, x, r), true, sqrt((double)size - 1))});
            n->centre[out][k] =
                trace_add(t, trace_times(t, n->centre[out][k], gain[e]), shift[e]);
            n->radius[out][k] = trace_times(t, n->radius[out][k], trace_size(t, gain[e]));
        }
    }
}

/* Minimisers of x sigmoid(x) and of x times the normal law. */
static const double silu_turn = -1.2784645427610738, gelu_turn = -0.7517915246935645;

static void run_box(traced_net *n, int i)
{
    const vouch_node *node = &n->graph->node[i];
    const bool scales = n->graph->value[node->input[node->input_count - 1]].constant != NULL;
    const traced_way product = scales ? TRACED_AFFINE : TRACED_PRODUCT;
    const traced_way of_type = traced_way_of(node);
    const traced_way way = of_type == TRACED_PRODUCT ? product : of_type;
    const int silu = way == TRACED_PRODUCT ? traced_silu_of(n, node) : -1;
    const int64_t size = n->samples * traced_elements(n, node->output[0]);
    n->centre[node->output[0]] = traced_room(n, size);
    n->radius[node->output[0]] = traced_room(n, size);
    if (way == TRACED_AFFINE) {
        traced_run_node(n, i, TRACED_POINTS, n->samples, n->centre);
        traced_run_node(n, i, TRACED_RADII, n->samples, n->radius);
    } else if (way == TRACED_RISING) {
        run_ends(n, i, false);
    } else if (way == TRACED_FALLING) {
        run_ends(n, i, true);
    } else if (way == TRACED_TURNING || silu >= 0) {
        run_turning(n, i, silu < 0 ? node->input[0] : node->input[silu],
                    silu < 0 ? gelu_turn : silu_turn);
    } else if (way == TRACED_PRODUCT && node->input[0] == node->input[1]) {
        run_square(n, i);
    } else if (way == TRACED_PRODUCT) {
        run_product(n, i);
    } else {
        run_levelled(n, i);
    }
}

/* b_y - b_j + (W_y - W_j) c - |W_y - W_j| r */
static traced margin(const traced_net *n, int64_t s, int64_t y, int64_t j)
{
    const vouch_node *last = &n->graph->node[n->graph->node_count - 1];
    const int64_t terms = traced_elements(n, last->input[0]);
    const traced *w = n->constant[last->input[1]], *bias = n->constant[last->input[2]];
    const traced *c = n->centre[last->input[0]], *r = n->radius[last->input[0]];
    traced m = trace_less(n->t, bias[y], bias[j]);
    for (int64_t k = 0; k < terms; k++) {
        const traced apart = trace_less(n->t, w[y * terms + k], w[j * terms + k]);
        const traced spread = trace_times(n->t, trace_size(n->t, apart), r[s * terms + k]);
        m = trace_add(n->t, m, trace_times(n->t, apart, c[s * terms + k]));
        m = trace_less(n->t, m, spread);
    }
    return m;
}

traced *traced_net_margins(traced_net *n, const traced *centre, const traced *radius,
                           const int *label)
{
    traced *m = traced_room(n, n->samples * n->outputs);
    traced_take(n, n->centre, centre, n->samples * n->inputs);
    traced_take(n, n->radius, radius, n->samples * n->inputs);
    for (int i = 0; i < n->graph->node_count - 1; i++)
        run_box(n, i);
    for (int64_t s = 0; s < n->samples; s++)
        for (int64_t j = 0; j < n->outputs; j++)
            m[s * n->outputs + j] = j == label[s] ? TRACED_ZERO : margin(n, s, label[s], j);
    return m;
}

/* ---- forms ----------------------------------------------------------------------------------- */

/* A form of the values: coefficients a; what is constant in it. */
typedef struct form {
    traced_net *n;
    int64_t sample;
    traced **a; /* [values] of one sample */
    traced rest;
} form;

/* Adds coefficients to those of a value. */
static void pass_on(form *f, int value, const traced *more)
{
    const int64_t size = traced_elements(f->n, value);
    if (!f->a[value])
        f->a[value] = traced_room(f->n, size);
    for (int64_t k = 0; k < size; k++)
        f->a[value][k] = trace_add(f->n->t, f->a[value][k], more[k]);
}

/* Through an affine node: a f(x) is its value at x = 0 and its derivative there times x. */
static void through_affine(form *f, int i)
{
    const vouch_node *node = &f->n->graph->node[i];
    traced **value = traced_tables(f->n, f->n->graph->value_count);
    for (int k = 0; k < node->input_count; k++) {
        const int v = node->input[k];
        for (int64_t e = 0; !f->n->graph->value[v].constant && e < traced_elements(f->n, v);
             e++) {
            value[v] = e ? value[v] : traced_room(f->n, traced_elements(f->n, v));
            value[v][e] = trace_number(f->n->t, 0);
        }
    }
    traced_run_node(f->n, i, TRACED_FORMS, 1, value);
    const traced sum = trace_dot(f->n->t, traced_elements(f->n, node->output[0]),
                                 f->a[node->output[0]], value[node->output[0]]);
    f->rest = trace_add(f->n->t, f->rest, sum);
    for (int k = 0; k < node->input_count; k++) {
        const int v = node->input[k];
        const bool twice = k == 1 && v == node->input[0]; /* counted already */
        if (f->n->graph->value[v].constant || twice)
            continue;
        traced *by = traced_room(f->n, traced_elements(f->n, v));
        trace_differentiate(f->n->t, sum, traced_elements(f->n, v), value[v], by);
        pass_on(f, v, by);
    }
}

/* One unstable ReLU, l < 0 < u: the line above or below, as a's sign asks. */
static traced by_line(form *f, traced a, traced l, traced u)
{
    vouch_trace *t = f->n->t;
    if (trace_positive(t, a))
        return trace_positive(t, trace_add(t, u, l)) ? a : TRACED_ZERO;
    const traced slope = trace_over(t, u, trace_less(t, u, l));
    const traced steep = trace_times(t, a, slope);
    f->rest = trace_less(t, f->rest, trace_times(t, steep, l));
    return steep;
}

static void through_relu(form *f, int i)
{
    vouch_trace *t = f->n->t;
    const vouch_node *node = &f->n->graph->node[i];
    const int in = node->input[0];
    const int64_t size = traced_elements(f->n, in);
    const traced *a = f->a[node->output[0]];
    const traced *c = f->n->centre[in] + f->sample * size;
    const traced *r = f->n->radius[in] + f->sample * size;
    traced *by = traced_room(f->n, size);
    for (int64_t k = 0; k < size; k++) {
        const traced l = trace_less(t, c[k], r[k]), u = trace_add(t, c[k], r[k]);
        by[k] = trace_positive(t, l)                           ? a[k]
                : a[k] == TRACED_ZERO || !trace_positive(t, u) ? TRACED_ZERO
                                                               : by_line(f, a[k], l, u);
    }
    pass_on(f, in, by);
}

/* a times input k at its worst end. */
static traced worst_term(const form *f, int64_t k)
{
    vouch_trace *t = f->n->t;
    const int in = f->n->graph->input[0];
    const traced a = f->a[in][k], c = f->n->centre[in][f->sample * f->n->inputs + k];
    const traced size = trace_positive(t, a) ? a : trace_scale(t, a, -1);
    return trace_less(t, trace_times(t, a, c),
                      trace_times(t, size, f->n->radius[in][f->sample * f->n->inputs + k]));
}

static traced term_at(const form *f, int64_t k, const float *x)
{
    const double at = (double)x[f->sample * f->n->inputs + k];
    return trace_scale(f->n->t, f->a[f->n->graph->input[0]][k], at);
}

/* The form's least value where inputs of ranks up to `edge` move within the box. */
static traced least(const form *f, const double *rank, double edge, const float *x)
{
    traced m = f->rest;
    for (int64_t k = 0; k < f->n->inputs; k++)
        m = trace_add(f->n->t, m, rank[k] <= edge ? worst_term(f, k) : term_at(f, k, x));
    return m;
}

enum { OUTPUTS = 16, INPUTS = 1024 };

static form form_of(traced_net *n, int64_t sample, int64_t y, int64_t j)
{
    form f = {.n = n, .sample = sample, .a = traced_tables(n, n->graph->value_count)};
    traced *a = f.a[n->graph->output[0]] = traced_room(n, n->outputs);
    a[y] = TRACED_ONE;
    a[j] = trace_number(n->t, -1);
    for (int i = n->graph->node_count - 1; i >= 0; i--) {
        if (strcmp(n->graph->node[i].type, "Relu") == 0)
            through_relu(&f, i);
        else if (traced_way_of(&n->graph->node[i]) == TRACED_AFFINE)
            through_affine(&f, i);
        else
            fail_msg("no form of %s in tests/support/traced_bounds.c", n->graph->node[i].type);
    }
    return f;
}

static int descending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

static double drop_of(const form *f, int64_t k, const float *x)
{
    return trace_value(f->n->t, term_at(f, k, x)) - trace_value(f->n->t, worst_term(f, k));
}

/* Ranks of the inputs by what the forms lose to them, and the rank up to which they move. */
static double rank_inputs(const form *f, int label, double share, const float *x, double *rank)
{
    const traced_net *n = f[label].n;
    const int64_t moving = (int64_t)(share * (double)n->inputs);
    double sorted[INPUTS];
    assert_true(moving > 0);
    for (int64_t j = 0; j < n->outputs; j++) {
        double sum = 0;
        for (int64_t k = 0; j != label && k < n->inputs; k++)
            sum += drop_of(&f[j], k, x);
        for (int64_t k = 0; j != label && k < n->inputs; k++)
            rank[k] = fmax(rank[k], drop_of(&f[j], k, x) / sum);
    }
    memcpy(sorted, rank, (size_t)n->inputs * sizeof *rank);
    qsort(sorted, (size_t)n->inputs, sizeof *sorted, descending);
    return sorted[n->inputs - moving];
}

traced *traced_net_forms(traced_net *n, const int *label, double share, const float *x)
{
    traced *m = traced_room(n, n->samples * n->outputs);
    form f[OUTPUTS];
    assert_true(n->outputs <= OUTPUTS && n->inputs <= INPUTS);
    for (int64_t s = 0; s < n->samples; s++) {
        double rank[INPUTS] = {0};
        for (int64_t j = 0; j < n->outputs; j++)
            f[j] = form_of(n, s, label[s], j);
        const double edge = share < 1 ? rank_inputs(f, label[s], share, x, rank) : 1;
        for (int64_t j = 0; j < n->outputs; j++)
            m[s * n->outputs + j] = j == label[s] ? TRACED_ZERO : least(&f[j], rank, edge, x);
    }
    return m;
}
