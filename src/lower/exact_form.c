/* From a graph to its exact piecewise-linear form (exact_form.h).
 *
 * Composite nodes are taken apart first (decompose.h): max(a, b) = a + max(0, b - a).
 * Every varying value is kept as rows over v, one for each scalar. An affine node adds its
 * entries times rows. A curve with breaks t_b and slopes s_0 .. s_B is
 *
 *     f(z) = p_0(z) + sum_b (s_{b+1} - s_b) max(0, z - t_b),
 *
 * which is f exactly if its pieces meet at the breaks; that is tested in rationals.
 */
#include "lower/exact_form.h"

#include <math.h>

#include "lower/decompose.h"
#include "lower/exact_linear.h"

enum { MAX_BREAKS = 4 };

typedef struct building {
    vouch_context *ctx;
    vouch_arena *scratch;
    const vouch_graph *graph;
    bool *varying;
    mpq_t **value; /* [value_count]: rows of the varying ones, [count][columns] */
    int columns, inputs, neurons;
    int used; /* neurons so far */
    vouch_exact_form *form;
    mpq_t part;
    bool supported;
} building;

static int64_t count_of(const building *b, int v)
{
    return vouch_shape_count(&b->graph->value[v].shape);
}

static int pieces_of(const building *b, const vouch_node *node, double at[MAX_BREAKS],
                     vouch_line piece[MAX_BREAKS + 1])
{
    return node->op->pieces ? node->op->pieces(b->graph, node, at, piece) : -1;
}

static mpq_t *row_of(const building *b, int v, int64_t i)
{
    return b->value[v] + i * b->columns;
}

/* ---- rationals in bulk ------------------------------------------------------------------- */

static mpq_t *rationals(vouch_context *ctx, int64_t count)
{
    mpq_t *q = vouch_alloc(ctx, (size_t)count * sizeof *q);
    for (int64_t i = 0; q && i < count; i++)
        mpq_init(q[i]);
    return q;
}

static void free_rationals(vouch_context *ctx, mpq_t *q, int64_t count)
{
    for (int64_t i = 0; q && i < count; i++)
        mpq_clear(q[i]);
    vouch_release(ctx, q);
}

/* to += factor * from, over all columns */
static void add_row(building *b, mpq_t *to, double factor, mpq_t *from)
{
    mpq_t f;

    mpq_init(f);
    mpq_set_d(f, factor);
    for (int c = 0; c < b->columns; c++)
        if (mpq_sgn(from[c])) {
            mpq_mul(b->part, f, from[c]);
            mpq_add(to[c], to[c], b->part);
        }
    mpq_clear(f);
}

static void add_constant(building *b, mpq_t *to, double constant)
{
    mpq_set_d(b->part, constant);
    mpq_add(to[b->inputs], to[b->inputs], b->part);
}

/* ---- nodes ------------------------------------------------------------------------------- */

typedef struct product {
    building *b;
    mpq_t *from, *to;
    int64_t rows;
} product;

static bool add_column(void *user, int64_t column, const double *entry)
{
    product *p = user;

    for (int64_t i = 0; i < p->rows; i++)
        if (entry[i] != 0)
            add_row(p->b, p->to + i * p->b->columns, entry[i],
                    p->from + column * p->b->columns);
    return !vouch_context_stopped(p->b->ctx);
}

static vouch_status add_product(building *b, const vouch_node *node, int which, bool first)
{
    vouch_exact_linear l = {b->ctx, b->scratch, b->graph, node, which};
    product p = {b, b->value[node->input[which]], b->value[node->output[0]],
                 count_of(b, node->output[0])};
    const double *offset;
    bool complete;

    if (first) {
        VOUCH_TRY(vouch_exact_offset(&l, &offset));
        b->supported = offset != NULL;
        for (int64_t i = 0; offset && i < p.rows; i++)
            add_constant(b, p.to + i * b->columns, offset[i]);
    }
    VOUCH_TRY(vouch_exact_columns(&l, add_column, &p, &complete));
    VOUCH_TRY(vouch_context_poll(b->ctx));
    b->supported = b->supported && complete;
    return VOUCH_OK;
}

