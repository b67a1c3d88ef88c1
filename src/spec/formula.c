/* Formulas in negation normal form. See formula.h. */
#include "spec/formula.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

vouch_status vouch_spec_fail(vouch_context *ctx, const char *source, int line,
                             vouch_status status, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return vouch_fail(ctx, status, "%s:%d: %s", source, line, text);
}

void vouch_formula_init(vouch_formula *f, const vouch_spec *spec, vouch_context *ctx,
                        vouch_number_pool *numbers)
{
    *f = (vouch_formula){.ctx = ctx,
                         .arena = spec->arena,
                         .source = spec->source,
                         .input_size = spec->input_size,
                         .numbers = numbers};
}

void vouch_formula_fini(vouch_formula *f)
{
    vouch_release(f->ctx, f->node);
    vouch_release(f->ctx, f->form);
    vouch_release(f->ctx, f->slot);
    vouch_release(f->ctx, f->key);
}

/* ---- nodes --------------------------------------------------------------------------- */

/* Room for one more element of a growing array. */
static vouch_status reserve(vouch_context *ctx, void **array, size_t *capacity, size_t count,
                            size_t size)
{
    size_t wanted = *capacity ? 2 * *capacity : 64;
    void *grown;

    if (count < *capacity)
        return VOUCH_OK;
    grown = vouch_resize(ctx, *array, wanted * size);
    if (!grown)
        return VOUCH_ERR_MEMORY;
    *array = grown;
    *capacity = wanted;
    return VOUCH_OK;
}

vouch_status vouch_formula_add(vouch_formula *f, vouch_formula_kind kind, int line, int *node)
{
    void *array = f->node;
    vouch_status status =
        reserve(f->ctx, &array, &f->node_capacity, f->node_count, sizeof *f->node);

    f->node = array;
    *node = -1;
    VOUCH_TRY(status);
    if (f->node_count == INT_MAX)
        return vouch_spec_fail(f->ctx, f->source, line, VOUCH_ERR_LIMIT, "too many formulas");
    *node = (int)f->node_count++;
    f->node[*node] = (vouch_formula_node){.kind = kind, .line = line, .first = -1, .next = -1};
    return VOUCH_OK;
}

void vouch_formula_append(vouch_formula *f, int parent, int child, int *last)
{
    if (*last < 0)
        f->node[parent].first = child;
    else
        f->node[*last].next = child;
    *last = child;
}

/* ---- forms --------------------------------------------------------------------------- */

static unsigned long long hash_key(const vouch_formula_key *key, size_t count)
{
    unsigned long long h = VOUCH_SPEC_HASH_SEED;

    for (size_t i = 0; i < count; i++) {
        h = vouch_spec_hash(h, &key[i].variable, sizeof key[i].variable);
        h = vouch_spec_hash(h, &key[i].coefficient->hash, sizeof key[i].coefficient->hash);
    }
    return h;
}

static bool form_is(const vouch_formula *f, const vouch_form *form,
                    const vouch_formula_key *key, size_t count)
{
    if ((size_t)form->term_count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const vouch_term *t = &form->term[i];

        if (t->index + (t->is_output ? f->input_size : 0) != key[i].variable ||
            t->exact != &key[i].coefficient->exact)
            return false;
    }
    return true;
}

/* The slot that holds the form of f->key or where it belongs. */
static size_t find_slot(const vouch_formula *f, size_t count, unsigned long long hash)
{
    size_t i = hash & (f->slot_count - 1);

    for (; f->slot[i]; i = (i + 1) & (f->slot_count - 1)) {
        const vouch_form *form = &f->form[f->slot[i] - 1];

        if (form->hash == hash && form_is(f, form, f->key, count))
            break;
    }
    return i;
}

static vouch_status grow_slots(vouch_formula *f)
{
    size_t count = f->slot_count ? 2 * f->slot_count : 64;
    int *slot;

    if (2 * (f->form_count + 1) <= f->slot_count)
        return VOUCH_OK;
    slot = vouch_alloc(f->ctx, count * sizeof *slot);
    if (!slot)
        return VOUCH_ERR_MEMORY;
    for (size_t k = 0; k < f->form_count; k++) {
        size_t i = f->form[k].hash & (count - 1);

        while (slot[i])
            i = (i + 1) & (count - 1);
        slot[i] = (int)k + 1;
    }
    vouch_release(f->ctx, f->slot);
    f->slot = slot;
    f->slot_count = count;
    return VOUCH_OK;
}

