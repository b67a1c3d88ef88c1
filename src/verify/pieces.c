/* Pieces (pieces.h). The boxes still to do lie on a stack; pieces come in depth-first order. */
#include "verify/pieces.h"

#include <string.h>

enum { DEPTH = 40 }; /* halvings of a box */

/* Smaller than what the batched engine can do: halving once more costs less than searching on a
 * large form. */
static const vouch_pwl_limits LIMITS = {.neurons = 768, .row_scalars = 1 << 23};

typedef struct part {
    struct part *next;
    int box, depth;
    double share, *low, *high;
} part;

typedef struct pieces {
    vouch_context *ctx;
    vouch_arena *arena;   /* of the parts */
    vouch_arena *scratch; /* of the piece at hand */
    const vouch_graph *graph;
    const vouch_spec *spec;
    part *stack, *unused;
} pieces;

vouch_status vouch_pieces_apply(vouch_context *ctx, const vouch_graph *graph, bool *apply)
{
    *apply = false;
    return vouch_op_input_size(graph) <= VOUCH_PWL_FEW_INPUTS
               ? vouch_pwl_has_form(ctx, graph, apply)
               : VOUCH_OK;
}

/* ---- the stack ------------------------------------------------------------------ */

static part *part_new(pieces *p)
{
    part *made = p->unused;
    if (made) {
        p->unused = made->next;
        return made;
    }
    made = VOUCH_NEW(p->arena, part);
    if (!made)
        return NULL;
    made->low = VOUCH_NEW_ARRAY(p->arena, double, p->spec->input_size);
    made->high = VOUCH_NEW_ARRAY(p->arena, double, p->spec->input_size);
    return made->low && made->high ? made : NULL;
}

static part *push(pieces *p, int box, const double *low, const double *high)
{
    const size_t bytes = (size_t)p->spec->input_size * sizeof(double);
    part *made = part_new(p);
    if (!made)
        return NULL;
    memcpy(made->low, low, bytes);
    memcpy(made->high, high, bytes);
    made->box = box;
    made->depth = 0;
    made->next = p->stack;
    p->stack = made;
    return made;
}

static vouch_status push_boxes(pieces *p)
{
    const vouch_spec *spec = p->spec;
    int boxes = 0;
    for (int b = 0; b < spec->box_count; b++)
        boxes += !spec->box[b].empty;
    for (int b = spec->box_count - 1; b >= 0; b--) {
        if (spec->box[b].empty)
            continue;
        part *made = push(p, b, spec->box[b].low, spec->box[b].high);
        if (!made)
            return VOUCH_ERR_MEMORY;
        made->share = 1.0 / boxes;
    }
    return VOUCH_OK;
}

/* The input whose width is the largest part of what it is in the property's box, -1 if none can
 * be halved. */
static int widest(const pieces *p, const part *of)
{
    const vouch_box *box = &p->spec->box[of->box];
    int best = -1;
    double most = 0;
    for (int d = 0; d < (int)p->spec->input_size; d++) {
        const double middle = of->low[d] / 2 + of->high[d] / 2;
        const double width =
            (of->high[d] - of->low[d]) / (box->high[d] - box->low[d]); /* NaN: a point */
        if (!(width > most) || !(middle > of->low[d] && middle < of->high[d]))
            continue;
        most = width;
        best = d;
    }
    return best;
}

static vouch_status halve(pieces *p, const part *of, bool *stuck)
{
    const int d = of->depth < DEPTH ? widest(p, of) : -1;
    if (d < 0) {
        *stuck = true;
        return VOUCH_OK;
    }
    const double middle = of->low[d] / 2 + of->high[d] / 2;
    part *upper = push(p, of->box, of->low, of->high);
    part *lower = upper ? push(p, of->box, of->low, of->high) : NULL;
    if (!lower)
        return VOUCH_ERR_MEMORY;
    upper->low[d] = lower->high[d] = middle;
    upper->share = lower->share = of->share / 2;
    upper->depth = lower->depth = of->depth + 1;
    return VOUCH_OK;
}

/* ---- pieces --------------------------------------------------------------------- */

/* The property's cases of the part's box, on the part. */
static vouch_status restrict_spec(const pieces *p, const part *of, vouch_piece *piece)
{
    const vouch_spec *spec = p->spec;
    int first = 0, count = 0;
    while (first < spec->case_count && spec->cases[first].box != of->box)
        first++;
    while (first + count < spec->case_count && spec->cases[first + count].box == of->box)
        count++;
    vouch_case *cases = VOUCH_NEW_ARRAY(p->scratch, vouch_case, count + 1);
    vouch_box *box = VOUCH_NEW(p->scratch, vouch_box);
    if (!cases || !box)
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k < count; k++) {
        cases[k] = spec->cases[first + k];
        cases[k].box = 0;
    }
    *box = spec->box[of->box]; /* the exact ends stay: see pieces.h */
    box->low = of->low;
    box->high = of->high;
    *piece = (vouch_piece){
        .spec = *spec, .first_case = first, .share = of->share, .depth = of->depth};
    piece->spec.box_count = 1;
    piece->spec.box = box;
    piece->spec.case_count = count;
    piece->spec.cases = cases;
    return VOUCH_OK;
}

