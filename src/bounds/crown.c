/* crown: backward linear bounds of every neuron that needs one, and of the rows.
 *
 * Problem:   intervals forget how values depend on each other; a linear form in the inputs
 *            remembers.
 * Method:    before a curve is relaxed, its input is bounded by intervals and then, where the
 *            curve is not one line on the interval, by a backward pass to the inputs
 *            (backward.c); the rows come last. Lower slopes are chosen by the operators (Relu:
 *            0 or 1, the smaller area). Zhang et al. 2018 (CROWN), Singh et al. 2019 (DeepPoly).
 * Invariant: lower . x + lower_offset <= row <= upper . x + upper_offset on the whole box.
 */
#include <string.h>

#include "bounds/bounds_priv.h"

typedef struct settings {
    const char *intermediate;
    int64_t cells;
} settings;

static bool intermediate_names(size_t index, const char **name)
{
    static const char *const names[] = {"crown", "symbolic", "interval"};

    if (index >= sizeof names / sizeof *names)
        return false;
    *name = names[index];
    return true;
}

static const vouch_option options[] = {
    {.name = "intermediate",
     .argument = "DOMAIN",
     .help = "what bounds the inputs of curves",
     .type = VOUCH_OPTION_CHOICE,
     .offset = offsetof(settings, intermediate),
     .text = "crown",
     .choices = intermediate_names},
    VOUCH_CELLS_ROW(settings),
};
enum { OPTION_COUNT = sizeof options / sizeof *options };

typedef struct crown {
    vouch_pass pass;
    vouch_backward backward;
    bool backward_values;
    bool *wanted; /* [largest count]: scalars of the value at hand */
} crown;

/* ---- which scalars deserve a backward pass ----------------------------------------------- */

/* The curve is one line on the interval: tighter bounds would change nothing. */
static bool is_settled(const crown *c, const vouch_node *consumer, int v, int64_t i)
{
    vouch_line line;
    vouch_arc arc = {.graph = c->pass.graph,
                     .node = consumer,
                     .low = c->pass.bounds->low[v][i],
                     .high = c->pass.bounds->high[v][i]};

    return vouch_arc_is_line(&arc, &line);
}

static bool reads(const vouch_node *node, int v)
{
    for (int k = 0; k < node->input_count; k++)
        if (node->input[k] == v)
            return true;
    return false;
}

static bool is_listed(const int *list, int count, int v)
{
    for (int k = 0; k < count; k++)
        if (list[k] == v)
            return true;
    return false;
}

/* An affine image of the inputs alone has its exact interval already. */
static bool is_first_layer(const crown *c, int producer)
{
    const vouch_graph *graph = c->pass.graph;
    const vouch_affine *affine = &c->pass.affine[producer];

    if (c->pass.node_class[producer] != VOUCH_OP_AFFINE || affine->input_count != 1)
        return false;
    return is_listed(graph->input, graph->input_count,
                     graph->node[producer].input[affine->which[0]]);
}

static void want_all(crown *c, int v)
{
    for (int64_t i = 0; i < vouch_bounds_count(c->pass.graph, v); i++)
        c->wanted[i] = c->pass.bounds->low[v][i] < c->pass.bounds->high[v][i];
}

static void want_unsettled(crown *c, const vouch_node *consumer, int v)
{
    for (int64_t i = 0; i < vouch_bounds_count(c->pass.graph, v); i++)
        if (c->pass.bounds->low[v][i] < c->pass.bounds->high[v][i] &&
            !is_settled(c, consumer, v, i))
            c->wanted[i] = true;
}

/* Fills c->wanted: what a consumer that is not affine, or the caller, will use. */
static void choose_wanted(crown *c, int v)
{
    const vouch_graph *graph = c->pass.graph;

    memset(c->wanted, 0, (size_t)vouch_bounds_count(graph, v) * sizeof(bool));
    if (is_listed(graph->output, graph->output_count, v)) {
        want_all(c, v);
        return;
    }
    for (int n = 0; n < graph->node_count; n++) {
        if (c->pass.node_class[n] == VOUCH_OP_AFFINE || !reads(&graph->node[n], v))
            continue;
        if (c->pass.node_class[n] != VOUCH_OP_POINTWISE) {
            want_all(c, v);
            return;
        }
        want_unsettled(c, &graph->node[n], v);
    }
}

/* ---- the run ----------------------------------------------------------------------------- */

static vouch_status bound_node(crown *c, int node)
{
    const vouch_node *n = &c->pass.graph->node[node];

    if (!vouch_pass_active(&c->pass, node))
        return VOUCH_OK;
    VOUCH_TRY(vouch_pass_node(&c->pass, node));
    if (c->pass.bounds->empty)
        return VOUCH_OK;
    VOUCH_TRY(vouch_backward_node(&c->backward, node));
    for (int o = 0; o < n->output_count; o++) {
        if (n->output[o] < 0 || !c->backward_values || is_first_layer(c, node))
            continue;
        choose_wanted(c, n->output[o]);
        VOUCH_TRY(vouch_backward_value(&c->backward, n->output[o], c->wanted));
    }
    return VOUCH_OK;
}

static vouch_status begin(crown *c, const settings *set)
{
    int64_t largest = 0;

    VOUCH_TRY(vouch_backward_begin(&c->pass, set->cells, &c->backward));
    for (int v = 0; v < c->pass.graph->value_count; v++) {
        int64_t count = vouch_bounds_count(c->pass.graph, v);
        largest = count > largest ? count : largest;
    }
    c->wanted = VOUCH_NEW_ARRAY(c->pass.arena, bool, largest);
    c->backward_values = strcmp(set->intermediate, "crown") == 0;
    return c->wanted ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static vouch_status run_known(vouch_context *ctx, vouch_arena *arena, const settings *set,
                              const vouch_bound_problem *problem, vouch_bounds *bounds)
{
    crown c = {0};

    VOUCH_TRY(vouch_pass_begin(ctx, arena, problem, true, bounds, &c.pass));
    VOUCH_TRY(begin(&c, set));
    for (int n = 0; n < c.pass.graph->node_count && !bounds->empty; n++)
        VOUCH_TRY(bound_node(&c, n));
    VOUCH_TRY(vouch_pass_rows(&c.pass));
    if (problem->rows && !bounds->empty)
        VOUCH_TRY(vouch_backward_rows(&c.backward));
    vouch_pass_end(&c.pass);
    return VOUCH_OK;
}

static vouch_status run(vouch_context *ctx, vouch_arena *arena, const void *given,
                        const vouch_bound_problem *problem, vouch_bounds *bounds)
{
    vouch_bound_problem known = *problem;
    vouch_bounds first;
    settings set;

    vouch_options_default(options, OPTION_COUNT, &set);
    if (given)
        set = *(const settings *)given;
    if (strcmp(set.intermediate, "symbolic") != 0)
        return run_known(ctx, arena, &set, problem, bounds);
    known.rows = NULL;
    VOUCH_TRY(vouch_domain_symbolic.run(ctx, arena, NULL, &known, &first));
    known.rows = problem->rows;
    known.known_low = (const double *const *)first.low;
    known.known_high = (const double *const *)first.high;
    return run_known(ctx, arena, &set, &known, bounds);
}

const vouch_domain vouch_domain_crown = {
    .name = "crown",
    .summary = "linear bounds propagated backwards from every unstable neuron",
    .citation = "Zhang et al. 2018, CROWN, Thm 3.2; Singh et al. 2019, DeepPoly, sec. 4",
    .options = options,
    .option_count = OPTION_COUNT,
    .settings_size = sizeof(settings),
    .has_forms = true,
    .run = run,
};
