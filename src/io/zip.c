/* Zip archives: the list at their end, and members as streams.
 *
 * SPEC: PKWARE APPNOTE 4.3, and 4.5.3 for what is beyond 4 GiB (zip64, reading alone). The end record (found from behind, since a comment may follow it)
 * tells where the central directory is, which has an entry for each member: method, checksum,
 * sizes, name, and where its local header lies, whose name and extra field must be passed over
 * to come to the bytes. Every offset is checked against the file before it is followed.
 */
#include "io/zip.h"

#include <string.h>
#include <sys/stat.h>

#include <zlib.h>

#include "io/io_priv.h"

enum {
    END_SIZE = 22,
    COMMENT_MAX = 1 << 16,
    ENTRY_SIZE = 46,
    LOCAL_SIZE = 30,
    LOCATOR_SIZE = 20, /* of the end record of zip64, */
    END_64_SIZE = 56,  /* and that record */
    WIDE = 1,          /* the extra field of an entry that has 64-bit numbers */
    MEMBERS_MAX = 1 << 16,
    STORED = 0,
    DEFLATED = 8
};

static unsigned u16(const unsigned char *p) { return (unsigned)p[0] | (unsigned)p[1] << 8; }
static unsigned u32(const unsigned char *p) { return u16(p) | u16(p + 2) << 16; }

static size_t u64(const unsigned char *p) { return (size_t)u32(p) | (size_t)u32(p + 4) << 32; }
_Static_assert(sizeof(size_t) == 8, "sizes of zip64");

static vouch_status fail(vouch_context *ctx, const char *path, size_t place,
                         const char *problem)
{
    return vouch_fail(ctx, VOUCH_ERR_PARSE, "%s: byte %zu: %s", path, place, problem);
}

/* ---- the list ----------------------------------------------------------------------------- */

typedef struct directory {
    size_t start, size, count;
} directory;

static bool fits(const directory *d, size_t end)
{
    return d->start <= end && d->size <= end - d->start && d->count <= d->size / ENTRY_SIZE &&
           d->count <= MEMBERS_MAX;
}

/* Where a number of the end record, which lies at `end`, has too few bits, zip64 has a record of
 * its own before it (4.3.14), and one that says where that is (4.3.15). */
static vouch_status widen_directory(vouch_arena *arena, const char *path, size_t end,
                                    directory *d)
{
    vouch_context *ctx = vouch_arena_context(arena);
    void *data = NULL;

    if (d->count != UINT16_MAX && d->size != UINT32_MAX && d->start != UINT32_MAX)
        return VOUCH_OK;
    if (end < LOCATOR_SIZE + END_64_SIZE)
        return VOUCH_OK;
    const size_t locator = end - LOCATOR_SIZE;
    VOUCH_TRY(vouch_file_read_range(arena, path, locator, LOCATOR_SIZE, &data));
    if (memcmp(data, "PK\6\7", 4) != 0)
        return VOUCH_OK;
    const size_t at = u64((const unsigned char *)data + 8);
    if (at > locator - END_64_SIZE)
        return fail(ctx, path, locator, "the end record of zip64 lies outside of the file");
    VOUCH_TRY(vouch_file_read_range(arena, path, at, END_64_SIZE, &data));
    const unsigned char *p = data;
    if (memcmp(p, "PK\6\6", 4) != 0)
        return fail(ctx, path, at, "not the end record of zip64");
    *d = (directory){u64(p + 48), u64(p + 40), u64(p + 32)};
    return VOUCH_OK;
}

static vouch_status find_directory(vouch_arena *arena, const char *path, size_t file_size,
                                   directory *d)
{
    vouch_context *ctx = vouch_arena_context(arena);
    const size_t size = file_size < COMMENT_MAX + END_SIZE ? file_size : COMMENT_MAX + END_SIZE;
    const size_t base = file_size - size;
    void *data = NULL;

    if (file_size < END_SIZE)
        return fail(ctx, path, file_size, "too short for a zip archive");
    VOUCH_TRY(vouch_file_read_range(arena, path, base, size, &data));
    const unsigned char *bytes = data;
    for (size_t at = size - END_SIZE + 1; at-- > 0;) {
        if (memcmp(bytes + at, "PK\5\6", 4) != 0)
            continue;
        *d = (directory){u32(bytes + at + 16), u32(bytes + at + 12), u16(bytes + at + 10)};
        VOUCH_TRY(widen_directory(arena, path, base + at, d));
        if (!fits(d, base + at))
            return fail(ctx, path, base + at, "the zip directory lies outside of the file");
        return VOUCH_OK;
    }
    return fail(ctx, path, file_size,
                "no end record of a zip archive: it is cut short, or is none");
}

