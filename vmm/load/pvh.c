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

static void range_put(uint8_t *entry, const struct load_range *range)
{
    put_u64(entry, range->base);
    put_u64(entry + 8, range->size);
    put_u32(entry + 16, range->type);
}

static void module_put(uint8_t *entry, const struct load_module *module, uint64_t address, uint64_t cmdline)
{
    put_u64(entry, address);
    put_u64(entry + 8, module->source->size);
    put_u64(entry + 16, module->cmdline ? cmdline : 0);
}

static const struct info_format format = {
    .fixed_size = INFO_SIZE,
    .range_size = MAP_ENTRY,
    .module_size = MODULE_SIZE,
    .range_put = range_put,
    .module_put = module_put,
};

static int info_write(struct loader *l, const struct info_layout *layout)
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
    return status ? status : info_lists_write(l, &format, layout, &cursor);
}

int pvh_load(struct loader *l, const struct elf_image *elf)
{
    struct info_layout layout = {0};
    int status;

    if (!elf_holds(elf, elf->pvh_entry) || elf->pvh_entry >= LOAD_LIMIT_4G)
        return load_fail(l, "kernel", "%s: the PVH entry point %#llx is in no segment below 4 GiB",
                         l->params->kernel->name, (unsigned long long)elf->pvh_entry);
    status = elf_load(l, elf);
    if (!status)
        status = modules_load(l, space_highest, &layout.modules);
    if (!status)
        status = info_place(l, &format, &layout);
    if (!status)
        status = info_write(l, &layout);
    if (status)
        return status;
    entry_flat32(l->regs, elf->pvh_entry);
    l->regs->gpr[X86_RBX] = layout.info;
    return 0;
}
