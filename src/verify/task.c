/* Building a task (task.h).
 *
 * A spec row  a.y + c.x <= b  becomes the function  r(x) = a.y + c.x - b, unsafe where r <= 0.
 * Coefficients that are not doubles are known to within their slack, which counts into the
 * row's radius; b is rounded up, which only makes the row easier to satisfy.
 */
#include "verify/task.h"

#include <math.h>
#include <string.h>

#include "num/round.h"

enum { LARGEST_NEURONS = 4096, LARGEST_SCALARS = 1 << 25 };

/* ---- cases and rows ---------------------------------------------------------------------- */

static vouch_status set_cases(vouch_arena *arena, const vouch_spec *spec, vouch_task *t)
{
    int rows = 0;
    for (int k = 0; k < spec->case_count; k++)
        rows += spec->cases[k].row_count;
    int *start = VOUCH_NEW_ARRAY(arena, int, spec->case_count + 1);
    int *row = VOUCH_NEW_ARRAY(arena, int, rows + 1);
    int *box = VOUCH_NEW_ARRAY(arena, int, spec->case_count + 1);
    bool *strict = VOUCH_NEW_ARRAY(arena, bool, rows + 1);
    if (!start || !row || !box || !strict)
        return VOUCH_ERR_MEMORY;
    rows = 0;
    for (int k = 0; k < spec->case_count; k++) {
        start[k] = rows;
        box[k] = spec->cases[k].box;
        for (int i = 0; i < spec->cases[k].row_count; i++, rows++) {
            row[rows] = rows;
            strict[rows] = spec->cases[k].row[i].strict;
        }
    }
    start[spec->case_count] = rows;
    t->case_start = start;
    t->case_row = row;
    t->case_box = box;
    t->strict = strict;
    t->row_count = rows;
    t->case_count = spec->case_count;
    return VOUCH_OK;
}

static vouch_status set_hull(vouch_arena *arena, const vouch_spec *spec, vouch_task *t)
{
    double *low = VOUCH_NEW_ARRAY(arena, double, spec->input_size);
    double *high = VOUCH_NEW_ARRAY(arena, double, spec->input_size);
    bool any = false;
    if (!low || !high)
        return VOUCH_ERR_MEMORY;
    for (int b = 0; b < spec->box_count; b++) {
        for (int64_t d = 0; !spec->box[b].empty && d < spec->input_size; d++) {
            low[d] = any ? fmin(low[d], spec->box[b].low[d]) : spec->box[b].low[d];
            high[d] = any ? fmax(high[d], spec->box[b].high[d]) : spec->box[b].high[d];
        }
        any |= !spec->box[b].empty;
    }
    t->low = low;
    t->high = high;
    return VOUCH_OK;
}

static bool has_input_slack(const vouch_row *row)
{
    for (int j = 0; j < row->term_count; j++)
        if (!row->term[j].is_output && row->term[j].slack > 0)
            return true;
    return false;
}

/* The rows as dense coefficients; row_radius is what the slack of input coefficients adds. */
static vouch_status set_rows(vouch_arena *arena, const vouch_spec *spec, vouch_task *t)
{
    size_t rows = (size_t)t->row_count, at = 0;
    double *output = VOUCH_NEW_ARRAY(arena, double, rows *(size_t)spec->output_size);
    double *input = VOUCH_NEW_ARRAY(arena, double, rows *(size_t)spec->input_size);
    double *constant = VOUCH_NEW_ARRAY(arena, double, rows);
    double *radius = VOUCH_NEW_ARRAY(arena, double, rows);
    if (!output || !input || !constant || !radius)
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k < spec->case_count; k++)
        for (int i = 0; i < spec->cases[k].row_count; i++, at++) {
            const vouch_row *row = &spec->cases[k].row[i];
            constant[at] = -row->bound;
            for (int j = 0; j < row->term_count; j++) {
                const vouch_term *term = &row->term[j];
                double *to = term->is_output ? output + at * (size_t)spec->output_size
                                             : input + at * (size_t)spec->input_size;
                to[term->index] = term->coefficient;
                if (!term->is_output)
                    radius[at] += term->slack *
                                  fmax(fabs(t->low[term->index]), fabs(t->high[term->index]));
            }
            if (has_input_slack(row)) /* else the row is exact, and stays so */
                radius[at] = vouch_up(radius[at] * (1 + vouch_gamma64(row->term_count + 4)) +
                                      row->term_count * DBL_MIN);
        }
    t->row_output = output;
    t->row_input = input;
    t->row_constant = constant;
    t->row_radius = radius;
    return VOUCH_OK;
}

