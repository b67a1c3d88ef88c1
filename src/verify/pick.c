/* The table of pick heuristics, expanded from pick.def. */
#include "verify/pick.h"

#include <string.h>

#define VOUCH_PICK(name) extern const vouch_pick vouch_pick_##name;
#include "verify/pick.def"
#undef VOUCH_PICK

const vouch_pick *const *vouch_pick_table(void)
{
    static const vouch_pick *const table[] = {
#define VOUCH_PICK(name) &vouch_pick_##name,
#include "verify/pick.def"
#undef VOUCH_PICK
        NULL};
    return table;
}

const vouch_pick *vouch_pick_find(const char *name)
{
    const vouch_pick *const *at = vouch_pick_table();
    while (*at && strcmp((*at)->name, name) != 0)
        at++;
    return *at;
}
