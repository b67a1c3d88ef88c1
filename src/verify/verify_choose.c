/* Which search a verification takes; see verify_run.h. */
#include <string.h>

#include "bounds/domain.h"
#include "verify/pieces.h"
#include "verify/sweep.h"
#include "verify/verify_run.h"

typedef vouch_verify_run run;

/* Beyond so many varying inputs a search by cuts alone may never end where a few splits would do:
 * it is only tried. */
enum { INPUTS_FEW = 5 };
/* Networks of more parameters are not tried by boxes: one of their boxes takes as long as many
 * subproblems of the branching search. */
enum { SMALL = 100000 };
/* However few inputs vary, the form of a network with so many neurons is dear on any part of the
 * box; walks keep to what is unstable, and to patches of images. */
enum { MANY_NEURONS = 1 << 15 };

/* Domains that the batched engine implements itself, on piecewise-linear networks. */
static bool is_batched(const char *domain)
{
    return !strcmp(domain, "auto") || !strcmp(domain, "crown") || !strcmp(domain, "symbolic");
}

static int count_varying(const vouch_task *t)
{
    int count = 0;
    for (int d = 0; d < t->input_count; d++)
        count += t->low[d] < t->high[d];
    return count;
}

int64_t vouch_verify_nonlinear(const vouch_graph *graph)
{
    int64_t count = 0;
    for (int n = 0; n < graph->node_count; n++) {
        const vouch_node *node = &graph->node[n];
        if (node->op->op_class != VOUCH_OP_AFFINE && node->output[0] >= 0)
            count += vouch_shape_count(&graph->value[node->output[0]].shape);
    }
    return count;
}

static vouch_search_kind choose_search(const run *r)
{
    const vouch_verify_settings *s = r->settings;
    if (strcmp(s->search, "boxes") == 0)
        return VOUCH_SEARCH_BOXES;
    if (strcmp(s->search, "branch") == 0)
        return VOUCH_SEARCH_BRANCH;
    if (strcmp(s->domain, "auto") == 0 && vouch_verify_nonlinear(r->in.graph) > MANY_NEURONS)
        return VOUCH_SEARCH_BRANCH;
    if (strcmp(s->domain, "auto") != 0 || count_varying(&r->task) <= INPUTS_FEW)
        return VOUCH_SEARCH_BOXES;
    return vouch_graph_parameters(r->in.graph) <= SMALL ? VOUCH_SEARCH_BOTH
                                                        : VOUCH_SEARCH_BRANCH;
}

static vouch_status choose_blocks(run *r)
{
    bool has;
    VOUCH_TRY(vouch_pwl_has_form(r->ctx, r->in.graph, &has));
    if (has)
        r->search = VOUCH_SEARCH_BLOCKS;
    return VOUCH_OK;
}

/* Where no form was found: pieces if those may have one. */
static vouch_status choose_without_form(run *r)
{
    bool pieces;
    if (r->task.form || r->search == VOUCH_SEARCH_BRANCH || r->search == VOUCH_SEARCH_BLOCKS ||
        !is_batched(r->settings->domain))
        return VOUCH_OK;
    VOUCH_TRY(vouch_pieces_apply(r->ctx, r->in.graph, &pieces));
    if (pieces)
        r->search = VOUCH_SEARCH_PIECES;
    else if (strcmp(r->settings->search, "boxes") != 0 &&
             strcmp(r->settings->domain, "auto") == 0)
        r->search = VOUCH_SEARCH_BRANCH;
    return VOUCH_OK;
}

/* Pictures and proofs want one tree of each box: with a sink the sweep is left out. */
static bool is_swept(const run *r)
{
    const vouch_verify_settings *s = r->settings;
    return strcmp(s->search, "auto") == 0 && strcmp(s->domain, "auto") == 0 && !r->in.sink &&
           vouch_sweep_applies(r->spec);
}

vouch_status vouch_verify_choose(run *r)
{
    const char *name = strcmp(r->settings->domain, "auto") == 0 ? "crown" : r->settings->domain;
    bool in_double = strcmp(r->settings->precision, "double") == 0;
    VOUCH_TRY(vouch_task_build(r->ctx, r->arena, r->in.graph, r->spec, false, &r->task));
    r->search = choose_search(r);
    if (r->search == VOUCH_SEARCH_BOXES && is_batched(r->settings->domain) &&
        r->spec->box_count > VOUCH_BLOCK_BOXES)
        VOUCH_TRY(choose_blocks(r));
    if (r->search != VOUCH_SEARCH_BRANCH && r->search != VOUCH_SEARCH_BLOCKS &&
        is_batched(r->settings->domain))
        VOUCH_TRY(vouch_task_lower(r->ctx, r->in.graph, r->spec, &r->task));
    VOUCH_TRY(choose_without_form(r));
    if (r->search == VOUCH_SEARCH_BRANCH && is_swept(r))
        r->search = VOUCH_SEARCH_SWEPT;
    r->in.type = in_double ? &vouch_engine_f64 : &vouch_engine_f32;
    r->task.domain = vouch_domain_find(name);
    if (!r->task.domain)
        return vouch_fail(r->ctx, VOUCH_ERR_ARGUMENT, "no domain '%s'", name);
    r->result->domain = r->task.domain->name;
    return VOUCH_OK;
}
