/* SPDX-License-Identifier: BSD-2-Clause */
/* Who starts the image on a PC. Pure. */

#include "acpi.h"

#include <errno.h>

int bootinfo_parse(struct fw_builder *b, const struct boot_handover *handover)
{
    switch (handover->kind) {
    case BOOT_KIND_MULTIBOOT1:
        return bootinfo_multiboot_parse(b, handover->info.v);
    case BOOT_KIND_PVH:
        return bootinfo_pvh_parse(b, handover->info.v);
    case BOOT_KIND_LINUX:
        return bootinfo_linux_parse(b, handover->info.v);
    case BOOT_KIND_EFI:
        return bootinfo_efi_parse(b, handover->info.v);
    default:
        return -EINVAL;
    }
}

int machine_parse(struct fw_builder *b, const struct boot_handover *handover, struct host_cpus *cpus)
{
    (void)handover;
    return acpi_parse(b, cpus);
}