/* Passes over the local header, whose sizes are only known there. */
static vouch_status find_start(vouch_arena *arena, const char *path, size_t local,
                               size_t *start)
{
    void *data = NULL;

    VOUCH_TRY(vouch_file_read_range(arena, path, local, LOCAL_SIZE, &data));
    const unsigned char *p = data;
    if (memcmp(p, "PK\3\4", 4) != 0)
        return fail(vouch_arena_context(arena), path, local,
                    "not a local header of a zip archive");
    *start = local + LOCAL_SIZE + u16(p + 26) + u16(p + 28);
    return VOUCH_OK;
}

/* Numbers of an entry that have too few bits stand in an extra field, in this order (4.5.3). */
static bool widen_entry(const unsigned char *p, size_t *size, size_t *local)
{
    size_t packed = u32(p + 20), *const number[] = {size, &packed, local};
    const unsigned char *at = p + ENTRY_SIZE + u16(p + 28), *const end = at + u16(p + 30);
    while (end - at >= 4 && u16(at) != WIDE)
        at += end - at - 4 < u16(at + 2) ? end - at : 4 + u16(at + 2);
    size_t left = end - at >= 4 && end - at - 4 >= u16(at + 2) ? u16(at + 2) : 0;
    at += left > 0 ? 4 : 0;
    for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
        if (*number[i] != UINT32_MAX)
            continue;
        if (left < 8)
            return false;
        *number[i] = u64(at);
        at += 8;
        left -= 8;
    }
    return true;
}

static vouch_status read_entry(vouch_arena *arena, const char *path, size_t place,
                               const unsigned char *p, vouch_stream_part *part)
{
    vouch_context *ctx = vouch_arena_context(arena);
    const unsigned method = u16(p + 10), flags = u16(p + 8);

    part->name = vouch_arena_text_n(arena, (const char *)p + ENTRY_SIZE, u16(p + 28));
    if (!part->name)
        return VOUCH_ERR_MEMORY;
    if (flags & 1 || (method != STORED && method != DEFLATED))
        return vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED,
                          "%s: byte %zu: the member '%s' is encrypted, or packed by method %u",
                          path, place, part->name, method);
    size_t size = u32(p + 24), local = u32(p + 42);
    if (!widen_entry(p, &size, &local) || local > place)
        return vouch_fail(ctx, VOUCH_ERR_PARSE,
                          "%s: byte %zu: the member '%s' does not say where it lies", path,
                          place, part->name);
    part->deflated = method == DEFLATED;
    part->crc = u32(p + 16);
    part->size = size;
    return find_start(arena, path, local, &part->start);
}

static vouch_status read_entries(vouch_arena *arena, const directory *d, vouch_zip *zip)
{
    vouch_context *ctx = vouch_arena_context(arena);
    void *data = NULL;
    size_t at = 0;

    VOUCH_TRY(vouch_file_read_range(arena, zip->path, d->start, d->size, &data));
    zip->member = VOUCH_NEW_ARRAY(arena, vouch_stream_part, d->count);
    if (!zip->member)
        return VOUCH_ERR_MEMORY;
    for (; (size_t)zip->count < d->count; zip->count++) {
        const unsigned char *p = (const unsigned char *)data + at;
        if (d->size - at < ENTRY_SIZE || memcmp(p, "PK\1\2", 4) != 0)
            return fail(ctx, zip->path, d->start + at, "not an entry of a zip directory");
        const size_t size = (size_t)ENTRY_SIZE + u16(p + 28) + u16(p + 30) + u16(p + 32);
        if (size > d->size - at)
            return fail(ctx, zip->path, d->start + at, "a zip directory that is cut short");
        VOUCH_TRY(read_entry(arena, zip->path, d->start + at, p, &zip->member[zip->count]));
        at += size;
    }
    return VOUCH_OK;
}

vouch_status vouch_zip_read(vouch_arena *arena, const char *path, vouch_zip *zip)
{
    struct stat info;
    directory d = {0};

    *zip = (vouch_zip){.path = vouch_arena_text(arena, path)};
    if (!zip->path)
        return VOUCH_ERR_MEMORY;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return vouch_fail(vouch_arena_context(arena), VOUCH_ERR_IO, "%s: is not a regular file",
                          path);
    VOUCH_TRY(find_directory(arena, path, (size_t)info.st_size, &d));
    return read_entries(arena, &d, zip);
}

