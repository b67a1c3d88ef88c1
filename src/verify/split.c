/* The table of split heuristics, expanded from split.def. */
#include "verify/split.h"

#include <string.h>

#define VOUCH_SPLIT(name) extern const vouch_split vouch_split_##name;
#include "verify/split.def"
#undef VOUCH_SPLIT

const vouch_split *const *vouch_split_table(void)
{
    static const vouch_split *const table[] = {
#define VOUCH_SPLIT(name) &vouch_split_##name,
#include "verify/split.def"
#undef VOUCH_SPLIT
        NULL};
    return table;
}

const vouch_split *vouch_split_find(const char *name)
{
    const vouch_split *const *at = vouch_split_table();
    while (*at && strcmp((*at)->name, name) != 0)
        at++;
    return *at;
}
