/* Exact evaluation: a network at one point, in rationals.
 *
 * Problem: where a row of the property is met with equality, no interval arithmetic of finite
 * precision decides it.
 * Method: a network of affine and piecewise linear nodes maps rationals to rationals. An affine
 * node is applied column by column: column i times x_i, with the coefficients as stored
 * (lower/exact_linear.h). Pieces of a curve are lines with stored coefficients. Composite nodes
 * are taken apart (lower/decompose.h), which changes no real value.
 *
 * Work and size are limited: beyond, the question stays undecided, which is sound. GMP's own
 * memory does not pass through the context (GMP has no way to report a failure).
 */
#include "attack/attack_priv.h"

#include <math.h>

#include "lower/decompose.h"
#include "lower/exact_linear.h"

enum { SCALAR_LIMIT = 1 << 16 };         /* rationals held at once */
static const double entry_limit = 4e6;   /* matrix entries looked at */
static const double product_limit = 1e5; /* rational products */

/* A value: rationals[first[v]] onwards, if it depends on the inputs. */
typedef struct rational_net {
    vouch_context *ctx;
    vouch_arena *scratch;
    const vouch_graph *graph;
    const vouch_grid *grid; /* says what the point's coordinates are, exactly */
    bool *varying;
    int64_t *first; /* [value_count] */
    int64_t count;  /* of rationals */
    mpq_t *q;
    double entries, products; /* work so far */
    bool supported;
} rational_net;

static int64_t size_of(const rational_net *net, int v)
{
    return vouch_shape_count(&net->graph->value[v].shape);
}

static bool depends(const rational_net *net, int v) { return v >= 0 && net->varying[v]; }

static vouch_status out_of_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "exact evaluation: out of memory");
}

/* Numbers the rationals of all values; supported only if they are few enough. */
static vouch_status lay_out(rational_net *net)
{
    const vouch_graph *g = net->graph;

    net->count = 0;
    net->varying = VOUCH_NEW_ARRAY(net->scratch, bool, g->value_count);
    net->first = VOUCH_NEW_ARRAY(net->scratch, int64_t, g->value_count);
    if (!net->varying || !net->first)
        return out_of_memory(net->ctx);
    vouch_op_varying(g, net->varying);
    for (int v = 0; v < g->value_count && net->count <= SCALAR_LIMIT; v++) {
        net->first[v] = net->count;
        if (net->varying[v])
            net->count += size_of(net, v);
    }
    net->supported = net->count <= SCALAR_LIMIT;
    return VOUCH_OK;
}

/* The outputs must all depend on the inputs (a constant output is left to the intervals). */
static bool outputs_vary(const rational_net *net)
{
    for (int i = 0; i < net->graph->output_count; i++)
        if (!net->varying[net->graph->output[i]])
            return false;
    return true;
}

static void set_inputs(rational_net *net, const double *x)
{
    int64_t at = 0;

    for (int i = 0; i < net->graph->input_count; i++) {
        int v = net->graph->input[i];
        for (int64_t j = 0; j < size_of(net, v); j++)
            vouch_grid_exact(net->grid, x, at++, net->q[net->first[v] + j]);
    }
}

/* ---- affine nodes ------------------------------------------------------------------------ */

/* y += A x, a column at a time. */
typedef struct product {
    rational_net *net;
    mpq_t *x, *y, *buffer;
    int64_t rows;
} product;

static bool add_column(void *user, int64_t column, const double *entry)
{
    product *p = user;

    if (!mpq_sgn(p->x[column]))
        return true;
    for (int64_t j = 0; j < p->rows; j++) {
        if (entry[j] == 0)
            continue;
        mpq_set_d(*p->buffer, entry[j]);
        mpq_mul(*p->buffer, *p->buffer, p->x[column]);
        mpq_add(p->y[j], p->y[j], *p->buffer);
        p->net->products++;
    }
    return p->net->products <= product_limit;
}

static vouch_status add_product(rational_net *net, const vouch_exact_linear *l, mpq_t *y,
                                mpq_t *buffer)
{
    int from = l->node->input[l->which];
    int64_t m = size_of(net, l->node->output[0]);
    product p = {net, net->q + net->first[from], y, buffer, m};
    bool complete;

    net->entries += (double)size_of(net, from) * (double)m;
    net->supported = net->entries <= entry_limit && net->products <= product_limit;
    if (!net->supported)
        return VOUCH_OK;
    VOUCH_TRY(vouch_exact_columns(l, add_column, &p, &complete));
    net->supported = complete;
    return VOUCH_OK;
}

static vouch_status set_offset(rational_net *net, const vouch_exact_linear *l, mpq_t *y)
{
    const double *offset;

    VOUCH_TRY(vouch_exact_offset(l, &offset));
    net->supported = offset != NULL;
    for (int64_t j = 0; offset && j < size_of(net, l->node->output[0]); j++)
        mpq_set_d(y[j], offset[j]);
    return VOUCH_OK;
}

static vouch_status affine(rational_net *net, const vouch_node *node, mpq_t *buffer)
{
    mpq_t *y = net->q + net->first[node->output[0]];
    bool has_offset = false;

    net->supported = vouch_exact_is_known(net->graph, node);
    for (int which = 0; which < node->input_count && net->supported; which++) {
        vouch_exact_linear l = {net->ctx, net->scratch, net->graph, node, which};
        if (!depends(net, node->input[which]))
            continue;
        if (!has_offset)
            VOUCH_TRY(set_offset(net, &l, y));
        has_offset = true;
        if (net->supported)
            VOUCH_TRY(add_product(net, &l, y, buffer));
    }
    return VOUCH_OK;
}

