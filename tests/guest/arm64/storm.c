/* SPDX-License-Identifier: BSD-2-Clause */
/* Exits without end, of all kinds, on all processors, interrupts off: a neighbour that is only noisy. */
#include "../lib/guest.h"

const char guest_name[] = "storm";

#define HOLE 0x0b000000UL

static bool on_fault(struct trap *trap)
{
    trap->elr += 4;
    return true;
}

void ap_run(unsigned index)
{
    for (;;) {
        (void)hvc(PSCI_VERSION, 0, 0, 0);
        (void)read32(HOLE + 64UL * index);
        (void)read32(GICD);
        write32(GICD + 0x200, 0);
        (void)sysreg_read("cntpct_el0");
        (void)sysreg_read("id_aa64pfr0_el1");
        sgi_send_others(5);
    }
}

void guest_run(void)
{
    unsigned others = (unsigned)option("cpus", 1) - 1;

    fault_handler = on_fault;
    irq_init();
    if (others && !smp_start(others))
        fail("%u of %u processors came", (uint64_t)ap_arrived, (uint64_t)others);
    print("ready\n");
    ap_run(0);
}
