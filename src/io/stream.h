/* Bytes of a file, one after the other, in bounded memory: plain, gzipped, a member of a zip
 * archive, or a block of memory. What reads larger files than fit into memory reads from here.
 *
 * A stream lives in an arena; vouch_stream_close gives back what the arena cannot (the file, the
 * state of zlib). Errors name the file and the byte, counted in the uncompressed bytes.
 */
#ifndef VOUCH_IO_STREAM_H
#define VOUCH_IO_STREAM_H

#include "base/arena.h"

typedef struct vouch_stream vouch_stream;

/* path, or path.gz where path does not exist. */
vouch_status vouch_stream_open(vouch_arena *arena, const char *path, vouch_stream **stream);
/* data must outlive the stream; name is for messages. */
vouch_status vouch_stream_from_memory(vouch_arena *arena, const char *name, const void *data,
                                      size_t size, vouch_stream **stream);

/* Where a member of an archive lies, and what it must uncompress to. */
typedef struct vouch_stream_part {
    const char *name; /* for messages */
    size_t start;     /* offset of its bytes in the file */
    size_t size;      /* uncompressed */
    unsigned crc;
    bool deflated;
    bool is_zlib;    /* deflated with zlib's own head and checksum */
    bool has_no_crc; /* size and crc are not known, and not compared */
} vouch_stream_part;
vouch_status vouch_stream_open_part(vouch_arena *arena, const char *path,
                                    const vouch_stream_part *part, vouch_stream **stream);

/* size bytes, or fewer at the end alone. */
vouch_status vouch_stream_read(vouch_stream *stream, void *data, size_t size, size_t *got);
/* size bytes, or an error that says what is cut short. */
vouch_status vouch_stream_need(vouch_stream *stream, void *data, size_t size, const char *what);
/* An error unless the stream is at its end. */
vouch_status vouch_stream_finish(vouch_stream *stream, const char *what);
/* Back to the first byte; an error for what can be read only once (a pipe). */
vouch_status vouch_stream_rewind(vouch_stream *stream);
/* Bytes in all, where that is known without reading them; else SIZE_MAX. */
size_t vouch_stream_size(const vouch_stream *stream);
size_t vouch_stream_offset(const vouch_stream *stream); /* bytes read so far */
const char *vouch_stream_name(const vouch_stream *stream);
vouch_context *vouch_stream_context(const vouch_stream *stream);
void vouch_stream_close(vouch_stream *stream); /* NULL is fine */

#endif
