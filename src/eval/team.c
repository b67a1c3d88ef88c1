/* Units in order from a common counter; what a unit computes must not depend on the others. */
#include "eval/team.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/workers.h"

typedef struct shift {
    const vouch_team *team;
    int64_t units;
    double begun_s;
    atomic_llong next;
} shift;

static vouch_status take_units(shift *s, const vouch_team_member *m)
{
    for (;;) {
        const int64_t unit = (int64_t)atomic_fetch_add(&s->next, 1);
        const vouch_arena_mark mark = vouch_arena_get_mark(m->arena);
        if (unit >= s->units)
            return VOUCH_OK;
        VOUCH_TRY(vouch_context_poll(m->ctx));
        vouch_report_units(m->ctx, s->team->phase, unit, s->units, s->begun_s);
        VOUCH_TRY(s->team->fn(m, s->team->job, unit));
        vouch_arena_reset(m->arena, mark);
    }
}

static vouch_status work(vouch_context *ctx, void *shared, int number)
{
    shift *s = shared;
    vouch_arena *kept = vouch_arena_new(ctx);
    vouch_team_member m = {.ctx = ctx, .arena = vouch_arena_new(ctx)};
    vouch_status status = m.arena && kept ? VOUCH_OK : VOUCH_ERR_MEMORY;
    (void)number;
    if (!status && s->team->plan)
        status = vouch_victim_new(ctx, kept, s->team->plan, &m.victim);
    if (!status)
        status = take_units(s, &m);
    vouch_arena_free(m.arena);
    vouch_arena_free(kept);
    return status;
}

vouch_status vouch_team_run(vouch_context *ctx, const vouch_team *team, int64_t units)
{
    const int most = team->threads > 1 ? team->threads : 1;
    shift s = {.team = team, .units = units, .begun_s = vouch_wall_s()};
    if (units <= 0)
        return VOUCH_OK;
    return vouch_workers_run(ctx, units < most ? (int)units : most, work, &s);
}
