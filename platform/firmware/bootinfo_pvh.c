/* SPDX-License-Identifier: BSD-2-Clause */
/* PVH start information (Xen public/arch-x86/hvm/start_info.h, "x86/HVM direct boot ABI"). Pure. */

#include "builder.h"
#include "phys.h"

#include <errno.h>
#include <stdio.h>

#define START_INFO_MAGIC 0x336ec578u
#define INFO_SIZE_V0     40
#define INFO_SIZE_V1     56
#define MODULE_SIZE      32
#define MMAP_ENTRY_SIZE  24

enum {
    OFF_MAGIC = 0,
    OFF_VERSION = 4,
    OFF_MODULE_COUNT = 12,
    OFF_MODULES = 16,
    OFF_CMDLINE = 24,
    OFF_RSDP = 32,
    OFF_MMAP = 40,
    OFF_MMAP_COUNT = 48,
};

static int modules_parse(struct fw_builder *b, uint64_t address, uint32_t count)
{
    const uint8_t *list;

    if (count == 0)
        return 0;
    list = phys_map(b->reader, address, (uint64_t)count * MODULE_SIZE);
    if (list == NULL) {
        fw_warn(b, "PVH module list at %#llx (%u modules) cannot be read, ignored",
                (unsigned long long)address, count);
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = list + (size_t)i * MODULE_SIZE;
        uint64_t string = get_u64(entry + 16);
        char default_name[24] = "initrd";
        const char *text = string ? phys_string(b->reader, b->arena, string) : NULL;
        int error;

        if (i)
            snprintf(default_name, sizeof(default_name), "module%u", i);
        /* A module that nobody named is an initrd, and may be a whole archive of modules. */
        error = fw_blob_add(b, get_u64(entry), get_u64(entry + 8), text, default_name, !text || !*text);
        if (error)
            return error;
    }
    return 0;
}

static int mmap_parse(struct fw_builder *b, uint64_t address, uint32_t count)
{
    const uint8_t *map = phys_map(b->reader, address, (uint64_t)count * MMAP_ENTRY_SIZE);

    if (map == NULL)
        return -EINVAL;
    for (uint32_t i = 0; i < count; i++, map += MMAP_ENTRY_SIZE) {
        int error = fw_range_add_e820(b, get_u64(map), get_u64(map + 8), get_u32(map + 16));

        if (error)
            return error;
    }
    return 0;
}

int bootinfo_pvh_parse(struct fw_builder *b, uint64_t address)
{
    const uint8_t *info = phys_map(b->reader, address, INFO_SIZE_V0);
    const char *text = NULL;
    int error;

    if (info == NULL || get_u32(info + OFF_MAGIC) != START_INFO_MAGIC)
        return -EINVAL;
    b->info->firmware = HOST_FW_PVH;
    b->info->loader = "PVH";
    if (get_u64(info + OFF_RSDP))
        b->info->rsdp = hpa(get_u64(info + OFF_RSDP));
    if (get_u64(info + OFF_CMDLINE))
        text = phys_string(b->reader, b->arena, get_u64(info + OFF_CMDLINE));
    error = fw_cmdline_set(b, text, false);
    if (!error)
        error = modules_parse(b, get_u64(info + OFF_MODULES), get_u32(info + OFF_MODULE_COUNT));
    if (error)
        return error;
    /* Version 0 has no memory map; under Xen one would ask the hypervisor. */
    if (get_u32(info + OFF_VERSION) == 0 || (info = phys_map(b->reader, address, INFO_SIZE_V1)) == NULL)
        return -EINVAL;
    return mmap_parse(b, get_u64(info + OFF_MMAP), get_u32(info + OFF_MMAP_COUNT));
}
