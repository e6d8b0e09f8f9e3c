/* SPDX-License-Identifier: BSD-2-Clause */
/* Multiboot 1 information (Multiboot Specification 0.6.96, section 3.3). Pure. */

#include "builder.h"
#include "phys.h"

#include <errno.h>
#include <stdio.h>

enum {
    FLAG_MEM = 1 << 0,
    FLAG_CMDLINE = 1 << 2,
    FLAG_MODS = 1 << 3,
    FLAG_MMAP = 1 << 6,
    FLAG_LOADER = 1 << 9
};

enum {
    OFF_FLAGS = 0,
    OFF_MEM_LOWER = 4,
    OFF_MEM_UPPER = 8,
    OFF_CMDLINE = 16,
    OFF_MODS_COUNT = 20,
    OFF_MODS_ADDR = 24,
    OFF_MMAP_LENGTH = 44,
    OFF_MMAP_ADDR = 48,
    OFF_LOADER = 64,
};

#define MODULE_SIZE    16
#define MMAP_ENTRY_MIN 20 /* base, length, type; the size field in front does not count itself */
#define MMAP_RAM       1

/* Reading past the fields that a loader fills would be harmless, but it need not be mapped. */
static bool info_field(struct fw_builder *b, uint64_t info, unsigned int offset, uint32_t *out)
{
    return phys_copy(b->reader, info + offset, out, sizeof(*out));
}

/* Without a map there are two numbers in KiB: from 0 and from 1 MiB. */
static int sizes_parse(struct fw_builder *b, uint64_t info)
{
    uint32_t lower, upper;
    int error;

    if (!info_field(b, info, OFF_MEM_LOWER, &lower) || !info_field(b, info, OFF_MEM_UPPER, &upper))
        return -EINVAL;
    fw_warn(b, "multiboot loader gives no memory map, only sizes: %u KiB low, %u KiB high", lower, upper);
    error = fw_range_add(b, 0, KIB(MIN(lower, 640u)), HOST_MEM_USABLE);
    return error ? error : fw_range_add(b, MIB(1), KIB(upper), HOST_MEM_USABLE);
}

static int mmap_parse(struct fw_builder *b, uint64_t info)
{
    uint32_t length, address;
    const uint8_t *map;
    bool has_ram = false;

    if (!info_field(b, info, OFF_MMAP_LENGTH, &length) || !info_field(b, info, OFF_MMAP_ADDR, &address))
        return -EINVAL;
    map = phys_map(b->reader, address, length);
    for (uint32_t at = 0; map != NULL && length - at >= 4 + MMAP_ENTRY_MIN;) {
        const uint8_t *entry = map + at;
        uint32_t size = get_u32(entry);
        int error;

        if (size < MMAP_ENTRY_MIN || size > length - at - 4) {
            fw_warn(b, "multiboot memory map: entry at offset %u has size %u, the rest is ignored", at, size);
            break;
        }
        error = fw_range_add_e820(b, get_u64(entry + 4), get_u64(entry + 12), get_u32(entry + 20));
        if (error)
            return error;
        has_ram |= get_u32(entry + 20) == MMAP_RAM && get_u64(entry + 12) != 0;
        at += 4 + size;
    }
    if (has_ram)
        return 0;
    fw_warn(b, "multiboot memory map at %#x (%u bytes) has no memory", address, length);
    return sizes_parse(b, info);
}

static int modules_parse(struct fw_builder *b, uint64_t info)
{
    uint32_t count, address;
    const uint8_t *list;

    if (!info_field(b, info, OFF_MODS_COUNT, &count) || !info_field(b, info, OFF_MODS_ADDR, &address))
        return -EINVAL;
    if (count == 0)
        return 0;
    list = phys_map(b->reader, address, (uint64_t)count * MODULE_SIZE);
    if (list == NULL) {
        fw_warn(b, "multiboot module list at %#x (%u modules) cannot be read, ignored", address, count);
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = list + (size_t)i * MODULE_SIZE;
        uint32_t start = get_u32(entry);
        uint32_t end = get_u32(entry + 4);
        uint32_t string = get_u32(entry + 8);
        char default_name[24];
        int error;

        snprintf(default_name, sizeof(default_name), "module%u", i);
        if (end < start) {
            fw_warn(b, "multiboot module %u ends at %#x before its start %#x, refused", i, end, start);
            continue;
        }
        error = fw_blob_add(b, start, end - start, string ? phys_string(b->reader, b->arena, string) : NULL,
                            default_name, false);
        if (error)
            return error;
    }
    return 0;
}

/* iPXE and QEMU put the image's URI or path in front; GRUB 2 does not. */
static bool loader_names_image(const char *loader)
{
    return strncmp(loader, "iPXE", 4) == 0 || strncmp(loader, "gPXE", 4) == 0 || strcmp(loader, "qemu") == 0;
}

int bootinfo_multiboot_parse(struct fw_builder *b, uint64_t info)
{
    uint32_t flags, address;
    const char *text = NULL;
    int error;

    if (!info_field(b, info, OFF_FLAGS, &flags))
        return -EINVAL;
    b->info->firmware = HOST_FW_BIOS;
    if ((flags & FLAG_LOADER) && info_field(b, info, OFF_LOADER, &address) && address)
        text = phys_string(b->reader, b->arena, address);
    b->info->loader = text ? text : "multiboot";
    text = NULL;
    if ((flags & FLAG_CMDLINE) && info_field(b, info, OFF_CMDLINE, &address) && address)
        text = phys_string(b->reader, b->arena, address);
    error = fw_cmdline_set(b, text, loader_names_image(b->info->loader));
    if (!error && (flags & FLAG_MODS))
        error = modules_parse(b, info);
    if (error)
        return error;
    if (flags & FLAG_MMAP)
        return mmap_parse(b, info);
    return flags & FLAG_MEM ? sizes_parse(b, info) : -EINVAL;
}
