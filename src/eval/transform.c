/* The table of transformations, and the frame of one: shape, cut to the valid range. */
#include "eval/transform.h"

#include <math.h>
#include <string.h>

#define VOUCH_TRANSFORM(name) extern const vouch_transform vouch_transform_##name;
#include "eval/transform.def"
#undef VOUCH_TRANSFORM

const vouch_transform *const *vouch_transform_table(void)
{
    static const vouch_transform *const table[] = {
#define VOUCH_TRANSFORM(name) &vouch_transform_##name,
#include "eval/transform.def"
#undef VOUCH_TRANSFORM
        NULL};
    return table;
}

const vouch_transform *vouch_transform_find(const char *name)
{
    const vouch_transform *const *at = vouch_transform_table();
    while (*at && strcmp((*at)->name, name) != 0)
        at++;
    return *at;
}

int vouch_transform_parameters(const vouch_transform *transform)
{
    int count = 0;
    while (count < VOUCH_PARAMETERS && transform->parameter[count] != NULL)
        count++;
    return count;
}

double vouch_transform_reach(const vouch_transform *transform, int severity)
{
    return transform->reach(vouch_corruption_find(transform->name)->level[severity - 1]);
}

bool vouch_transform_applies(const vouch_data_info *info)
{
    return info->schema == NULL && (info->shape.rank == 2 || info->shape.rank == 3);
}

static double cut(const vouch_feature *f, double x)
{
    return fmin(fmax(x, (double)f->low), (double)f->high);
}

void vouch_transform_enclose(const vouch_transform *transform, const vouch_data_info *info,
                             const float *x, const vouch_transform_part *part, double *low,
                             double *high)
{
    const vouch_shape *s = &info->shape;
    const vouch_transform_job job = {.info = info,
                                     .channels = s->rank == 3 ? s->dim[0] : 1,
                                     .height = s->dim[s->rank - 2],
                                     .width = s->dim[s->rank - 1],
                                     .x = x,
                                     .part = part,
                                     .low = low,
                                     .high = high};
    transform->enclose(&job);
    for (int64_t i = 0; i < info->size; i++) { /* monotone, and exact */
        low[i] = cut(&info->feature[i], low[i]);
        high[i] = cut(&info->feature[i], high[i]);
    }
}
