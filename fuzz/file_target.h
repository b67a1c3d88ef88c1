/* What the fuzz targets of data sets share that are read from a file: any bytes give a set or one
 * error. */
#ifndef VOUCH_FUZZ_FILE_TARGET_H
#define VOUCH_FUZZ_FILE_TARGET_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "data/data.h"

static inline int file_target(const uint8_t *data, size_t size, const char *format)
{
    char path[] = "/tmp/fuzz_file_XXXXXX", place[64];
    const int fd = mkstemp(path);
    vouch_context *ctx = vouch_context_new(NULL);
    vouch_data *set = NULL;

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    (void)close(fd);
    (void)snprintf(place, sizeof place, "%s?format=%s&count=64", path, format);
    vouch_status status = vouch_data_load(ctx, place, &set);
    if (status != vouch_context_status(ctx) || !status != (set != NULL))
        abort();
    vouch_data_free(set);
    vouch_context_free(ctx);
    (void)unlink(path);
    return 0;
}

#endif
