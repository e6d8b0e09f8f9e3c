/* SPDX-License-Identifier: BSD-2-Clause */
/* The generic timer: the system counter, and EL2's physical timer of each CPU (Arm ARM, D11). */
#include "timer.h"

#include <arch/sysreg.h>
#include <contract/arch.h>
#include <core/host_info.h>
#include <core/log.h>
#include <core/panic.h>
#include <core/time.h>

#include "../irq/gic.h"

/* CNTHP_CTL_EL2 */
#define CTL_ENABLE 1
#define CTL_IMASK  2

/* Without a word of firmware: Server Base System Architecture (DEN0029), "PPI assignments". */
#define EL2_PHYSICAL_TIMER_DEFAULT 26

static uint64_t hz; /* immutable after generic_timer_init() */

uint64_t arch_clock_hz(void)
{
    return hz;
}

void generic_timer_init(void)
{
    hz = arch_sysreg_read(cntfrq_el0);
    if (hz == 0) {
        log_error("clock: firmware did not set CNTFRQ_EL0; guessing 62.5 MHz");
        hz = 62500000;
    }
    log_info("clock: system counter at %llu kHz", (unsigned long long)hz / 1000);
}

unsigned generic_timer_intid(void)
{
    unsigned intid = host_info()->timer.el2_physical;

    return intid ? intid : EL2_PHYSICAL_TIMER_DEFAULT;
}

void generic_timer_cpu_init(void)
{
    arch_sysreg_write(cnthp_ctl_el2, CTL_IMASK);
    arch_isb();
    gic_ppi_enable(generic_timer_intid());
}

void arch_timer_arm(uint64_t cycles)
{
    arch_sysreg_write(cnthp_cval_el2, cycles);
    arch_sysreg_write(cnthp_ctl_el2, CTL_ENABLE);
    arch_isb();
}

void arch_timer_disarm(void)
{
    arch_sysreg_write(cnthp_ctl_el2, CTL_IMASK);
    arch_isb();
}

/* The line stays asserted as long as the time is past: quiet first, core arms it again if there is more to
 * come. */
void generic_timer_handle(void)
{
    arch_timer_disarm();
    timer_interrupt();
}
