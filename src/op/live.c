/* After binding: nodes that nobody reads are dropped, and partial values are checked.
 *
 * Shape arithmetic is folded without its operands, so that what was computed for its shape
 * alone is dead: it would cost bounds and evaluation, and gradients would pass through it.
 *
 * A partial value (VOUCH_PARTIAL_CARRIED in op.h) may have fewer elements than its shape. All
 * that is computed from one is partial too, constants included; in the end only a node that
 * knows a missing element may read one that varies.
 */
#include "op/live.h"

void vouch_op_spread_partial(const vouch_graph *g, const vouch_node *node)
{
    bool any = false;
    for (int i = 0; i < node->input_count; i++) {
        const vouch_value *v = vouch_op_in(g, node, i);
        any = any || (v && v->partial);
    }
    if (!any || node->op->partial == VOUCH_PARTIAL_SKIPPED)
        return;
    for (int k = 0; k < node->output_count; k++)
        if (node->output[k] >= 0)
            g->value[node->output[k]].partial = true;
}

static vouch_status check_partial(vouch_context *ctx, const vouch_graph *g)
{
    static const char text[] = "'%s' may have fewer elements than %s, as it depends on a slice "
                               "at a computed place; only indices of ScatterND may";
    char shape[VOUCH_SHAPE_TEXT];
    for (int n = 0; n < g->node_count; n++) {
        const vouch_node *node = &g->node[n];
        for (int i = 0; i < node->input_count; i++) {
            const vouch_value *v = vouch_op_in(g, node, i);
            const vouch_partial p = node->op->partial;
            const bool fine = p == VOUCH_PARTIAL_SKIPPED
                                  ? i > 0
                                  : p == VOUCH_PARTIAL_CARRIED || (v && v->constant);
            if (v && v->partial && !fine)
                return vouch_node_fail(ctx, g, node, VOUCH_ERR_UNSUPPORTED, text, v->name,
                                       vouch_shape_print(&v->shape, shape, sizeof shape));
        }
    }
    for (int i = 0; i < g->output_count; i++)
        if (g->value[g->output[i]].partial)
            return vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED, "%s: output '%s' has no fixed shape",
                              g->source, g->value[g->output[i]].name);
    return VOUCH_OK;
}

static bool is_read(const vouch_node *node, const bool *read)
{
    for (int k = 0; k < node->output_count; k++)
        if (node->output[k] >= 0 && read[node->output[k]])
            return true;
    return false;
}

vouch_status vouch_op_keep_live(vouch_context *ctx, vouch_graph *g)
{
    bool *read = VOUCH_NEW_ARRAY(g->arena, bool, g->value_count + 1);
    if (!read)
        return vouch_op_no_memory(ctx);
    for (int i = 0; i < g->output_count; i++)
        read[g->output[i]] = true;
    for (int n = g->node_count - 1; n >= 0; n--) {
        const vouch_node *node = &g->node[n];
        const bool live = is_read(node, read);
        for (int i = 0; live && i < node->input_count; i++)
            if (node->input[i] >= 0)
                read[node->input[i]] = true;
    }
    int kept = 0;
    for (int n = 0; n < g->node_count; n++) {
        if (!is_read(&g->node[n], read))
            continue;
        const vouch_node *node = &g->node[kept];
        g->node[kept] = g->node[n];
        for (int k = 0; k < node->output_count; k++)
            if (node->output[k] >= 0 && !g->value[node->output[k]].constant)
                g->value[node->output[k]].producer = kept;
        kept++;
    }
    g->node_count = kept;
    return check_partial(ctx, g);
}
