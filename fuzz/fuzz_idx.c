/* The IDX reader: any bytes give finite numbers or one error. */
#include "array_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return array_target(data, size, vouch_array_open_idx);
}
