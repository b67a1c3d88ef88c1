/* Replay by a property built in memory: the box is the point, one case says what is claimed.
 *
 *     untargeted   y_label - y_j < 0,  j the best other class in double precision
 *     targeted     y_i - y_t < 0       for all i but t
 *
 * Logits are compared, not what a last softmax makes of them: over the reals it keeps the
 * order, so either proves the other.
 */
#include "attack/replay.h"

#include "attack/falsify.h"

typedef struct claim {
    vouch_arena *scratch;
    const vouch_aim *aim;
    int64_t inputs;
    mpq_t *x;               /* [inputs] */
    mpq_t one, minus, none; /* 1, -1, 0 */
} claim;

static vouch_status out_of_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "attack: out of memory");
}

static vouch_status make_box(const claim *c, const float *x, vouch_box *box)
{
    double *end = VOUCH_NEW_ARRAY(c->scratch, double, c->inputs);
    mpq_srcptr *exact = VOUCH_NEW_ARRAY(c->scratch, mpq_srcptr, c->inputs);
    if (!end || !exact)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < c->inputs; i++) {
        end[i] = (double)x[i];
        mpq_set_d(c->x[i], end[i]);
        exact[i] = c->x[i];
    }
    *box = (vouch_box){.low = end, .high = end, .exact_low = exact, .exact_high = exact};
    return VOUCH_OK;
}

/* y_up - y_down < 0 */
static void make_row(const claim *c, int up, int down, vouch_term terms[2], vouch_row *row)
{
    terms[0] = (vouch_term){.index = up, .is_output = true, .coefficient = 1, .exact = c->one};
    terms[1] =
        (vouch_term){.index = down, .is_output = true, .coefficient = -1, .exact = c->minus};
    *row = (vouch_row){.term_count = 2, .term = terms, .exact_bound = c->none, .strict = true};
}

static vouch_status make_case(const claim *c, int winner, vouch_case *k)
{
    const int64_t classes = c->aim->classes;
    vouch_row *row = VOUCH_NEW_ARRAY(c->scratch, vouch_row, classes);
    vouch_term *term = VOUCH_NEW_ARRAY(c->scratch, vouch_term, 2 * classes);
    if (!row || !term)
        return VOUCH_ERR_MEMORY;
    *k = (vouch_case){.row = row};
    for (int j = 0; j < classes; j++)
        if (c->aim->target >= 0 ? j != winner : j == c->aim->label) {
            make_row(c, j, winner, term + (ptrdiff_t)(2 * k->row_count), &row[k->row_count]);
            k->row_count++;
        }
    return VOUCH_OK;
}

/* The class that the claim is about. */
static vouch_status find_winner(vouch_context *ctx, const claim *c, const vouch_graph *graph,
                                const double *x, int *winner)
{
    double *y = VOUCH_NEW_ARRAY(c->scratch, double, c->aim->classes);
    int best = c->aim->label == 0 ? 1 : 0;
    if (!y)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_op_eval_graph(ctx, graph, VOUCH_F64, x, y));
    for (int j = 0; j < c->aim->classes; j++)
        if (j != c->aim->label && y[j] > y[best])
            best = j;
    *winner = c->aim->target >= 0 ? c->aim->target : best;
    return VOUCH_OK;
}

static vouch_status decide(vouch_context *ctx, const claim *c, const vouch_graph *graph,
                           const float *x, vouch_witness *witness)
{
    vouch_box box;
    vouch_case only;
    vouch_spec spec = {.arena = c->scratch,
                       .source = "claim",
                       .input_size = c->inputs,
                       .output_size = c->aim->classes,
                       .box_count = 1,
                       .case_count = 1,
                       .box = &box,
                       .cases = &only};
    VOUCH_TRY(make_box(c, x, &box));
    VOUCH_TRY(find_winner(ctx, c, graph, box.low, &witness->which_case));
    VOUCH_TRY(make_case(c, witness->which_case, &only));
    const int winner = witness->which_case;
    VOUCH_TRY(vouch_witness_check(ctx, c->scratch, graph, &spec, VOUCH_SEMANTICS_REAL, box.low,
                                  witness));
    witness->which_case = winner;
    return VOUCH_OK;
}

static vouch_status replay(vouch_context *ctx, claim *c, const vouch_graph *graph,
                           const float *x, vouch_witness *witness)
{
    c->x = VOUCH_NEW_ARRAY(c->scratch, mpq_t, c->inputs);
    witness->input = VOUCH_NEW_ARRAY(c->scratch, double, c->inputs);
    witness->output = VOUCH_NEW_ARRAY(c->scratch, double, c->aim->classes);
    if (!c->x || !witness->input || !witness->output)
        return out_of_memory(ctx);
    mpq_inits(c->one, c->minus, c->none, NULL);
    mpq_set_si(c->one, 1, 1);
    mpq_set_si(c->minus, -1, 1);
    for (int64_t i = 0; i < c->inputs; i++)
        mpq_init(c->x[i]);
    const vouch_status status = decide(ctx, c, graph, x, witness);
    for (int64_t i = 0; i < c->inputs; i++)
        mpq_clear(c->x[i]);
    mpq_clears(c->one, c->minus, c->none, NULL);
    return status;
}

vouch_status vouch_attack_replay(vouch_context *ctx, vouch_arena *scratch,
                                 const vouch_graph *graph, const vouch_aim *aim, const float *x,
                                 int *predicted, bool *proved)
{
    const vouch_arena_mark mark = vouch_arena_get_mark(scratch);
    claim c = {.scratch = scratch, .aim = aim, .inputs = vouch_op_input_size(graph)};
    vouch_witness witness = {0};
    const vouch_status status = replay(ctx, &c, graph, x, &witness);
    vouch_arena_reset(scratch, mark);
    *proved = !status && witness.found;
    *predicted = witness.which_case;
    return status;
}
