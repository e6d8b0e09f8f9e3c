/* SPDX-License-Identifier: BSD-2-Clause */
#include "psci.h"

#include <arch/cpu.h>
#include <arch/firmware.h>
#include <contract/arch.h>
#include <core/host_info.h>
#include <core/log.h>

/* A function of its own: a call in between would take these registers. */
static int64_t smc(uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = a1;
    register uint64_t x2 __asm__("x2") = a2;
    register uint64_t x3 __asm__("x3") = a3;

    /* SMC Calling Convention (DEN 0028E), 2.7 "SMC64/HVC64 argument passing": x0 to x17 may come back
     * changed. */
    __asm__ volatile("smc #0"
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                     :
                     : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16",
                       "x17", "memory");
    return (int64_t)x0;
}

int32_t psci_call(uint32_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
    const struct host_info *info = host_info();

    /* The firmware of a machine that starts us at EL2 is above us: an HVC would come back to us. */
    if (info == NULL || !info->power.psci || info->power.psci_hvc)
        return PSCI_NOT_SUPPORTED;
    return (int32_t)smc(function, a1, a2, a3);
}

int32_t arch_firmware_call(uint32_t function, uint64_t argument)
{
    return psci_call(function, argument, 0, 0);
}

void arch_halt(void)
{
    arch_irq_disable();
    for (;;)
        __asm__ volatile("wfi");
}

void arch_reboot(void)
{
    arch_irq_disable();
    (void)psci_call(PSCI_SYSTEM_RESET, 0, 0, 0);
    arch_halt();
}

void arch_poweroff(void)
{
    arch_irq_disable();
    (void)psci_call(PSCI_SYSTEM_OFF, 0, 0, 0);
    log_error("power: this firmware offers no way to power off; halted");
    arch_halt();
}
