/* SPDX-License-Identifier: BSD-2-Clause */
/* Multiboot 1 and PVH information; the first byte chooses. */
#include "fuzz_boot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    return fuzz_boot(data[0] & 1 ? BOOT_KIND_PVH : BOOT_KIND_MULTIBOOT1, data + 1, size - 1);
}
