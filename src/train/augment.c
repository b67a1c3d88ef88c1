/* The table of augmentations. */
#include "train/augment.h"

#include "train/terms.h"

#define VOUCH_AUGMENT(name) extern const vouch_augment vouch_augment_##name;
#include "train/augment.def"
#undef VOUCH_AUGMENT

const vouch_augment *const *vouch_augment_table(void)
{
    static const vouch_augment *const table[] = {
#define VOUCH_AUGMENT(name) &vouch_augment_##name,
#include "train/augment.def"
#undef VOUCH_AUGMENT
        NULL};
    return table;
}

static bool entry_at(size_t index, vouch_term_kind *kind)
{
    const vouch_augment *a = vouch_augment_table()[index];
    if (a)
        *kind = (vouch_term_kind){a->name, a, a->size, a->options, a->option_count};
    return a != NULL;
}

vouch_status vouch_augment_parse(vouch_arena *arena, const char *text, vouch_augment_term *term,
                                 int *count)
{
    static const vouch_term_table table = {"augmentation", entry_at};
    vouch_term part[VOUCH_AUGMENTS];
    VOUCH_TRY(vouch_terms_parse(arena, &table, text, part, VOUCH_AUGMENTS, count));
    for (int t = 0; t < *count; t++)
        term[t] = (vouch_augment_term){.augment = part[t].entry, .settings = part[t].settings};
    return VOUCH_OK;
}
