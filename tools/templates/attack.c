/* @NAME@: what the attack does, in one sentence, and its source.
 *
 * Steps for a new attack (delete each as you finish it):
 *   1. run: propose rows, read the answers. vouch_rows_gather gives the points that are open and
 *      have passes left; vouch_rows_look costs a pass a row, vouch_rows_climb two. Both keep what
 *      is adversarial and inside the ball: no attack makes claims of its own.
 *   2. norms: those in which vouch_assault_project and the steps make sense.
 *   3. Randomness only from vouch_assault_random: it depends on the point and the seed alone.
 *   4. Settings: a struct, option rows, size; see attack_pgd.c. Targets: where rows.target is
 *      respected, .targeted = true.
 *   5. make test ARGS='-L conformance' runs it on small networks.
 *
 * This template looks at random points of the ball.
 */
#include "attack/attack.h"

typedef struct @NAME@_settings {
    int64_t steps;
} @NAME@_settings;

static const vouch_option options[] = {
    VOUCH_ATTACK_INT(@NAME@_settings, steps, "steps", 100, 1, VOUCH_ATTACK_MANY),
};

static vouch_status run(vouch_assault *a)
{
    const @NAME@_settings *s = a->settings;
    float *at = vouch_assault_copy(a);
    vouch_rows rows;
    if (!at)
        return vouch_fail(a->ctx, VOUCH_ERR_MEMORY, "attack: out of memory");
    VOUCH_TRY(vouch_rows_new(a, a->count, &rows));
    for (int64_t step = 0; step < s->steps; step++) {
        for (int64_t p = 0; p < a->count; p++) {
            vouch_random random = vouch_assault_random(a, p, "@NAME@", (uint64_t)step);
            vouch_assault_start(a, p, 2, &random, at + p * a->inputs);
            vouch_assault_project(a, p, at + p * a->inputs);
        }
        vouch_rows_gather(a, 1, at, &rows);
        VOUCH_TRY(vouch_rows_look(a, &rows));
    }
    return VOUCH_OK;
}

const vouch_attack vouch_attack_@NAME@ = {
    .name = "@NAME@",
    .summary = "ONE LINE FOR `vouch list attacks`",
    .citation = "PAPER, SECTION",
    .norms = VOUCH_ATTACK_LINF | VOUCH_ATTACK_L2,
    .black_box = true,
    .targeted = true,
    .size = sizeof(@NAME@_settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
