/* The normal form: and/or trees expanded into cases, lazily.
 *
 * A depth-first walk keeps one partial case: the current bounds of every input, the tightest
 * row of every form, and the disjunctions still open. Atoms take effect as soon as they are
 * met, so a contradiction prunes the branch at once, and a disjunction that already holds is
 * skipped: its other branches would only give subsets. A trail undoes a branch. What is left
 * when no disjunction is open is a case.
 *
 * Boxes are equal when the pointers of their interned bounds are; a hash of the bounds is kept
 * up to date with each change, so that finding an equal box costs nothing per input until a
 * candidate is compared.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/parser.h"

enum {
    CASES_MAX = 1000000,
    ROWS_MAX = 1 << 24,   /* of all cases together */
    BOUNDS_MAX = 1 << 26, /* boxes x inputs */
    WORK_MAX = 1 << 28    /* steps of the walk: stops expansions that yield nothing */
};

enum { CHANGED_LOW = 1, CHANGED_HIGH, CHANGED_ROW };

/* One change of the partial case, with what was there before. */
typedef struct change {
    int kind;
    int line; /* of the old bound; the old row's node for CHANGED_ROW */
    int box;  /* the current box before the change, -1 = not known */
    int64_t index;
    const vouch_number *number;
} change;

/* One disjunction being gone through. */
typedef struct frame {
    int next_child; /* node, -1 = none left */
    size_t trail, open;
    size_t taken; /* disjunctions dealt with, this one included */
} frame;

typedef struct walk {
    vouch_context *ctx;
    vouch_spec *spec;
    const vouch_formula *f;
    const vouch_number **low, **high; /* [input_size], NULL = unbounded */
    int *low_line, *high_line;
    unsigned long long hash; /* of the bounds */
    int box;                 /* the index of the current bounds, -1 = not known */
    int *row;                /* [form_count]: node of the tightest row, -1 = none */
    int *active;             /* forms that have a row, in the order they came */
    size_t active_count;
    change *trail;
    size_t trail_count, trail_capacity;
    int *open; /* disjunctions met; those before `taken` are dealt with */
    size_t open_count, open_capacity, taken;
    frame *frame;
    size_t frame_count, frame_capacity;
    int *scratch; /* [form_count] */
    /* results while they grow */
    vouch_box *boxes;
    unsigned long long *box_hash;
    size_t box_count, box_capacity, box_hash_capacity;
    vouch_case *cases;
    unsigned long long *case_hash;
    size_t case_count, case_capacity, case_hash_capacity;
    size_t row_total;
    int *box_slot, *case_slot; /* hash tables: index + 1, 0 = free */
    size_t box_slots, case_slots;
    int64_t work;
    int line; /* of the branch being tried, for messages */
    bool failed; /* no memory for the note */
} walk;

/* ---- memory --------------------------------------------------------------------------------
 */

static void *grow(walk *w, void *array, size_t *capacity, size_t count, size_t size)
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

/* GROW(w, array, capacity, count): room for one more, or return. The array survives failure. */
#define GROW(w, array, capacity, count)                                                        \
    do {                                                                                       \
        void *grown_ = grow((w), (array), &(capacity), (count), sizeof *(array));              \
        if (!grown_)                                                                           \
            return VOUCH_ERR_MEMORY;                                                           \
        (array) = grown_;                                                                      \
    } while (0)

static vouch_status init(walk *w)
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

static void fini(walk *w)
{
    void *blocks[] = {w->low,   w->high,      w->low_line, w->high_line, w->row,   w->active,
                      w->trail, w->open,      w->frame,    w->scratch,   w->boxes, w->box_hash,
                      w->cases, w->case_hash, w->box_slot, w->case_slot};

    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        vouch_release(w->ctx, blocks[i]);
}

static vouch_status spend(walk *w, int64_t steps)
{
    w->work += steps;
    if (w->work <= WORK_MAX)
        return VOUCH_OK;
    return vouch_spec_fail(w->ctx, w->spec->source, w->line, VOUCH_ERR_LIMIT,
                           "the property's nested 'or' expand into too many cases");
}

/* ---- contradictions
 * -------------------------------------------------------------------------- */

/* Keeps the text of the first contradiction met. */
static bool contradiction(walk *w, const char *text)
{
    if (!w->spec->note) {
        w->spec->note = vouch_arena_text(w->spec->arena, text);
        w->failed = !w->spec->note;
    }
    return false;
}

