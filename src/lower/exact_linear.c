/* Exact coefficients of affine nodes (exact_linear.h). */
#include "lower/exact_linear.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 32 }; /* columns asked for at a time */

static bool all_finite(const double *v, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(v[i]))
            return false;
    return true;
}

bool vouch_exact_is_known(const vouch_graph *graph, const vouch_node *node)
{
    const vouch_op *op = node->op;

    if (node->output_count != 1 || !op->linear)
        return false;
    return (op->exact && op->exact(graph, node)) || (op->terms && op->terms(graph, node) == 0);
}

static vouch_status apply(const vouch_exact_linear *l, vouch_linear_mode mode, int64_t batch,
                          const double *in, double *out)
{
    vouch_linear_call call = {.ctx = l->ctx,
                              .scratch = l->scratch,
                              .graph = l->graph,
                              .node = l->node,
                              .which = l->which,
                              .mode = mode,
                              .batch = batch,
                              .in = in,
                              .out = out};
    return l->node->op->linear(&call);
}

static int64_t count_of(const vouch_exact_linear *l, int value)
{
    return vouch_shape_count(&l->graph->value[value].shape);
}

vouch_status vouch_exact_offset(const vouch_exact_linear *l, const double **offset)
{
    int64_t m = count_of(l, l->node->output[0]);
    double *b = VOUCH_NEW_ARRAY(l->scratch, double, m);

    *offset = NULL;
    if (!b)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(apply(l, VOUCH_LINEAR_OFFSET, 1, NULL, b));
    if (all_finite(b, m))
        *offset = b;
    return VOUCH_OK;
}

vouch_status vouch_exact_columns(const vouch_exact_linear *l, vouch_exact_visit *visit,
                                 void *user, bool *complete)
{
    int64_t n = count_of(l, l->node->input[l->which]), m = count_of(l, l->node->output[0]);
    double *basis = VOUCH_NEW_ARRAY(l->scratch, double, CHUNK *n);
    double *column = VOUCH_NEW_ARRAY(l->scratch, double, CHUNK *m);
    bool going = true;

    if (!basis || !column)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < n && going; i += CHUNK) {
        int64_t width = n - i < CHUNK ? n - i : CHUNK;
        vouch_arena_mark mark = vouch_arena_get_mark(l->scratch);
        memset(basis, 0, (size_t)(CHUNK * n) * sizeof(double));
        for (int64_t j = 0; j < width; j++)
            basis[j * n + i + j] = 1;
        VOUCH_TRY(apply(l, VOUCH_LINEAR_PLAIN, width, basis, column));
        vouch_arena_reset(l->scratch, mark);
        for (int64_t j = 0; j < width && going; j++)
            going = all_finite(column + j * m, m) && visit(user, i + j, column + j * m);
    }
    *complete = going;
    return VOUCH_OK;
}