static vouch_status affine(building *b, const vouch_node *node)
{
    bool first = true;

    b->supported = vouch_exact_is_known(b->graph, node);
    for (int i = 0; i < node->input_count && b->supported; i++)
        if (node->input[i] >= 0 && b->varying[node->input[i]]) {
            VOUCH_TRY(add_product(b, node, i, first));
            first = false;
        }
    return VOUCH_OK;
}

/* Do the pieces meet, exactly? */
static bool is_continuous(building *b, const double *at, const vouch_line *piece, int breaks)
{
    mpq_t left, right;
    bool meets = true;

    mpq_inits(left, right, NULL);
    for (int i = 0; i <= breaks; i++)
        meets = meets && isfinite(piece[i].slope) && isfinite(piece[i].offset);
    for (int i = 0; i < breaks && meets; i++) {
        meets = isfinite(at[i]);
        if (!meets)
            break;
        for (int side = 0; side < 2; side++) {
            mpq_ptr value = side ? right : left;
            mpq_set_d(value, at[i]);
            mpq_set_d(b->part, piece[i + side].slope);
            mpq_mul(value, value, b->part);
            mpq_set_d(b->part, piece[i + side].offset);
            mpq_add(value, value, b->part);
        }
        meets = mpq_equal(left, right);
    }
    mpq_clears(left, right, NULL);
    return meets;
}

/* h = max(0, z - at) becomes a neuron; to += (to slope - from slope) h. */
static void add_neuron(building *b, mpq_t *z, double at, const vouch_line *piece, mpq_t *to)
{
    mpq_t *row = vouch_exact_row(b->form, b->used);
    int column = b->inputs + 1 + b->used++;

    add_row(b, row, 1, z);
    add_constant(b, row, -at);
    mpq_set_d(b->part, piece[1].slope);
    mpq_set(to[column], b->part);
    mpq_set_d(b->part, piece[0].slope);
    mpq_sub(to[column], to[column], b->part);
}

static void curve(building *b, const vouch_node *node)
{
    double at[MAX_BREAKS] = {0};
    vouch_line piece[MAX_BREAKS + 1] = {{0, 0}};
    int breaks = pieces_of(b, node, at, piece);

    b->supported = node->output_count == 1 && is_continuous(b, at, piece, breaks);
    for (int64_t i = 0; i < count_of(b, node->output[0]) && b->supported; i++) {
        mpq_t *z = row_of(b, node->input[0], i), *to = row_of(b, node->output[0], i);
        add_row(b, to, piece[0].slope, z);
        add_constant(b, to, piece[0].offset);
        for (int k = 0; k < breaks; k++)
            add_neuron(b, z, at[k], piece + k, to);
    }
}

/* ---- the whole --------------------------------------------------------------------------- */

/* How many neurons and rationals it takes; supported if within the limits. */
static void measure(building *b, const vouch_exact_limits *limits)
{
    double at[MAX_BREAKS];
    vouch_line piece[MAX_BREAKS + 1];
    int64_t scalars = vouch_op_input_size(b->graph), neurons = 0;

    b->supported = true;
    for (int n = 0; n < b->graph->node_count && b->supported; n++) {
        const vouch_node *node = &b->graph->node[n];
        if (!b->varying[node->output[0]])
            continue;
        int64_t count = count_of(b, node->output[0]);
        vouch_op_class c = vouch_op_node_class(b->graph, node, b->varying);
        int breaks = c == VOUCH_OP_POINTWISE ? pieces_of(b, node, at, piece) : 0;
        b->supported = (c == VOUCH_OP_AFFINE || c == VOUCH_OP_POINTWISE) && breaks >= 0;
        scalars += count;
        neurons += breaks * count;
        b->supported = b->supported && neurons <= limits->neurons && scalars <= limits->cells;
    }
    b->inputs = (int)vouch_op_input_size(b->graph);
    b->neurons = (int)neurons;
    b->columns = b->inputs + 1 + b->neurons;
    scalars += neurons + vouch_op_output_size(b->graph);
    b->supported = b->supported && scalars * b->columns <= limits->cells;
}

