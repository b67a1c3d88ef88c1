/* Attacks where memory is out: an error, and nothing leaks. */
#include <stdio.h>

#include "attack/campaign.h"
#include "support/net.h"

enum { INPUTS = 6, POINTS = 2 };

/* user: the attack's name */
static vouch_status attack_by_name(vouch_context *ctx, void *user)
{
    static const int size[] = {INPUTS, 4, 3};
    static const float low[INPUTS] = {0}, high[INPUTS] = {1, 1, 1, 1, 1, 1};
    static const int label[POINTS] = {-1, -1};
    const vouch_attack *attack = vouch_attack_find(user);
    vouch_norm norm = VOUCH_NORM_LINF;
    float x[POINTS * INPUTS], found[POINTS * INPUTS];
    vouch_fate fate[POINTS];
    vouch_test_net net;
    vouch_random r = vouch_random_stream(1, "fault", 0);
    vouch_context *builder = vouch_context_new(NULL);
    vouch_test_net_random(builder, VOUCH_F32, 2, size, &r, &net);
    vouch_arena *arena = vouch_arena_new(ctx);
    for (int i = 0; i < POINTS * INPUTS; i++)
        x[i] = (float)vouch_random_unit(&r);
    while (!(attack->norms >> norm & 1))
        norm++;
    const vouch_ball ball = {.norm = norm,
                             .eps = norm == VOUCH_NORM_L0 ? 1 : .3,
                             .size = INPUTS,
                             .low = low,
                             .high = high,
                             .image = {1, 2, 3}};
    const vouch_campaign request = {.graph = net.graph,
                                    .attack = attack,
                                    .ball = &ball,
                                    .count = POINTS,
                                    .x = x,
                                    .label = label,
                                    .budget = 12};
    const vouch_status status =
        arena ? vouch_campaign_run(ctx, arena, &request, found, fate) : VOUCH_ERR_MEMORY;
    if (arena)
        vouch_arena_free(arena);
    vouch_test_net_free(&net);
    vouch_context_free(builder);
    return status;
}

static void every_failed_allocation_of_an_attack_is_an_error(void **state)
{
    (void)state;
    for (const vouch_attack *const *at = vouch_attack_table(); *at; at++) {
        char name[32];
        snprintf(name, sizeof name, "%s", (*at)->name);
        vouch_test_every_allocation_fails(attack_by_name, name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failed_allocation_of_an_attack_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
