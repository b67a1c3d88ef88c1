/* Exact evaluation: a network at one point, in rationals.
 *
 * Problem: where a row of the property is met with equality, no interval arithmetic of finite
 * precision decides it.
 * Method: a network of affine and piecewise linear nodes maps rationals to rationals. An affine
 * node is applied column by column: `linear` on a basis vector returns column i of its matrix,
 * exactly where the operator says that its coefficients are stored numbers (one product by one
 * is rounded to itself, and zeros add nothing); column i times x_i is then added in rationals.
 * Pieces of a curve are lines with stored coefficients.
 *
 * Work and size are limited: beyond, the question stays undecided, which is sound. GMP's own
 * memory does not pass through the context (GMP has no way to report a failure).
 */
#include "attack/attack_priv.h"

#include <math.h>
#include <string.h>

enum {
    SCALAR_LIMIT = 1 << 16, /* rationals held at once */
    CHUNK = 32              /* columns asked for at a time */
};
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

/* y += x * column, where x is rational and the column exact doubles. */
static void add_column(rational_net *net, mpq_srcptr x, const double *column, int64_t count,
                       mpq_t *y, mpq_t *buffer)
{
    for (int64_t j = 0; j < count; j++) {
        if (column[j] == 0)
            continue;
        mpq_set_d(*buffer, column[j]);
        mpq_mul(*buffer, *buffer, x);
        mpq_add(y[j], y[j], *buffer);
        net->products++;
    }
}

static bool all_finite(const double *v, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(v[i]))
            return false;
    return true;
}

static vouch_linear_call linear_call(const rational_net *net, const vouch_node *node, int which)
{
    return (vouch_linear_call){.ctx = net->ctx,
                               .scratch = net->scratch,
                               .graph = net->graph,
                               .node = node,
                               .which = which};
}

/* y += A x for the node's input `which`, CHUNK columns of A at a time. */
static vouch_status add_product(rational_net *net, const vouch_node *node, int which, mpq_t *y,
                                mpq_t *buffer)
{
    int64_t n = size_of(net, node->input[which]), m = size_of(net, node->output[0]);
    mpq_t *x = net->q + net->first[node->input[which]];
    double *basis = VOUCH_NEW_ARRAY(net->scratch, double, CHUNK *n);
    double *column = VOUCH_NEW_ARRAY(net->scratch, double, CHUNK *m);
    vouch_linear_call call = linear_call(net, node, which);

    net->entries += (double)n * (double)m;
    if (net->entries > entry_limit || net->products > product_limit)
        net->supported = false;
    if (!basis || !column)
        return out_of_memory(net->ctx);
    for (int64_t i = 0; i < n && net->supported; i += CHUNK) {
        int64_t width = n - i < CHUNK ? n - i : CHUNK;
        memset(basis, 0, (size_t)(CHUNK * n) * sizeof(double));
        for (int64_t j = 0; j < width; j++)
            basis[j * n + i + j] = 1;
        call.mode = VOUCH_LINEAR_PLAIN;
        call.batch = width;
        call.in = basis;
        call.out = column;
        VOUCH_TRY(node->op->linear(&call));
        net->supported = all_finite(column, width * m) && net->products <= product_limit;
        for (int64_t j = 0; j < width && net->supported; j++)
            if (mpq_sgn(x[i + j]))
                add_column(net, x[i + j], column + j * m, m, y, buffer);
    }
    return VOUCH_OK;
}

static vouch_status set_offset(rational_net *net, const vouch_node *node, int which, mpq_t *y)
{
    int64_t m = size_of(net, node->output[0]);
    double *offset = VOUCH_NEW_ARRAY(net->scratch, double, m);
    vouch_linear_call call = linear_call(net, node, which);

    if (!offset)
        return out_of_memory(net->ctx);
    call.mode = VOUCH_LINEAR_OFFSET;
    call.batch = 1;
    call.out = offset;
    VOUCH_TRY(node->op->linear(&call));
    net->supported = all_finite(offset, m);
    for (int64_t j = 0; j < m && net->supported; j++)
        mpq_set_d(y[j], offset[j]);
    return VOUCH_OK;
}

/* Does `linear` return the node's stored coefficients? Where nothing rounds (t = 0) it does;
 * elsewhere the operator must say so. */
static bool has_exact_coefficients(const rational_net *net, const vouch_node *node)
{
    const vouch_op *op = node->op;

    if (node->output_count != 1 || !op->linear)
        return false;
    return (op->exact && op->exact(net->graph, node)) ||
           (op->terms && op->terms(net->graph, node) == 0);
}

static vouch_status affine(rational_net *net, const vouch_node *node, mpq_t *buffer)
{
    mpq_t *y = net->q + net->first[node->output[0]];
    bool has_offset = false;

    net->supported = has_exact_coefficients(net, node);
    for (int which = 0; which < node->input_count && net->supported; which++) {
        if (!depends(net, node->input[which]))
            continue;
        if (!has_offset)
            VOUCH_TRY(set_offset(net, node, which, y));
        has_offset = true;
        if (net->supported)
            VOUCH_TRY(add_product(net, node, which, y, buffer));
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

    *decided = *holds = false;
    VOUCH_TRY(lay_out(&net));
    if (!net.supported || !outputs_vary(&net))
        return VOUCH_OK;
    return decide(&net, c, x, decided, holds);
}
