/* SPDX-License-Identifier: BSD-2-Clause */
#include "gic.h"

#include <arch/cpu.h>
#include <arch/ppi.h>
#include <arch/sysreg.h>
#include <core/cpu.h>
#include <core/host_info.h>
#include <core/log.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/vmap.h>
#include <platform/mmio.h>
#include <stdlib.h>

#include "its.h"

/* Distributor: IHI 0069, 12.9. */
#define GICD_SIZE          0x10000
#define GICD_CTLR          0x0000
#define GICD_TYPER         0x0004
#define GICD_IGROUPR(n)    (0x0080 + 4 * ((n) / 32))
#define GICD_ISENABLER(n)  (0x0100 + 4 * ((n) / 32))
#define GICD_ICENABLER(n)  (0x0180 + 4 * ((n) / 32))
#define GICD_ISACTIVER(n)  (0x0300 + 4 * ((n) / 32))
#define GICD_ICACTIVER(n)  (0x0380 + 4 * ((n) / 32))
#define GICD_IPRIORITYR(n) (0x0400 + (n))
#define GICD_ICFGR(n)      (0x0c00 + 4 * ((n) / 16))
#define GICD_IGRPMODR(n)   (0x0d00 + 4 * ((n) / 32))
#define GICD_IROUTER(n)    (0x6000 + 8 * (n))
/* Enable group 1 (both names of the bit, by security state), affinity routing. */
#define GICD_CTLR_ON  0x13
#define GICD_CTLR_RWP BIT(31)

/* Redistributor: 12.11; its second 64K frame has the private interrupts, at the distributor's offsets. */
#define GICR_CTLR        0x0000
#define GICR_TYPER       0x0008
#define GICR_WAKER       0x0014
#define GICR_FRAME       0x10000
#define GICR_CTLR_RWP    BIT(3)
#define GICR_TYPER_VLPIS BIT(1)
#define GICR_TYPER_LAST  BIT(4)
#define WAKER_SLEEP      BIT(1)
#define WAKER_ASLEEP     BIT(2)

#define SGI_TO_OTHERS BIT(40)

static volatile char *distributor; /* these three: immutable after gic_init() */
static unsigned lines;
static struct gic_region {
    volatile char *registers;
    hpa_t base;
    uint64_t size;
} *regions;
static size_t region_count;

/* Immutable after gic_cpu_init(). */
static DEFINE_PERCPU(struct gic_redistributor, redistributor);
static DEFINE_PERCPU(uint64_t, sgi_target); /* ICC_SGI1R_EL1, but for the INTID */

unsigned gic_lines(void)
{
    return lines;
}

const struct gic_redistributor *gic_redistributor(void)
{
    return this_cpu_ptr(redistributor);
}

const struct gic_redistributor *gic_redistributor_of(unsigned cpu)
{
    return percpu_ptr(redistributor, cpu);
}

static uint64_t read64(const volatile char *base, unsigned offset)
{
    return mmio_read32(base, offset) | (uint64_t)mmio_read32(base, offset + 4) << 32;
}

/* Hardware says when a write has taken effect everywhere; the bound only keeps what is broken from hanging
 * us. */
static void wait_clear(const volatile char *base, unsigned offset, uint64_t bits)
{
    for (unsigned i = 0; i < 1000000 && (mmio_read32(base, offset) & bits); i++)
        arch_relax();
}

static void distributor_reset(void)
{
    mmio_write32(distributor, GICD_CTLR, 0);
    wait_clear(distributor, GICD_CTLR, GICD_CTLR_RWP);
    for (unsigned n = GIC_SPI_FIRST; n < lines; n += 32) {
        mmio_write32(distributor, GICD_ICENABLER(n), ~0U);
        mmio_write32(distributor, GICD_ICACTIVER(n), ~0U);
        mmio_write32(distributor, GICD_IGROUPR(n), ~0U);
        mmio_write32(distributor, GICD_IGRPMODR(n), 0);
    }
    for (unsigned n = GIC_SPI_FIRST; n < lines; n += 4)
        mmio_write32(distributor, GICD_IPRIORITYR(n), GIC_PRIORITY * 0x01010101U);
    wait_clear(distributor, GICD_CTLR, GICD_CTLR_RWP);
    mmio_write32(distributor, GICD_CTLR, GICD_CTLR_ON);
    wait_clear(distributor, GICD_CTLR, GICD_CTLR_RWP);
}

