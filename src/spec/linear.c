/* Linear expressions while they are read. See linear.h. */
#include "spec/linear.h"

#include <stdlib.h>

/* Two of the longest literals multiplied still fit. Beyond it the cost of exact sums of
 * fractions grows with the square of the text's length. */
enum { BITS_MAX = 1 << 15 };

void vouch_linear_init(vouch_linear *stack, vouch_context *ctx)
{
    *stack = (vouch_linear){.ctx = ctx};
}

void vouch_linear_fini(vouch_linear *stack)
{
    for (size_t i = 0; i < stack->ready; i++)
        mpq_clear(stack->entry[i].value);
    vouch_release(stack->ctx, stack->entry);
    *stack = (vouch_linear){.ctx = stack->ctx};
}

/* Makes room for one entry on top and gives it, its value initialised; NULL: out of memory. */
static vouch_linear_entry *push(vouch_linear *stack)
{
    if (stack->count == stack->capacity) {
        size_t capacity = stack->capacity ? 2 * stack->capacity : 16;
        void *grown = vouch_resize(stack->ctx, stack->entry, capacity * sizeof *stack->entry);

        if (!grown)
            return NULL;
        stack->entry = grown;
        stack->capacity = capacity;
    }
    if (stack->count == stack->ready)
        mpq_init(stack->entry[stack->ready++].value);
    return &stack->entry[stack->count++];
}

vouch_status vouch_linear_push(vouch_linear *stack, int64_t variable, mpq_srcptr value)
{
    vouch_linear_entry *entry = push(stack);

    if (!entry)
        return VOUCH_ERR_MEMORY;
    entry->variable = variable;
    mpq_set(entry->value, value);
    return VOUCH_OK;
}

vouch_status vouch_linear_push_variable(vouch_linear *stack, int64_t variable)
{
    vouch_linear_entry *entry = push(stack);

    if (!entry)
        return VOUCH_ERR_MEMORY;
    entry->variable = variable;
    mpq_set_ui(entry->value, 1, 1);
    return VOUCH_OK;
}

vouch_status vouch_linear_repeat(vouch_linear *stack, size_t base)
{
    size_t top = stack->count;

    for (size_t i = base; i < top; i++) {
        vouch_linear_entry *entry = push(stack);

        if (!entry)
            return VOUCH_ERR_MEMORY;
        entry->variable = stack->entry[i].variable;
        mpq_set(entry->value, stack->entry[i].value);
    }
    return VOUCH_OK;
}

void vouch_linear_negate(vouch_linear *stack, size_t base)
{
    for (size_t i = base; i < stack->count; i++)
        mpq_neg(stack->entry[i].value, stack->entry[i].value);
}

static void watch_length(vouch_linear *stack, mpq_srcptr q)
{
    if (mpz_sizeinbase(mpq_numref(q), 2) + mpz_sizeinbase(mpq_denref(q), 2) > BITS_MAX)
        stack->too_long = true;
}

static int by_variable(const void *a, const void *b)
{
    int64_t x = ((const vouch_linear_entry *)a)->variable;
    int64_t y = ((const vouch_linear_entry *)b)->variable;

    return (x > y) - (x < y);
}

static void swap(vouch_linear_entry *a, vouch_linear_entry *b)
{
    vouch_linear_entry c = *a;

    *a = *b;
    *b = c;
}

void vouch_linear_collapse(vouch_linear *stack, size_t base)
{
    vouch_linear_entry *e = stack->entry;
    size_t out = base, i = base;

    if (stack->count - base > 1)
        qsort(e + base, stack->count - base, sizeof *e, by_variable);
    while (i < stack->count) {
        size_t first = i++;

        for (; i < stack->count && e[i].variable == e[first].variable; i++) {
            if (!stack->too_long)
                mpq_add(e[first].value, e[first].value, e[i].value);
            watch_length(stack, e[first].value);
        }
        if (mpq_sgn(e[first].value) == 0)
            continue;
        if (first != out)
            swap(&e[first], &e[out]);
        out++;
    }
    stack->count = out;
}

static bool is_constant(const vouch_linear *stack, size_t from, size_t to)
{
    return from == to ||
           (to - from == 1 && stack->entry[from].variable == VOUCH_LINEAR_CONSTANT);
}

/* Multiplies [from, to) by the entry `factor`, which is not among them. */
static void scale(vouch_linear *stack, size_t from, size_t to, size_t factor)
{
    for (size_t i = from; i < to && !stack->too_long; i++) {
        mpq_mul(stack->entry[i].value, stack->entry[i].value, stack->entry[factor].value);
        watch_length(stack, stack->entry[i].value);
    }
}

bool vouch_linear_multiply(vouch_linear *stack, size_t base, size_t middle)
{
    size_t top = stack->count;

    if (is_constant(stack, middle, top)) {
        if (middle == top) { /* times zero */
            stack->count = base;
            return true;
        }
        scale(stack, base, middle, middle);
        stack->count = middle;
        return true;
    }
    if (!is_constant(stack, base, middle))
        return false;
    if (base == middle) {
        stack->count = base;
        return true;
    }
    scale(stack, middle, top, base);
    swap(&stack->entry[base], &stack->entry[top - 1]);
    stack->count--;
    return true;
}

void vouch_linear_divide(vouch_linear *stack, size_t base, size_t middle, const char **fault)
{
    *fault = NULL;
    if (!is_constant(stack, middle, stack->count)) {
        *fault = "division by a variable";
    } else if (middle == stack->count) {
        *fault = "division by zero";
    } else {
        mpq_inv(stack->entry[middle].value, stack->entry[middle].value);
        (void)vouch_linear_multiply(stack, base, middle);
    }
}
