/* builtin:NAME: the sets of builtin.def as a format like any other. */
#include <string.h>

#include "data/builtin.h"

#define VOUCH_DATA_BUILTIN(name) extern const vouch_data_builtin vouch_data_builtin_##name;
#include "data/builtin.def"
#undef VOUCH_DATA_BUILTIN

#define VOUCH_DATA_BUILTIN(name) &vouch_data_builtin_##name,
static const vouch_data_builtin *const builtins[] = {
#include "data/builtin.def"
    NULL};
#undef VOUCH_DATA_BUILTIN

enum { DEFAULT_COUNT = 1000 };

typedef struct making {
    const vouch_data_builtin *set;
    int64_t index; /* of the next sample */
} making;

const vouch_data_builtin *const *vouch_data_builtin_table(void) { return builtins; }

static bool recognise(const vouch_data_place *place) { return place->is_builtin; }

static vouch_status rewind_set(vouch_data_stream *s)
{
    ((making *)s->state)->index = s->place.settings.first;
    return VOUCH_OK;
}

static vouch_status open_set(vouch_data_stream *s)
{
    making *m = VOUCH_NEW(s->arena, making);

    if (!m)
        return VOUCH_ERR_MEMORY;
    for (int i = 0; builtins[i] && !m->set; i++)
        if (s->place.is_builtin && strcmp(builtins[i]->name, s->place.path) == 0)
            m->set = builtins[i];
    if (!m->set)
        return vouch_fail(s->ctx, VOUCH_ERR_ARGUMENT,
                          "'%s' is not a built-in data set: see vouch list data",
                          s->place.path);
    if (s->place.settings.count == 0)
        s->place.settings.count = DEFAULT_COUNT;
    s->state = m;
    s->info.count = INT64_MAX;
    VOUCH_TRY(m->set->describe(s));
    return rewind_set(s);
}

static vouch_status next(vouch_data_stream *s, int64_t n, float *x, int32_t *label,
                         int64_t *got)
{
    making *m = s->state;
    const char how = s->place.settings.missing[0];

    for (*got = 0; *got < n;) {
        bool missing = false;
        vouch_random r = vouch_random_stream((uint64_t)s->place.settings.seed, m->set->name,
                                             (uint64_t)m->index);
        m->set->draw(&s->info, &r, x + *got * s->info.size, &label[*got], &missing);
        if (missing && how == 'e')
            return vouch_fail(s->ctx, VOUCH_ERR_VALUE, "%s: sample %lld: a value is missing",
                              s->place.text, (long long)m->index);
        m->index++;
        *got += !(missing && how == 'd');
    }
    return VOUCH_OK;
}

static void close_set(vouch_data_stream *s) { (void)s; }

const vouch_data_format vouch_data_format_builtin = {
    .name = "builtin",
    .summary = "sets that vouch makes itself: builtin:NAME",
    .recognise = recognise,
    .open = open_set,
    .next = next,
    .rewind = rewind_set,
    .close = close_set,
};