static bool bounds_contradict(walk *w, int64_t input)
{
    char name[VOUCH_SPEC_NAME], text[VOUCH_SPEC_NAME + 96];

    (void)snprintf(text, sizeof text,
                   "contradictory bounds of %s: lower bound at line %d, upper bound at line %d",
                   vouch_spec_variable_name(w->spec, false, input, name), w->low_line[input],
                   w->high_line[input]);
    return contradiction(w, text);
}

static bool rows_contradict(walk *w, int line, int other)
{
    char text[96];

    (void)snprintf(text, sizeof text, "contradictory constraints at lines %d and %d",
                   line < other ? line : other, line < other ? other : line);
    return contradiction(w, text);
}

static bool never_true(walk *w, int line)
{
    char text[64];

    (void)snprintf(text, sizeof text, "the constraint at line %d is never true", line);
    return contradiction(w, text);
}

/* ---- one atom ------------------------------------------------------------------------------
 */

static unsigned long long bound_hash(int64_t input, bool upper, const vouch_number *n)
{
    unsigned long long place = 2 * (unsigned long long)input + upper;

    return n ? vouch_spec_hash(n->hash, &place, sizeof place) : 0;
}

static void set_bound(walk *w, int64_t input, bool upper, const vouch_number *n, int line)
{
    const vouch_number **side = upper ? w->high : w->low;

    w->hash ^= bound_hash(input, upper, side[input]) ^ bound_hash(input, upper, n);
    side[input] = n;
    (upper ? w->high_line : w->low_line)[input] = line;
}

static bool bound_implied(const walk *w, const vouch_formula_node *a)
{
    const vouch_number *now = a->upper ? w->high[a->index] : w->low[a->index];
    int sign;

    if (!now)
        return false;
    sign = vouch_number_compare(now, a->bound);
    return a->upper ? sign <= 0 : sign >= 0;
}

static bool row_implied(const walk *w, const vouch_formula_node *a)
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
static vouch_status apply_bound(walk *w, const vouch_formula_node *a, bool *ok)
{
    int64_t i = a->index;

    *ok = true;
    if (bound_implied(w, a))
        return VOUCH_OK;
    GROW(w, w->trail, w->trail_capacity, w->trail_count);
    w->trail[w->trail_count++] = (change){a->upper ? CHANGED_HIGH : CHANGED_LOW,
                                          (a->upper ? w->high_line : w->low_line)[i], w->box, i,
                                          a->upper ? w->high[i] : w->low[i]};
    set_bound(w, i, a->upper, a->bound, a->line);
    w->box = -1;
    if (w->low[i] && w->high[i] && vouch_number_compare(w->low[i], w->high[i]) > 0)
        *ok = bounds_contradict(w, i);
    return VOUCH_OK;
}

/* f <= a and -f <= b need a + b >= 0, and more where one is strict. */
static bool opposite_fits(const walk *w, const vouch_formula_node *a, int *other_line)
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

static vouch_status apply_row(walk *w, const vouch_formula_node *a, bool *ok)
{
    int other_line = 0;

    *ok = true;
    if (row_implied(w, a))
        return VOUCH_OK;
    GROW(w, w->trail, w->trail_capacity, w->trail_count);
    w->trail[w->trail_count++] =
        (change){CHANGED_ROW, w->row[a->index], w->box, a->index, NULL};
    if (w->row[a->index] < 0)
        w->active[w->active_count++] = (int)a->index;
    w->row[a->index] = (int)(a - w->f->node);
    if (!opposite_fits(w, a, &other_line))
        *ok = rows_contradict(w, a->line, other_line);
    return VOUCH_OK;
}

static void undo(walk *w, size_t mark)
{
    while (w->trail_count > mark) {
        const change *c = &w->trail[--w->trail_count];

        w->box = c->box;
        if (c->kind == CHANGED_ROW) {
            w->row[c->index] = c->line;
            if (c->line < 0)
                w->active_count--; /* rows are undone last in, first out */
        } else {
            set_bound(w, c->index, c->kind == CHANGED_HIGH, c->number, c->line);
        }
    }
}

/* ---- formulas
 * -------------------------------------------------------------------------------- */

