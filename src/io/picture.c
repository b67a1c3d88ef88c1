/* Which decoder a picture's file needs (io/picture.h). */
#include "io/picture.h"

#include "io/io.h"
#include "io/jpeg.h"
#include "io/png.h"

enum { FILE_MIB = 256 };

vouch_status vouch_picture_read(vouch_arena *arena, const char *path, int channels,
                                vouch_picture *picture)
{
    vouch_file file;

    VOUCH_TRY(vouch_file_read(arena, path, (size_t)FILE_MIB << 20, &file));
    return vouch_jpeg_is(file.data, file.size)
               ? vouch_jpeg_parse(arena, path, file.data, file.size, channels, picture)
               : vouch_png_parse(arena, path, file.data, file.size, channels, picture);
}
