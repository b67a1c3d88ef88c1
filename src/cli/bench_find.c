/* Which instances a run is of: benchmarks found in folders, and the choice among them.
 *
 * A path is an instances file, a folder that holds one, or a folder of such folders, which are
 * taken in the order of their names. What --only leaves out is not read at all.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/bench.h"

static const char file_name[] = "instances.csv";

/* What is found, before the instances of all sets are put together. */
typedef struct found {
    vouch_arena *arena;
    const vouch_bench_choice *choice;
    int count, room;
    struct found_set {
        vouch_bench_set set;
        vouch_bench_instance *instance;
        const char *expected; /* file, or NULL */
    } * list;
} found;

static bool is_there(const char *path, bool folder)
{
    struct stat there;
    return stat(path, &there) == 0 && (S_ISDIR(there.st_mode) != 0) == folder;
}

/* Does the name begin with one of the names in "a,b"? */
static bool is_wanted(const char *only, const char *name)
{
    if (only == NULL)
        return true;
    for (const char *at = only;;) {
        const size_t length = strcspn(at, ",");
        if (length > 0 && strncmp(at, name, length) == 0)
            return true;
        if (at[length] == '\0')
            return false;
        at += length + 1;
    }
}

static vouch_status add(found *f, const char *file, const char *expected)
{
    if (f->count == f->room) {
        const int room = 2 * f->room + 8;
        struct found_set *list = VOUCH_NEW_ARRAY(f->arena, struct found_set, room);
        if (list == NULL)
            return VOUCH_ERR_MEMORY;
        if (f->count > 0)
            memcpy(list, f->list, (size_t)f->count * sizeof *list);
        f->list = list;
        f->room = room;
    }
    struct found_set *one = &f->list[f->count];
    VOUCH_TRY(vouch_bench_read(f->arena, file, &one->set, &one->instance));
    one->expected = f->choice->expected != NULL ? f->choice->expected : expected;
    f->count += is_wanted(f->choice->only, one->set.name);
    return VOUCH_OK;
}

/* *is_set: the folder is a benchmark. */
static vouch_status add_folder(found *f, const char *folder, bool *is_set)
{
    const char *file = vouch_arena_print(f->arena, "%s/%s", folder, file_name);
    const char *expected = vouch_arena_print(f->arena, "%s/expected.csv", folder);
    if (file == NULL || expected == NULL)
        return VOUCH_ERR_MEMORY;
    *is_set = is_there(file, false);
    return *is_set ? add(f, file, is_there(expected, false) ? expected : NULL) : VOUCH_OK;
}

static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static vouch_status add_entry(found *f, const char *parent, const char *name, int *sets)
{
    const char *folder = vouch_arena_print(f->arena, "%s/%s", parent, name);
    bool is_set = false;
    if (folder == NULL)
        return VOUCH_ERR_MEMORY;
    if (!is_there(folder, true))
        return VOUCH_OK;
    if (is_wanted(f->choice->only, name))
        VOUCH_TRY(add_folder(f, folder, &is_set));
    *sets += is_set;
    return VOUCH_OK;
}

static vouch_status add_parent(found *f, const char *parent)
{
    vouch_context *ctx = vouch_arena_context(f->arena);
    struct dirent **entry = NULL;
    int sets = 0;
    vouch_status s = VOUCH_OK;
    const int n = scandir(parent, &entry, is_visible, alphasort);
    if (n < 0)
        return vouch_fail(ctx, VOUCH_ERR_IO, "%s: cannot read the folder: %s", parent,
                          strerror(errno));
    for (int i = 0; i < n; i++) {
        if (s == VOUCH_OK)
            s = add_entry(f, parent, entry[i]->d_name, &sets);
        free(entry[i]);
    }
    free((void *)entry);
    if (s == VOUCH_OK && sets == 0)
        s = vouch_fail(ctx, VOUCH_ERR_IO, "%s: holds no %s, nor a folder with one%s%s", parent,
                       file_name, f->choice->only ? " of --only " : "",
                       f->choice->only ? f->choice->only : "");
    return s;
}

static vouch_status add_path(found *f, const char *path)
{
    bool is_set = false;
    if (!is_there(path, true))
        return add(f, path, NULL);
    VOUCH_TRY(add_folder(f, path, &is_set));
    return is_set ? VOUCH_OK : add_parent(f, path);
}

/* ---- the choice -------------------------------------------------------------------------- */

/* "2/5": the second of five parts. */
static vouch_status read_shard(vouch_context *ctx, const char *text, long *part, long *parts)
{
    char *end = NULL;
    *part = *parts = 1;
    if (text == NULL)
        return VOUCH_OK;
    *part = strtol(text, &end, 10);
    if (end != text && *end == '/')
        *parts = strtol(end + 1, &end, 10);
    if (*end != '\0' || *part < 1 || *part > *parts)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "--shard '%s': expected I/N with 1 <= I <= N", text);
    return VOUCH_OK;
}

static vouch_status choose(vouch_arena *arena, const vouch_bench_choice *choice,
                           const vouch_bench *bench)
{
    long part = 1, parts = 1, at = 0;
    VOUCH_TRY(read_shard(vouch_arena_context(arena), choice->shard, &part, &parts));
    for (int s = 0; s < bench->set_count; s++) {
        const vouch_bench_set *set = &bench->set[s];
        int64_t taken = 0;
        for (int i = set->first; i < set->first + set->count; i++) {
            vouch_bench_instance *one = &bench->instance[i];
            const char *both = vouch_arena_print(arena, "%s,%s", one->onnx, one->vnnlib);
            if (both == NULL)
                return VOUCH_ERR_MEMORY;
            if (choice->filter != NULL && strstr(both, choice->filter) == NULL)
                continue;
            if (choice->limit_instances > 0 && taken++ >= choice->limit_instances)
                continue;
            one->chosen = at++ % parts == part - 1;
        }
    }
    return VOUCH_OK;
}

/* ---- together ---------------------------------------------------------------------------- */

static vouch_status join(const found *f, vouch_bench *bench)
{
    int count = 0;
    for (int s = 0; s < f->count; s++)
        count += f->list[s].set.count;
    *bench = (vouch_bench){
        .set_count = f->count,
        .count = count,
        .set = VOUCH_NEW_ARRAY(f->arena, vouch_bench_set, f->count),
        .instance = VOUCH_NEW_ARRAY(f->arena, vouch_bench_instance, count),
    };
    if (bench->set == NULL || bench->instance == NULL)
        return VOUCH_ERR_MEMORY;
    count = 0;
    for (int s = 0; s < f->count; s++) {
        vouch_bench_set *set = &bench->set[s];
        *set = f->list[s].set;
        set->first = count;
        memcpy(bench->instance + count, f->list[s].instance,
               (size_t)set->count * sizeof *bench->instance);
        count += set->count;
        if (f->list[s].expected != NULL)
            VOUCH_TRY(vouch_bench_read_expected(f->arena, f->list[s].expected, set, bench));
    }
    return VOUCH_OK;
}

vouch_status vouch_bench_find(vouch_arena *arena, int paths, const char *const *path,
                              const vouch_bench_choice *choice, vouch_bench *bench)
{
    found f = {.arena = arena, .choice = choice};
    for (int i = 0; i < paths; i++)
        VOUCH_TRY(add_path(&f, path[i]));
    if (f.count == 0)
        return vouch_fail(vouch_arena_context(arena), VOUCH_ERR_ARGUMENT,
                          "--only %s: no benchmark's name begins so", choice->only);
    VOUCH_TRY(join(&f, bench));
    return choose(arena, choice, bench);
}
