/* What a domain says about a network's outputs on a box of inputs.
 *
 * The outputs are asked for as linear rows too (row i = output i) where that is affordable,
 * because a backward domain may bound a row tighter than the value; both are sound, so is
 * their intersection.
 */
#include "cli/enclose.h"

#include <math.h>

enum { ROWS_MAX = 1024 };

static vouch_status identity_rows(vouch_arena *arena, int64_t n, vouch_linear_rows *rows)
{
    double *one = VOUCH_NEW_ARRAY(arena, double, n *n);
    if (one == NULL)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < n; i++)
        one[i * n + i] = 1;
    *rows = (vouch_linear_rows){.count = (int)n, .output = one};
    return VOUCH_OK;
}

static void collect(const vouch_graph *graph, const vouch_bounds *bounds, bool rows,
                    double *const out[2])
{
    int64_t k = 0;
    for (int i = 0; i < graph->output_count; i++) {
        const int v = graph->output[i];
        const int64_t count = vouch_shape_count(&graph->value[v].shape);
        for (int64_t j = 0; j < count; j++, k++) {
            out[0][k] = bounds->low[v][j];
            out[1][k] = bounds->high[v][j];
            if (rows) {
                out[0][k] = fmax(out[0][k], bounds->row_low[k]);
                out[1][k] = fmin(out[1][k], bounds->row_high[k]);
            }
        }
    }
}

vouch_status vouch_cli_enclose(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                               const vouch_domain *domain, const double *const box[2],
                               double *const out[2], bool *empty)
{
    vouch_linear_rows rows;
    vouch_bounds bounds = {0};
    bool *varying = VOUCH_NEW_ARRAY(arena, bool, graph->value_count);
    if (varying == NULL)
        return VOUCH_ERR_MEMORY;
    vouch_op_varying(graph, varying);
    vouch_bound_problem problem = {.graph = graph,
                                   .varying = varying,
                                   .input_size = vouch_op_input_size(graph),
                                   .output_size = vouch_op_output_size(graph),
                                   .low = box[0],
                                   .high = box[1]};
    const bool with_rows = problem.output_size <= ROWS_MAX;
    if (with_rows) {
        VOUCH_TRY(identity_rows(arena, problem.output_size, &rows));
        problem.rows = &rows;
    }
    VOUCH_TRY(domain->run(ctx, arena, NULL, &problem, &bounds));
    *empty = bounds.empty;
    if (!bounds.empty)
        collect(graph, &bounds, with_rows, out);
    return VOUCH_OK;
}
