/* SPDX-License-Identifier: BSD-2-Clause */
/* A loader's device tree. */
#include "fuzz_boot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_boot(BOOT_KIND_FDT, data, size);
}
