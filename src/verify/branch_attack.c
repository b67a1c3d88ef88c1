/* Attacks between the rounds of the branching search: the falsifier gets a share. */
#include <math.h>

#include "base/clock.h"
#include "verify/branch_priv.h"

enum { ATTACK_STEPS = 50, ATTACK_RESTARTS = 8, ATTACK_SAMPLES = 1000, ATTACK_DOUBLINGS = 12 };

/* Time for an attack, by its share of all: a guard, where its work is dearer than ours. None
 * left: 0. */
static double attack_time(const vouch_branch_run *run)
{
    const double first = .5, share = .25;
    double all = vouch_wall_s() - run->in->start_wall;
    return run->attacks == 0 ? first : fmax(share * all - run->out->attack_s, 0);
}

/* The falsifier, each time with another seed and twice the effort; the next time comes when
 * the tree has done three times the work, so that a quarter of all goes here. Work is counted,
 * not timed. */
vouch_status vouch_branch_attack(vouch_context *ctx, vouch_branch_run *run)
{
    const vouch_branch_input *in = run->in;
    double time = attack_time(run), least = .05;
    if (!in->attack || run->work < run->next_attack || time < least)
        return VOUCH_OK;
    int effort = run->attacks < ATTACK_DOUBLINGS ? run->attacks : ATTACK_DOUBLINGS;
    vouch_falsify_settings s = {.samples = ATTACK_SAMPLES,
                                .restarts = ATTACK_RESTARTS,
                                .steps = ATTACK_STEPS,
                                .rounds = (int64_t)1 << effort,
                                .seed = (int64_t)in->seed + 1 + run->attacks,
                                .threads = in->threads,
                                .deadline_wall = fmin(in->deadline_wall, vouch_wall_s() + time),
                                .semantics = in->semantics};
    double work =
        ATTACK_SAMPLES + 3.0 * ATTACK_RESTARTS * ATTACK_STEPS * (1.0 + (double)s.rounds);
    run->attacks++;
    run->next_attack = run->work + 3 * work;
    vouch_arena_mark mark = vouch_arena_get_mark(run->arena);
    double start = vouch_wall_s();
    vouch_status status =
        vouch_falsify(ctx, run->arena, in->graph, in->spec, &s, &run->out->witness);
    run->out->attack_s += vouch_wall_s() - start;
    vouch_arena_reset(run->arena, mark);
    VOUCH_TRY(status);
    if (run->out->witness.found) {
        run->out->found = true;
        run->out->phase = "attack";
    }
    return VOUCH_OK;
}