int vouch_zip_find(const vouch_zip *zip, const char *name)
{
    for (int i = 0; i < zip->count; i++)
        if (strcmp(zip->member[i].name, name) == 0)
            return i;
    return -1;
}

vouch_status vouch_zip_open(vouch_arena *arena, const vouch_zip *zip, int member,
                            vouch_stream **stream)
{
    vouch_stream_part part = zip->member[member];

    part.name = vouch_arena_print(arena, "%s(%s)", zip->path, part.name);
    return part.name ? vouch_stream_open_part(arena, zip->path, &part, stream)
                     : VOUCH_ERR_MEMORY;
}

/* ---- writing ------------------------------------------------------------------------------ */

static vouch_status put(vouch_pack *pack, int bytes, size_t value)
{
    unsigned char little[4];

    for (int i = 0; i < bytes; i++)
        little[i] = (unsigned char)(value >> 8 * i);
    return vouch_pack_bytes(pack, little, (size_t)bytes);
}

/* What the local header and the entry of the directory share: version to checksum and sizes,
 * lengths of the name and the extra field. The time is 1980-01-01, so that the same data makes
 * the same file. */
static vouch_status put_common(vouch_pack *pack, const vouch_zip_file *file)
{
    enum { VERSION = 20, FIRST_DAY = 0x21 };
    const unsigned long crc = crc32_z(crc32(0, NULL, 0), file->data, file->size);

    VOUCH_TRY(put(pack, 2, VERSION));
    VOUCH_TRY(put(pack, 4, STORED)); /* flags and method */
    VOUCH_TRY(put(pack, 2, 0));
    VOUCH_TRY(put(pack, 2, FIRST_DAY));
    VOUCH_TRY(put(pack, 4, crc));
    VOUCH_TRY(put(pack, 4, file->size));
    VOUCH_TRY(put(pack, 4, file->size));
    VOUCH_TRY(put(pack, 2, strlen(file->name)));
    return put(pack, 2, 0);
}

static vouch_status put_local(vouch_pack *pack, const vouch_zip_file *file)
{
    VOUCH_TRY(vouch_pack_bytes(pack, "PK\3\4", 4));
    VOUCH_TRY(put_common(pack, file));
    VOUCH_TRY(vouch_pack_bytes(pack, file->name, strlen(file->name)));
    return vouch_pack_bytes(pack, file->data, file->size);
}

static vouch_status put_entry(vouch_pack *pack, const vouch_zip_file *file, size_t start)
{
    VOUCH_TRY(vouch_pack_bytes(pack, "PK\1\2", 4));
    VOUCH_TRY(put(pack, 2, 20)); /* made by version */
    VOUCH_TRY(put_common(pack, file));
    VOUCH_TRY(put(pack, 4, 0)); /* no comment, disk 0 */
    VOUCH_TRY(put(pack, 4, 0)); /* attributes, */
    VOUCH_TRY(put(pack, 2, 0)); /* those of the system too */
    VOUCH_TRY(put(pack, 4, start));
    return vouch_pack_bytes(pack, file->name, strlen(file->name));
}

vouch_status vouch_pack_zip(vouch_pack *pack, const vouch_zip_file *file, int count)
{
    enum { FILES_MAX = 8 };
    size_t start[FILES_MAX];

    if (count > FILES_MAX)
        return vouch_fail(pack->ctx, VOUCH_ERR_INTERNAL, "%d files for an archive", count);
    for (int i = 0; i < count; i++) {
        start[i] = pack->size;
        VOUCH_TRY(put_local(pack, &file[i]));
    }
    const size_t list = pack->size;
    for (int i = 0; i < count; i++)
        VOUCH_TRY(put_entry(pack, &file[i], start[i]));
    const size_t size = pack->size - list;
    if (pack->size >= UINT32_MAX)
        return vouch_fail(pack->ctx, VOUCH_ERR_LIMIT, "an archive of more than 4 GiB");
    VOUCH_TRY(vouch_pack_bytes(pack, "PK\5\6", 4));
    VOUCH_TRY(put(pack, 4, 0));
    VOUCH_TRY(put(pack, 2, (size_t)count));
    VOUCH_TRY(put(pack, 2, (size_t)count));
    VOUCH_TRY(put(pack, 4, size));
    VOUCH_TRY(put(pack, 4, list));
    return put(pack, 2, 0);
}
