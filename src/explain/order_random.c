/* random: any order, the same for the same seed. */
#include "base/random.h"
#include "explain/strategy.h"

static vouch_status score(vouch_inquiry *q, double *score)
{
    vouch_random random = vouch_random_stream((uint64_t)q->settings->seed, "order", 0);
    for (int64_t g = 0; g < q->features; g++)
        score[g] = vouch_random_unit(&random);
    return VOUCH_OK;
}

const vouch_order vouch_order_random = {
    .name = "random", .summary = "drawn by the seed", .score = score};
