/* SPDX-License-Identifier: BSD-2-Clause */
/* IPIs to CPUs that do not exist, of every delivery mode; self-IPIs and NMIs that do arrive. SDM vol.
 * 3A, 11.6. */
#include "../lib/guest.h"

const char guest_name[] = "ipi";

#define VECTOR 0x50

static volatile unsigned arrived, nmis;

static void on_ipi(struct trap *trap)
{
    (void)trap;
    arrived++;
    apic_eoi();
}

static void on_nmi(struct trap *trap)
{
    (void)trap;
    nmis++;
}

static void window(void)
{
    irq_on();
    cpu_relax();
    irq_off();
}

static void absent_check(void)
{
    static const uint32_t targets[] = {0x7f, 0xfe, 0x100, 0x12345, 0x7fffffff, 0xfffffffe, 63};

    for (unsigned t = 0; t < sizeof(targets) / sizeof(targets[0]); t++)
        for (uint32_t mode = 0; mode < 8; mode++)
            for (uint32_t vector = 0; vector < 256; vector += 15)
                (void)msr_try_write(X2APIC(APIC_ICR),
                                    (uint64_t)targets[t] << 32 | mode << 8 | 0x4000 | vector);
    /* Logical destinations: a cluster that is empty. */
    for (uint32_t cluster = 1; cluster < 0x10000; cluster = cluster * 3 + 1)
        (void)msr_try_write(X2APIC(APIC_ICR), (uint64_t)(cluster << 16 | 0xffff) << 32 | 0x800 | VECTOR);
    /* Everybody else: on one processor nobody. */
    apic_ipi(0, ICR_OTHERS | ICR_INIT);
    apic_ipi(0, ICR_OTHERS | ICR_SIPI | 8);
    apic_ipi(0, ICR_OTHERS | VECTOR);
    window();
    expect(arrived == 0 && nmis == 0, "what went to others came here: %u, %u NMIs", (uint64_t)arrived,
           (uint64_t)nmis);
    expect(msr_try_write(X2APIC(APIC_ICR), 1ULL << 20 | VECTOR) == 13,
           "reserved bits of the ICR do not fault");
}

void guest_run(void)
{
    uint32_t self;

    apic_init();
    self = apic_read(APIC_ID);
    trap_set(VECTOR, on_ipi);
    trap_set(2, on_nmi);
    absent_check();
    for (unsigned i = 0; i < 1000; i++) {
        apic_ipi(self, VECTOR);
        window();
    }
    expect(arrived == 1000, "%u of 1000 IPIs to itself", (uint64_t)arrived);
    msr_write(0x83f, VECTOR);
    wait_irq();
    expect(arrived == 1001, "the self-IPI register: %u", (uint64_t)arrived);
    apic_ipi(0, ICR_ALL | VECTOR);
    wait_irq();
    expect(arrived == 1002, "to all with self: %u", (uint64_t)arrived);
    apic_ipi(self, ICR_NMI);
    for (unsigned i = 0; i < 1000 && nmis == 0; i++)
        cpu_relax();
    expect(nmis == 1, "%u NMIs", (uint64_t)nmis);
    (void)msr_try_write(X2APIC(APIC_ICR), (uint64_t)self << 32 | 5); /* an illegal vector */
    apic_write(APIC_ESR, 0);
    expect(apic_read(APIC_ESR) & 0x60, "an illegal vector: ESR %x", (uint64_t)apic_read(APIC_ESR));
}
