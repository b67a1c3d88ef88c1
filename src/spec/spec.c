/* Asking a specification: is a point in a box, does a case hold; names of variables.
 *
 * Doubles are rationals, so both questions are answered exactly. A row a.y + c.x <= b holds for
 * all y in a box of outputs when it holds at the worst corner: y_high where a > 0, y_low where
 * a < 0.
 */
#include "spec/spec.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "spec/rational.h"

void vouch_spec_free(vouch_spec *spec)
{
    if (spec)
        vouch_arena_free(spec->arena);
}

/* The outward double bound decides unless x lies on it. */
static bool above(double x, double low, mpq_srcptr exact)
{
    return x == low ? vouch_rational_compare(exact, x) <= 0 : x > low;
}

static bool below(double x, double high, mpq_srcptr exact)
{
    return x == high ? vouch_rational_compare(exact, x) >= 0 : x < high;
}

bool vouch_spec_box_contains(const vouch_spec *spec, int box, const double *x)
{
    const vouch_box *b = &spec->box[box];

    if (b->empty)
        return false;
    for (int64_t i = 0; i < spec->input_size; i++)
        if (!above(x[i], b->low[i], b->exact_low[i]) ||
            !below(x[i], b->high[i], b->exact_high[i])) /* a NaN fails both */
            return false;
    return true;
}

/* The value of the term's variable at which the row is largest. */
static double worst_value(const vouch_term *t, const double *x, const double *y_low,
                          const double *y_high)
{
    if (!t->is_output)
        return x[t->index];
    return mpq_sgn(t->exact) > 0 ? y_high[t->index] : y_low[t->index];
}

static bool row_holds(const vouch_row *row, const double *x, const double *y_low,
                      const double *y_high)
{
    mpq_t sum, product;
    bool holds = true;

    mpq_init(sum);
    mpq_init(product);
    for (int i = 0; i < row->term_count && holds; i++) {
        double value = worst_value(&row->term[i], x, y_low, y_high);

        holds = isfinite(value);
        if (holds) {
            mpq_set_d(product, value);
            mpq_mul(product, product, row->term[i].exact);
            mpq_add(sum, sum, product);
        }
    }
    if (holds) {
        int sign = mpq_cmp(sum, row->exact_bound);

        holds = row->strict ? sign < 0 : sign <= 0;
    }
    mpq_clear(sum);
    mpq_clear(product);
    return holds;
}

bool vouch_spec_case_holds(const vouch_spec *spec, int k, const double *x, const double *y_low,
                           const double *y_high)
{
    const vouch_case *c = &spec->cases[k];

    if (!vouch_spec_box_contains(spec, c->box, x))
        return false;
    for (int i = 0; i < c->row_count; i++)
        if (!row_holds(&c->row[i], x, y_low, y_high))
            return false;
    return true;
}

/* ---- names --------------------------------------------------------------------------- */

static const vouch_spec_tensor *tensor_of(const vouch_spec *spec, bool is_output, int64_t index)
{
    for (int i = 0; i < spec->tensor_count; i++) {
        const vouch_spec_tensor *t = &spec->tensor[i];

        if (t->is_output == is_output && index >= t->offset && index < t->offset + t->count)
            return t;
    }
    return NULL;
}

const char *vouch_spec_variable_name(const vouch_spec *spec, bool is_output, int64_t index,
                                     char text[VOUCH_SPEC_NAME])
{
    const vouch_spec_tensor *t = tensor_of(spec, is_output, index);
    int64_t rest, stride;
    size_t at;

    if (!t) {
        (void)snprintf(text, VOUCH_SPEC_NAME, "%c_%" PRId64, is_output ? 'Y' : 'X', index);
        return text;
    }
    (void)snprintf(text, VOUCH_SPEC_NAME, "%.48s", t->name);
    rest = index - t->offset;
    stride = t->count;
    for (int i = 0; i < t->shape.rank; i++) {
        stride /= t->shape.dim[i];
        at = strlen(text);
        (void)snprintf(text + at, VOUCH_SPEC_NAME - at, "%c%" PRId64, i ? ',' : '[',
                       rest / stride);
        rest %= stride;
    }
    at = strlen(text);
    (void)snprintf(text + at, VOUCH_SPEC_NAME - at, "%s", t->shape.rank ? "]" : "");
    return text;
}
