/* SPDX-License-Identifier: BSD-2-Clause */
/* GICv3: distributor, this processor's redistributor and CPU interface. Arm IHI 0069, 12. GICv2: gicv2.c. */
#include "gicv2.h"

#define GICD_CTLR        0x0
#define GICD_IGROUPR     0x80
#define GICD_ISENABLER   0x100
#define GICD_ICENABLER   0x180
#define GICD_ISPENDR     0x200
#define GICD_ICPENDR     0x280
#define GICD_ICACTIVER   0x380
#define GICD_IPRIORITYR  0x400
#define GICD_IROUTER     0x6000
#define GICR_TYPER       0x8
#define GICR_WAKER       0x14
#define GICD_CTLR_ENABLE 0x12 /* affinity routing, group 1 */
#define RWP              (1U << 31)
#define TYPER_LAST       (1 << 4)
#define CHILDREN_ASLEEP  4
#define INTIDS           1020

static void (*handlers[INTIDS])(unsigned intid);
static uintptr_t redists[CPUS_MAX];
void (*volatile lpi_handler)(unsigned intid);
volatile unsigned spurious;

void gic_handle(void);

/* ID_AA64PFR0_EL1.GIC */
bool gic_is_v2(void)
{
    return (sysreg_read("id_aa64pfr0_el1") >> 24 & 15) == 0;
}

unsigned gic_acknowledge(void)
{
    return gic_is_v2() ? gicv2_acknowledge() : (unsigned)sysreg_read("s3_0_c12_c12_0"); /* ICC_IAR1_EL1 */
}

void gic_end(unsigned word)
{
    if (gic_is_v2())
        gicv2_end(word);
    else
        sysreg_write("s3_0_c12_c12_1", word); /* ICC_EOIR1_EL1 */
}

void gic_deactivate(unsigned word)
{
    if (gic_is_v2())
        gicv2_deactivate(word);
    else
        sysreg_write("s3_0_c12_c11_1", word); /* ICC_DIR_EL1 */
}

void gic_split(bool on)
{
    if (gic_is_v2())
        gicv2_split(on);
    else
        sysreg_write("s3_0_c12_c12_4", on ? 2 : 0); /* ICC_CTLR_EL1.EOImode */
}

void gic_mask(uint8_t priority)
{
    if (gic_is_v2())
        write32(GICC + GICC_PMR, priority);
    else
        sysreg_write("s3_0_c4_c6_0", priority); /* ICC_PMR_EL1 */
}

unsigned gic_running(void)
{
    return gic_is_v2() ? read32(GICC + GICC_RPR) : (unsigned)sysreg_read("s3_0_c12_c11_3"); /* ICC_RPR_EL1 */
}

unsigned gic_highest(void)
{
    return gic_is_v2() ? read32(GICC + GICC_HPPIR) : (unsigned)sysreg_read("s3_0_c12_c12_2"); /* ICC_HPPIR1 */
}

void gic_interface_enable(bool on)
{
    if (gic_is_v2())
        gicv2_interface_enable(on);
    else
        sysreg_write("s3_0_c12_c12_7", on); /* ICC_IGRPEN1_EL1 */
}

void gic_distributor_enable(bool on)
{
    if (gic_is_v2())
        write32(GICD + GICD_CTLR, on);
    else
        write32(GICD + GICD_CTLR, on ? GICD_CTLR_ENABLE : GICD_CTLR_ENABLE & ~2);
}

void gic_group(unsigned intid, bool is_ours)
{
    uintptr_t at = gic_bank(intid) + GICD_IGROUPR + intid / 32 * 4;
    uint32_t bit = 1U << intid % 32, before = read32(at);

    write32(at, is_ours == gic_is_v2() ? before & ~bit : before | bit);
}

void gic_handle(void)
{
    unsigned word = gic_acknowledge(), intid = gic_is_v2() ? word & 0x3ff : word;

    if (intid >= INTIDS && intid < LPI_FIRST) {
        __atomic_add_fetch(&spurious, 1, __ATOMIC_SEQ_CST);
        return;
    }
    if (intid >= LPI_FIRST && lpi_handler)
        lpi_handler(intid);
    else if (intid < INTIDS && handlers[intid])
        handlers[intid](intid);
    else
        fail("interrupt %u is nobody's", (uint64_t)intid);
    gic_end(word);
}

static uint64_t mpidr_of(unsigned cpu)
{
    return cpu == cpu_number() ? sysreg_read("mpidr_el1") : cpu_affinity(cpu);
}

/* Its fields as GICR_TYPER has them. */
static uint32_t affinity_of(unsigned cpu)
{
    uint64_t mpidr = mpidr_of(cpu);

    return (uint32_t)(mpidr & 0xffffff) | (uint32_t)(mpidr >> 8 & 0xff000000);
}