/* Does the partial case imply the node? (depth is limited by the parser) */
static bool implied(walk *w, int node)
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
static vouch_status add(walk *w, int node, bool *ok)
{
    const vouch_formula_node *n = &w->f->node[node];

    *ok = true;
    VOUCH_TRY(spend(w, 1));
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
        GROW(w, w->open, w->open_capacity, w->open_count);
        w->open[w->open_count++] = node;
        return VOUCH_OK;
    case VOUCH_FORMULA_AND:
        break;
    }
    for (int child = n->first; child >= 0 && *ok; child = w->f->node[child].next)
        VOUCH_TRY(add(w, child, ok));
    return VOUCH_OK;
}

/* ---- boxes
 * ----------------------------------------------------------------------------------- */

/* Does any constraint of the property bound that side of the input? */
static bool bounded_somewhere(const walk *w, int64_t input, bool upper)
{
    for (size_t i = 0; i < w->f->node_count; i++) {
        const vouch_formula_node *n = &w->f->node[i];

        if (n->kind == VOUCH_FORMULA_BOUND && n->index == input && n->upper == upper)
            return true;
    }
    return false;
}

static vouch_status unbounded(walk *w, int64_t input, bool upper)
{
    const char *which = upper ? "upper" : "lower";
    char name[VOUCH_SPEC_NAME];

    vouch_spec_variable_name(w->spec, false, input, name);
    if (w->line > 0 && bounded_somewhere(w, input, upper))
        return vouch_spec_fail(w->ctx, w->spec->source, w->line, VOUCH_ERR_VALUE,
                               "%s has no %s bound in the case that ends here", name, which);
    return vouch_fail(w->ctx, VOUCH_ERR_VALUE, "%s: %s has no %s bound", w->spec->source, name,
                      which);
}

static bool same_box(const walk *w, const vouch_box *box)
{
    for (int64_t i = 0; i < w->spec->input_size; i++)
        if (box->exact_low[i] != &w->low[i]->exact || box->exact_high[i] != &w->high[i]->exact)
            return false;
    return true;
}

static vouch_status make_box(walk *w, vouch_box *box)
{
    int64_t n = w->spec->input_size;
    vouch_arena *arena = w->spec->arena;

    if ((int64_t)w->box_count * n > BOUNDS_MAX)
        return vouch_spec_fail(w->ctx, w->spec->source, w->line, VOUCH_ERR_LIMIT,
                               "the property has too many input boxes");
    *box = (vouch_box){.low = VOUCH_NEW_ARRAY(arena, double, n),
                       .high = VOUCH_NEW_ARRAY(arena, double, n),
                       .exact_low = VOUCH_NEW_ARRAY(arena, mpq_srcptr, n),
                       .exact_high = VOUCH_NEW_ARRAY(arena, mpq_srcptr, n)};
    if (!box->low || !box->high || !box->exact_low || !box->exact_high)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < n; i++) {
        box->low[i] = w->low[i]->down;
        box->high[i] = w->high[i]->up;
        box->exact_low[i] = &w->low[i]->exact;
        box->exact_high[i] = &w->high[i]->exact;
    }
    return VOUCH_OK;
}

/* Doubles a hash table of indices when it is half full. */
static vouch_status grow_slots(walk *w, int **slot, size_t *slots,
                               const unsigned long long *hash, size_t count)
{
    size_t wanted = *slots ? 2 * *slots : 64;
    int *made;

    if (2 * (count + 1) <= *slots)
        return VOUCH_OK;
    made = vouch_alloc(w->ctx, wanted * sizeof *made);
    if (!made)
        return VOUCH_ERR_MEMORY;
    for (size_t k = 0; k < count; k++) {
        size_t i = hash[k] & (wanted - 1);

        while (made[i])
            i = (i + 1) & (wanted - 1);
        made[i] = (int)k + 1;
    }
    vouch_release(w->ctx, *slot);
    *slot = made;
    *slots = wanted;
    return VOUCH_OK;
}

