/* The reader of .npz data sets, from a file: any bytes give a set or one error. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "data/data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/fuzz_npz_XXXXXX", place[64];
    const int fd = mkstemp(path);
    vouch_context *ctx = vouch_context_new(NULL);
    vouch_data *set = NULL;

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    (void)close(fd);
    (void)snprintf(place, sizeof place, "%s?format=npz&count=64", path);
    vouch_status status = vouch_data_load(ctx, place, &set);
    if (status != vouch_context_status(ctx) || !status != (set != NULL))
        abort();
    vouch_data_free(set);
    vouch_context_free(ctx);
    (void)unlink(path);
    return 0;
}
