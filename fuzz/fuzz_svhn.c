/* The reader of SVHN's Matlab files, from a file. */
#include "file_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return file_target(data, size, "svhn");
}
