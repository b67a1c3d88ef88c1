/* The table of optimisers. */
#include "train/optimiser.h"

#include <string.h>

#define VOUCH_OPTIMISER(name) extern const vouch_optimiser vouch_optimiser_##name;
#include "train/optimiser.def"
#undef VOUCH_OPTIMISER

const vouch_optimiser *const *vouch_optimiser_table(void)
{
    static const vouch_optimiser *const table[] = {
#define VOUCH_OPTIMISER(name) &vouch_optimiser_##name,
#include "train/optimiser.def"
#undef VOUCH_OPTIMISER
        0};
    return table;
}

const vouch_optimiser *vouch_optimiser_find(const char *name)
{
    for (const vouch_optimiser *const *o = vouch_optimiser_table(); *o; o++)
        if (strcmp((*o)->name, name) == 0)
            return *o;
    return 0;
}
