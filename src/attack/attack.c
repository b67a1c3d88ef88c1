/* The table of attacks, expanded from attack.def. */
#include "attack/attack.h"

#include <string.h>

#define VOUCH_ATTACK(name) extern const vouch_attack vouch_attack_##name;
#include "attack/attack.def"
#undef VOUCH_ATTACK

const vouch_attack *const *vouch_attack_table(void)
{
    static const vouch_attack *const table[] = {
#define VOUCH_ATTACK(name) &vouch_attack_##name,
#include "attack/attack.def"
#undef VOUCH_ATTACK
        NULL};
    return table;
}

const vouch_attack *vouch_attack_find(const char *name)
{
    const vouch_attack *const *at = vouch_attack_table();
    while (*at && strcmp((*at)->name, name) != 0)
        at++;
    return *at;
}

bool vouch_attack_choices(size_t index, const char **name)
{
    const vouch_attack *attack = vouch_attack_table()[index];
    *name = attack ? attack->name : NULL;
    return attack != NULL;
}