/* Slack of the output coefficients, where a decimal is no double. */
static vouch_status set_output_slack(vouch_arena *arena, const vouch_spec *spec, vouch_task *t)
{
    size_t at = 0, width = (size_t)spec->output_size;
    double *slack = VOUCH_NEW_ARRAY(arena, double, (size_t)t->row_count *width);
    bool any = false;
    if (!slack)
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k < spec->case_count; k++)
        for (int i = 0; i < spec->cases[k].row_count; i++, at++)
            for (int j = 0; j < spec->cases[k].row[i].term_count; j++) {
                const vouch_term *term = &spec->cases[k].row[i].term[j];
                if (!term->is_output || term->slack == 0)
                    continue;
                slack[at * width + (size_t)term->index] = term->slack;
                any = true;
            }
    t->row_output_slack = any ? slack : NULL;
    return VOUCH_OK;
}

/* ---- the form ------------------------------------------------------------------- */

/* What underflow may cost a row: eta for every product, times the variable it belongs to. */
static double underflow(const vouch_pwl *net, int terms)
{
    double sum = 2;
    for (int v = 0; v < net->pitch; v++)
        sum += net->magnitude[v];
    return 4.0 * (terms + 1) * DBL_MIN * sum;
}

/* Adds coefficient * output o of the network (known to within slack) to property row r. */
static void add_output(const vouch_pwl *net, vouch_pwl *to, int r, int o, double coefficient,
                       double slack)
{
    int k = to->neuron_count + r, from = net->neuron_count + o;
    double *row = vouch_pwl_row(to, k);
    const double *source = vouch_pwl_row(net, from);
    for (int v = 0; v < net->pitch; v++)
        row[v] += coefficient * source[v];
    to->size[k] += fabs(coefficient) * net->size[from];
    to->radius[k] +=
        fabs(coefficient) * net->radius[from] + slack * (net->size[from] + net->radius[from]);
}

static void add_property_row(const vouch_task *t, const vouch_pwl *net, vouch_pwl *to, int r,
                             const vouch_row *spec_row)
{
    int k = to->neuron_count + r;
    double *row = vouch_pwl_row(to, k);
    for (int i = 0; i < spec_row->term_count; i++) {
        const vouch_term *term = &spec_row->term[i];
        if (term->is_output)
            add_output(net, to, r, (int)term->index, term->coefficient, term->slack);
        else {
            row[term->index] += term->coefficient;
            to->size[k] += fabs(term->coefficient) * net->magnitude[term->index];
        }
    }
    row[net->input_count] += t->row_constant[r];
    to->size[k] += fabs(t->row_constant[r]);
    double gamma = vouch_gamma64(2 * (int64_t)spec_row->term_count + 8);
    to->size[k] = vouch_up(to->size[k] * (1 + 4 * gamma) + 1e-300);
    to->radius[k] =
        vouch_up((to->radius[k] + t->row_radius[r] + gamma * to->size[k]) * (1 + 4 * gamma) +
                 underflow(net, spec_row->term_count));
    to->identity[k] = r;
}

