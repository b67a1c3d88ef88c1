/* What the files of this folder share and nobody else sees. */
#ifndef VOUCH_IO_IO_PRIV_H
#define VOUCH_IO_IO_PRIV_H

#include "io/io.h"

/* ---- bytes ------------------------------------------------------------------------------- */

/* A block that grows on the context's allocator while a file of unknown size is read into it.
 * One byte past capacity is always there, for the closing NUL. */
typedef struct vouch_bytes {
    vouch_context *ctx;
    char *data;
    size_t size, capacity;
} vouch_bytes;

/* Makes room for at least more bytes after size, doubling, but never beyond limit in all. */
vouch_status vouch_bytes_reserve(vouch_bytes *b, size_t more, size_t limit);

/* An open file and the part of it that has been read but not used yet. */
enum { VOUCH_CHUNK = 1 << 16 };
typedef struct vouch_input {
    vouch_context *ctx;
    const char *path; /* as the caller gave it, for messages */
    int fd;
    size_t size;          /* valid bytes of chunk */
    size_t offset;        /* of chunk[0] in the file */
    unsigned char *chunk; /* VOUCH_CHUNK bytes */
} vouch_input;

/* Replaces the chunk by the next bytes; size 0 at the end of the file. */
vouch_status vouch_input_next(vouch_input *in);

/* Opens *path or, where that does not exist, *path.gz; *path becomes the one that was opened. */
vouch_status vouch_input_open(vouch_arena *arena, const char **path, int *fd);

/* Uncompressing what begins with in's chunk, a piece at a time: gzip members up to the end of
 * the file, the one deflate stream of a member of a zip archive, or one with zlib's own head and
 * checksum. */
typedef enum vouch_packing {
    VOUCH_PACKING_GZIP,
    VOUCH_PACKING_ZIP,
    VOUCH_PACKING_ZLIB
} vouch_packing;
typedef struct vouch_gunzip vouch_gunzip;
vouch_status vouch_gunzip_open(vouch_input *in, vouch_packing packing, vouch_gunzip **gunzip);
/* Up to room bytes (room > 0); *got 0 at the end alone. */
vouch_status vouch_gunzip_read(vouch_gunzip *gunzip, void *data, size_t room, size_t *got);
void vouch_gunzip_close(vouch_gunzip *gunzip); /* NULL is fine */
/* Gzip as a whole; no more than limit bytes. */
vouch_status vouch_gunzip_all(vouch_input *in, size_t limit, vouch_bytes *out);

/* "2048 MiB" or "100 bytes", as the number is best said. */
enum { VOUCH_SIZE_TEXT = 32 };
const char *vouch_size_text(size_t size, char text[VOUCH_SIZE_TEXT]);

/* length bytes of path from offset, as they are. */
vouch_status vouch_file_read_range(vouch_arena *arena, const char *path, size_t offset,
                                   size_t length, void **data);

/* ---- numbers ----------------------------------------------------------------------------- */

/* Is text[0..length) one decimal number (sign, digits, point, exponent)? Then *value is the
 * double nearest to it, whatever the locale. False for anything else, and for numbers that no
 * finite double is near. */
bool vouch_io_double(const char *text, size_t length, double *value);

/* ---- networks ---------------------------------------------------------------------------- */

/* vouch_onnx_parse with the folder that external data may be read from; NULL: none. */
vouch_status vouch_onnx_parse_in(vouch_context *ctx, const char *source, const char *folder,
                                 const void *data, size_t size, vouch_graph **graph);

#endif
