/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../platform/firmware/efi_text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    char *text = malloc(size / 2 + 1);
    uint16_t name[64];
    uint32_t units;
    struct efi_time time = {0};

    memcpy(copy, data, size);
    if (efi_options_to_text(copy, (uint32_t)size, text) >= 0 && strlen(text) > size / 2)
        abort();
    units = efi_path_file_name((const struct efi_device_path *)copy, (uint32_t)size, name, 64);
    if (units >= 64 || (units && name[units] != 0))
        abort();
    memcpy(&time, data, size < sizeof(time) ? size : sizeof(time));
    if (efi_time_to_unix(&time) > 253402300800 + 86400)
        abort();
    free(copy);
    free(text);
    return 0;
}
