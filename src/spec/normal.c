/* The normal form: and/or trees expanded into cases, lazily.
 *
 * A depth-first walk keeps one partial case: the current bounds of every input, the tightest
 * row of every form, and the disjunctions still open. Atoms take effect as soon as they are
 * met, so a contradiction prunes the branch at once, and a disjunction that already holds is
 * skipped: its other branches would only give subsets. A trail undoes a branch. What is left
 * when no disjunction is open is a case.
 */
#include "spec/normal.h"

#include <stdio.h>
#include <string.h>

/* Steps of the walk: stops expansions that yield nothing. */
enum { WORK_MAX = 1 << 25 };

/* ---- memory -------------------------------------------------------------------------- */

void *vouch_walk_grow(vouch_walk *w, void *array, size_t *capacity, size_t count, size_t size)
{
    size_t wanted = *capacity ? 2 * *capacity : 64;
    void *grown = array;

    if (count >= *capacity) {
        grown = vouch_resize(w->ctx, array, wanted * size);
        if (grown)
            *capacity = wanted;
    }
    return grown;
}

static vouch_status init(vouch_walk *w)
{
    size_t inputs = (size_t)w->spec->input_size, forms = w->f->form_count;

    w->low = vouch_alloc(w->ctx, inputs * sizeof(void *));
    w->high = vouch_alloc(w->ctx, inputs * sizeof(void *));
    w->low_line = vouch_alloc(w->ctx, inputs * sizeof(int));
    w->high_line = vouch_alloc(w->ctx, inputs * sizeof(int));
    w->row = vouch_alloc(w->ctx, forms * sizeof(int));
    w->active = vouch_alloc(w->ctx, forms * sizeof(int));
    w->scratch = vouch_alloc(w->ctx, forms * sizeof(int));
    if (!w->low || !w->high || !w->low_line || !w->high_line || !w->row || !w->active ||
        !w->scratch)
        return VOUCH_ERR_MEMORY;
    memset(w->row, -1, forms * sizeof(int));
    w->box = -1;
    return VOUCH_OK;
}

static void fini(vouch_walk *w)
{
    void *blocks[] = {w->low,   w->high,      w->low_line, w->high_line, w->row,   w->active,
                      w->trail, w->open,      w->frame,    w->scratch,   w->boxes, w->box_hash,
                      w->cases, w->case_hash, w->box_slot, w->case_slot};

    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        vouch_release(w->ctx, blocks[i]);
}

vouch_status vouch_walk_spend(vouch_walk *w, int64_t steps)
{
    w->work += steps;
    if (w->work <= WORK_MAX)
        return VOUCH_OK;
    return vouch_spec_fail(w->ctx, w->spec->source, w->line, VOUCH_ERR_LIMIT,
                           "the property's nested 'or' expand into too many cases");
}

/* ---- contradictions ------------------------------------------------------------------ */

/* Only the first one met is put into words. */
static bool contradiction(vouch_walk *w, const char *text)
{
    w->spec->note = vouch_arena_text(w->spec->arena, text);
    w->failed = !w->spec->note;
    return false;
}

bool vouch_walk_bounds_contradict(vouch_walk *w, int64_t input)
{
    char name[VOUCH_SPEC_NAME], text[VOUCH_SPEC_NAME + 96];

    if (w->spec->note)
        return false;
    (void)snprintf(text, sizeof text,
                   "contradictory bounds of %s: lower bound at line %d, upper bound at line %d",
                   vouch_spec_variable_name(w->spec, false, input, name), w->low_line[input],
                   w->high_line[input]);
    return contradiction(w, text);
}

static bool rows_contradict(vouch_walk *w, int line, int other)
{
    char text[96];

    if (w->spec->note)
        return false;
    (void)snprintf(text, sizeof text, "contradictory constraints at lines %d and %d",
                   line < other ? line : other, line < other ? other : line);
    return contradiction(w, text);
}

static bool never_true(vouch_walk *w, int line)
{
    char text[64];

    if (w->spec->note)
        return false;
    (void)snprintf(text, sizeof text, "the constraint at line %d is never true", line);
    return contradiction(w, text);
}

/* ---- one atom ------------------------------------------------------------------------ */