uintptr_t gic_redist_of(unsigned cpu)
{
    uint32_t affinity = affinity_of(cpu);

    for (uintptr_t at = GICR; redists[cpu] == 0; at += GICR_STEP) {
        uint64_t typer = read64(at + GICR_TYPER);

        if (typer >> 32 == affinity)
            redists[cpu] = at;
        else if (typer & TYPER_LAST) {
            fail("processor %u has no redistributor", (uint64_t)cpu);
            finish();
        }
    }
    return redists[cpu];
}

uintptr_t gic_redist(void)
{
    return gic_redist_of(cpu_number());
}

uintptr_t gic_bank(unsigned intid)
{
    return intid < 32 && !gic_is_v2() ? gic_redist() + SGI_BASE : GICD;
}

void irq_enable(unsigned intid, bool on)
{
    write32(gic_bank(intid) + (on ? GICD_ISENABLER : GICD_ICENABLER) + intid / 32 * 4, 1U << intid % 32);
    if (on || gic_is_v2())
        return;
    while (read32(intid < 32 ? gic_redist() : GICD) & (intid < 32 ? 8 : RWP)) /* CTLR.RWP */
        cpu_relax();
}

void irq_priority(unsigned intid, uint8_t priority)
{
    write8(gic_bank(intid) + GICD_IPRIORITYR + intid, priority);
}

void irq_pend(unsigned intid, bool on)
{
    if (intid < 16 && gic_is_v2())
        gicv2_sgi_pend(intid, on);
    else
        write32(gic_bank(intid) + (on ? GICD_ISPENDR : GICD_ICPENDR) + intid / 32 * 4, 1U << intid % 32);
}

void irq_route(unsigned intid, unsigned cpu)
{
    if (gic_is_v2())
        gicv2_route(intid, cpu);
    else
        write64(GICD + GICD_IROUTER + intid * 8UL, mpidr_of(cpu) & 0xff00ffffffUL);
}

void irq_set(unsigned intid, void (*fn)(unsigned intid))
{
    handlers[intid] = fn;
    irq_priority(intid, PRIORITY);
    if (intid >= 32)
        irq_route(intid, cpu_number());
    irq_enable(intid, true);
}

/* 32 interrupts as if nobody had touched them, and in our group. */
static void bank_reset(uintptr_t base, unsigned n)
{
    write32(base + GICD_ICENABLER + n * 4, ~0U);
    write32(base + GICD_ICPENDR + n * 4, ~0U);
    write32(base + GICD_ICACTIVER + n * 4, ~0U);
    write32(base + GICD_IGROUPR + n * 4, gic_is_v2() ? 0 : ~0U);
}

/* Private interrupts and CPU interface. */
static void gicv3_cpu_init(void)
{
    uintptr_t redist = gic_redist();

    write32(redist + GICR_WAKER, 0);
    while (read32(redist + GICR_WAKER) & CHILDREN_ASLEEP)
        cpu_relax();
    sysreg_write("s3_0_c12_c12_5", 7);  /* ICC_SRE_EL1: system registers */
    sysreg_write("s3_0_c4_c6_0", 0xff); /* ICC_PMR_EL1 */
    sysreg_write("s3_0_c12_c12_3", 0);  /* ICC_BPR1_EL1 */
    sysreg_write("s3_0_c12_c12_4", 0);  /* ICC_CTLR_EL1: EOIR drops and deactivates */
    sysreg_write("s3_0_c12_c12_7", 1);  /* ICC_IGRPEN1_EL1 */
}

void irq_init(void)
{
    if (cpu_number() == 0) {
        write32(GICD + GICD_CTLR, 0);
        while (read32(GICD + GICD_CTLR) & RWP)
            cpu_relax();
        for (unsigned i = 1; i < 32; i++)
            bank_reset(GICD, i);
        gic_distributor_enable(true);
    }
    bank_reset(gic_bank(0), 0);
    for (unsigned i = 0; i < 32; i += 4)
        write32(gic_bank(0) + GICD_IPRIORITYR + i, PRIORITY * 0x01010101U);
    write32(gic_bank(0) + GICD_ISENABLER, 0xffff);
    for (unsigned i = 0; i < 16 && gic_is_v2(); i++)
        irq_pend(i, false);
    if (gic_is_v2())
        gicv2_interface_init();
    else
        gicv3_cpu_init();
}

/* ICC_SGI1R_EL1 */
static void sgi1r_write(unsigned intid, uint64_t targets)
{
    sysreg_write("s3_0_c12_c11_5", (uint64_t)intid << 24 | targets);
}

void sgi_send(unsigned intid, uint16_t targets)
{
    uint64_t affinity = affinity_of(cpu_number());

    __asm__ volatile("dsb ishst" : : : "memory");
    if (gic_is_v2())
        gicv2_sgi_send(intid, targets);
    else
        sgi1r_write(intid, (affinity >> 24 & 0xff) << 48 | (affinity >> 16 & 0xff) << 32 |
                               (affinity >> 8 & 0xff) << 16 | targets);
}

void sgi_send_others(unsigned intid)
{
    __asm__ volatile("dsb ishst" : : : "memory");
    if (gic_is_v2())
        gicv2_sgi_send_others(intid);
    else
        sgi1r_write(intid, 1ULL << 40);
}
