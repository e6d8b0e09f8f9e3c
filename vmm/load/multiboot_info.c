/* SPDX-License-Identifier: BSD-2-Clause */
/* What a multiboot kernel is told: Multiboot Specification 0.6.96, 3.3. */

#include "multiboot.h"

#include <core/bytes.h>

enum {
    INFO_FLAGS = 0,
    INFO_MEM_LOWER = 4,
    INFO_MEM_UPPER = 8,
    INFO_CMDLINE = 16,
    INFO_MODS_COUNT = 20,
    INFO_MODS_ADDR = 24,
    INFO_MMAP_LENGTH = 44,
    INFO_MMAP_ADDR = 48,
    INFO_LOADER_NAME = 64,
    INFO_SIZE = 120,
};

#define HAS_MEM         BIT(0)
#define HAS_CMDLINE     BIT(2)
#define HAS_MODS        BIT(3)
#define HAS_MMAP        BIT(6)
#define HAS_LOADER_NAME BIT(9)
#define MODULE_SIZE     16
#define MMAP_ENTRY      24 /* its size field not counting itself: 20 */
#define LOW_MEMORY_MAX  KIB(640)

static const char loader_name[] = "basalt";

static void range_put(uint8_t *entry, const struct load_range *range)
{
    put_u32(entry, MMAP_ENTRY - 4);
    put_u64(entry + 4, range->base);
    put_u64(entry + 12, range->size);
    put_u32(entry + 20, range->type);
}

static void module_put(uint8_t *entry, const struct load_module *module, uint64_t address, uint64_t cmdline)
{
    put_u32(entry, (uint32_t)address);
    put_u32(entry + 4, (uint32_t)(address + module->source->size));
    put_u32(entry + 8, (uint32_t)cmdline);
}

static const struct info_format format = {
    .fixed_size = INFO_SIZE,
    .strings_size = sizeof(loader_name),
    .range_size = MMAP_ENTRY,
    .module_size = MODULE_SIZE,
    .range_put = range_put,
    .module_put = module_put,
};

/* RAM from `base` on without a hole, in KiB. */
static uint32_t ram_from(const struct loader *l, uint64_t base, uint64_t limit)
{
    uint64_t end = base;

    for (unsigned i = 0; i < l->params->memory_map_count; i++) {
        const struct load_range *range = &l->params->memory_map[i];

        if (range->type == LOAD_RAM && range->base <= end && end - range->base < range->size)
            end = range->base + range->size;
    }
    return (uint32_t)((MIN(end, limit) - base) >> 10);
}

static int info_write(struct loader *l, const struct info_layout *layout)
{
    uint8_t info[INFO_SIZE] = {0};
    uint64_t cursor = layout->strings, cmdline, name;
    int status = string_put(l, l->params->cmdline, &cursor, &cmdline);

    if (!status)
        status = string_put(l, loader_name, &cursor, &name);
    if (!status)
        status = info_lists_write(l, &format, layout, &cursor);
    if (status)
        return status;
    put_u32(info + INFO_FLAGS, HAS_MEM | HAS_CMDLINE | HAS_MODS | HAS_MMAP | HAS_LOADER_NAME);
    put_u32(info + INFO_MEM_LOWER, ram_from(l, 0, LOW_MEMORY_MAX));
    put_u32(info + INFO_MEM_UPPER, ram_from(l, MIB(1), LOAD_LIMIT_4G));
    put_u32(info + INFO_CMDLINE, (uint32_t)cmdline);
    put_u32(info + INFO_MODS_COUNT, modules_count(l));
    put_u32(info + INFO_MODS_ADDR, (uint32_t)layout->list);
    put_u32(info + INFO_MMAP_LENGTH, l->params->memory_map_count * MMAP_ENTRY);
    put_u32(info + INFO_MMAP_ADDR, (uint32_t)layout->map);
    put_u32(info + INFO_LOADER_NAME, (uint32_t)name);
    return load_write(l, layout->info, info, sizeof(info));
}

int multiboot_info_build(struct loader *l, uint64_t *info)
{
    struct info_layout layout = {0};
    /* Behind the kernel, where kernels that map only their surroundings see them. */
    int status = modules_load(l, space_lowest, &layout.modules);

    if (!status)
        status = info_place(l, &format, &layout);
    if (!status)
        status = info_write(l, &layout);
    *info = layout.info;
    return status;
}
