/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends with interrupts active, pending and on their way in every part of the interrupt controller, more than
 * there are list registers, and with timers that are over; at its beginning none of that may be there,
 * whatever was before.
 */
#include "../lib/guest.h"

const char guest_name[] = "leftover";

#define GICD_CTLR   0x0
#define ISENABLER   0x100
#define ISPENDR     0x200
#define ISACTIVER   0x300
#define GICR_CTLR   0x0
#define GITS_CTLR   0x0
#define ENABLES     3
#define FIRST       48 /* SPIs: edges, nobody's */
#define NESTED      3
#define PENDING     6
#define LOW         0xe0
#define SGI         7
#define CMD_INT     0x03
#define TIMER_ON    1
#define ICC_PMR     "s3_0_c4_c6_0"
#define ICC_AP1R0   "s3_0_c12_c9_0"
#define ICC_IGRPEN1 "s3_0_c12_c12_7"
#define ICFGR       0xc00
#define GICC_CTLR   0x00
#define GICC_PMR    0x04
#define GICC_APR0   0xd0
#define SGIS        0xffffU /* always enabled by a GICv2 */

static volatile unsigned came;

static void interface_check(void)
{
    uint64_t active = gic_is_v2() ? read32(GICC + GICC_APR0) : sysreg_read(ICC_AP1R0),
             mask = gic_is_v2() ? read32(GICC + GICC_PMR) : sysreg_read(ICC_PMR),
             control = gic_is_v2() ? read32(GICC + GICC_CTLR) : sysreg_read(ICC_IGRPEN1);

    expect(gic_running() == 0xff, "running priority %x", (uint64_t)gic_running());
    expect(active == 0, "active priorities %x", active);
    expect(mask == 0 && control == 0, "mask %x, group %x", mask, control);
}

static void controllers_check(void)
{
    expect((read32(GICD + GICD_CTLR) & ENABLES) == 0, "GICD_CTLR is %x", (uint64_t)read32(GICD + GICD_CTLR));
    for (unsigned n = 0; n <= 8; n++) {
        uintptr_t bank = gic_bank(n * 32) + n * 4;
        uint32_t enabled = read32(bank + ISENABLER) & ~(n == 0 && gic_is_v2() ? SGIS : 0);

        expect(enabled == 0, "enabled, %u: %x", (uint64_t)n, (uint64_t)enabled);
        expect(read32(bank + ISPENDR) == 0, "pending, %u: %x", (uint64_t)n, (uint64_t)read32(bank + ISPENDR));
        expect(read32(bank + ISACTIVER) == 0, "active, %u: %x", (uint64_t)n,
               (uint64_t)read32(bank + ISACTIVER));
    }
    if (!gic_is_v2()) {
        expect((read32(gic_redist() + GICR_CTLR) & 1) == 0, "LPIs are on");
        expect((read32(GITS + GITS_CTLR) & 1) == 0, "the ITS is on");
    }
    interface_check();
    expect((sysreg_read("cntv_ctl_el0") & TIMER_ON) == 0, "the virtual timer is on");
    expect((sysreg_read("cntp_ctl_el0") & TIMER_ON) == 0, "the physical timer is on");
}

static void on_stray(unsigned intid)
{
    fail("%u comes by itself", (uint64_t)intid);
}

static void on_asked(unsigned intid)
{
    (void)intid;
    came++;
}

/* Nothing comes by itself, and what is asked for does. */
static void arrivals_check(void)
{
    lpi_handler = on_stray;
    for (unsigned intid = FIRST; intid < FIRST + NESTED + PENDING; intid++) {
        write32(GICD + ICFGR + intid / 16 * 4, read32(GICD + ICFGR + intid / 16 * 4) | 2U << intid % 16 * 2);
        irq_set(intid, on_stray);
    }
    irq_set(TIMER_VIRT, on_stray);
    irq_set(TIMER_PHYS, on_stray);
    irq_set(SGI, on_asked);
    irq_on();
    delay_us(20000);
    irq_off();
    sgi_send(SGI, 1);
    irq_on();
    delay_us(1000);
    irq_off();
    expect(came == 1, "%u interrupts that were asked for", (uint64_t)came);
    came = 0;
}

static void pend(unsigned intid)
{
    write32(GICD + ISPENDR + intid / 32 * 4, 1U << intid % 32);
}

/* As deep as it gets: here the machine is left. SErrors stay masked from the first interrupt on. */
static void on_nested(unsigned intid)
{
    if (intid + 1 < FIRST + NESTED) {
        pend(intid + 1);
        irq_on();
        delay_us(100000);
        fail("%u is not taken within %u", (uint64_t)intid + 1, (uint64_t)intid);
        finish();
    }
    print("stuck\n");
    for (;;)
        if (serial_can_read() && serial_read() == 'e')
            finish();
}

/* Below all that will be active: they wait. */
static void on_their_way(void)
{
    for (unsigned intid = FIRST + NESTED; intid < FIRST + NESTED + PENDING; intid++) {
        irq_priority(intid, LOW);
        pend(intid);
    }
    irq_priority(SGI, LOW);
    sgi_send(SGI, 1);
    irq_priority(TIMER_VIRT, LOW);
    irq_priority(TIMER_PHYS, LOW);
    sysreg_write("cntv_cval_el0", 0);
    sysreg_write("cntv_ctl_el0", TIMER_ON);
    sysreg_write("cntp_cval_el0", 0);
    sysreg_write("cntp_ctl_el0", TIMER_ON);
    if (gic_is_v2() || !its_init(0))
        return;
    for (unsigned event = 0; event < ITS_EVENTS; event++)
        its_command((uint64_t)ITS_DEVICE << 32 | CMD_INT, event, 0);
    (void)its_run();
}

void guest_run(void)
{
    controllers_check();
    irq_init();
    arrivals_check();
    gic_mask(LOW);
    on_their_way();
    for (unsigned i = 0; i < NESTED; i++) {
        irq_set(FIRST + i, on_nested);
        irq_priority(FIRST + i, (uint8_t)(PRIORITY - 0x20 * i - 0x20));
    }
    gic_mask(0xff);
    pend(FIRST);
    irq_on();
    delay_us(100000);
    fail("nothing comes");
}
