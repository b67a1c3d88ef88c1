/* Writing data sets: what the formats share. */
#include "data/write.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "data/classes.h"
#include "io/io.h"

bool vouch_data_path_ends(const char *path, const char *suffix)
{
    const size_t length = strlen(path), wanted = strlen(suffix);

    return length > wanted && strcasecmp(path + length - wanted, suffix) == 0;
}

static const vouch_data_format *find(const char *path)
{
    const vouch_data_format *const *f = vouch_data_format_table();

    while (*f && !((*f)->write && (*f)->suffix && vouch_data_path_ends(path, (*f)->suffix)))
        f++;
    return *f;
}

vouch_status vouch_data_write(const vouch_data *set, const char *path, const char *format)
{
    const vouch_data_format *f = format ? vouch_data_format_find(format) : find(path);

    if (!f)
        return vouch_fail(set->ctx, VOUCH_ERR_ARGUMENT,
                          "%s: the name does not tell a format that can be written", path);
    if (!f->write)
        return vouch_fail(set->ctx, VOUCH_ERR_UNSUPPORTED, "%s: vouch does not write %s", path,
                          f->name);
    VOUCH_TRY(f->write(set, path));
    int top = -1;
    for (int64_t i = 0; i < set->info.count; i++)
        top = set->label[i] > top ? set->label[i] : top;
    return vouch_data_path_ends(path, ".png") /* a grid, which is not read */
               ? VOUCH_OK
               : vouch_classes_write(set->ctx, &set->info, top, path);
}

vouch_status vouch_data_write_schema(vouch_context *ctx, const vouch_schema *schema,
                                     const char *path)
{
    char *text = NULL;
    size_t size = 0;

    VOUCH_TRY(vouch_schema_dump(ctx, schema, &text, &size));
    vouch_status status = vouch_file_write(ctx, path, text, size);
    vouch_release(ctx, text);
    return status;
}

vouch_shape vouch_data_full_shape(const vouch_data *set)
{
    vouch_shape shape = {.rank = set->info.shape.rank + 1, .dim = {set->info.count}};

    for (int d = 1; d < shape.rank; d++)
        shape.dim[d] = set->info.shape.dim[d - 1];
    return shape;
}

vouch_status vouch_data_pack_floats(const vouch_data *set, bool big, vouch_pack *pack)
{
    return vouch_pack_floats(pack, set->x, set->info.count * set->info.size, big);
}

unsigned char vouch_data_byte(float x)
{
    const float v = floorf(255 * x + .5f);

    return (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v);
}

bool vouch_data_is_bytes(const vouch_data *set)
{
    for (int64_t i = 0; i < set->info.count * set->info.size; i++)
        if ((float)vouch_data_byte(set->x[i]) / 255.0f != set->x[i])
            return false;
    return true;
}