/* The network's form with the rows in place of its outputs. */
static vouch_pwl *with_rows(vouch_context *ctx, const vouch_task *t, const vouch_spec *spec,
                            const vouch_pwl *net)
{
    size_t neurons = (size_t)net->neuron_count;
    vouch_pwl *to =
        vouch_pwl_new(ctx, net->input_count, net->neuron_count, t->row_count, net->layer_count);
    if (!to)
        return NULL;
    memcpy(to->row, net->row, neurons * (size_t)net->pitch * sizeof(double));
    memcpy(to->radius, net->radius, neurons * sizeof(double));
    memcpy(to->size, net->size, neurons * sizeof(double));
    memcpy(to->identity, net->identity, neurons * sizeof(int));
    memcpy(to->magnitude, net->magnitude, (size_t)net->pitch * sizeof(double));
    memcpy(to->layer_start, net->layer_start, ((size_t)net->layer_count + 1) * sizeof(int));
    int r = 0;
    for (int k = 0; k < spec->case_count; k++)
        for (int i = 0; i < spec->cases[k].row_count; i++, r++)
            add_property_row(t, net, to, r, &spec->cases[k].row[i]);
    return to;
}

vouch_status vouch_task_lower_within(vouch_context *ctx, const vouch_graph *graph,
                                     const vouch_spec *spec, const vouch_pwl_limits *limits,
                                     vouch_task *t)
{
    vouch_pwl *net;
    VOUCH_TRY(vouch_pwl_lower(ctx, graph, t->low, t->high, limits, &net));
    if (!net)
        return VOUCH_OK;
    t->form = with_rows(ctx, t, spec, net);
    vouch_pwl_free(ctx, net);
    return t->form ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

vouch_status vouch_task_lower(vouch_context *ctx, const vouch_graph *graph,
                              const vouch_spec *spec, vouch_task *t)
{
    static const vouch_pwl_limits limits = {LARGEST_NEURONS, LARGEST_SCALARS};
    return vouch_task_lower_within(ctx, graph, spec, &limits, t);
}

vouch_status vouch_task_build(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                              const vouch_spec *spec, bool lower, vouch_task *task)
{
    *task = (vouch_task){.graph = graph,
                         .input_count = (int)spec->input_size,
                         .output_count = (int)spec->output_size};
    VOUCH_TRY(set_cases(arena, spec, task));
    VOUCH_TRY(set_hull(arena, spec, task));
    VOUCH_TRY(set_rows(arena, spec, task));
    VOUCH_TRY(set_output_slack(arena, spec, task));
    return lower ? vouch_task_lower(ctx, graph, spec, task) : VOUCH_OK;
}

/* Rows are numbered in the order of cases (set_cases), so a part's are neighbours. */
vouch_status vouch_task_part(vouch_arena *arena, const vouch_task *task, int first, int count,
                             vouch_task *part)
{
    const int from = task->case_start[first], rows = task->case_start[first + count] - from;
    const size_t output = (size_t)from * (size_t)task->output_count;
    int *start = VOUCH_NEW_ARRAY(arena, int, count + 1);
    if (!start)
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k <= count; k++)
        start[k] = task->case_start[first + k] - from;
    *part = *task;
    part->form = NULL;
    part->case_start = start;
    part->case_row = task->case_row; /* 0, 1, 2 ... */
    part->case_box = task->case_box + first;
    part->case_count = count;
    part->row_count = rows;
    part->strict = task->strict + from;
    part->row_output = task->row_output + output;
    part->row_input = task->row_input + (size_t)from * (size_t)task->input_count;
    part->row_constant = task->row_constant + from;
    part->row_radius = task->row_radius + from;
    if (task->row_output_slack)
        part->row_output_slack = task->row_output_slack + output;
    return VOUCH_OK;
}

void vouch_task_clear(vouch_context *ctx, vouch_task *task)
{
    vouch_pwl *form;
    memcpy(&form, &task->form, sizeof form);
    vouch_pwl_free(ctx, form);
    task->form = NULL;
}