static unsigned long long bound_hash(int64_t input, bool upper, const vouch_number *n)
{
    unsigned long long place = 2 * (unsigned long long)input + upper;

    return n ? vouch_spec_hash(n->hash, &place, sizeof place) : 0;
}

static void set_bound(vouch_walk *w, int64_t input, bool upper, const vouch_number *n, int line)
{
    const vouch_number **side = upper ? w->high : w->low;

    w->hash ^= bound_hash(input, upper, side[input]) ^ bound_hash(input, upper, n);
    side[input] = n;
    (upper ? w->high_line : w->low_line)[input] = line;
}

static bool bound_implied(const vouch_walk *w, const vouch_formula_node *a)
{
    const vouch_number *now = a->upper ? w->high[a->index] : w->low[a->index];
    int sign;

    if (!now)
        return false;
    sign = vouch_number_compare(now, a->bound);
    return a->upper ? sign <= 0 : sign >= 0;
}

static bool row_implied(const vouch_walk *w, const vouch_formula_node *a)
{
    const vouch_formula_node *now;
    int sign;

    if (w->row[a->index] < 0)
        return false;
    now = &w->f->node[w->row[a->index]];
    sign = vouch_number_compare(now->bound, a->bound);
    return sign < 0 || (sign == 0 && (now->strict || !a->strict));
}

/* The atom takes effect; *ok: nothing contradicts it. */
static vouch_status apply_bound(vouch_walk *w, const vouch_formula_node *a, bool *ok)
{
    int64_t i = a->index;

    *ok = true;
    if (bound_implied(w, a))
        return VOUCH_OK;
    VOUCH_WALK_GROW(w, w->trail, w->trail_capacity, w->trail_count);
    w->trail[w->trail_count++] =
        (vouch_change){a->upper ? VOUCH_CHANGED_HIGH : VOUCH_CHANGED_LOW,
                       (a->upper ? w->high_line : w->low_line)[i], w->box, i,
                       a->upper ? w->high[i] : w->low[i]};
    set_bound(w, i, a->upper, a->bound, a->line);
    w->box = -1;
    if (w->low[i] && w->high[i] && vouch_number_compare(w->low[i], w->high[i]) > 0)
        *ok = vouch_walk_bounds_contradict(w, i);
    return VOUCH_OK;
}

/* f <= a and -f <= b need a + b >= 0, and more where one is strict. */
static bool opposite_fits(const vouch_walk *w, const vouch_formula_node *a, int *other_line)
{
    int negation = w->f->form[a->index].negation, sign;
    const vouch_formula_node *b;
    mpq_t sum;

    if (negation < 0 || w->row[negation] < 0)
        return true;
    b = &w->f->node[w->row[negation]];
    *other_line = b->line;
    mpq_init(sum);
    mpq_add(sum, &a->bound->exact, &b->bound->exact);
    sign = mpq_sgn(sum);
    mpq_clear(sum);
    return sign > 0 || (sign == 0 && !a->strict && !b->strict);
}

static vouch_status apply_row(vouch_walk *w, const vouch_formula_node *a, bool *ok)
{
    int other_line = 0;

    *ok = true;
    if (row_implied(w, a))
        return VOUCH_OK;
    VOUCH_WALK_GROW(w, w->trail, w->trail_capacity, w->trail_count);
    w->trail[w->trail_count++] =
        (vouch_change){VOUCH_CHANGED_ROW, w->row[a->index], w->box, a->index, NULL};
    if (w->row[a->index] < 0)
        w->active[w->active_count++] = (int)a->index;
    w->row[a->index] = (int)(a - w->f->node);
    if (!opposite_fits(w, a, &other_line))
        *ok = rows_contradict(w, a->line, other_line);
    return VOUCH_OK;
}

static void undo(vouch_walk *w, size_t mark)
{
    while (w->trail_count > mark) {
        const vouch_change *c = &w->trail[--w->trail_count];

        w->box = c->box;
        if (c->kind == VOUCH_CHANGED_ROW) {
            w->row[c->index] = c->line;
            if (c->line < 0)
                w->active_count--; /* rows are undone last in, first out */
        } else {
            set_bound(w, c->index, c->kind == VOUCH_CHANGED_HIGH, c->number, c->line);
        }
    }
}

/* ---- formulas ------------------------------------------------------------------------ */

