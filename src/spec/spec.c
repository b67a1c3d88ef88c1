/* Asking a specification: is a point in a box, does a case hold; names of variables.
 *
 * Doubles are rationals, so both questions are answered exactly. A row a.y + c.x <= b holds for
 * all x and y in boxes when it holds at the worst corner: the upper end where the coefficient is
 * positive, the lower end where it is negative.
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

/* Ends of the inputs (0) and of the outputs (1). */
typedef struct ends {
    const double *low[2], *high[2];
} ends;

/* The value of the term's variable at which the row is largest. */
static double worst_value(const vouch_term *t, const ends *e)
{
    return (mpq_sgn(t->exact) > 0 ? e->high : e->low)[t->is_output][t->index];
}

static bool row_holds(const vouch_row *row, const ends *e)
{
    mpq_t sum, product;
    bool holds = true;

    mpq_init(sum);
    mpq_init(product);
    for (int i = 0; i < row->term_count && holds; i++) {
        double value = worst_value(&row->term[i], e);

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

bool vouch_spec_rows_hold(const vouch_spec *spec, int k, const double *x_low,
                          const double *x_high, const double *y_low, const double *y_high)
{
    const vouch_case *c = &spec->cases[k];
    const ends e = {{x_low, y_low}, {x_high, y_high}};

    for (int i = 0; i < c->row_count; i++)
        if (!row_holds(&c->row[i], &e))
            return false;
    return true;
}

bool vouch_spec_case_holds(const vouch_spec *spec, int k, const double *x, const double *y_low,
                           const double *y_high)
{
    return vouch_spec_box_contains(spec, spec->cases[k].box, x) &&
           vouch_spec_rows_hold(spec, k, x, x, y_low, y_high);
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
