/* SPDX-License-Identifier: BSD-2-Clause */
/* The Linux zero page and our own EFI hand-over; the first byte chooses. */
#include "fuzz_boot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    return fuzz_boot(data[0] & 1 ? BOOT_KIND_EFI : BOOT_KIND_LINUX, data + 1, size - 1);
}
