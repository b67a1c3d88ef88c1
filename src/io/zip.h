/* Zip archives, as far as .npz needs them: stored and deflated members, no encryption. Written
 * are archives below 4 GiB alone. */
#ifndef VOUCH_IO_ZIP_H
#define VOUCH_IO_ZIP_H

#include "io/array.h"

typedef struct vouch_zip {
    const char *path;
    int count;
    vouch_stream_part *member; /* [count]; names as in the archive */
} vouch_zip;

/* Reads the list of members. */
vouch_status vouch_zip_read(vouch_arena *arena, const char *path, vouch_zip *zip);
/* The member of that name, or -1. */
int vouch_zip_find(const vouch_zip *zip, const char *name);
/* A stream of it; messages call it "path(name)". */
vouch_status vouch_zip_open(vouch_arena *arena, const vouch_zip *zip, int member,
                            vouch_stream **stream);

typedef struct vouch_zip_file {
    const char *name;
    const void *data;
    size_t size;
} vouch_zip_file;

/* An archive of such files, stored without compression, as NumPy's savez writes it. */
vouch_status vouch_pack_zip(vouch_pack *pack, const vouch_zip_file *file, int count);

#endif