/* Sets w->box to the index of the current bounds, a new one if need be. */
static vouch_status find_box(walk *w)
{
    size_t i;

    if (w->box >= 0)
        return VOUCH_OK;
    VOUCH_TRY(spend(w, w->spec->input_size / 8));
    for (int64_t k = 0; k < w->spec->input_size; k++)
        if (!w->low[k] || !w->high[k])
            return unbounded(w, k, w->low[k] != NULL);
    VOUCH_TRY(grow_slots(w, &w->box_slot, &w->box_slots, w->box_hash, w->box_count));
    for (i = w->hash & (w->box_slots - 1); w->box_slot[i]; i = (i + 1) & (w->box_slots - 1)) {
        int k = w->box_slot[i] - 1;

        if (w->box_hash[k] == w->hash && same_box(w, &w->boxes[k])) {
            w->box = k;
            return VOUCH_OK;
        }
    }
    GROW(w, w->boxes, w->box_capacity, w->box_count);
    GROW(w, w->box_hash, w->box_hash_capacity, w->box_count);
    VOUCH_TRY(make_box(w, &w->boxes[w->box_count]));
    w->box_hash[w->box_count] = w->hash;
    w->box = (int)w->box_count++;
    w->box_slot[i] = w->box + 1;
    return VOUCH_OK;
}

/* ---- cases
 * ----------------------------------------------------------------------------------- */

