/* Forward linear forms: each value as a form in the inputs, carried along with the nodes.
 *
 * Problem:   intervals forget how values depend on each other.
 * Method:    variables d_k in [-scale_k, scale_k]: the inputs less their centres, and with
 * parallel lines also new ones for curves (zonotope generators). A value is kept as
 *
 *                x = sum M_k d_k + c  +-  (sum D_k d_k + r)
 *
 *            the middle and half the difference of its lower and upper form, so that affine
 * nodes need A for M, c and |A| for D, r, never the signs of A. Without D the two forms are
 *            parallel. Symbolic intervals [Wang 2018], DeepPoly's lines forward [Singh 2019];
 *            parallel: Fast-Lin [Weng 2018], Neurify [Wang 2018b], DeepZ [Singh 2018].
 * Rounding:  r also pays for rounding. With s = sum (|M_k| + |D_k|) scale_k + |c| + |r| per
 * scalar an affine node has
 *
 *                r' = |A| (r + 2 gamma s) + 2 gamma |b|   (rounded up)
 *
 *            and a curve, whose new forms are sums of two products each, 2 gamma_8 (|a| + |c|)
 * s.
 */
#include <string.h>

#include "bounds/bounds_priv.h"

/* ---- forms ------------------------------------------------------------------------------- */

/* Matrices may have millions of cells: every so many the deadline is polled. */
enum { PART_CELLS = 1 << 20 };

/* Rows of so many cells that make a part. */
static int64_t part_rows(int64_t cells) { return PART_CELLS / (cells + 1) + 1; }

vouch_status vouch_forward_poll(const vouch_forward *f, int64_t row, int64_t cells)
{
    return row % part_rows(cells) == 0 ? vouch_context_poll(f->pass.ctx) : VOUCH_OK;
}

static vouch_status set_zero(const vouch_forward *f, double *matrix, int64_t rows,
                             int64_t cells)
{
    for (int64_t k = 0; k < rows; k++) {
        VOUCH_TRY(vouch_forward_poll(f, k, cells));
        memset(matrix + k * cells, 0, (size_t)cells * sizeof(double));
    }
    return VOUCH_OK;
}

/* Room for the forms of value v in that many variables; zeroed. */
vouch_status vouch_forward_new_form(vouch_forward *f, int v, int64_t variables, bool spread)
{
    vouch_form *form = &f->form[v];
    int64_t count = vouch_forward_count(f, v);

    form->variables = variables;
    form->middle = vouch_pool_take(&f->pool, (variables + 1) * count);
    form->radius = vouch_pool_take(&f->pool, count);
    form->spread = spread ? vouch_pool_take(&f->pool, variables * count) : NULL;
    if (!form->middle || !form->radius || (spread && !form->spread))
        return VOUCH_ERR_MEMORY;
    memset(form->radius, 0, (size_t)count * sizeof(double));
    VOUCH_TRY(set_zero(f, form->middle, variables + 1, count));
    return spread ? set_zero(f, form->spread, variables, count) : VOUCH_OK;
}

static void drop_form(vouch_forward *f, int v)
{
    vouch_pool_give(&f->pool, f->form[v].middle);
    vouch_pool_give(&f->pool, f->form[v].radius);
    vouch_pool_give(&f->pool, f->form[v].spread);
    f->form[v] = (vouch_form){0};
}

/* Scalar i forgets its form: it is its interval. */
void vouch_forward_reset(vouch_forward *f, int v, int64_t i)
{
    vouch_form *form = &f->form[v];
    int64_t count = vouch_forward_count(f, v);
    double low = f->pass.bounds->low[v][i], high = f->pass.bounds->high[v][i];
    bool finite = isfinite(low) && isfinite(high);

    for (int64_t k = 0; k <= form->variables; k++)
        form->middle[k * count + i] = 0;
    for (int64_t k = 0; form->spread && k < form->variables; k++)
        form->spread[k * count + i] = 0;
    form->radius[i] = (double)INFINITY;
    if (finite)
        form->middle[i] = vouch_centre(low, high, &form->radius[i]);
}

