/* SPDX-License-Identifier: BSD-2-Clause */
/* More processors than the host has, each with its own system registers: none sees another's. FP: fpstate.c.
 */
#include "../lib/guest.h"

const char guest_name[] = "cpustate";

static volatile uint32_t done, wrong;

/* Those that keep all their bits. */
#define SYSTEM_REGISTERS(X) \
    X("tpidr_el0");         \
    X("tpidrro_el0");       \
    X("sp_el0");            \
    X("far_el1");           \
    X("cntv_cval_el0");     \
    X("cntp_cval_el0")

static void system_set(uint64_t seed)
{
#define WRITE(name) sysreg_write(name, seed * 0x100000001)
    SYSTEM_REGISTERS(WRITE);
}

static unsigned system_wrong(uint64_t seed)
{
    unsigned bad = 0;

#define READ(name) bad += sysreg_read(name) != seed * 0x100000001
    SYSTEM_REGISTERS(READ);
    return bad;
}

static void check(unsigned me)
{
    for (uint64_t round = 0; round < 50; round++) {
        uint64_t seed = me * 1000 + round;

        system_set(seed);
        delay_us(2000 + me * 100);
        if (round % 4 == 0)
            (void)hvc(PSCI_VERSION, 0, 0, 0);
        if (system_wrong(seed)) {
            if (__atomic_add_fetch(&wrong, 1, __ATOMIC_SEQ_CST) == 1)
                fail("processor %u, round %u: %u registers", (uint64_t)me, round,
                     (uint64_t)system_wrong(seed));
            break;
        }
    }
    __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
}

void ap_run(unsigned index)
{
    check(index + 1);
    for (;;)
        __asm__ volatile("wfi");
}

void guest_run(void)
{
    unsigned cpus = (unsigned)option("cpus", 1);

    irq_init();
    expect(smp_start(cpus - 1), "%u of %u processors came", (uint64_t)ap_arrived, (uint64_t)cpus - 1);
    check(0);
    for (unsigned i = 0; i < 10000 && done < cpus; i++)
        delay_us(1000);
    expect(done == cpus, "%u of %u are done", (uint64_t)done, (uint64_t)cpus);
    expect(wrong == 0, "%u processors saw wrong registers", (uint64_t)wrong);
}
