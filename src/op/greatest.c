/* The greatest (or least) of several, as ReLUs; see greatest.h. */
#include "op/greatest.h"

int vouch_greatest_pair(struct vouch_op_expansion *into, bool least, int a, int b, int output)
{
    const bool swap = !into->status && into->graph->value[b].constant;
    const int base = swap ? b : a, other = swap ? a : b; /* a constant base adds no slope */
    const int gap =
        vouch_emit_node(into, "Sub", least ? base : other, least ? other : base, NULL, -1);
    const int rise = vouch_emit_node(into, "Relu", gap, -1, NULL, -1);
    return vouch_emit_node(into, least ? "Sub" : "Add", base, rise, NULL, output);
}

/* What is left to compare: elements first[i] .. first[i + 1] - 1 of a flat value belong to
 * output i. */
typedef struct bracket {
    int value;
    int64_t outputs;
    int64_t *first, *element;
    int64_t *left, *right, *rest; /* gathered from value; rest: those without an opponent */
    int64_t pairs, rests;
} bracket;

static bool list_elements(struct vouch_op_expansion *into, const vouch_node *node,
                          vouch_window_of window, bracket *r)
{
    int64_t total = 0;
    r->outputs = vouch_shape_count(&into->graph->value[node->output[0]].shape);
    r->first = VOUCH_NEW_ARRAY(into->scratch, int64_t, r->outputs + 1);
    for (int64_t i = 0; r->first && i < r->outputs; i++) {
        total += window(into->graph, node, i, NULL);
        r->first[i + 1] = total;
    }
    r->element = VOUCH_NEW_ARRAY(into->scratch, int64_t, total + 1);
    r->left = VOUCH_NEW_ARRAY(into->scratch, int64_t, total + 1);
    r->right = VOUCH_NEW_ARRAY(into->scratch, int64_t, total + 1);
    r->rest = VOUCH_NEW_ARRAY(into->scratch, int64_t, total + 1);
    if (!r->first || !r->element || !r->left || !r->right || !r->rest)
        return false;
    for (int64_t i = 0; i < r->outputs; i++)
        window(into->graph, node, i, r->element + r->first[i]);
    return true;
}

/* Fills left, right and rest; false where every output has one element left. */
static bool draw(bracket *r)
{
    r->pairs = r->rests = 0;
    for (int64_t i = 0; i < r->outputs; i++) {
        int64_t e = r->first[i];
        for (; e + 1 < r->first[i + 1]; e += 2) {
            r->left[r->pairs] = r->element[e];
            r->right[r->pairs++] = r->element[e + 1];
        }
        if (e < r->first[i + 1])
            r->rest[r->rests++] = r->element[e];
    }
    return r->pairs > 0;
}

/* Renumbers: winners in the order of their pairs, then those without an opponent. */
static void advance(bracket *r)
{
    int64_t pair = 0, rest = r->pairs, to = 0, from = 0;
    for (int64_t i = 0; i < r->outputs; i++) {
        const int64_t count = r->first[i + 1] - from;
        from = r->first[i + 1];
        r->first[i] = to;
        for (int64_t e = 0; e < count / 2; e++)
            r->element[to++] = pair++;
        if (count % 2)
            r->element[to++] = rest++;
    }
    r->first[r->outputs] = to;
}

static void play(struct vouch_op_expansion *into, bracket *r, bool least)
{
    const vouch_attr axis = vouch_emit_attr("axis", 0);
    const int a = vouch_emit_gather(into, r->value, 0, r->left, r->pairs);
    const int b = vouch_emit_gather(into, r->value, 0, r->right, r->pairs);
    const int won = vouch_greatest_pair(into, least, a, b, -1);
    if (r->rests > 0) {
        const int rest = vouch_emit_gather(into, r->value, 0, r->rest, r->rests);
        r->value = vouch_emit_node(into, "Concat", won, rest, &axis, -1);
    } else {
        r->value = won;
    }
}

static bool in_order(const bracket *r)
{
    for (int64_t i = 0; i < r->outputs; i++)
        if (r->element[i] != i)
            return false;
    return true;
}

vouch_status vouch_greatest_tree(struct vouch_op_expansion *into, const vouch_node *node,
                                 vouch_window_of window, bool least)
{
    bracket r = {.value = node->input[0]};
    const vouch_shape out = into->graph->value[node->output[0]].shape;
    const vouch_shape *x = &into->graph->value[node->input[0]].shape;
    const vouch_shape flat = {.rank = 1, .dim = {vouch_shape_count(x)}};
    if (!list_elements(into, node, window, &r))
        return vouch_op_no_memory(vouch_arena_context(into->scratch));
    if (flat.dim[0] == 0 || r.outputs == 0)
        return VOUCH_OK;
    r.value = vouch_emit_reshape(into, r.value, &flat, -1);
    bool gathered = false;
    while (!vouch_emit_status(into) && draw(&r)) {
        play(into, &r, least);
        advance(&r);
        gathered = true;
    }
    if (!gathered || !in_order(&r))
        r.value = vouch_emit_gather(into, r.value, 0, r.element, r.outputs);
    (void)vouch_emit_reshape(into, r.value, &out, node->output[0]);
    return vouch_emit_status(into);
}
