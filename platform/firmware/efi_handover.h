/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FIRMWARE_EFI_HANDOVER_H
#define FIRMWARE_EFI_HANDOVER_H

/* What our EFI stub leaves for host_info_build, in EfiLoaderData. Fixed-width so that a test can write it. */

#include <stdint.h>

#define EFI_HANDOVER_MAGIC 0x31464542u /* "BEF1" */

struct efi_handover_module {
    uint64_t base;
    uint64_t size;
    uint64_t name; /* address of a NUL-terminated string */
    uint64_t unpack;
};

struct efi_handover {
    uint32_t magic;
    uint32_t module_count;
    uint64_t modules; /* array of struct efi_handover_module */
    uint64_t system_table;
    uint64_t memory_map; /* as GetMemoryMap gave it, the one ExitBootServices accepted */
    uint64_t memory_map_size;
    uint64_t descriptor_size;
    uint64_t cmdline;     /* NUL-terminated ASCII, 0: none */
    uint64_t warning;     /* NUL-terminated, 0: the stub has nothing to complain about */
    int64_t time_seconds; /* Unix time, 0: unknown */
};

#endif