static void fill_term(const vouch_formula *f, const vouch_formula_key *key, vouch_term *term)
{
    const vouch_number *c = key->coefficient;
    bool exact = c->down == c->up;

    term->is_output = key->variable >= f->input_size;
    term->index = key->variable - (term->is_output ? f->input_size : 0);
    term->coefficient = exact ? c->down : vouch_rational_nearest(&c->exact);
    term->slack = exact ? 0 : vouch_rational_distance(&c->exact, term->coefficient);
    term->exact = &c->exact;
}

/* Appends the form of f->key; its slot is filled by the caller. */
static vouch_status make_form(vouch_formula *f, size_t count, unsigned long long hash)
{
    void *array = f->form;
    vouch_status status =
        reserve(f->ctx, &array, &f->form_capacity, f->form_count, sizeof *f->form);
    vouch_term *term;

    f->form = array;
    VOUCH_TRY(status);
    term = VOUCH_NEW_ARRAY(f->arena, vouch_term, count);
    if (!term)
        return VOUCH_ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        fill_term(f, &f->key[i], &term[i]);
    f->form[f->form_count++] = (vouch_form){term, (int)count, -1, hash};
    return VOUCH_OK;
}

static vouch_status negate_key(vouch_formula *f, size_t count)
{
    vouch_status status = VOUCH_OK;
    mpq_t negated;

    mpq_init(negated);
    for (size_t i = 0; i < count && !status; i++) {
        mpq_neg(negated, &f->key[i].coefficient->exact);
        status = vouch_number_intern(f->numbers, negated, &f->key[i].coefficient);
    }
    mpq_clear(negated);
    return status;
}

/* The index of the form of f->key, made if it is new. */
static vouch_status find_form(vouch_formula *f, size_t count, int64_t *index)
{
    unsigned long long hash = hash_key(f->key, count);
    size_t slot;

    VOUCH_TRY(grow_slots(f));
    slot = find_slot(f, count, hash);
    if (!f->slot[slot]) {
        int made = (int)f->form_count, other;

        VOUCH_TRY(make_form(f, count, hash));
        f->slot[slot] = made + 1;
        VOUCH_TRY(negate_key(f, count));
        other = f->slot[find_slot(f, count, hash_key(f->key, count))] - 1;
        f->form[made].negation = other;
        if (other >= 0)
            f->form[other].negation = made;
        *index = made;
        return VOUCH_OK;
    }
    *index = f->slot[slot] - 1;
    return VOUCH_OK;
}

/* ---- comparisons --------------------------------------------------------------------- */

vouch_comparison vouch_comparison_not(vouch_comparison op)
{
    switch (op) {
    case VOUCH_COMPARE_LE:
        return VOUCH_COMPARE_GT;
    case VOUCH_COMPARE_LT:
        return VOUCH_COMPARE_GE;
    case VOUCH_COMPARE_GE:
        return VOUCH_COMPARE_LT;
    case VOUCH_COMPARE_GT:
        return VOUCH_COMPARE_LE;
    case VOUCH_COMPARE_EQ:
        return VOUCH_COMPARE_NE;
    case VOUCH_COMPARE_NE:
        break;
    }
    return VOUCH_COMPARE_EQ;
}

/* One row being made: the run of terms without its constant, and where it stands. */
typedef struct row_maker {
    vouch_formula *f;
    vouch_linear_entry *term;
    size_t term_count;
    mpq_t bound; /* sum of terms <= bound */
    bool strict;
    int line;
} row_maker;

static vouch_status intern_finite(row_maker *r, mpq_srcptr q, const vouch_number **number)
{
    VOUCH_TRY(vouch_number_intern(r->f->numbers, q, number));
    if (isfinite((*number)->down) && isfinite((*number)->up))
        return VOUCH_OK;
    return vouch_spec_fail(r->f->ctx, r->f->source, r->line, VOUCH_ERR_VALUE,
                           "a constant is beyond the range of double precision numbers");
}

static vouch_status make_row(row_maker *r, int *node)
{
    vouch_formula *f = r->f;
    const vouch_number *bound;
    void *array = f->key;
    int64_t form;

    while (f->key_capacity < r->term_count) {
        vouch_status status =
            reserve(f->ctx, &array, &f->key_capacity, f->key_capacity, sizeof *f->key);

        f->key = array;
        VOUCH_TRY(status);
    }
    for (size_t i = 0; i < r->term_count; i++) {
        f->key[i].variable = r->term[i].variable;
        VOUCH_TRY(intern_finite(r, r->term[i].value, &f->key[i].coefficient));
    }
    VOUCH_TRY(find_form(f, r->term_count, &form));
    VOUCH_TRY(intern_finite(r, r->bound, &bound));
    VOUCH_TRY(vouch_formula_add(f, VOUCH_FORMULA_ROW, r->line, node));
    f->node[*node].index = form;
    f->node[*node].bound = bound;
    f->node[*node].strict = r->strict;
    return VOUCH_OK;
}

