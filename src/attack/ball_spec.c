/* A ball around a point as a property, by way of VNN-LIB: the bounds are computed in rationals
 * and written out as decimals, which the parser reads back exactly. So there is one reader of
 * properties, and what is proved here can be written to a file and proved there.
 */
#include "attack/ball_spec.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "spec/rational.h"

enum { LINE = 64 }; /* most characters of a line without its number */

/* The exact end of the interval of input i on one side, as a decimal in the arena; NULL: out of
 * memory. */
static const char *end_of(vouch_arena *arena, const vouch_ball *ball, const float *x, int64_t i,
                          int side)
{
    const double centre = (double)x[i], radius = vouch_ball_radius(ball, i);
    const double limit =
        side < 0 ? fmin((double)ball->low[i], centre) : fmax((double)ball->high[i], centre);
    mpq_t end, step;
    mpq_init(end);
    mpq_init(step);
    mpq_set_d(end, limit);
    if (isfinite(radius)) {
        mpq_set_d(step, side * radius);
        mpq_t reach;
        mpq_init(reach);
        mpq_set_d(reach, centre);
        mpq_add(reach, reach, step);
        if (side * mpq_cmp(reach, end) < 0)
            mpq_set(end, reach);
        mpq_clear(reach);
    }
    char *text = vouch_arena_alloc(arena, vouch_decimal_size(end));
    if (text != NULL)
        (void)vouch_decimal_print(end, text);
    mpq_clear(end);
    mpq_clear(step);
    return text;
}

/* Declarations and the unsafe region; returns where the text ends. */
static char *put_outputs(char *at, int64_t classes, int label)
{
    for (int64_t k = 0; k < classes; k++)
        at += sprintf(at, "(declare-const Y_%" PRId64 " Real)\n", k);
    at += sprintf(at, "(assert (or\n");
    for (int64_t k = 0; k < classes; k++)
        if (k != label)
            at += sprintf(at, "(and (>= Y_%" PRId64 " Y_%d))\n", k, label);
    return at + sprintf(at, "))\n");
}

static char *put_inputs(char *at, int64_t size, const char *const *end)
{
    for (int64_t i = 0; i < size; i++) {
        at += sprintf(at, "(declare-const X_%" PRId64 " Real)\n", i);
        at += sprintf(at, "(assert (>= X_%" PRId64 " %s))\n", i, end[2 * i]);
        at += sprintf(at, "(assert (<= X_%" PRId64 " %s))\n", i, end[2 * i + 1]);
    }
    return at;
}

/* Rationals have neither infinities nor NaN. */
static vouch_status check_finite(vouch_context *ctx, const vouch_ball *ball, const float *x)
{
    for (int64_t i = 0; i < ball->size; i++)
        if (!isfinite(x[i]) || !isfinite(ball->low[i]) || !isfinite(ball->high[i]))
            return vouch_fail(ctx, VOUCH_ERR_VALUE,
                              "robustness: input %" PRId64 " is %g in [%g, %g], not finite", i,
                              (double)x[i], (double)ball->low[i], (double)ball->high[i]);
    return VOUCH_OK;
}

static vouch_status check(vouch_context *ctx, const vouch_ball *ball, const vouch_spec *shape,
                          int label)
{
    if (ball->norm != VOUCH_NORM_LINF)
        return vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED,
                          "robustness: the norm %s has no property; linf has",
                          vouch_norm_name(ball->norm));
    if (ball->size != shape->input_size || label < 0 || label >= shape->output_size ||
        !(ball->eps >= 0))
        return vouch_fail(ctx, VOUCH_ERR_SHAPE,
                          "robustness: a ball of %" PRId64
                          " numbers and eps %g, and class %d, do not fit a network of %" PRId64
                          " inputs and %" PRId64 " outputs",
                          ball->size, ball->eps, label, shape->input_size, shape->output_size);
    return VOUCH_OK;
}

vouch_status vouch_ball_spec(vouch_arena *arena, const vouch_graph *graph,
                             const vouch_ball *ball, const float *x, int label,
                             vouch_spec **spec)
{
    vouch_context *ctx = vouch_arena_context(arena);
    const vouch_spec shape = {.input_size = vouch_op_input_size(graph),
                              .output_size = vouch_op_output_size(graph)};
    *spec = NULL;
    VOUCH_TRY(check(ctx, ball, &shape, label));
    VOUCH_TRY(check_finite(ctx, ball, x));
    const char **end = vouch_arena_array(arena, (size_t)(2 * ball->size), sizeof *end);
    size_t length = LINE * (size_t)(3 * ball->size + 2 * shape.output_size + 2);
    for (int64_t i = 0; end != NULL && i < 2 * ball->size; i++) {
        end[i] = end_of(arena, ball, x, i / 2, i % 2 ? 1 : -1);
        if (end[i] == NULL)
            return VOUCH_ERR_MEMORY;
        length += strlen(end[i]);
    }
    char *text = end != NULL ? vouch_arena_alloc_raw(arena, length) : NULL;
    if (text == NULL)
        return VOUCH_ERR_MEMORY;
    char *at = put_inputs(text, ball->size, end);
    at = put_outputs(at, shape.output_size, label);
    return vouch_spec_parse(ctx, graph, "robustness", text, (size_t)(at - text), spec);
}
