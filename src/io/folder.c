/* Names in a folder, in an order that does not depend on the file system (io/folder.h). */
#include "io/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FIRST_ROOM = 64 };

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A growing array in the arena: what it outgrows is less than what it has. */
static vouch_status add(vouch_arena *arena, vouch_folder *f, int64_t *room, const char *name)
{
    if (f->count == *room) {
        *room = *room ? 2 * *room : FIRST_ROOM;
        const char **grown = VOUCH_NEW_ARRAY(arena, const char *, *room);
        if (!grown)
            return VOUCH_ERR_MEMORY;
        if (f->count)
            memcpy(grown, f->name, (size_t)f->count * sizeof *grown);
        f->name = grown;
    }
    f->name[f->count] = vouch_arena_text(arena, name);
    return f->name[f->count++] ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

vouch_status vouch_folder_list(vouch_arena *arena, const char *path, vouch_folder *folder)
{
    vouch_context *ctx = vouch_arena_context(arena);
    DIR *dir = opendir(path);
    vouch_status status = VOUCH_OK;
    int64_t room = 0;

    *folder = (vouch_folder){0};
    if (!dir)
        return vouch_fail(ctx, VOUCH_ERR_IO, "%s: cannot list the folder: %s", path,
                          strerror(errno));
    errno = 0;
    for (const struct dirent *e; !status && (e = readdir(dir)) != NULL; errno = 0)
        if (e->d_name[0] != '.')
            status = add(arena, folder, &room, e->d_name);
    if (!status && errno)
        status = vouch_fail(ctx, VOUCH_ERR_IO, "%s: cannot list the folder: %s", path,
                            strerror(errno));
    (void)closedir(dir);
    if (!status && folder->count)
        qsort(folder->name, (size_t)folder->count, sizeof *folder->name, by_bytes);
    return status;
}

bool vouch_folder_is(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}
