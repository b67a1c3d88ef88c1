/* The table of groupings, and groups from labels. */
#include "explain/groups.h"

#include <inttypes.h>
#include <string.h>

#define VOUCH_GROUPING(name) extern const vouch_grouping vouch_grouping_##name;
#include "explain/group.def"
#undef VOUCH_GROUPING

const vouch_grouping *const *vouch_grouping_table(void)
{
    static const vouch_grouping *const table[] = {
#define VOUCH_GROUPING(name) &vouch_grouping_##name,
#include "explain/group.def"
#undef VOUCH_GROUPING
        NULL};
    return table;
}

const vouch_grouping *vouch_grouping_find(const char *name)
{
    const vouch_grouping *const *at = vouch_grouping_table();
    while (*at && strcmp((*at)->name, name) != 0)
        at++;
    return *at;
}

bool vouch_grouping_uses(const vouch_grouping *grouping, const char *setting)
{
    for (int i = 0; i < VOUCH_GROUPING_SETTINGS; i++)
        if (grouping->setting[i] != NULL && strcmp(grouping->setting[i], setting) == 0)
            return true;
    return false;
}

bool vouch_grouping_choices(size_t index, const char **name)
{
    const vouch_grouping *grouping = vouch_grouping_table()[index];
    *name = grouping ? grouping->name : NULL;
    return grouping != NULL;
}

static vouch_status check(vouch_context *ctx, const vouch_grouping *grouping,
                          const vouch_group_request *request)
{
    if (grouping->image && request->image.height * request->image.channels == 1)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "option 'groups': %s needs an image (--image C,H,W)", grouping->name);
    if (grouping->table && request->feature == NULL)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "option 'groups': %s needs the columns of a table", grouping->name);
    return VOUCH_OK;
}

/* of[i]: the rank of i's label by first input; returns how many there are. Quadratic in features
 * would be slow for images: first[label] remembers. */
static int64_t number(int64_t inputs, const int64_t *label, int64_t *first, int64_t *of)
{
    int64_t count = 0;
    for (int64_t i = 0; i < inputs; i++)
        first[label[i]] = -1;
    for (int64_t i = 0; i < inputs; i++) {
        if (first[label[i]] < 0)
            first[label[i]] = count++;
        of[i] = first[label[i]];
    }
    return count;
}

static void fill(int64_t inputs, int64_t count, const int64_t *of, int64_t *start,
                 int64_t *member)
{
    for (int64_t i = 0; i < inputs; i++)
        start[of[i] + 1]++;
    for (int64_t g = 0; g < count; g++)
        start[g + 1] += start[g];
    for (int64_t i = inputs - 1; i >= 0; i--) /* downwards: start[g + 1] ends as g's start */
        member[--start[of[i] + 1]] = i;
    memmove(start, start + 1, (size_t)count * sizeof *start);
    start[count] = inputs;
}

vouch_status vouch_groups_make(vouch_arena *arena, const vouch_grouping *grouping,
                               const vouch_group_request *request, vouch_groups *groups)
{
    const int64_t n = request->inputs;
    int64_t most = 0;
    VOUCH_TRY(check(vouch_arena_context(arena), grouping, request));
    int64_t *label = VOUCH_NEW_ARRAY(arena, int64_t, n),
            *of = VOUCH_NEW_ARRAY(arena, int64_t, n);
    if (label == NULL || of == NULL || !grouping->label(arena, request, label))
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < n; i++)
        most = label[i] > most ? label[i] : most;
    int64_t *first = VOUCH_NEW_ARRAY(arena, int64_t, most + 1);
    int64_t *start = VOUCH_NEW_ARRAY(arena, int64_t, n + 2);
    int64_t *member = VOUCH_NEW_ARRAY(arena, int64_t, n);
    if (first == NULL || start == NULL || member == NULL)
        return VOUCH_ERR_MEMORY;
    const int64_t count = number(n, label, first, of);
    fill(n, count, of, start, member);
    *groups =
        (vouch_groups){.inputs = n, .count = count, .of = of, .start = start, .member = member};
    return VOUCH_OK;
}
