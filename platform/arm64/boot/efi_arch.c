/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/sysreg.h>

#include "../../firmware/efi_arch.h"

#define CURRENT_EL_EL2 (2 << 2)

/* Firmware may run at EL1 below another hypervisor (UEFI 2.10, 2.3.6); that is not given up, EL2 is not for
 * us then. */
const char *efi_arch_prepare(struct efi_boot_services *services)
{
    (void)services;
    if (arch_sysreg_read(CurrentEL) != CURRENT_EL_EL2)
        return "basalt: the processor is not at EL2; there is no hypervisor to be\r\n";
    return NULL;
}

/* boot_entry64() leaves firmware's translation by itself. */
void efi_arch_finish(void)
{
}