vouch_status vouch_forward_interval(vouch_forward *f, int v)
{
    VOUCH_TRY(vouch_forward_new_form(f, v, 0, false));
    for (int64_t i = 0; i < vouch_forward_count(f, v); i++)
        vouch_forward_reset(f, v, i);
    return VOUCH_OK;
}

/* Does a matrix of that many variables fit the limit? */
bool vouch_forward_fits(const vouch_forward *f, int64_t variables, int64_t count)
{
    return count == 0 || variables < f->settings.cells / count;
}

/* s: the sum of magnitudes of each scalar's form, rounded up. */
vouch_status vouch_forward_sizes(const vouch_forward *f, int v, double *size)
{
    const vouch_form *form = &f->form[v];
    int64_t count = vouch_forward_count(f, v);

    for (int64_t i = 0; i < count; i++)
        size[i] = fabs(form->middle[i]) + fabs(form->radius[i]);
    for (int64_t k = 0; k < form->variables; k++) {
        const double *middle = form->middle + (k + 1) * count;
        const double *spread = form->spread ? form->spread + k * count : NULL;
        double scale = f->scale[k];

        VOUCH_TRY(vouch_forward_poll(f, k, count));
        for (int64_t i = 0; i < count; i++)
            size[i] += (fabs(middle[i]) + (spread ? fabs(spread[i]) : 0)) * scale;
    }
    for (int64_t i = 0; i < count; i++)
        size[i] = vouch_inflate(size[i], form->variables + 4);
    return VOUCH_OK;
}

/* below, above: how far the variables can pull a scalar's lower / upper form from its middle.
 */
static void add_reach(const vouch_form *form, int64_t count, int64_t k, double scale,
                      double *below, double *above)
{
    const double *middle = form->middle + (k + 1) * count;
    const double *spread = form->spread ? form->spread + k * count : NULL;

    for (int64_t i = 0; i < count; i++) {
        double d = spread ? spread[i] : 0;

        below[i] += fabs(middle[i] - d) * scale;
        above[i] += fabs(middle[i] + d) * scale;
    }
}

/* Tightens the intervals of value v by its form; scalars whose form overflowed are reset. */
static vouch_status concretise(vouch_forward *f, int v)
{
    const vouch_form *form = &f->form[v];
    int64_t count = vouch_forward_count(f, v);
    double *below = vouch_pool_take(&f->pool, count), *above = vouch_pool_take(&f->pool, count);

    if (!below || !above)
        return VOUCH_ERR_MEMORY;
    memset(below, 0, (size_t)count * sizeof(double));
    memset(above, 0, (size_t)count * sizeof(double));
    for (int64_t k = 0; k < form->variables; k++) {
        VOUCH_TRY(vouch_forward_poll(f, k, count));
        add_reach(form, count, k, f->scale[k], below, above);
    }
    for (int64_t i = 0; i < count; i++) {
        double down = vouch_inflate(below[i] + form->radius[i], form->variables + 4);
        double up = vouch_inflate(above[i] + form->radius[i], form->variables + 4);

        if (isfinite(down) && isfinite(up) && isfinite(form->middle[i]))
            vouch_pass_tighten(&f->pass, v, i, vouch_down(form->middle[i] - down),
                               vouch_up(form->middle[i] + up));
        else
            vouch_forward_reset(f, v, i);
    }
    vouch_pool_give(&f->pool, below);
    vouch_pool_give(&f->pool, above);
    return VOUCH_OK;
}

/* ---- inputs ------------------------------------------------------------------------------ */

/* As wide as the neighbours of a decimal: a variable would cost as much as any other, and what it
 * could cancel is next to nothing. */
static bool is_narrow(double centre, double radius) { return radius <= 0x1p-48 * fabs(centre); }