/* Does the partial case imply the node? (depth is limited by the parser) */
static bool implied(vouch_walk *w, int node)
{
    const vouch_formula_node *n = &w->f->node[node];
    bool is_and = n->kind == VOUCH_FORMULA_AND;

    w->work++;
    switch (n->kind) {
    case VOUCH_FORMULA_BOUND:
        return bound_implied(w, n);
    case VOUCH_FORMULA_ROW:
        return row_implied(w, n);
    case VOUCH_FORMULA_TRUE:
        return true;
    case VOUCH_FORMULA_FALSE:
        return false;
    case VOUCH_FORMULA_AND:
    case VOUCH_FORMULA_OR:
        break;
    }
    for (int child = n->first; child >= 0; child = w->f->node[child].next)
        if (implied(w, child) != is_and)
            return !is_and;
    return is_and;
}

/* Adds the node to the partial case; disjunctions are put aside. */
static vouch_status add(vouch_walk *w, int node, bool *ok)
{
    const vouch_formula_node *n = &w->f->node[node];

    *ok = true;
    VOUCH_TRY(vouch_walk_spend(w, 1));
    switch (n->kind) {
    case VOUCH_FORMULA_BOUND:
        return apply_bound(w, n, ok);
    case VOUCH_FORMULA_ROW:
        return apply_row(w, n, ok);
    case VOUCH_FORMULA_TRUE:
        return VOUCH_OK;
    case VOUCH_FORMULA_FALSE:
        *ok = never_true(w, n->line);
        return VOUCH_OK;
    case VOUCH_FORMULA_OR:
        if (w->f->node[n->first].next < 0)
            return add(w, n->first, ok);
        VOUCH_WALK_GROW(w, w->open, w->open_capacity, w->open_count);
        w->open[w->open_count++] = node;
        return VOUCH_OK;
    case VOUCH_FORMULA_AND:
        break;
    }
    for (int child = n->first; child >= 0 && *ok; child = w->f->node[child].next)
        VOUCH_TRY(add(w, child, ok));
    return VOUCH_OK;
}

/* ---- the walk ------------------------------------------------------------------------ */

/* Goes down: opens the next disjunction that does not hold yet, or emits the case. */
static vouch_status descend(vouch_walk *w)
{
    while (w->taken < w->open_count && implied(w, w->open[w->taken]))
        w->taken++;
    VOUCH_TRY(vouch_walk_spend(w, 0));
    if (w->taken == w->open_count)
        return vouch_walk_emit(w);
    VOUCH_WALK_GROW(w, w->frame, w->frame_capacity, w->frame_count);
    w->frame[w->frame_count] = (vouch_frame){w->f->node[w->open[w->taken]].first,
                                             w->trail_count, w->open_count, w->taken + 1};
    w->frame_count++;
    return VOUCH_OK;
}

/* Undoes to the innermost disjunction with a branch left and takes it. *ok: there was one and
 * it does not contradict. */
static vouch_status next_branch(vouch_walk *w, bool *ok)
{
    vouch_frame *top = &w->frame[w->frame_count - 1];
    int child = top->next_child;

    undo(w, top->trail);
    w->open_count = top->open;
    w->taken = top->taken;
    *ok = child >= 0;
    if (!*ok) {
        w->frame_count--;
        return VOUCH_OK;
    }
    top->next_child = w->f->node[child].next;
    w->line = w->f->node[child].line;
    return add(w, child, ok);
}

static vouch_status expand(vouch_walk *w, int root)
{
    bool ok;

    VOUCH_TRY(add(w, root, &ok));
    if (!ok)
        return VOUCH_OK;
    VOUCH_TRY(descend(w));
    while (w->frame_count) {
        VOUCH_TRY(vouch_context_poll(w->ctx));
        VOUCH_TRY(next_branch(w, &ok));
        if (ok)
            VOUCH_TRY(descend(w));
    }
    return VOUCH_OK;
}

vouch_status vouch_spec_normalise(vouch_spec *spec, vouch_context *ctx, const vouch_formula *f,
                                  int root)
{
    vouch_walk w = {.ctx = ctx, .spec = spec, .f = f};
    vouch_status status = init(&w);

    if (!status)
        status = expand(&w, root);
    if (!status)
        status = w.failed ? VOUCH_ERR_MEMORY : vouch_walk_finish(&w);
    fini(&w);
    return status;
}