static int by_index(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

/* What the box says of a strict row over one input: +1 always true, -1 never, 0 it matters. */
static int strict_input_row(const walk *w, const vouch_formula_node *row)
{
    const vouch_form *form = &w->f->form[row->index];
    const vouch_term *t = form->term;
    mpq_t most, least;
    int answer = 0;

    if (!row->strict || form->term_count != 1 || t->is_output)
        return 0;
    mpq_init(most);
    mpq_init(least);
    mpq_mul(most, t->exact, &w->high[t->index]->exact);
    mpq_mul(least, t->exact, &w->low[t->index]->exact);
    if (mpq_sgn(t->exact) < 0)
        mpq_swap(most, least);
    if (mpq_cmp(most, &row->bound->exact) < 0)
        answer = 1;
    else if (mpq_cmp(least, &row->bound->exact) >= 0)
        answer = -1;
    mpq_clear(most);
    mpq_clear(least);
    return answer;
}

/* Gathers the row nodes of the case into scratch, by form. *ok false: a strict row is never
 * true.
 */
static int gather_rows(walk *w, bool *ok)
{
    int count = 0;

    *ok = true;
    for (size_t i = 0; i < w->active_count; i++)
        w->scratch[i] = w->active[i];
    qsort(w->scratch, w->active_count, sizeof *w->scratch, by_index);
    for (size_t i = 0; i < w->active_count && *ok; i++) {
        int node = w->row[w->scratch[i]];
        int answer = strict_input_row(w, &w->f->node[node]);

        if (answer == 0)
            w->scratch[count++] = node;
        else if (answer < 0)
            *ok = bounds_contradict(w, w->f->form[w->scratch[i]].term->index);
    }
    return count;
}

static unsigned long long hash_case(const walk *w, int count)
{
    unsigned long long h = vouch_spec_hash(VOUCH_SPEC_HASH_SEED, &w->box, sizeof w->box);

    for (int i = 0; i < count; i++) {
        const vouch_formula_node *n = &w->f->node[w->scratch[i]];

        h = vouch_spec_hash(h ^ n->bound->hash, &n->index, sizeof n->index);
        h = 2 * h + n->strict;
    }
    return vouch_spec_hash(h, &count, sizeof count);
}

static bool same_case(const walk *w, const vouch_case *c, int count)
{
    if (c->box != w->box || c->row_count != count)
        return false;
    for (int i = 0; i < count; i++) {
        const vouch_formula_node *n = &w->f->node[w->scratch[i]];

        if (c->row[i].term != w->f->form[n->index].term || c->row[i].strict != n->strict ||
            c->row[i].exact_bound != &n->bound->exact)
            return false;
    }
    return true;
}

static vouch_status make_case(walk *w, int count, vouch_case *c)
{
    vouch_row *row = VOUCH_NEW_ARRAY(w->spec->arena, vouch_row, count);

    w->row_total += (size_t)count;
    if (w->case_count == CASES_MAX || w->row_total > ROWS_MAX)
        return vouch_spec_fail(w->ctx, w->spec->source, w->line, VOUCH_ERR_LIMIT,
                               "the property's nested 'or' expand into more than %d cases",
                               (int)w->case_count);
    if (!row)
        return VOUCH_ERR_MEMORY;
    for (int i = 0; i < count; i++) {
        const vouch_formula_node *n = &w->f->node[w->scratch[i]];
        const vouch_form *form = &w->f->form[n->index];

        row[i] = (vouch_row){form->term_count, form->term, n->bound->up,
                             &n->bound->exact, n->strict,  n->line};
    }
    *c = (vouch_case){w->box, count, row};
    return VOUCH_OK;
}

/* No disjunction is open: the partial case is a case. */
static vouch_status emit(walk *w)
{
    unsigned long long hash;
    bool ok;
    int count;
    size_t i;

    VOUCH_TRY(find_box(w));
    VOUCH_TRY(spend(w, (int64_t)w->active_count));
    count = gather_rows(w, &ok);
    if (!ok)
        return VOUCH_OK;
    hash = hash_case(w, count);
    VOUCH_TRY(grow_slots(w, &w->case_slot, &w->case_slots, w->case_hash, w->case_count));
    for (i = hash & (w->case_slots - 1); w->case_slot[i]; i = (i + 1) & (w->case_slots - 1)) {
        int k = w->case_slot[i] - 1;

        if (w->case_hash[k] == hash && same_case(w, &w->cases[k], count))
            return VOUCH_OK;
    }
    GROW(w, w->cases, w->case_capacity, w->case_count);
    GROW(w, w->case_hash, w->case_hash_capacity, w->case_count);
    VOUCH_TRY(make_case(w, count, &w->cases[w->case_count]));
    w->case_hash[w->case_count] = hash;
    w->case_slot[i] = (int)++w->case_count;
    return VOUCH_OK;
}

/* ---- the walk
 * -------------------------------------------------------------------------------- */

/* Goes down: opens the next disjunction that does not hold yet, or emits the case. */
static vouch_status descend(walk *w)
{
    while (w->taken < w->open_count && implied(w, w->open[w->taken]))
        w->taken++;
    VOUCH_TRY(spend(w, 0));
    if (w->taken == w->open_count)
        return emit(w);
    GROW(w, w->frame, w->frame_capacity, w->frame_count);
    w->frame[w->frame_count] = (frame){w->f->node[w->open[w->taken]].first, w->trail_count,
                                       w->open_count, w->taken + 1};
    w->frame_count++;
    return VOUCH_OK;
}

/* Undoes to the innermost disjunction with a branch left and takes it. *ok: there was one and
 * it does not contradict. */
static vouch_status next_branch(walk *w, bool *ok)
{
    frame *top = &w->frame[w->frame_count - 1];
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

static vouch_status expand(walk *w, int root)
{
    bool ok;

    VOUCH_TRY(add(w, root, &ok));
    if (!ok)
        return VOUCH_OK;
    VOUCH_TRY(descend(w));
    while (w->frame_count) {
        VOUCH_TRY(next_branch(w, &ok));
        if (ok)
            VOUCH_TRY(descend(w));
    }
    return VOUCH_OK;
}

/* Hands the results over, cases sorted by box, otherwise in the order found. */
static vouch_status finish(walk *w)
{
    vouch_spec *spec = w->spec;
    vouch_box *box = VOUCH_NEW_ARRAY(spec->arena, vouch_box, w->box_count);
    vouch_case *cases = VOUCH_NEW_ARRAY(spec->arena, vouch_case, w->case_count);
    size_t *start = vouch_alloc(w->ctx, (w->box_count + 1) * sizeof *start);

    if (box && cases && start) {
        for (size_t k = 0; k < w->case_count; k++)
            start[w->cases[k].box + 1]++;
        for (size_t b = 0; b < w->box_count; b++) {
            start[b + 1] += start[b];
            box[b] = w->boxes[b];
        }
        for (size_t k = 0; k < w->case_count; k++)
            cases[start[w->cases[k].box]++] = w->cases[k];
        spec->box = box;
        spec->box_count = (int)w->box_count;
        spec->cases = cases;
        spec->case_count = (int)w->case_count;
        if (w->case_count)
            spec->note = NULL;
    }
    vouch_release(w->ctx, start);
    return box && cases && start ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

vouch_status vouch_spec_normalise(vouch_spec *spec, vouch_context *ctx, const vouch_formula *f,
                                  int root)
{
    walk w = {.ctx = ctx, .spec = spec, .f = f};
    vouch_status status = init(&w);

    if (!status)
        status = expand(&w, root);
    if (!status)
        status = w.failed ? VOUCH_ERR_MEMORY : finish(&w);
    fini(&w);
    return status;
}
