/* SPDX-License-Identifier: BSD-2-Clause */
/* Who starts the image on an Arm machine. Pure. */

#include "acpi.h"
#include "fdt_walk.h"

#include <errno.h>

int bootinfo_parse(struct fw_builder *b, const struct boot_handover *handover)
{
    switch (handover->kind) {
    case BOOT_KIND_FDT:
        return bootinfo_fdt_parse(b, handover->info.v);
    case BOOT_KIND_EFI:
        return bootinfo_efi_parse(b, handover->info.v);
    default:
        return -EINVAL;
    }
}

/* ACPI where there is both: who has a device tree beside it has it for others. */
int machine_parse(struct fw_builder *b, const struct boot_handover *handover, struct host_cpus *cpus)
{
    if (handover->kind == BOOT_KIND_FDT)
        return fdt_machine_parse(b, handover->info.v, cpus);
    if (b->device_tree && !hpa_valid(b->info->rsdp))
        return fdt_machine_parse(b, b->device_tree, cpus);
    return acpi_parse(b, cpus);
}
