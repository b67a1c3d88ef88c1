/* The last level of the cascade: complete verification of a set's box.
 *
 * The property is the one that `--query` writes, so that what is proved here can be proved again
 * by `vouch verify`. A table's categories are relaxed in it (any mixture): a proof holds all the
 * more, but what refutes it counts only if it keeps the rules.
 */
#include "attack/ball_spec.h"
#include "attack/replay.h"
#include "explain/oracle_priv.h"
#include "verify/verify.h"

/* Is the point one of float32 numbers in the ball, with another class there, over the reals? */
static vouch_status judge(vouch_oracle *o, const vouch_ball *ball, const double *point,
                          vouch_found *found)
{
    const vouch_aim aim = {o->rivals + 1, o->problem->label, -1};
    bool is_exact = point != NULL;
    for (int64_t i = 0; is_exact && i < o->inputs; i++) {
        found->witness[i] = (float)point[i];
        is_exact = (double)found->witness[i] == point[i];
    }
    if (!is_exact || !vouch_ball_contains(ball, o->problem->x, found->witness))
        return VOUCH_OK;
    return vouch_attack_replay(o->ctx, o->scratch, o->graph, &aim, found->witness,
                               &found->rival, &found->is_refuted);
}

static vouch_status verify(vouch_oracle *o, const vouch_spec *spec, double limit_s,
                           vouch_verify_result *result)
{
    vouch_verify_settings settings;
    vouch_options_default(vouch_verify_options, vouch_verify_option_count, &settings);
    settings.timeout_s = limit_s;
    settings.threads = o->settings.threads;
    settings.seed = (int64_t)o->settings.seed;
    return vouch_verify(o->ctx, o->scratch, o->graph, spec, &settings, NULL, result);
}

vouch_status vouch_oracle_search(vouch_oracle *o, const bool *free, double limit_s,
                                 vouch_found *found)
{
    const vouch_arena_mark mark = vouch_arena_get_mark(o->scratch);
    const vouch_ball *ball = vouch_oracle_ball(o, free);
    vouch_verify_result result = {0};
    vouch_spec *spec = NULL;
    found->is_proved = found->is_refuted = false;
    o->calls[VOUCH_ORACLE_COMPLETE]++;
    vouch_status status =
        vouch_ball_spec(o->scratch, o->graph, ball, o->problem->x, o->problem->label, &spec);
    if (status == VOUCH_OK)
        status = verify(o, spec, limit_s, &result);
    found->is_proved = result.verdict == VOUCH_UNSAT;
    if (status == VOUCH_OK && result.verdict == VOUCH_SAT)
        status = judge(o, ball, result.witness_input, found);
    vouch_spec_free(spec);
    vouch_arena_reset(o->scratch, mark);
    return status;
}