/* One part: fn on the piece that it is, or its halves onto the stack. */
static vouch_status do_part(pieces *p, const part *of, vouch_piece_fn *fn, void *user,
                            vouch_piece_outcome *outcome, bool *stuck)
{
    vouch_piece piece;
    *outcome = VOUCH_PIECE_DONE;
    VOUCH_TRY(restrict_spec(p, of, &piece));
    if (!piece.spec.case_count)
        return VOUCH_OK;
    VOUCH_TRY(vouch_task_build(p->ctx, p->scratch, p->graph, &piece.spec, false, &piece.task));
    vouch_status status =
        vouch_task_lower_within(p->ctx, p->graph, &piece.spec, &LIMITS, &piece.task);
    *outcome = VOUCH_PIECE_HALVE;
    if (!status && piece.task.form)
        status = fn(user, p->scratch, &piece, outcome);
    vouch_task_clear(p->ctx, &piece.task);
    if (!status && *outcome == VOUCH_PIECE_HALVE)
        status = halve(p, of, stuck);
    return status;
}

static vouch_status run(pieces *p, vouch_piece_fn *fn, void *user, bool *stuck)
{
    vouch_piece_outcome outcome = VOUCH_PIECE_DONE;
    VOUCH_TRY(push_boxes(p));
    while (p->stack && outcome != VOUCH_PIECE_STOP && !*stuck) {
        part *of = p->stack;
        vouch_arena_mark mark = vouch_arena_get_mark(p->scratch);
        p->stack = of->next;
        vouch_status status = do_part(p, of, fn, user, &outcome, stuck);
        vouch_arena_reset(p->scratch, mark);
        VOUCH_TRY(status);
        of->next = p->unused;
        p->unused = of;
    }
    return VOUCH_OK;
}

vouch_status vouch_pieces_run(vouch_context *ctx, const vouch_graph *graph,
                              const vouch_spec *spec, vouch_piece_fn *fn, void *user,
                              bool *stuck)
{
    pieces p = {.ctx = ctx,
                .arena = vouch_arena_new(ctx),
                .scratch = vouch_arena_new(ctx),
                .graph = graph,
                .spec = spec};
    *stuck = false;
    vouch_status status = p.arena && p.scratch ? run(&p, fn, user, stuck) : VOUCH_ERR_MEMORY;
    vouch_arena_free(p.arena);
    vouch_arena_free(p.scratch);
    return status;
}

/* ---- blocks ---------------------------------------------------------------------- */

/* Boxes first .. first + count - 1 and their cases, from *at on, which moves behind them. */
static vouch_status block_spec(vouch_arena *arena, const vouch_spec *spec, int first, int count,
                               int *at, vouch_piece *piece)
{
    int cases = 0;
    while (*at + cases < spec->case_count && spec->cases[*at + cases].box < first + count)
        cases++;
    vouch_case *list = VOUCH_NEW_ARRAY(arena, vouch_case, cases + 1);
    if (!list)
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k < cases; k++) {
        list[k] = spec->cases[*at + k];
        list[k].box -= first;
    }
    *piece = (vouch_piece){.spec = *spec,
                           .first_case = *at,
                           .share = (double)count / spec->box_count,
                           .depth = DEPTH};
    piece->spec.box = spec->box + first;
    piece->spec.box_count = count;
    piece->spec.cases = list;
    piece->spec.case_count = cases;
    *at += cases;
    return VOUCH_OK;
}

static vouch_status do_block(pieces *p, vouch_piece *piece, vouch_piece_fn *fn, void *user,
                             vouch_piece_outcome *outcome, bool *stuck)
{
    if (!piece->spec.case_count)
        return VOUCH_OK;
    VOUCH_TRY(vouch_task_build(p->ctx, p->scratch, p->graph, &piece->spec, true, &piece->task));
    *stuck = !piece->task.form;
    vouch_status status = *stuck ? VOUCH_OK : fn(user, p->scratch, piece, outcome);
    vouch_task_clear(p->ctx, &piece->task);
    return status;
}

vouch_status vouch_pieces_blocks(vouch_context *ctx, const vouch_graph *graph,
                                 const vouch_spec *spec, vouch_piece_fn *fn, void *user,
                                 bool *stuck)
{
    pieces p = {.ctx = ctx, .scratch = vouch_arena_new(ctx), .graph = graph, .spec = spec};
    vouch_piece_outcome outcome = VOUCH_PIECE_DONE;
    vouch_status status = p.scratch ? VOUCH_OK : VOUCH_ERR_MEMORY;
    *stuck = false;
    for (int b = 0, at = 0; !status && b < spec->box_count && !*stuck; b += VOUCH_BLOCK_BOXES) {
        int left = spec->box_count - b;
        vouch_arena_mark mark = vouch_arena_get_mark(p.scratch);
        vouch_piece piece;
        if (outcome == VOUCH_PIECE_STOP)
            break;
        status = block_spec(p.scratch, spec, b,
                            left < VOUCH_BLOCK_BOXES ? left : VOUCH_BLOCK_BOXES, &at, &piece);
        if (!status)
            status = do_block(&p, &piece, fn, user, &outcome, stuck);
        vouch_arena_reset(p.scratch, mark);
    }
    vouch_arena_free(p.scratch);
    return status;
}