/* ---- piecewise linear nodes -------------------------------------------------------------- */

static bool all_finite_pieces(const double *breakpoint, const vouch_line *piece, int count)
{
    for (int p = 0; p <= count; p++)
        if ((p < count && !isfinite(breakpoint[p])) || !isfinite(piece[p].slope) ||
            !isfinite(piece[p].offset))
            return false;
    return true;
}

static void pieces(rational_net *net, const vouch_node *node, mpq_t *buffer)
{
    double breakpoint[4];
    vouch_line piece[5];
    int count = node->op->pieces ? node->op->pieces(net->graph, node, breakpoint, piece) : -1;
    mpq_t *x = net->q + net->first[node->input[0]];
    mpq_t *y = net->q + net->first[node->output[0]];

    net->supported =
        count >= 0 && node->output_count == 1 && all_finite_pieces(breakpoint, piece, count);
    for (int64_t i = 0; i < size_of(net, node->output[0]) && net->supported; i++) {
        int p = 0;
        while (p < count && (mpq_set_d(*buffer, breakpoint[p]), mpq_cmp(x[i], *buffer) > 0))
            p++;
        mpq_set_d(*buffer, piece[p].slope);
        mpq_mul(y[i], x[i], *buffer);
        mpq_set_d(*buffer, piece[p].offset);
        mpq_add(y[i], y[i], *buffer);
    }
}

/* ---- the whole --------------------------------------------------------------------------- */

static vouch_status run_node(rational_net *net, const vouch_node *node, mpq_t *buffer)
{
    vouch_arena_mark mark = vouch_arena_get_mark(net->scratch);
    vouch_op_class op_class = vouch_op_node_class(net->graph, node, net->varying);
    vouch_status status = VOUCH_OK;

    if (op_class == VOUCH_OP_AFFINE)
        status = affine(net, node, buffer);
    else if (op_class == VOUCH_OP_POINTWISE)
        pieces(net, node, buffer);
    else
        net->supported = false;
    vouch_arena_reset(net->scratch, mark);
    return status;
}

static bool node_varies(const rational_net *net, const vouch_node *node)
{
    for (int i = 0; i < node->output_count; i++)
        if (depends(net, node->output[i]))
            return true;
    return false;
}

static vouch_status run(rational_net *net, const double *x)
{
    vouch_status status = VOUCH_OK;
    mpq_t buffer;

    mpq_init(buffer);
    set_inputs(net, x);
    for (int i = 0; i < net->graph->node_count && net->supported && !status; i++)
        if (node_varies(net, &net->graph->node[i]))
            status = run_node(net, &net->graph->node[i], &buffer);
    mpq_clear(buffer);
    return status;
}

/* The rational of output scalar i, counted through all outputs. */
static mpq_srcptr output_at(const rational_net *net, int64_t i)
{
    int o = 0;

    while (i >= size_of(net, net->graph->output[o]))
        i -= size_of(net, net->graph->output[o++]);
    return net->q[net->first[net->graph->output[o]] + i];
}

static bool row_holds(const rational_net *net, const vouch_row *row, const double *x)
{
    mpq_t sum, part;
    int order;

    mpq_inits(sum, part, NULL);
    for (int t = 0; t < row->term_count; t++) {
        const vouch_term *term = &row->term[t];
        if (term->is_output)
            mpq_set(part, output_at(net, term->index));
        else
            vouch_grid_exact(net->grid, x, term->index, part);
        mpq_mul(part, part, term->exact);
        mpq_add(sum, sum, part);
    }
    order = mpq_cmp(sum, row->exact_bound);
    mpq_clears(sum, part, NULL);
    return row->strict ? order < 0 : order <= 0;
}

static vouch_status decide(rational_net *net, const vouch_case *c, const double *x,
                           bool *decided, bool *holds)
{
    vouch_status status;

    net->q = VOUCH_NEW_ARRAY(net->scratch, mpq_t, net->count);
    if (!net->q)
        return out_of_memory(net->ctx);
    for (int64_t i = 0; i < net->count; i++)
        mpq_init(net->q[i]);
    status = run(net, x);
    *decided = net->supported && !status;
    *holds = *decided;
    for (int r = 0; r < c->row_count && *holds; r++)
        *holds = row_holds(net, &c->row[r], x);
    for (int64_t i = 0; i < net->count; i++)
        mpq_clear(net->q[i]);
    return status;
}

vouch_status vouch_exact_case_holds(vouch_context *ctx, vouch_arena *scratch,
                                    const vouch_graph *graph, const vouch_grid *grid,
                                    const vouch_case *c, const double *x, bool *decided,
                                    bool *holds)
{
    rational_net net = {.ctx = ctx, .scratch = scratch, .graph = graph, .grid = grid};
    vouch_graph *simple;

    *decided = *holds = false;
    VOUCH_TRY(lay_out(&net)); /* what is too large as it is, is not taken apart */
    if (!net.supported || !outputs_vary(&net))
        return VOUCH_OK;
    VOUCH_TRY(vouch_lower_decompose(ctx, graph, &simple));
    net.graph = simple;
    vouch_status status = lay_out(&net);
    if (!status && net.supported)
        status = decide(&net, c, x, decided, holds);
    vouch_graph_free(simple);
    return status;
}
