/* SPDX-License-Identifier: BSD-2-Clause */
/* Each processor has a TSC_AUX of its own, which RDTSCP and RDPID give, also after it was away. */
#include "../lib/guest.h"

const char guest_name[] = "tscaux";

#define TSC_AUX 0xc0000103
#define WAKE    0x60
#define ROUNDS  2000

static volatile uint32_t done, wrong;

static uint32_t rdtscp_aux(void)
{
    uint32_t low, high, aux;

    __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(aux));
    return aux;
}

static uint32_t rdpid(void)
{
    uint64_t aux;

    __asm__ volatile("rdpid %0" : "=r"(aux));
    return (uint32_t)aux;
}

static void on_wake(struct trap *trap)
{
    (void)trap;
    apic_eoi();
}

static void check(uint32_t base)
{
    bool has_rdpid = cpuid(7, 0).ecx >> 22 & 1;
    uint32_t self = apic_read(APIC_ID);

    for (uint32_t i = 0; i < ROUNDS; i++) {
        /* Sometimes it changes, sometimes only the others do. */
        uint32_t value = base + i / 3;

        if (i % 3 == 0)
            msr_write(TSC_AUX, value);
        if (i % 16 == 0) { /* away from the CPU, and maybe back on another */
            apic_ipi(self, WAKE);
            wait_irq();
        }
        if (rdtscp_aux() != value || msr_read(TSC_AUX) != value || (has_rdpid && rdpid() != value))
            __atomic_add_fetch(&wrong, 1, __ATOMIC_SEQ_CST);
    }
    __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
}

void ap_run(unsigned index)
{
    check((index + 1) << 20);
}

void guest_run(void)
{
    unsigned cpus = (unsigned)option("cpus", 1);
    bool is_offered = cpuid(0x80000001, 0).edx >> 27 & 1;
    uint64_t value = 1;

    expect(is_offered == option("offered", 1), "RDTSCP is offered: %u", (uint64_t)is_offered);
    if (!is_offered) {
        expect(!(cpuid(7, 0).ecx >> 22 & 1), "RDPID without TSC_AUX");
        expect(msr_try_read(TSC_AUX, &value) == 13 && msr_try_write(TSC_AUX, 0) == 13, "there is a TSC_AUX");
        return;
    }
    expect(msr_try_read(TSC_AUX, &value) == NO_FAULT && value == 0, "%u at first", value);
    apic_init();
    trap_set(WAKE, on_wake);
    expect(smp_start(cpus - 1), "%u of %u processors came", (uint64_t)ap_arrived, (uint64_t)cpus - 1);
    check(0);
    while (done < cpus)
        cpu_relax();
    expect(wrong == 0, "%u of %u are another's", (uint64_t)wrong, (uint64_t)cpus * ROUNDS);
}
