/* Building a graph: names to values, one source for each value, topological order.
 *
 * Everything lives in the arena of the graph to be, the builder too, so that abandoning the
 * builder is freeing one arena. Growing arrays leave their smaller copies behind: less than
 * their final size in all.
 *
 * Names are found by an open-addressing hash table (linear probing, at most half full) that
 * holds value index + 1, so that zeroed memory is empty.
 *
 * Order: depth-first search from each node in file order to the producers of its inputs; a node
 * is placed when all its producers are. A file that is sorted already keeps its order. A node
 * reached again while still open closes a cycle. The search keeps its own stack: depth is the
 * file's to choose.
 */
#include "graph/graph.h"

#include <string.h>

enum { FIRST_CAPACITY = 64 };

/* A growing array of items in the arena. */
typedef struct list {
    void *item;
    int count, capacity;
    size_t size; /* of an item */
} list;

struct vouch_graph_builder {
    vouch_arena *arena;
    vouch_context *ctx;
    vouch_graph *graph; /* source and opset are set; the rest at finish */
    list value;         /* vouch_value */
    list is_input;      /* bool, parallel to value */
    list node;          /* vouch_node */
    list input, output; /* int */
    int *slot;          /* hash table */
    size_t slot_count;  /* a power of two */
};

static vouch_value *value_at(const vouch_graph_builder *b, int i)
{
    return (vouch_value *)b->value.item + i;
}

static vouch_node *node_at(const vouch_graph_builder *b, int i)
{
    return (vouch_node *)b->node.item + i;
}

static bool list_push(vouch_arena *arena, list *l, const void *item)
{
    if (l->count == l->capacity) {
        const int capacity = l->capacity ? 2 * l->capacity : FIRST_CAPACITY;
        char *grown = vouch_arena_array(arena, (size_t)capacity, l->size);
        if (!grown)
            return false;
        if (l->count)
            memcpy(grown, l->item, (size_t)l->count * l->size);
        l->item = grown;
        l->capacity = capacity;
    }
    memcpy((char *)l->item + (size_t)l->count * l->size, item, l->size);
    l->count++;
    return true;
}

/* ---- life ------------------------------------------------------------------------------ */

vouch_graph_builder *vouch_graph_builder_new(vouch_context *ctx, const char *source,
                                             int64_t opset)
{
    vouch_arena *arena = vouch_arena_new(ctx);
    if (!arena)
        return NULL;
    vouch_graph_builder *b = VOUCH_NEW(arena, vouch_graph_builder);
    vouch_graph *graph = VOUCH_NEW(arena, vouch_graph);
    const char *copy = vouch_arena_text(arena, source);
    if (!b || !graph || !copy) {
        vouch_arena_free(arena);
        return NULL;
    }
    graph->arena = arena;
    graph->source = copy;
    graph->opset = opset;
    *b = (vouch_graph_builder){.arena = arena, .ctx = ctx, .graph = graph};
    b->value.size = sizeof(vouch_value);
    b->is_input.size = sizeof(bool);
    b->node.size = sizeof(vouch_node);
    b->input.size = b->output.size = sizeof(int);
    return b;
}

vouch_arena *vouch_graph_builder_arena(vouch_graph_builder *b) { return b->arena; }

void vouch_graph_builder_free(vouch_graph_builder *b)
{
    if (b)
        vouch_arena_free(b->arena);
}

/* ---- values ---------------------------------------------------------------------------- */

/* FNV-1a */
static size_t hash_name(const char *name)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 0x100000001b3u;
    return (size_t)(h ^ (h >> 32));
}

/* The slot that holds the name, or the empty one where it belongs. */
static int *find_slot(const vouch_graph_builder *b, const char *name)
{
    size_t i = hash_name(name) & (b->slot_count - 1);
    while (b->slot[i] && strcmp(value_at(b, b->slot[i] - 1)->name, name) != 0)
        i = (i + 1) & (b->slot_count - 1);
    return &b->slot[i];
}

/* Keeps the table at most half full with one more name in it. */
static bool reserve_slot(vouch_graph_builder *b)
{
    if ((size_t)(b->value.count + 1) * 2 <= b->slot_count)
        return true;
    const size_t count = b->slot_count ? 2 * b->slot_count : (size_t)4 * FIRST_CAPACITY;
    int *slot = VOUCH_NEW_ARRAY(b->arena, int, count);
    if (!slot)
        return false;
    b->slot = slot;
    b->slot_count = count;
    for (int v = 0; v < b->value.count; v++)
        *find_slot(b, value_at(b, v)->name) = v + 1;
    return true;
}