/* a x <= b: the bound x <= b/a or x >= b/a; where strict, also the row +-x < +-b/a. */
static vouch_status make_bound(row_maker *r, int *node)
{
    vouch_formula *f = r->f;
    const vouch_number *bound;
    bool upper = mpq_sgn(r->term[0].value) > 0;
    int bound_node = -1, row_node = -1, last = -1;

    mpq_div(r->bound, r->bound, r->term[0].value);
    VOUCH_TRY(intern_finite(r, r->bound, &bound));
    VOUCH_TRY(vouch_formula_add(f, VOUCH_FORMULA_BOUND, r->line, &bound_node));
    f->node[bound_node].index = r->term[0].variable;
    f->node[bound_node].upper = upper;
    f->node[bound_node].bound = bound;
    *node = bound_node;
    if (!r->strict)
        return VOUCH_OK;
    mpq_set_si(r->term[0].value, upper ? 1 : -1, 1);
    if (!upper)
        mpq_neg(r->bound, r->bound);
    VOUCH_TRY(make_row(r, &row_node));
    VOUCH_TRY(vouch_formula_add(f, VOUCH_FORMULA_AND, r->line, node));
    vouch_formula_append(f, *node, bound_node, &last);
    vouch_formula_append(f, *node, row_node, &last);
    return VOUCH_OK;
}

/* run <= 0, or run < 0 */
static vouch_status compare_zero(vouch_formula *f, const vouch_linear *stack, size_t base,
                                 bool strict, int line, int *node)
{
    size_t count = stack->count - base;
    row_maker r = {.f = f, .strict = strict, .line = line};
    vouch_status status;

    mpq_init(r.bound);
    if (count && stack->entry[base].variable == VOUCH_LINEAR_CONSTANT) {
        mpq_neg(r.bound, stack->entry[base].value);
        base++;
        count--;
    }
    r.term = stack->entry + base;
    r.term_count = count;
    if (count == 0) {
        bool holds = mpq_sgn(r.bound) > 0 || (mpq_sgn(r.bound) == 0 && !strict);

        status =
            vouch_formula_add(f, holds ? VOUCH_FORMULA_TRUE : VOUCH_FORMULA_FALSE, line, node);
    } else if (count == 1 && r.term[0].variable < f->input_size) {
        status = make_bound(&r, node);
    } else {
        status = make_row(&r, node);
    }
    mpq_clear(r.bound);
    return status;
}

/* run <= 0 and run >= 0, or run < 0 or run > 0 */
static vouch_status compare_both(vouch_formula *f, vouch_linear *stack, size_t base,
                                 bool strict, int line, int *node)
{
    int low = -1, high = -1, last = -1;
    size_t top = stack->count;

    VOUCH_TRY(vouch_linear_repeat(stack, base)); /* making a bound spoils its run */
    VOUCH_TRY(compare_zero(f, stack, top, strict, line, &low));
    stack->count = top;
    vouch_linear_negate(stack, base);
    VOUCH_TRY(compare_zero(f, stack, base, strict, line, &high));
    VOUCH_TRY(vouch_formula_add(f, strict ? VOUCH_FORMULA_OR : VOUCH_FORMULA_AND, line, node));
    vouch_formula_append(f, *node, low, &last);
    vouch_formula_append(f, *node, high, &last);
    return VOUCH_OK;
}

vouch_status vouch_formula_compare(vouch_formula *f, vouch_linear *stack, size_t base,
                                   vouch_comparison op, int line, int *node)
{
    vouch_status status;

    vouch_linear_collapse(stack, base);
    if (stack->too_long)
        return vouch_spec_fail(f->ctx, f->source, line, VOUCH_ERR_LIMIT,
                               "the exact value of a constant is too long");
    if (op == VOUCH_COMPARE_GE || op == VOUCH_COMPARE_GT)
        vouch_linear_negate(stack, base);
    if (op == VOUCH_COMPARE_EQ || op == VOUCH_COMPARE_NE)
        status = compare_both(f, stack, base, op == VOUCH_COMPARE_NE, line, node);
    else
        status = compare_zero(f, stack, base, op == VOUCH_COMPARE_LT || op == VOUCH_COMPARE_GT,
                              line, node);
    stack->count = base;
    return status;
}
