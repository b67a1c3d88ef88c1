/* The table of corruptions, and the frame of one: random stream, shape, clamping. */
#include "data/corruption.h"

#include <string.h>

#define VOUCH_CORRUPTION(name) extern const vouch_corruption vouch_corruption_##name;
#include "data/corruption.def"
#undef VOUCH_CORRUPTION

const vouch_corruption *const *vouch_corruption_table(void)
{
    static const vouch_corruption *const table[] = {
#define VOUCH_CORRUPTION(name) &vouch_corruption_##name,
#include "data/corruption.def"
#undef VOUCH_CORRUPTION
        NULL};
    return table;
}

const vouch_corruption *vouch_corruption_find(const char *name)
{
    const vouch_corruption *const *at = vouch_corruption_table();
    while (*at && strcmp((*at)->name, name) != 0)
        at++;
    return *at;
}

bool vouch_corruption_applies(const vouch_corruption *corruption, const vouch_data_info *info)
{
    if (corruption->tables)
        return info->schema != NULL;
    return info->schema == NULL && (info->shape.rank == 2 || info->shape.rank == 3);
}

void vouch_corrupt(const vouch_corrupting *how, uint64_t number, float *x, float *scratch)
{
    const vouch_corruption *c = how->corruption;
    const vouch_data_info *info = how->info;
    const vouch_shape *s = &info->shape;
    const bool is_image = !c->tables;
    vouch_corruption_job job = {.info = info,
                                .channels = is_image && s->rank == 3 ? s->dim[0] : 1,
                                .height = is_image ? s->dim[s->rank - 2] : 1,
                                .width = is_image ? s->dim[s->rank - 1] : info->size,
                                .level = c->level[how->severity - 1],
                                .random = vouch_random_stream(how->seed, c->name, number),
                                .x = x,
                                .scratch = scratch};
    c->run(&job);
    for (int64_t i = 0; i < info->size; i++) {
        const vouch_feature *f = &info->feature[i];
        x[i] = x[i] < f->low ? f->low : x[i] > f->high ? f->high : x[i];
    }
}