void gic_init(void)
{
    const struct host_irqchip_gic *gic = &host_info()->gic;
    uint32_t type;

    if (gic->version < 3 || !hpa_valid(gic->distributor))
        panic("this image is for a GICv3: firmware tells of version %u", (unsigned)gic->version);
    distributor = mmio_map(gic->distributor, GICD_SIZE, MMIO_UNCACHED);
    regions = calloc(gic->redistributor_count, sizeof(*regions));
    if (distributor == NULL || regions == NULL)
        panic("no memory to map the GIC");
    type = mmio_read32(distributor, GICD_TYPER);
    lines = MIN(32 * ((type & 31) + 1), GIC_SPI_END);
    for (size_t i = 0; i < gic->redistributor_count; i++) {
        struct gic_region *region = &regions[region_count];

        region->base = gic->redistributors[i].base;
        /* ACPI may tell of one CPU's frames alone; there may be two more with virtual LPIs. */
        region->size = gic->redistributors[i].size ? gic->redistributors[i].size : 2 * GICR_FRAME;
        region->registers = mmio_map(region->base, region->size, MMIO_UNCACHED);
        region_count += region->registers != NULL;
    }
    distributor_reset();
    log_info("gic: version %u, %u lines", (unsigned)(mmio_read32(distributor, 0xffe8) >> 4 & 15),
             lines - GIC_SPI_FIRST);
    its_init((type >> 19 & 31) + 1);
}

/* GICR_TYPER has the affinity of its CPU in its upper half, packed. */
static uint32_t affinity_pack(uint64_t mpidr)
{
    return (uint32_t)((mpidr & 0xffffff) | (mpidr >> 8 & 0xff000000));
}

static bool redistributor_find(uint64_t mpidr)
{
    for (size_t i = 0; i < region_count; i++) {
        const struct gic_region *region = &regions[i];
        uint64_t at = 0, type;

        do {
            type = read64(region->registers + at, GICR_TYPER);
            if (type >> 32 == affinity_pack(mpidr)) {
                *this_cpu_ptr(redistributor) =
                    (struct gic_redistributor){region->registers + at, hpa_add(region->base, at), type};
                return true;
            }
            at += (type & GICR_TYPER_VLPIS ? 4 : 2) * GICR_FRAME;
        } while (!(type & GICR_TYPER_LAST) && at + 2 * GICR_FRAME <= region->size);
    }
    return false;
}

static volatile char *private_frame(void)
{
    return this_cpu_ptr(redistributor)->registers + GICR_FRAME;
}

static void redistributor_reset(void)
{
    volatile char *rd = this_cpu_ptr(redistributor)->registers, *frame = private_frame();

    mmio_write32(rd, GICR_WAKER, mmio_read32(rd, GICR_WAKER) & ~(uint32_t)WAKER_SLEEP);
    wait_clear(rd, GICR_WAKER, WAKER_ASLEEP);
    mmio_write32(frame, GICD_ICENABLER(0), ~0U);
    mmio_write32(frame, GICD_ICACTIVER(0), ~0U);
    mmio_write32(frame, GICD_IGROUPR(0), ~0U);
    mmio_write32(frame, GICD_IGRPMODR(0), 0);
    for (unsigned n = 0; n < GIC_SPI_FIRST; n += 4)
        mmio_write32(frame, GICD_IPRIORITYR(n), GIC_PRIORITY * 0x01010101U);
    wait_clear(rd, GICR_CTLR, GICR_CTLR_RWP);
    mmio_write32(frame, GICD_ISENABLER(0), BIT(SGI_KICK) | BIT(SGI_STOP));
}

/* ICC_SGI1R_EL1 (12.2.22): a cluster by Aff3.Aff2.Aff1, and in it one of 16 CPUs of one range of Aff0. */
static uint64_t sgi_target_of(uint64_t mpidr)
{
    uint64_t aff0 = mpidr & 0xff, aff1 = mpidr >> 8 & 0xff, aff2 = mpidr >> 16 & 0xff,
             aff3 = mpidr >> 32 & 0xff;

    return aff3 << 48 | aff0 / 16 << 44 | aff2 << 32 | aff1 << 16 | BIT(aff0 % 16);
}

