/* A team: threads that take units of work, each with a victim and an arena of its own. */
#ifndef VOUCH_EVAL_TEAM_H
#define VOUCH_EVAL_TEAM_H

#include "attack/victim.h"

typedef struct vouch_team_member {
    vouch_context *ctx;
    vouch_arena *arena;   /* of the unit: reset after it */
    vouch_victim *victim; /* NULL where the team has no plan */
} vouch_team_member;

typedef vouch_status vouch_team_fn(const vouch_team_member *member, void *job, int64_t unit);

typedef struct vouch_team {
    const vouch_victim_plan *plan; /* NULL: members need no victim */
    int threads;
    const char *phase; /* as which progress is reported */
    vouch_team_fn *fn;
    void *job;
} vouch_team;

/* Calls fn(member, job, u) once for each u in 0..units-1. */
vouch_status vouch_team_run(vouch_context *ctx, const vouch_team *team, int64_t units);

#endif