static vouch_status make_room(building *b)
{
    const vouch_graph *g = b->graph;

    b->value = VOUCH_NEW_ARRAY(b->scratch, mpq_t *, g->value_count);
    b->form = vouch_alloc(b->ctx, sizeof *b->form);
    if (!b->value || !b->form)
        return VOUCH_ERR_MEMORY;
    b->form->input_count = b->inputs;
    b->form->neuron_count = b->neurons;
    b->form->output_count = (int)vouch_op_output_size(g);
    b->form->columns = b->columns;
    b->form->row =
        rationals(b->ctx, (int64_t)(b->neurons + b->form->output_count) * b->columns);
    for (int v = 0; v < g->value_count; v++) {
        if (!b->varying[v])
            continue;
        b->value[v] = rationals(b->ctx, count_of(b, v) * b->columns);
        if (!b->value[v])
            return VOUCH_ERR_MEMORY;
    }
    return b->form->row ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static void set_inputs(building *b)
{
    int at = 0;

    for (int i = 0; i < b->graph->input_count; i++)
        for (int64_t j = 0; j < count_of(b, b->graph->input[i]); j++, at++)
            mpq_set_si(row_of(b, b->graph->input[i], j)[at], 1, 1);
}

static vouch_status walk(building *b)
{
    for (int n = 0; n < b->graph->node_count && b->supported; n++) {
        const vouch_node *node = &b->graph->node[n];
        vouch_arena_mark mark = vouch_arena_get_mark(b->scratch);
        if (!b->varying[node->output[0]])
            continue;
        if (vouch_op_node_class(b->graph, node, b->varying) == VOUCH_OP_AFFINE)
            VOUCH_TRY(affine(b, node));
        else
            curve(b, node);
        vouch_arena_reset(b->scratch, mark);
    }
    return VOUCH_OK;
}

static void set_outputs(building *b)
{
    int at = b->neurons;

    for (int o = 0; o < b->graph->output_count && b->supported; o++) {
        int v = b->graph->output[o];
        const vouch_tensor *constant = b->graph->value[v].constant;
        b->supported = b->varying[v] || constant;
        for (int64_t i = 0; b->supported && i < count_of(b, v); i++, at++) {
            if (b->varying[v])
                add_row(b, vouch_exact_row(b->form, at), 1, row_of(b, v, i));
            else
                add_constant(b, vouch_exact_row(b->form, at), vouch_tensor_get(constant, i));
        }
    }
}

static vouch_status build(building *b, const vouch_exact_limits *limits)
{
    b->varying = VOUCH_NEW_ARRAY(b->scratch, bool, b->graph->value_count);
    if (!b->varying)
        return VOUCH_ERR_MEMORY;
    vouch_op_varying(b->graph, b->varying);
    measure(b, limits);
    if (!b->supported)
        return VOUCH_OK;
    VOUCH_TRY(make_room(b));
    set_inputs(b);
    VOUCH_TRY(walk(b));
    set_outputs(b);
    return VOUCH_OK;
}

static vouch_status form_of_simple(vouch_context *ctx, const vouch_graph *graph,
                                   const vouch_exact_limits *limits, vouch_exact_form **form)
{
    building b = {.ctx = ctx, .graph = graph};

    b.scratch = vouch_arena_new(ctx);
    if (!b.scratch)
        return VOUCH_ERR_MEMORY;
    mpq_init(b.part);
    vouch_status status = build(&b, limits);
    for (int v = 0; b.value && v < graph->value_count; v++)
        free_rationals(ctx, b.value[v], b.varying[v] ? count_of(&b, v) * b.columns : 0);
    mpq_clear(b.part);
    vouch_arena_free(b.scratch);
    if (status || !b.supported)
        vouch_exact_form_free(ctx, b.form);
    else
        *form = b.form;
    return status;
}

vouch_status vouch_exact_form_new(vouch_context *ctx, const vouch_graph *graph,
                                  const vouch_exact_limits *limits, vouch_exact_form **form)
{
    vouch_graph *simple;

    *form = NULL;
    VOUCH_TRY(vouch_lower_decompose(ctx, graph, &simple));
    vouch_status status = form_of_simple(ctx, simple, limits, form);
    vouch_graph_free(simple);
    return status;
}

void vouch_exact_form_free(vouch_context *ctx, vouch_exact_form *form)
{
    if (form)
        free_rationals(ctx, form->row,
                       (int64_t)(form->neuron_count + form->output_count) * form->columns);
    vouch_release(ctx, form);
}