int vouch_graph_value(vouch_graph_builder *b, const char *name)
{
    if (!reserve_slot(b))
        return -1;
    int *slot = find_slot(b, name);
    if (*slot)
        return *slot - 1;
    const vouch_value value = {.name = vouch_arena_text(b->arena, name), .producer = -1};
    const bool no = false;
    if (!value.name || !list_push(b->arena, &b->is_input, &no))
        return -1;
    if (!list_push(b->arena, &b->value, &value)) {
        b->is_input.count--;
        return -1;
    }
    return (*slot = b->value.count) - 1;
}

static bool has_source(const vouch_graph_builder *b, int v)
{
    const vouch_value *value = value_at(b, v);
    return value->constant || value->producer >= 0 || ((const bool *)b->is_input.item)[v];
}

/* Finds or makes a value that is about to get its only source. */
static vouch_status new_source(vouch_graph_builder *b, const char *name, int *v)
{
    *v = vouch_graph_value(b, name);
    if (*v < 0)
        return VOUCH_ERR_MEMORY;
    if (has_source(b, *v))
        return vouch_fail(b->ctx, VOUCH_ERR_PARSE, "%s: value '%s' is defined twice",
                          b->graph->source, name);
    return VOUCH_OK;
}

vouch_status vouch_graph_add_input(vouch_graph_builder *b, const char *name, vouch_dtype dtype,
                                   const vouch_shape *shape)
{
    int v;
    VOUCH_TRY(new_source(b, name, &v));
    if (!list_push(b->arena, &b->input, &v))
        return VOUCH_ERR_MEMORY;
    ((bool *)b->is_input.item)[v] = true;
    vouch_value *value = value_at(b, v);
    value->dtype = dtype;
    value->shape_known = shape != NULL;
    if (shape)
        value->shape = *shape;
    return VOUCH_OK;
}

vouch_status vouch_graph_add_constant(vouch_graph_builder *b, const char *name,
                                      const vouch_tensor *tensor)
{
    int v;
    VOUCH_TRY(new_source(b, name, &v));
    vouch_value *value = value_at(b, v);
    value->constant = tensor;
    value->dtype = tensor->dtype;
    value->shape = tensor->shape;
    value->shape_known = true;
    return VOUCH_OK;
}

