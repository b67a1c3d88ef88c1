/* What a folder holds. */
#ifndef VOUCH_IO_FOLDER_H
#define VOUCH_IO_FOLDER_H

#include "base/arena.h"

typedef struct vouch_folder {
    int64_t count;
    const char *
        *name; /* [count] sorted by their bytes; those that begin with a dot are left out */
} vouch_folder;

vouch_status vouch_folder_list(vouch_arena *arena, const char *path, vouch_folder *folder);
/* Is there a folder of that name? */
bool vouch_folder_is(const char *path);

#endif
