/* The walk's results: boxes and cases, each stored once.
 *
 * Boxes are equal when the pointers of their interned bounds are, cases when box and rows are;
 * both are found through hash tables. The hash of the current bounds is kept by the walk.
 */
#include "spec/normal.h"

#include <stdlib.h>

enum {
    CASES_MAX = 1000000,
    ROWS_MAX = 1 << 22,   /* of all cases together */
    BOUNDS_MAX = 1 << 26, /* boxes x inputs */
};

/* ---- boxes --------------------------------------------------------------------------- */

/* Does any constraint of the property bound that side of the input? */
static bool bounded_somewhere(const vouch_walk *w, int64_t input, bool upper)
{
    for (size_t i = 0; i < w->f->node_count; i++) {
        const vouch_formula_node *n = &w->f->node[i];

        if (n->kind == VOUCH_FORMULA_BOUND && n->index == input && n->upper == upper)
            return true;
    }
    return false;
}

static vouch_status unbounded(vouch_walk *w, int64_t input, bool upper)
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

static bool same_box(const vouch_walk *w, const vouch_box *box)
{
    for (int64_t i = 0; i < w->spec->input_size; i++)
        if (box->exact_low[i] != &w->low[i]->exact || box->exact_high[i] != &w->high[i]->exact)
            return false;
    return true;
}

static vouch_status make_box(vouch_walk *w, vouch_box *box)
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
static vouch_status grow_slots(vouch_walk *w, int **slot, size_t *slots,
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

static vouch_status check_bounded(vouch_walk *w)
{
    if (w->box >= 0)
        return VOUCH_OK;
    VOUCH_TRY(vouch_walk_spend(w, w->spec->input_size / 8));
    for (int64_t k = 0; k < w->spec->input_size; k++)
        if (!w->low[k] || !w->high[k])
            return unbounded(w, k, w->low[k] != NULL);
    return VOUCH_OK;
}

/* Sets w->box to the index of the current bounds, a new one if need be. */
static vouch_status find_box(vouch_walk *w)
{
    size_t i;

    if (w->box >= 0)
        return VOUCH_OK;
    VOUCH_TRY(grow_slots(w, &w->box_slot, &w->box_slots, w->box_hash, w->box_count));
    for (i = w->hash & (w->box_slots - 1); w->box_slot[i]; i = (i + 1) & (w->box_slots - 1)) {
        int k = w->box_slot[i] - 1;

        if (w->box_hash[k] == w->hash && same_box(w, &w->boxes[k])) {
            w->box = k;
            return VOUCH_OK;
        }
    }
    VOUCH_WALK_GROW(w, w->boxes, w->box_capacity, w->box_count);
    VOUCH_WALK_GROW(w, w->box_hash, w->box_hash_capacity, w->box_count);
    VOUCH_TRY(make_box(w, &w->boxes[w->box_count]));
    w->box_hash[w->box_count] = w->hash;
    w->box = (int)w->box_count++;
    w->box_slot[i] = w->box + 1;
    return VOUCH_OK;
}

/* ---- cases --------------------------------------------------------------------------- */

static int by_index(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

/* What the box says of a strict row over one input: +1 always true, -1 never, 0 it matters. */
static int strict_input_row(const vouch_walk *w, const vouch_formula_node *row)
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
static int gather_rows(vouch_walk *w, bool *ok)
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
            *ok = vouch_walk_bounds_contradict(w, w->f->form[w->scratch[i]].term->index);
    }
    return count;
}

static unsigned long long hash_case(const vouch_walk *w, int count)
{
    unsigned long long h = vouch_spec_hash(VOUCH_SPEC_HASH_SEED, &w->box, sizeof w->box);

    for (int i = 0; i < count; i++) {
        const vouch_formula_node *n = &w->f->node[w->scratch[i]];

        h = vouch_spec_hash(h ^ n->bound->hash, &n->index, sizeof n->index);
        h = 2 * h + n->strict;
    }
    return vouch_spec_hash(h, &count, sizeof count);
}

static bool same_case(const vouch_walk *w, const vouch_case *c, int count)
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

static vouch_status make_case(vouch_walk *w, int count, vouch_case *c)
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
vouch_status vouch_walk_emit(vouch_walk *w)
{
    unsigned long long hash;
    bool ok;
    int count;
    size_t i;

    VOUCH_TRY(check_bounded(w));
    VOUCH_TRY(vouch_walk_spend(w, (int64_t)w->active_count));
    count = gather_rows(w, &ok);
    if (!ok)
        return VOUCH_OK;
    VOUCH_TRY(find_box(w));
    hash = hash_case(w, count);
    VOUCH_TRY(grow_slots(w, &w->case_slot, &w->case_slots, w->case_hash, w->case_count));
    for (i = hash & (w->case_slots - 1); w->case_slot[i]; i = (i + 1) & (w->case_slots - 1)) {
        int k = w->case_slot[i] - 1;

        if (w->case_hash[k] == hash && same_case(w, &w->cases[k], count))
            return VOUCH_OK;
    }
    VOUCH_WALK_GROW(w, w->cases, w->case_capacity, w->case_count);
    VOUCH_WALK_GROW(w, w->case_hash, w->case_hash_capacity, w->case_count);
    VOUCH_TRY(make_case(w, count, &w->cases[w->case_count]));
    w->case_hash[w->case_count] = hash;
    w->case_slot[i] = (int)++w->case_count;
    return VOUCH_OK;
}

/* Hands the results over, cases sorted by box, otherwise in the order found. */
vouch_status vouch_walk_finish(vouch_walk *w)
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
