/* Windows of images; see patch.h. */
#include "op/patch.h"

#include <string.h>

bool vouch_patch_whole(const vouch_shape *shape, vouch_patch *p)
{
    const int lead = VOUCH_PATCH_DIMS + 2 - shape->rank;
    *p = (vouch_patch){0};
    if (shape->rank < 3 || lead < 0 || shape->dim[0] != 1 || vouch_shape_count(shape) <= 0)
        return false;
    p->channels = shape->dim[1];
    for (int d = 0; d < VOUCH_PATCH_DIMS; d++)
        p->high[d] = d < lead ? 1 : shape->dim[2 + d - lead];
    return true;
}

int64_t vouch_patch_positions(const vouch_patch *p)
{
    int64_t count = 1;
    for (int d = 0; d < VOUCH_PATCH_DIMS; d++)
        count *= p->high[d] - p->low[d];
    return count;
}

bool vouch_patch_equal(const vouch_patch *a, const vouch_patch *b)
{
    return a->channels == b->channels && memcmp(a->low, b->low, sizeof a->low) == 0 &&
           memcmp(a->high, b->high, sizeof a->high) == 0;
}

void vouch_patch_cover(vouch_patch *a, const vouch_patch *b)
{
    for (int d = 0; d < VOUCH_PATCH_DIMS; d++) {
        a->low[d] = b->low[d] < a->low[d] ? b->low[d] : a->low[d];
        a->high[d] = b->high[d] > a->high[d] ? b->high[d] : a->high[d];
    }
}

/* Number of the position in the patch. */
static int64_t place(const vouch_patch *p, const int64_t at[VOUCH_PATCH_DIMS])
{
    int64_t i = 0;
    for (int d = 0; d < VOUCH_PATCH_DIMS; d++)
        i = i * (p->high[d] - p->low[d]) + at[d] - p->low[d];
    return i;
}

void vouch_patch_copy(const vouch_patch *from, const void *in, const vouch_patch *to, void *out,
                      size_t size)
{
    const int64_t step_in = vouch_patch_positions(from), step_out = vouch_patch_positions(to);
    vouch_patch both = *from;
    for (int d = 0; d < VOUCH_PATCH_DIMS; d++) {
        both.low[d] = from->low[d] > to->low[d] ? from->low[d] : to->low[d];
        both.high[d] = from->high[d] < to->high[d] ? from->high[d] : to->high[d];
    }
    const int64_t run = both.high[2] - both.low[2];
    for (int64_t c = 0; run > 0 && c < from->channels; c++)
        for (int64_t i = both.low[0]; i < both.high[0]; i++)
            for (int64_t j = both.low[1]; j < both.high[1]; j++) {
                const int64_t at[] = {i, j, both.low[2]};
                memcpy((char *)out + (size_t)(c * step_out + place(to, at)) * size,
                       (const char *)in + (size_t)(c * step_in + place(from, at)) * size,
                       (size_t)run * size);
            }
}

vouch_patch vouch_patch_at(const vouch_patch *p, int64_t i)
{
    vouch_patch at = *p;
    for (int d = VOUCH_PATCH_DIMS - 1; d >= 0; d--) {
        const int64_t size = p->high[d] - p->low[d];
        at.low[d] = p->low[d] + i % size;
        at.high[d] = at.low[d] + 1;
        i /= size;
    }
    return at;
}

int64_t vouch_patch_index(const vouch_patch *from, int64_t i, const vouch_patch *to)
{
    const vouch_patch at = vouch_patch_at(from, i);
    for (int d = 0; d < VOUCH_PATCH_DIMS; d++)
        if (at.low[d] < to->low[d] || at.low[d] >= to->high[d])
            return -1;
    return i / vouch_patch_positions(from) * vouch_patch_positions(to) + place(to, at.low);
}
