/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv2: IHI 0048. EL2 is Non-secure, so what is seen here is the one interrupt group that Secure software
 * has left to us (4.1.4 "GIC register access"); where there is no Secure state it is group 0. The bits have
 * the same places in both views.
 */
#include "gic.h"

#include <arch/cpu.h>
#include <arch/ppi.h>
#include <core/host_info.h>
#include <core/log.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/vmap.h>
#include <platform/mmio.h>

/* Distributor: 4.3. */
#define GICD_SIZE           0x1000
#define GICD_CTLR           0x000
#define GICD_TYPER          0x004
#define GICD_IGROUPR(n)     (0x080 + 4 * ((n) / 32))
#define GICD_ISENABLER(n)   (0x100 + 4 * ((n) / 32))
#define GICD_ICENABLER(n)   (0x180 + 4 * ((n) / 32))
#define GICD_ICPENDR(n)     (0x280 + 4 * ((n) / 32))
#define GICD_ISACTIVER(n)   (0x300 + 4 * ((n) / 32))
#define GICD_ICACTIVER(n)   (0x380 + 4 * ((n) / 32))
#define GICD_IPRIORITYR(n)  (0x400 + (n))
#define GICD_ITARGETSR(n)   (0x800 + (n))
#define GICD_ICFGR(n)       (0xc00 + 4 * ((n) / 16))
#define GICD_SGIR           0xf00
#define GICD_CPENDSGIR(n)   (0xf10 + (n))
#define GICD_CTLR_ENABLE    1
#define GICD_SGIR_TARGETS   16
#define GICD_SGIR_TO_OTHERS BIT(24)

/* CPU interface: 4.4. */
#define GICC_SIZE        0x2000
#define GICC_CTLR        0x00
#define GICC_PMR         0x04
#define GICC_BPR         0x08
#define GICC_IAR         0x0c
#define GICC_EOIR        0x10
#define GICC_IIDR        0xfc
#define GICC_DIR         0x1000
#define GICC_CTLR_ENABLE 1
#define GICC_CTLR_SPLIT  BIT(9) /* EOImodeNS */
#define GICC_CTLR_BYPASS 0x1e0  /* how the machine is wired: firmware's */

static volatile char *distributor, *interface; /* these three: immutable after gic_init() */
static unsigned lines;

/* Its number as a bit, as the distributor names it; immutable after gic_cpu_init(). */
static DEFINE_PERCPU(uint8_t, target);

unsigned gic_lines(void)
{
    return lines;
}

static void distributor_reset(void)
{
    mmio_write32(distributor, GICD_CTLR, 0);
    for (unsigned n = GIC_SPI_FIRST; n < lines; n += 32) {
        mmio_write32(distributor, GICD_ICENABLER(n), ~0U);
        mmio_write32(distributor, GICD_ICPENDR(n), ~0U);
        mmio_write32(distributor, GICD_ICACTIVER(n), ~0U);
        /* Without a Secure state we could choose; with one this is not ours and ignored (4.3.4). */
        mmio_write32(distributor, GICD_IGROUPR(n), 0);
    }
    for (unsigned n = GIC_SPI_FIRST; n < lines; n += 4)
        mmio_write32(distributor, GICD_IPRIORITYR(n), GIC_PRIORITY * 0x01010101U);
    mmio_write32(distributor, GICD_CTLR, GICD_CTLR_ENABLE);
}

/*
 * Systems with pages of 64K wire the interface up so that each of its two pages of 4K appears sixteen times:
 * the last of the first page's and the first of the second's are neighbours, as the architecture has them
 * (Arm Server Base System Architecture, "GICv2 register views").
 */
#define GICC_SPREAD_SIZE 0x20000
#define GICC_SPREAD_AT   0xf000

static volatile char *interface_map(const struct host_irqchip_gic *gic)
{
    volatile char *spread;

    if (gic->cpu_interface_size < GICC_SPREAD_SIZE)
        return mmio_map(gic->cpu_interface, GICC_SIZE, MMIO_UNCACHED);
    spread = mmio_map(gic->cpu_interface, GICC_SPREAD_SIZE, MMIO_UNCACHED);
    if (spread != NULL && mmio_read32(spread, GICC_IIDR) != 0 &&
        mmio_read32(spread, GICC_IIDR) == mmio_read32(spread, GICC_SPREAD_AT + GICC_IIDR))
        spread += GICC_SPREAD_AT;
    return spread;
}

void gic_init(void)
{
    const struct host_irqchip_gic *gic = &host_info()->gic;

    /* ACPI 6.5, 5.2.12.15: version 0 is for whoever looks at the hardware; only a GICv2 has these frames. */
    if ((gic->version != 2 && gic->version != 0) || !hpa_valid(gic->distributor) ||
        !hpa_valid(gic->cpu_interface))
        panic("this image is for a GICv2: firmware tells of version %u", (unsigned)gic->version);
    distributor = mmio_map(gic->distributor, GICD_SIZE, MMIO_UNCACHED);
    interface = interface_map(gic);
    if (distributor == NULL || interface == NULL)
        panic("no memory to map the GIC");
    lines = MIN(32 * ((mmio_read32(distributor, GICD_TYPER) & 31) + 1), GIC_SPI_END);
    distributor_reset();
    log_info("gic: version 2, %u lines", lines - GIC_SPI_FIRST);
}

