/* From a network and a property to a task of the engines: rows over (x, y), cases, hull. */
#ifndef VOUCH_VERIFY_TASK_H
#define VOUCH_VERIFY_TASK_H

#include <math.h>

#include "bounds/engine.h"
#include "spec/spec.h"

/* Is the interval of an input more than the neighbours of a decimal? */
static inline bool vouch_is_wide(double low, double high)
{
    return high - low > 1e-9 * fmax(1, fabs(high));
}

/* Fills *task, its arrays in the arena. If `lower` and the network has a piecewise-linear form,
 * task->form is that form with the property's rows as outputs (freed by vouch_task_clear). */
vouch_status vouch_task_build(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                              const vouch_spec *spec, bool lower, vouch_task *task);
/* The second part alone, on a task built without it. */
vouch_status vouch_task_lower(vouch_context *ctx, const vouch_graph *graph,
                              const vouch_spec *spec, vouch_task *task);
vouch_status vouch_task_lower_within(vouch_context *ctx, const vouch_graph *graph,
                                     const vouch_spec *spec, const vouch_pwl_limits *limits,
                                     vouch_task *task);
/* Cases first .. first + count - 1 of a built task alone, as a task that shares its graph, hull,
 * coefficients and numbers of boxes; without a form. */
vouch_status vouch_task_part(vouch_arena *arena, const vouch_task *task, int first, int count,
                             vouch_task *part);
void vouch_task_clear(vouch_context *ctx, vouch_task *task);

#endif
