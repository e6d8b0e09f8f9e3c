/* SPDX-License-Identifier: BSD-2-Clause */
/* PVH: Xen, docs/misc/pvh.pandoc ("x86/HVM direct boot ABI") and public/arch-x86/hvm/start_info.h. */

#include "../x86/regs.h"
#include "elf.h"

#include <core/bytes.h>
#include <string.h>

#define MAGIC       0x336ec578
#define INFO_SIZE   56
#define MAP_ENTRY   24
#define MODULE_SIZE 32

/* Addresses of what a kernel gets beside its segments. */
struct pvh_layout {
    uint64_t modules; /* the files */
    uint64_t info, map, list, strings;
};

static int info_place(struct loader *l, struct pvh_layout *layout)
{
    uint64_t map = INFO_SIZE, list = map + (uint64_t)l->params->memory_map_count * MAP_ENTRY;
    uint64_t strings = list + (uint64_t)modules_count(l) * MODULE_SIZE, size = strings + strings_size(l);
    int status = info_room_take(l, size, &layout->info);

    if (status)
        return status;
    layout->map = layout->info + map;
    layout->list = layout->info + list;
    layout->strings = layout->info + strings;
    return 0;
}

static int map_write(struct loader *l, const struct pvh_layout *layout)
{
    int status = 0;

    for (unsigned i = 0; i < l->params->memory_map_count && !status; i++) {
        const struct load_range *range = &l->params->memory_map[i];
        uint8_t entry[MAP_ENTRY] = {0};

        put_u64(entry, range->base);
        put_u64(entry + 8, range->size);
        put_u32(entry + 16, range->type);
        status = load_write(l, layout->map + (uint64_t)i * MAP_ENTRY, entry, sizeof(entry));
    }
    return status;
}

static int list_write(struct loader *l, const struct pvh_layout *layout, uint64_t *cursor)
{
    uint64_t address = layout->modules;

    for (unsigned i = 0; i < modules_count(l); i++) {
        struct load_module module = module_at(l, i);
        uint8_t entry[MODULE_SIZE] = {0};
        uint64_t cmdline;
        int status = string_put(l, module.cmdline, cursor, &cmdline);

        put_u64(entry, address);
        put_u64(entry + 8, module.source->size);
        put_u64(entry + 16, module.cmdline ? cmdline : 0);
        if (!status)
            status = load_write(l, layout->list + (uint64_t)i * MODULE_SIZE, entry, sizeof(entry));
        if (status)
            return status;
        address = module_next(address, module.source->size);
    }
    return 0;
}

static int info_write(struct loader *l, const struct pvh_layout *layout)
{
    uint8_t info[INFO_SIZE] = {0};
    uint64_t cursor = layout->strings, cmdline;
    int status = string_put(l, l->params->cmdline, &cursor, &cmdline);

    put_u32(info, MAGIC);
    put_u32(info + 4, 1); /* version: with a memory map */
    put_u32(info + 12, modules_count(l));
    put_u64(info + 16, modules_count(l) ? layout->list : 0);
    put_u64(info + 24, cmdline);
    put_u64(info + 32, l->params->rsdp);
    put_u64(info + 40, layout->map);
    put_u32(info + 48, l->params->memory_map_count);
    if (!status)
        status = load_write(l, layout->info, info, sizeof(info));
    if (!status)
        status = map_write(l, layout);
    return status ? status : list_write(l, layout, &cursor);
}

int pvh_load(struct loader *l, const struct elf_image *elf)
{
    struct pvh_layout layout = {0};
    int status;

    if (!elf_holds(elf, elf->pvh_entry) || elf->pvh_entry >= LOAD_LIMIT_4G)
        return load_fail(l, "kernel", "%s: the PVH entry point %#llx is in no segment below 4 GiB",
                         l->params->kernel->name, (unsigned long long)elf->pvh_entry);
    status = elf_load(l, elf);
    if (!status)
        status = modules_load(l, space_highest, &layout.modules);
    if (!status)
        status = info_place(l, &layout);
    if (!status)
        status = info_write(l, &layout);
    if (status)
        return status;
    entry_flat32(l->regs, elf->pvh_entry);
    l->regs->gpr[X86_RBX] = layout.info;
    return 0;
}