/* The targets of private interrupts read as the number of whoever reads (4.3.12); with a single CPU as 0. */
static uint8_t target_read(void)
{
    uint32_t targets = 0;

    for (unsigned n = 0; n < GIC_SPI_FIRST && targets == 0; n += 4)
        targets = mmio_read32(distributor, GICD_ITARGETSR(n));
    targets |= targets >> 16;
    targets |= targets >> 8;
    return targets & 0xff ? (uint8_t)targets : 1;
}

static void private_reset(void)
{
    mmio_write32(distributor, GICD_ICENABLER(0), ~0U);
    mmio_write32(distributor, GICD_ICACTIVER(0), ~0U);
    mmio_write32(distributor, GICD_IGROUPR(0), 0);
    mmio_write32(distributor, GICD_ICPENDR(0), 0xffff0000U);
    for (unsigned n = 0; n < GIC_PPI_FIRST; n += 4)
        mmio_write32(distributor, GICD_CPENDSGIR(n), ~0U);
    for (unsigned n = 0; n < GIC_SPI_FIRST; n += 4)
        mmio_write32(distributor, GICD_IPRIORITYR(n), GIC_PRIORITY * 0x01010101U);
    mmio_write32(distributor, GICD_ISENABLER(0), BIT(SGI_KICK) | BIT(SGI_STOP));
}

bool gic_cpu_init(void)
{
    *this_cpu_ptr(target) = target_read();
    private_reset();
    mmio_write32(interface, GICC_PMR, 0xff);
    mmio_write32(interface, GICC_BPR, 0);
    /* Everything else clear: IRQ not FIQ. An interrupt's priority and its being active end by a write each.
     */
    mmio_write32(interface, GICC_CTLR,
                 (mmio_read32(interface, GICC_CTLR) & GICC_CTLR_BYPASS) | GICC_CTLR_ENABLE | GICC_CTLR_SPLIT);
    return true;
}

void gic_ppi_enable(unsigned intid)
{
    mmio_write32(distributor, GICD_ISENABLER(intid), (uint32_t)BIT(intid % 32));
}

void arch_ppi_active_set(unsigned intid, bool is_active)
{
    mmio_write32(distributor, is_active ? GICD_ISACTIVER(intid) : GICD_ICACTIVER(intid),
                 (uint32_t)BIT(intid));
    /* It is so before the line can be raised by what the caller does next. */
    if (is_active) {
        (void)mmio_read32(distributor, GICD_ISACTIVER(intid));
        __asm__ volatile("dsb sy" ::: "memory");
    }
}

bool arch_ppi_is_active(unsigned intid)
{
    return (mmio_read32(distributor, GICD_ISACTIVER(intid)) & BIT(intid)) != 0;
}

void gic_spi_enable(unsigned intid, unsigned cpu, bool is_edge)
{
    uint32_t config = mmio_read32(distributor, GICD_ICFGR(intid)), edge = 2U << intid % 16 * 2;

    gic_spi_disable(intid);
    mmio_write32(distributor, GICD_ICFGR(intid), is_edge ? config | edge : config & ~edge);
    mmio_write8(distributor, GICD_ITARGETSR(intid), *percpu_ptr(target, cpu));
    mmio_write32(distributor, GICD_ISENABLER(intid), (uint32_t)BIT(intid % 32));
}

void gic_spi_disable(unsigned intid)
{
    mmio_write32(distributor, GICD_ICENABLER(intid), (uint32_t)BIT(intid % 32));
    /* A read from the same device comes back when the write has got there. */
    (void)mmio_read32(distributor, GICD_ICENABLER(intid));
}

/* DSB: the acknowledgement is done before the handler touches the device. */
unsigned gic_acknowledge(void)
{
    unsigned acknowledged = mmio_read32(interface, GICC_IAR);

    __asm__ volatile("dsb sy" ::: "memory");
    return acknowledged;
}

/* DSB: what the handler told its device is told before a level-triggered line is looked at again. */
void gic_end(unsigned acknowledged, bool stays_active)
{
    __asm__ volatile("dsb sy" ::: "memory");
    mmio_write32(interface, GICC_EOIR, acknowledged);
    if (!stays_active)
        mmio_write32(interface, GICC_DIR, acknowledged);
}

/* GICD_SGIR (4.3.15). DSB: what was stored before is seen by whoever takes the interrupt. */
void gic_send(unsigned cpu, unsigned sgi)
{
    __asm__ volatile("dsb ishst" ::: "memory");
    mmio_write32(distributor, GICD_SGIR, (uint32_t)*percpu_ptr(target, cpu) << GICD_SGIR_TARGETS | sgi);
}

void gic_send_others(unsigned sgi)
{
    __asm__ volatile("dsb ishst" ::: "memory");
    mmio_write32(distributor, GICD_SGIR, GICD_SGIR_TO_OTHERS | sgi);
}
