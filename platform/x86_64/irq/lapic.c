/* SPDX-License-Identifier: BSD-2-Clause */
#include "lapic.h"

#include <arch/cpu.h>
#include <arch/cpuid.h>
#include <arch/msr.h>
#include <core/host_info.h>
#include <core/log.h>
#include <core/panic.h>
#include <core/vmap.h>

#include "vectors.h"

#define APIC_BASE_ENABLE BIT(11)
#define APIC_BASE_EXTD   BIT(10)
#define APIC_BASE_ADDR   MASK(51, 12)
#define SVR_ENABLE       0x100
#define ICR_PENDING      0x1000

static bool x2apic;                  /* immutable after lapic_init() */
static volatile uint32_t *registers; /* xAPIC mode only; immutable after lapic_init() */

bool lapic_is_x2apic(void)
{
    return x2apic;
}

uint32_t lapic_read(uint32_t reg)
{
    if (x2apic)
        return (uint32_t)arch_rdmsr(MSR_X2APIC(reg));
    return registers[reg / 4];
}

void lapic_write(uint32_t reg, uint32_t value)
{
    if (x2apic)
        arch_wrmsr(MSR_X2APIC(reg), value);
    else
        registers[reg / 4] = value;
}

uint32_t lapic_id(void)
{
    return x2apic ? lapic_read(LAPIC_ID) : lapic_read(LAPIC_ID) >> 24;
}

void lapic_eoi(void)
{
    lapic_write(LAPIC_EOI, 0);
}

static void wait_icr_idle(void)
{
    /* Delivery is a matter of bus cycles; the bound only keeps broken hardware from hanging us. */
    for (unsigned i = 0; i < 1000000 && (registers[LAPIC_ICR / 4] & ICR_PENDING); i++)
        arch_relax();
}

void lapic_send(uint32_t apic_id, uint32_t command)
{
    arch_irq_state_t state;

    if (x2apic) {
        /* WRMSR to x2APIC registers is not serialising: order earlier stores first (SDM vol. 3A, 11.12.3). */
        __asm__ volatile("mfence; lfence" ::: "memory");
        arch_wrmsr(MSR_X2APIC(LAPIC_ICR), (uint64_t)apic_id << 32 | command);
        return;
    }
    state = arch_irq_save(); /* the two halves belong together */
    wait_icr_idle();
    registers[LAPIC_ICR_HIGH / 4] = apic_id << 24;
    registers[LAPIC_ICR / 4] = command;
    arch_irq_restore(state);
}

void lapic_init(void)
{
    uint64_t base = arch_rdmsr(MSR_APIC_BASE);

    x2apic = cpu_has(CPU_FEATURE_X2APIC);
    if (!x2apic) {
        registers = mmio_map(hpa(base & APIC_BASE_ADDR), PAGE_SIZE, MMIO_UNCACHED);
        if (registers == NULL)
            panic("no memory to map the local APIC");
    }
    log_info("lapic: %s mode", x2apic ? "x2APIC" : "xAPIC");
}

/* LINT pins as firmware describes them; without a word, LINT1 is NMI (MP specification 1.4, 3.6.2.2). */
static void setup_lints(void)
{
    const struct host_irqchip_x86 *chip = &host_info()->x86;
    uint32_t lints[2] = {LAPIC_LVT_MASKED, chip->lapic_nmi_count == 0 ? LAPIC_LVT_NMI : LAPIC_LVT_MASKED};

    for (size_t i = 0; i < chip->lapic_nmi_count; i++) {
        const struct host_lapic_nmi *nmi = &chip->lapic_nmis[i];

        if (nmi->lint < 2 && nmi->acpi_uid == HOST_ALL_CPUS)
            lints[nmi->lint] = LAPIC_LVT_NMI;
    }
    lapic_write(LAPIC_LVT_LINT0, lints[0]);
    lapic_write(LAPIC_LVT_LINT1, lints[1]);
}

void lapic_cpu_init(void)
{
    uint64_t base = arch_rdmsr(MSR_APIC_BASE);

    if (x2apic && !(base & APIC_BASE_EXTD)) {
        /* xAPIC first, then x2APIC: other transitions fault (SDM vol. 3A, 11.12.5). */
        arch_wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
        arch_wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE | APIC_BASE_EXTD);
    } else if (!(base & APIC_BASE_ENABLE)) {
        arch_wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
    }
    if (!x2apic)
        lapic_write(LAPIC_DFR, 0xffffffff);
    lapic_write(LAPIC_TPR, 0);
    lapic_write(LAPIC_LVT_TIMER, LAPIC_LVT_MASKED);
    lapic_write(LAPIC_LVT_ERROR, VECTOR_APIC_ERROR);
    setup_lints();
    lapic_write(LAPIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
    lapic_write(LAPIC_ESR, 0);
}
