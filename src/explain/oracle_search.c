/* The last levels of the cascade: complete verification of a set's box, the exact search.
 *
 * The property is the one that `--query` writes, so that what is proved here can be proved again
 * by `vouch verify`. A table's categories are relaxed in it (any mixture): a proof holds all the
 * more, but what refutes it counts only if it keeps the rules. Where that leaves a question open
 * the records are searched (oracle_records.c).
 */
#include <math.h>
#include <string.h>

#include "attack/ball_spec.h"
#include "attack/replay.h"
#include "base/clock.h"
#include "explain/oracle_priv.h"
#include "verify/verify.h"

enum { BRANCH_STEPS = 4 };

vouch_status vouch_oracle_replay(vouch_oracle *o, const float *x, vouch_found *found)
{
    const vouch_aim aim = {o->rivals + 1, o->problem->label, -1};
    if (!vouch_ball_contains(o->problem->ball, o->problem->x, x))
        return VOUCH_OK;
    memcpy(found->witness, x, (size_t)o->inputs * sizeof *x);
    return vouch_attack_replay(o->ctx, o->scratch, o->graph, &aim, x, &found->rival,
                               &found->is_refuted);
}

/* The class of the largest logit that is not the label's. */
static int best_rival(const vouch_oracle *o, const double *y)
{
    int best = o->rival[0];
    for (int64_t k = 1; k < o->rivals; k++)
        if (y[o->rival[k]] > y[best])
            best = o->rival[k];
    return best;
}

/* Is the verifier's point one of float32 numbers that keeps the rules? There another class is at
 * least as good, exactly: where it is no better, the label's has not won either. */
static vouch_status judge(vouch_oracle *o, const vouch_verify_result *result,
                          vouch_found *found)
{
    float *x = VOUCH_NEW_ARRAY(o->scratch, float, o->inputs);
    if (x == NULL)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < o->inputs; i++) {
        x[i] = (float)result->witness_input[i];
        if ((double)x[i] != result->witness_input[i])
            return VOUCH_OK;
    }
    if (!vouch_ball_contains(o->problem->ball, o->problem->x, x))
        return VOUCH_OK;
    VOUCH_TRY(vouch_oracle_replay(o, x, found));
    if (!found->is_refuted && result->witness_output != NULL)
        found->rival = best_rival(o, result->witness_output);
    found->is_refuted = true;
    return VOUCH_OK;
}

/* With few steps, and linear programs late: many cheap subproblems. Of sets of some hundred pixels
 * splits prove more in less time. */
static vouch_status verify(vouch_oracle *o, const vouch_spec *spec,
                           const vouch_oracle_part *part, vouch_verify_result *result)
{
    const double left = part->end_s - vouch_wall_s();
    vouch_verify_settings settings;
    vouch_options_default(vouch_verify_options, vouch_verify_option_count, &settings);
    settings.timeout_s = isfinite(left) ? fmax(left, 1e-3) : 0;
    settings.threads = o->settings.threads;
    settings.attack = part->attack;
    settings.late_programs = true;
    settings.branch_steps = BRANCH_STEPS;
    settings.seed = (int64_t)o->settings.seed;
    if (o->settings.level == VOUCH_ORACLE_EXACT)
        settings.complete = "exact";
    return vouch_verify(o->ctx, o->scratch, o->graph, spec, &settings, NULL, result);
}

vouch_status vouch_oracle_search_part(vouch_oracle *o, const vouch_oracle_part *part,
                                      vouch_found *found, const double **point)
{
    vouch_verify_result result = {0};
    vouch_spec *spec = NULL;
    *point = NULL;
    found->is_proved = found->is_refuted = found->is_real = false;
    vouch_status status =
        vouch_ball_spec(o->scratch, o->graph, part->ball, part->x, o->problem->label, &spec);
    if (status == VOUCH_OK)
        status = verify(o, spec, part, &result);
    found->is_proved = result.verdict == VOUCH_UNSAT;
    if (result.is_unsuited)
        o->unsuited = result.reason;
    found->is_real = result.verdict != VOUCH_SAT && result.is_solvable;
    if (status == VOUCH_OK && result.verdict == VOUCH_SAT) {
        *point = result.witness_input;
        status = judge(o, &result, found);
    }
    vouch_spec_free(spec);
    return status;
}

vouch_status vouch_oracle_search(vouch_oracle *o, const bool *free, vouch_search_effort effort,
                                 vouch_found *found)
{
    const vouch_arena_mark mark = vouch_arena_get_mark(o->scratch);
    const vouch_ball *ball = vouch_oracle_ball(o, free);
    const double end_s = vouch_wall_s() + effort.limit_s;
    const vouch_oracle_part part = {ball, o->problem->x, end_s, effort.attack};
    const double *point;
    o->calls[o->settings.level]++;
    const vouch_status status = ball->rules != NULL
                                    ? vouch_oracle_search_records(o, ball, end_s, found)
                                    : vouch_oracle_search_part(o, &part, found, &point);
    vouch_arena_reset(o->scratch, mark);
    if (found->is_real)
        found->rival = -1;
    return status;
}