vouch_status vouch_graph_add_output(vouch_graph_builder *b, const char *name)
{
    const int v = vouch_graph_value(b, name);
    return v >= 0 && list_push(b->arena, &b->output, &v) ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

/* ---- nodes ----------------------------------------------------------------------------- */

/* A view of the unfinished graph, for messages. */
static vouch_graph so_far(const vouch_graph_builder *b)
{
    vouch_graph view = *b->graph;
    view.value = b->value.item;
    view.value_count = b->value.count;
    return view;
}

static bool indices_fit(const vouch_graph_builder *b, const int *index, int count)
{
    for (int i = 0; i < count; i++)
        if (index[i] < -1 || index[i] >= b->value.count)
            return false;
    return true;
}

vouch_status vouch_graph_add_node(vouch_graph_builder *b, const vouch_node *node)
{
    vouch_node n = *node;
    n.name = n.name ? n.name : "";
    n.domain = n.domain ? n.domain : "";
    if (!n.type || !indices_fit(b, n.input, n.input_count) ||
        !indices_fit(b, n.output, n.output_count))
        return vouch_fail(b->ctx, VOUCH_ERR_INTERNAL, "%s: node '%s' names no value of it",
                          b->graph->source, n.name);
    const int index = b->node.count;
    if (!list_push(b->arena, &b->node, &n))
        return VOUCH_ERR_MEMORY;
    for (int i = 0; i < n.output_count; i++) {
        if (n.output[i] < 0)
            continue;
        vouch_value *value = value_at(b, n.output[i]);
        if (has_source(b, n.output[i])) {
            const vouch_graph view = so_far(b);
            return vouch_node_fail(b->ctx, &view, &n, VOUCH_ERR_PARSE,
                                   "its output '%s' is defined twice", value->name);
        }
        value->producer = index;
    }
    return VOUCH_OK;
}

/* ---- checks ---------------------------------------------------------------------------- */

static vouch_status check_inputs(vouch_graph_builder *b, const vouch_node *node)
{
    for (int i = 0; i < node->input_count; i++) {
        const int v = node->input[i];
        if (v < 0 || has_source(b, v))
            continue;
        const vouch_graph view = so_far(b);
        return vouch_node_fail(b->ctx, &view, node, VOUCH_ERR_PARSE,
                               "its input '%s' is neither an input, nor an initialiser, nor "
                               "computed (missing initialiser?)",
                               value_at(b, v)->name);
    }
    return VOUCH_OK;
}

static vouch_status check_sources(vouch_graph_builder *b)
{
    for (int n = 0; n < b->node.count; n++)
        VOUCH_TRY(check_inputs(b, node_at(b, n)));
    const int *output = b->output.item;
    for (int i = 0; i < b->output.count; i++)
        if (!has_source(b, output[i]))
            return vouch_fail(b->ctx, VOUCH_ERR_PARSE, "%s: nothing computes output '%s'",
                              b->graph->source, value_at(b, output[i])->name);
    if (b->output.count == 0)
        return vouch_fail(b->ctx, VOUCH_ERR_PARSE, "%s: the network has no output",
                          b->graph->source);
    return VOUCH_OK;
}

/* ---- order ----------------------------------------------------------------------------- */

typedef enum visit { VISIT_NEW = 0, VISIT_OPEN, VISIT_PLACED } visit;

typedef struct order_search {
    const vouch_graph_builder *b;
    unsigned char *visit; /* of each node */
    int *next_input;      /* of each open node */
    int *stack;           /* open nodes, each a producer for the one below */
    int *order;           /* placed nodes */
    int depth, placed;
} order_search;

static void open_node(order_search *s, int node)
{
    s->visit[node] = VISIT_OPEN;
    s->stack[s->depth++] = node;
}

/* Producer of the open node's next input that has one, or -1 when all are done. */
static int next_producer(order_search *s, int node)
{
    const vouch_node *n = node_at(s->b, node);
    while (s->next_input[node] < n->input_count) {
        const int v = n->input[s->next_input[node]++];
        if (v >= 0 && value_at(s->b, v)->producer >= 0)
            return value_at(s->b, v)->producer;
    }
    return -1;
}

static vouch_status place_with_producers(order_search *s, int root)
{
    open_node(s, root);
    while (s->depth > 0) {
        const int node = s->stack[s->depth - 1];
        const int producer = next_producer(s, node);
        if (producer < 0) {
            s->visit[node] = VISIT_PLACED;
            s->order[s->placed++] = node;
            s->depth--;
        } else if (s->visit[producer] == VISIT_OPEN) {
            const vouch_graph view = so_far(s->b);
            return vouch_node_fail(s->b->ctx, &view, node_at(s->b, node), VOUCH_ERR_PARSE,
                                   "it lies on a cycle");
        } else if (s->visit[producer] == VISIT_NEW) {
            open_node(s, producer);
        }
    }
    return VOUCH_OK;
}

/* *order: node indices, producers first. */
static vouch_status sort_nodes(vouch_graph_builder *b, int **order)
{
    const int count = b->node.count;
    order_search s = {.b = b};
    s.visit = VOUCH_NEW_ARRAY(b->arena, unsigned char, count);
    s.next_input = VOUCH_NEW_ARRAY(b->arena, int, count);
    s.stack = VOUCH_NEW_ARRAY(b->arena, int, count);
    s.order = VOUCH_NEW_ARRAY(b->arena, int, count);
    if (!s.visit || !s.next_input || !s.stack || !s.order)
        return VOUCH_ERR_MEMORY;
    for (int n = 0; n < count; n++)
        if (s.visit[n] == VISIT_NEW)
            VOUCH_TRY(place_with_producers(&s, n));
    *order = s.order;
    return VOUCH_OK;
}

/* ---- handing over ---------------------------------------------------------------------- */

static vouch_status fill_graph(vouch_graph_builder *b, const int *order)
{
    vouch_graph *g = b->graph;
    g->node = VOUCH_NEW_ARRAY(b->arena, vouch_node, b->node.count);
    if (!g->node)
        return VOUCH_ERR_MEMORY;
    g->value = b->value.item;
    g->value_count = b->value.count;
    g->node_count = b->node.count;
    g->input = b->input.item;
    g->input_count = b->input.count;
    g->output = b->output.item;
    g->output_count = b->output.count;
    for (int n = 0; n < g->node_count; n++) {
        g->node[n] = *node_at(b, order[n]);
        for (int i = 0; i < g->node[n].output_count; i++)
            if (g->node[n].output[i] >= 0)
                g->value[g->node[n].output[i]].producer = n;
    }
    return VOUCH_OK;
}

static vouch_status finish(vouch_graph_builder *b)
{
    int *order = NULL;
    VOUCH_TRY(check_sources(b));
    VOUCH_TRY(sort_nodes(b, &order));
    return fill_graph(b, order);
}

vouch_status vouch_graph_finish(vouch_graph_builder *b, vouch_graph **graph)
{
    const vouch_status s = finish(b);
    *graph = s == VOUCH_OK ? b->graph : NULL;
    if (s != VOUCH_OK)
        vouch_graph_builder_free(b);
    return s;
}