/* One variable per input that varies; the width of a narrow one stays with its radius. An
 * unbounded input has none, and no form: its centre is not finite. */
static vouch_status begin_variables(vouch_forward *f)
{
    const vouch_bound_problem *problem = f->pass.problem;
    int64_t size = problem->input_size, capacity = size + f->settings.generators;

    f->scale = VOUCH_NEW_ARRAY(f->pass.arena, double, capacity);
    f->input = VOUCH_NEW_ARRAY(f->pass.arena, int64_t, size);
    f->centre = VOUCH_NEW_ARRAY(f->pass.arena, double, size);
    f->narrow = VOUCH_NEW_ARRAY(f->pass.arena, double, size);
    if (!f->scale || !f->input || !f->centre || !f->narrow)
        return VOUCH_ERR_MEMORY;
    for (int64_t j = 0; j < size; j++) {
        double radius;

        f->centre[j] = vouch_centre(problem->low[j], problem->high[j], &radius);
        if (!isfinite(radius))
            f->centre[j] = (double)NAN;
        else if (is_narrow(f->centre[j], radius))
            f->narrow[j] = radius;
        else if (radius > 0) {
            f->input[f->variables] = j;
            f->scale[f->variables++] = radius;
        }
    }
    f->input_variables = f->variables;
    f->limit = f->variables + f->settings.generators;
    return VOUCH_OK;
}

/* The form of input value v, whose first scalar is input `base`: exactly centre + variable, or
 * centre +- narrow. */
static vouch_status begin_input(vouch_forward *f, int v, int64_t base)
{
    int64_t count = vouch_forward_count(f, v);

    if (!vouch_forward_fits(f, f->input_variables, count))
        return vouch_forward_interval(f, v);
    VOUCH_TRY(vouch_forward_new_form(f, v, f->input_variables, false));
    memcpy(f->form[v].middle, f->centre + base, (size_t)count * sizeof(double));
    memcpy(f->form[v].radius, f->narrow + base, (size_t)count * sizeof(double));
    for (int64_t k = 0; k < f->input_variables; k++)
        if (f->input[k] >= base && f->input[k] < base + count)
            f->form[v].middle[(k + 1) * count + f->input[k] - base] = 1;
    return concretise(f, v);
}

static vouch_status begin_inputs(vouch_forward *f)
{
    const vouch_graph *graph = f->pass.graph;
    int64_t base = 0;

    for (int k = 0; k < graph->input_count; k++) {
        VOUCH_TRY(begin_input(f, graph->input[k], base));
        base += vouch_forward_count(f, graph->input[k]);
    }
    return VOUCH_OK;
}

/* ---- AFFINE ------------------------------------------------------------------------------ */

typedef struct affine_step {
    const vouch_node *node;
    const vouch_affine *affine;
    int x, y, which; /* one input and the output */
    double gamma;
} affine_step;

/* out += A in, for a batch; through a buffer, part by part. */
static vouch_status multiply(vouch_forward *f, const affine_step *s, vouch_linear_mode mode,
                             int64_t batch, const double *in, double *out)
{
    const int64_t from = vouch_forward_count(f, s->x), to = vouch_forward_count(f, s->y);
    const int64_t part = part_rows(from + to) < batch ? part_rows(from + to) : batch;
    double *image = vouch_pool_take(&f->pool, part * to);

    if (!image)
        return VOUCH_ERR_MEMORY;
    for (int64_t first = 0; first < batch; first += part) {
        const int64_t count = batch - first < part ? batch - first : part;
        const vouch_linear_call call = {.node = s->node,
                                        .which = s->which,
                                        .mode = mode,
                                        .batch = count,
                                        .in = in + first * from,
                                        .out = image};
        VOUCH_TRY(vouch_forward_poll(f, first, from + to));
        VOUCH_TRY(vouch_pass_linear(&f->pass, call));
        for (int64_t i = 0; i < count * to; i++)
            out[first * to + i] += image[i];
    }
    vouch_pool_give(&f->pool, image);
    return VOUCH_OK;
}

