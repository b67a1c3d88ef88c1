/* Writing data sets: what the formats share. */
#include "data/write.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "io/io.h"

bool vouch_data_path_ends(const char *path, const char *suffix)
{
    const size_t length = strlen(path), wanted = strlen(suffix);

    return length > wanted && strcasecmp(path + length - wanted, suffix) == 0;
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

vouch_shape vouch_data_full_shape(const vouch_data_info *info, int64_t count)
{
    vouch_shape shape = {.rank = info->shape.rank + 1, .dim = {count}};

    for (int d = 1; d < shape.rank; d++)
        shape.dim[d] = info->shape.dim[d - 1];
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