bool gic_cpu_init(void)
{
    uint64_t mpidr = arch_sysreg_read(mpidr_el1) & MPIDR_AFFINITY_MASK;

    if (!redistributor_find(mpidr))
        return false;
    *this_cpu_ptr(sgi_target) = sgi_target_of(mpidr);
    redistributor_reset();
    /* System registers instead of memory, for EL2 and below it. */
    arch_gicreg_write(ICC_SRE_EL2, arch_gicreg_read(ICC_SRE_EL2) | 1 | 8);
    arch_isb();
    arch_gicreg_write(ICC_PMR_EL1, 0xff);
    arch_gicreg_write(ICC_BPR1_EL1, 0);
    /* EOImode: an interrupt's priority and its being active end by a write each, because what a guest is to
     * deactivate is done with here earlier. */
    arch_gicreg_write(ICC_CTLR_EL1, 2);
    arch_gicreg_write(ICC_IGRPEN1_EL1, 1);
    arch_isb();
    its_cpu_init();
    return true;
}

void gic_ppi_enable(unsigned intid)
{
    mmio_write32(private_frame(), GICD_ISENABLER(intid), (uint32_t)BIT(intid % 32));
}

void arch_ppi_active_set(unsigned intid, bool is_active)
{
    mmio_write32(private_frame(), is_active ? GICD_ISACTIVER(intid) : GICD_ICACTIVER(intid),
                 (uint32_t)BIT(intid));
    /* It is so before the line can be raised by what the caller does next. */
    if (is_active) {
        (void)mmio_read32(private_frame(), GICD_ISACTIVER(intid));
        __asm__ volatile("dsb sy" ::: "memory");
    }
}

bool arch_ppi_is_active(unsigned intid)
{
    return (mmio_read32(private_frame(), GICD_ISACTIVER(intid)) & BIT(intid)) != 0;
}

void gic_spi_enable(unsigned intid, unsigned cpu, bool is_edge)
{
    uint64_t mpidr = cpu_hw_id(cpu);
    uint32_t config = mmio_read32(distributor, GICD_ICFGR(intid)), edge = 2U << intid % 16 * 2;

    gic_spi_disable(intid);
    mmio_write32(distributor, GICD_ICFGR(intid), is_edge ? config | edge : config & ~edge);
    mmio_write32(distributor, GICD_IROUTER(intid), (uint32_t)mpidr);
    mmio_write32(distributor, GICD_IROUTER(intid) + 4, (uint32_t)(mpidr >> 32));
    mmio_write32(distributor, GICD_ISENABLER(intid), (uint32_t)BIT(intid % 32));
}

void gic_spi_disable(unsigned intid)
{
    mmio_write32(distributor, GICD_ICENABLER(intid), (uint32_t)BIT(intid % 32));
    wait_clear(distributor, GICD_CTLR, GICD_CTLR_RWP);
}

/* DSB: the acknowledgement is done before the handler touches the device (IHI 0069, 4.1 "Interrupt
 * lifecycle"). */
unsigned gic_acknowledge(void)
{
    unsigned intid = (unsigned)arch_gicreg_read(ICC_IAR1_EL1) & 0xffffff;

    __asm__ volatile("dsb sy" ::: "memory");
    return intid;
}

/* Messages have no active state. */
void gic_end(unsigned acknowledged, bool stays_active)
{
    arch_gicreg_write(ICC_EOIR1_EL1, acknowledged);
    if (!stays_active && acknowledged < GIC_LPI_FIRST)
        arch_gicreg_write(ICC_DIR_EL1, acknowledged);
    arch_isb();
}

/* What was stored before is seen by whoever takes the interrupt. */
static void sgi_write(uint64_t value)
{
    __asm__ volatile("dsb ishst" ::: "memory");
    arch_gicreg_write(ICC_SGI1R_EL1, value);
    arch_isb();
}

void gic_send(unsigned cpu, unsigned sgi)
{
    sgi_write(*percpu_ptr(sgi_target, cpu) | (uint64_t)sgi << 24);
}

void gic_send_others(unsigned sgi)
{
    sgi_write(SGI_TO_OTHERS | (uint64_t)sgi << 24);
}
