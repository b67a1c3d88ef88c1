/* Writing data sets. */
#ifndef VOUCH_DATA_WRITE_H
#define VOUCH_DATA_WRITE_H

#include "data/format.h"
#include "io/array.h"

/* Writes the set in the format of that name; format NULL: the one that the path's ending tells. */
vouch_status vouch_data_write(const vouch_data *set, const char *path, const char *format);
/* Reads one place and writes the other: piece by piece where the format allows it, in two passes.
 * stream: open, at its start. */
vouch_status vouch_data_convert(vouch_data_stream *stream, const char *path,
                                const char *format);
/* The schema of a table as JSON. */
vouch_status vouch_data_write_schema(vouch_context *ctx, const vouch_schema *schema,
                                     const char *path);

/* ---- for the formats ---------------------------------------------------------------------- */

bool vouch_data_path_ends(const char *path, const char *suffix);
/* The shape of all samples together. */
vouch_shape vouch_data_full_shape(const vouch_data_info *info, int64_t count);
/* Every feature as float32, least significant byte first or last. */
vouch_status vouch_data_pack_floats(const vouch_data *set, bool big, vouch_pack *pack);
/* Is every feature a byte divided by 255? */
bool vouch_data_is_bytes(const vouch_data *set);
unsigned char vouch_data_byte(float x); /* the nearest byte to 255 x */

#endif