/* radius += |A| (r + 2 gamma s); only |A| r where nothing is rounded. */
static vouch_status multiply_radius(vouch_forward *f, const affine_step *s)
{
    const vouch_form *form = &f->form[s->x];
    int64_t count = vouch_forward_count(f, s->x);
    double *size = vouch_pool_take(&f->pool, count);

    if (!size)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_forward_sizes(f, s->x, size));
    for (int64_t i = 0; i < count; i++)
        size[i] = s->affine->moves ? form->radius[i]
                                   : vouch_up(form->radius[i] + 2 * s->gamma * size[i]);
    VOUCH_TRY(multiply(f, s, VOUCH_LINEAR_ABS, 1, size, f->form[s->y].radius));
    vouch_pool_give(&f->pool, size);
    return VOUCH_OK;
}

static vouch_status affine_input(vouch_forward *f, const affine_step *s)
{
    const vouch_form *from = &f->form[s->x];
    vouch_form *to = &f->form[s->y];

    VOUCH_TRY(
        multiply(f, s, VOUCH_LINEAR_PLAIN, from->variables + 1, from->middle, to->middle));
    if (from->spread)
        VOUCH_TRY(multiply(f, s, VOUCH_LINEAR_ABS, from->variables, from->spread, to->spread));
    return multiply_radius(f, s);
}

/* Adds b, and rounds the radius up. */
static void affine_rest(vouch_forward *f, const affine_step *s)
{
    vouch_form *form = &f->form[s->y];
    double scales = 1;

    if (s->affine->moves)
        return;
    for (int64_t k = 0; k < form->variables; k++)
        scales += f->scale[k];
    for (int64_t i = 0; i < vouch_forward_count(f, s->y); i++) {
        double radius = form->radius[i] + 2 * s->gamma * s->affine->abs_offset[i] +
                        4 * (double)s->affine->terms * DBL_MIN * scales;

        form->middle[i] += s->affine->offset[i];
        form->radius[i] = vouch_inflate(radius, s->affine->terms);
    }
}

static vouch_status affine_node(vouch_forward *f, int node)
{
    const vouch_node *n = &f->pass.graph->node[node];
    affine_step s = {.node = n, .affine = &f->pass.affine[node], .y = n->output[0]};
    int64_t variables = 0;
    bool spread = false;

    for (int k = 0; k < s.affine->input_count; k++) {
        const vouch_form *form = &f->form[n->input[s.affine->which[k]]];

        variables = form->variables > variables ? form->variables : variables;
        spread = spread || form->spread;
    }
    if (!vouch_forward_fits(f, variables, vouch_forward_count(f, s.y)))
        return vouch_forward_interval(f, s.y);
    VOUCH_TRY(vouch_forward_new_form(f, s.y, variables, spread));
    s.gamma = vouch_gamma64(s.affine->terms);
    for (int k = 0; k < s.affine->input_count; k++) {
        s.which = s.affine->which[k];
        s.x = n->input[s.which];
        VOUCH_TRY(affine_input(f, &s));
    }
    affine_rest(f, &s);
    return VOUCH_OK;
}

/* ---- the run ----------------------------------------------------------------------------- */

static vouch_status form_node(vouch_forward *f, int node)
{
    const vouch_node *n = &f->pass.graph->node[node];

    switch ((int)f->pass.node_class[node]) {
    case VOUCH_OP_AFFINE:
        VOUCH_TRY(affine_node(f, node));
        return concretise(f, n->output[0]);
    case VOUCH_OP_POINTWISE:
    case VOUCH_OP_MAX:
        VOUCH_TRY(vouch_forward_curve(f, node));
        return concretise(f, n->output[0]);
    case VOUCH_OP_BILINEAR:
        VOUCH_TRY(vouch_forward_product(f, node));
        return concretise(f, n->output[0]);
    default:
        for (int o = 0; o < n->output_count; o++)
            if (n->output[o] >= 0)
                VOUCH_TRY(vouch_forward_interval(f, n->output[o]));
        return VOUCH_OK;
    }
}

