/* SPDX-License-Identifier: BSD-2-Clause */
/* Who starts the image on an Arm machine. Pure. */

#include "acpi.h"
#include "fdt_walk.h"
#include "phys.h"

#include <errno.h>
#include <libfdt.h>

/* A tree that is handed over knows more than the image's own: what the loader has found and changed. */
static int tree_parse(struct fw_builder *b, uint64_t address, uint64_t builtin)
{
    const uint8_t *magic = address ? phys_map(b->reader, address, 4) : NULL;
    int error;

    b->ram_left = ~0ULL;
    if (builtin == 0 || (magic != NULL && fdt_cells(magic, 1) == FDT_MAGIC)) {
        b->device_tree = address;
        return bootinfo_fdt_parse(b, address);
    }
    b->device_tree = builtin;
    /* What a list of tags says of memory comes first, because the tree's is cut to it; its words come last.
     */
    error = bootinfo_atags_parse(b, address);
    if (!error)
        error = bootinfo_fdt_parse(b, builtin);
    return error;
}

int bootinfo_parse(struct fw_builder *b, const struct boot_handover *handover)
{
    switch (handover->kind) {
    case BOOT_KIND_FDT:
        return tree_parse(b, handover->info.v, handover->builtin_tree.v);
    case BOOT_KIND_EFI:
        return bootinfo_efi_parse(b, handover->info.v);
    default:
        return -EINVAL;
    }
}

/* ACPI where there is both: who has a device tree beside it has it for others. */
int machine_parse(struct fw_builder *b, const struct boot_handover *handover, struct host_cpus *cpus)
{
    int error;

    if (b->device_tree && !hpa_valid(b->info->rsdp))
        return fdt_machine_parse(b, b->device_tree, cpus);
    if (!hpa_valid(b->info->rsdp) && handover->builtin_tree.v != 0)
        return fdt_machine_parse(b, handover->builtin_tree.v, cpus);
    error = acpi_parse(b, cpus);
    return error || b->iort.length == 0 ? error : acpi_iort_parse(b, &b->iort);
}
