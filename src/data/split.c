/* Splitting by a seed: every sample is drawn a part.
 *
 * Method: the samples of each class (of the whole set where not stratified) are shuffled
 * (Fisher, Yates) and cut where the cumulated shares, rounded, fall. So of n samples of a class
 * each part gets its share of n up to less than one. Parts keep the set's order, so that reading
 * them is as sequential as reading the set.
 */
#include "data/split.h"

#include <math.h>

#include "base/random.h"

enum { PARTS_MAX = 64 };

/* Draws the part of each of count samples, whose numbers are in member. */
static void draw(vouch_random *r, int64_t *member, int64_t count, const double *until,
                 unsigned char *part)
{
    int p = 0;

    for (int64_t i = count; i > 1; i--) {
        const int64_t k = (int64_t)vouch_random_below(r, (uint64_t)i), kept = member[i - 1];
        member[i - 1] = member[k];
        member[k] = kept;
    }
    for (int64_t i = 0; i < count; i++) {
        while (i >= (int64_t)floor(until[p] * (double)count + .5))
            p++;
        part[member[i]] = (unsigned char)p;
    }
}

static void draw_classes(const vouch_data *set, const vouch_data_shares *shares,
                         const double *until, int64_t *member, unsigned char *part)
{
    const int32_t first = shares->stratified ? -1 : 0;
    const int32_t last = shares->stratified ? set->info.classes : 1;

    for (int32_t c = first; c < last; c++) {
        vouch_random r = vouch_random_stream(shares->seed, "data split", (uint64_t)c + 1);
        int64_t count = 0;
        for (int64_t i = 0; i < set->info.count; i++)
            if (!shares->stratified || set->label[i] == c)
                member[count++] = i;
        draw(&r, member, count, until, part);
    }
}

static vouch_status check(vouch_context *ctx, const vouch_data_shares *shares, double *until)
{
    const int parts = shares->parts;
    double sum = 0, so_far = 0;

    for (int p = 0; p < parts; p++)
        sum += shares->share[p] > 0 ? shares->share[p] : (double)NAN;
    if (parts < 1 || parts > PARTS_MAX || !isfinite(sum))
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "shares of a split are 1 to %d positive numbers", PARTS_MAX);
    for (int p = 0; p < parts; p++) {
        so_far += shares->share[p];
        until[p] = so_far / sum;
    }
    until[parts - 1] = 2; /* the last one takes what rounding leaves */
    return VOUCH_OK;
}

vouch_status vouch_data_split(const vouch_data *set, const vouch_data_shares *shares,
                              int64_t *index, int64_t *size)
{
    double until[PARTS_MAX] = {0};
    int64_t at = 0;

    VOUCH_TRY(check(set->ctx, shares, until));
    unsigned char *part = vouch_alloc(set->ctx, (size_t)set->info.count);
    if (!part)
        return VOUCH_ERR_MEMORY;
    draw_classes(set, shares, until, index, part);
    for (int p = 0; p < shares->parts; p++) {
        const int64_t start = at;
        for (int64_t i = 0; i < set->info.count; i++)
            if (part[i] == p)
                index[at++] = i;
        size[p] = at - start;
    }
    vouch_release(set->ctx, part);
    return VOUCH_OK;
}