/* How often each value is read; outputs once more, so that their forms stay. */
static vouch_status count_uses(vouch_forward *f)
{
    const vouch_graph *graph = f->pass.graph;

    f->uses = VOUCH_NEW_ARRAY(f->pass.arena, int, graph->value_count);
    if (!f->uses)
        return VOUCH_ERR_MEMORY;
    for (int n = 0; n < graph->node_count; n++)
        for (int k = 0; k < graph->node[n].input_count; k++)
            if (graph->node[n].input[k] >= 0)
                f->uses[graph->node[n].input[k]]++;
    for (int o = 0; o < graph->output_count; o++)
        f->uses[graph->output[o]]++;
    return VOUCH_OK;
}

static void release_inputs(vouch_forward *f, int node)
{
    const vouch_node *n = &f->pass.graph->node[node];

    for (int k = 0; k < n->input_count; k++)
        if (n->input[k] >= 0 && --f->uses[n->input[k]] == 0)
            drop_form(f, n->input[k]);
}

static vouch_status run_nodes(vouch_forward *f)
{
    for (int n = 0; n < f->pass.graph->node_count && !f->pass.bounds->empty; n++) {
        if (vouch_pass_active(&f->pass, n)) {
            VOUCH_TRY(vouch_pass_node(&f->pass, n));
            if (!f->pass.bounds->empty)
                VOUCH_TRY(form_node(f, n));
        }
        release_inputs(f, n);
    }
    return VOUCH_OK;
}

/* ---- the interface ----------------------------------------------------------------------- */

const vouch_option vouch_forward_options[VOUCH_FORWARD_GENERATORS] = {
    {.name = "cells",
     .argument = "N",
     .help = "coefficients a value may have; a larger one is kept as intervals",
     .type = VOUCH_OPTION_INT,
     .offset = offsetof(vouch_forward_settings, cells),
     .number = 1 << 26,
     .low = 1,
     .high = 1e12},
    {.name = "generators",
     .argument = "N",
     .help = "variables for unstable neurons; the first ones get them",
     .type = VOUCH_OPTION_INT,
     .offset = offsetof(vouch_forward_settings, generators),
     .number = 1024,
     .low = 0,
     .high = 1e9},
};

void vouch_forward_choose(const void *given, size_t rows, vouch_forward_settings *settings)
{
    const vouch_forward_settings *from = given;

    vouch_options_default(vouch_forward_options, rows, settings);
    if (from)
        settings->cells = from->cells;
    if (from && rows >= VOUCH_FORWARD_GENERATORS)
        settings->generators = from->generators;
}

vouch_status vouch_forward_run(vouch_context *ctx, vouch_arena *arena,
                               const vouch_forward_settings *settings,
                               const vouch_bound_problem *problem, vouch_bounds *bounds)
{
    vouch_forward f = {.settings = *settings, .pool = {.arena = arena}};

    VOUCH_TRY(vouch_pass_begin(ctx, arena, problem, true, bounds, &f.pass));
    f.form = VOUCH_NEW_ARRAY(arena, vouch_form, f.pass.graph->value_count);
    if (!f.form)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(count_uses(&f));
    VOUCH_TRY(begin_variables(&f));
    if (!bounds->empty)
        VOUCH_TRY(begin_inputs(&f));
    VOUCH_TRY(run_nodes(&f));
    VOUCH_TRY(vouch_pass_rows(&f.pass));
    VOUCH_TRY(vouch_backward_elided_rows(&f.pass));
    if (problem->rows && !bounds->empty)
        VOUCH_TRY(vouch_forward_rows(&f));
    vouch_pass_end(&f.pass);
    return VOUCH_OK;
}
