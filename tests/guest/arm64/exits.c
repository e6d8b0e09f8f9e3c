/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exits that there are most of, many of each: once to warm up, and once more when it is told to. With
 * irqs=1 such as are about interrupts, too.
 */
#include "../lib/guest.h"

const char guest_name[] = "exits";

#define SELF   3
#define ROUNDS 1500
#define UART   0x09000000UL

static volatile uint32_t ticks, later;
static bool has_irqs;
static volatile uint64_t sink;

static void on_timer(unsigned intid)
{
    (void)intid;
    sysreg_write("cntv_ctl_el0", 0);
    ticks++;
}

static void on_self(unsigned intid)
{
    (void)intid;
    later++;
}

static void mmio(void)
{
    sink = read32(UART + 0x18);
    write32(UART + 0x24, 1); /* the baud rate's divisor */
    sink = read32(GICD + 4);
    sink = read32(gic_redist() + 8);
}

/* Registers of interrupts. */
static void mmio_irq(void)
{
    write32(UART + 0x38, 0);
    sink = read32(gic_redist() + 0x10000 + 0x200);
}

/* An interrupt of one's own, taken at once. */
static void self(void)
{
    uint32_t before = later;

    sgi_send(SELF, 1);
    while (later == before)
        cpu_relax();
}

/* The host's timer fires while its CPU is in the guest, more often than not. */
static void timer(void)
{
    uint32_t before = ticks;

    sysreg_write("cntv_tval_el0", counter_hz() / 10000);
    sysreg_write("cntv_ctl_el0", 1);
    while (ticks == before)
        cpu_relax();
}

static void all(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        (void)hvc(PSCI_VERSION, 0, 0, 0);
        sink = sysreg_read("id_aa64pfr0_el1");
        sink = sysreg_read("cntpct_el0");
        mmio();
        if (!has_irqs)
            continue;
        mmio_irq();
        self();
        timer();
    }
}

static char listen(void)
{
    while (!serial_can_read())
        cpu_relax();
    return serial_read();
}

void guest_run(void)
{
    has_irqs = option("irqs", 0);
    irq_init();
    irq_set(TIMER_VIRT, on_timer);
    irq_set(SELF, on_self);
    irq_on();
    all();
    print("warm\n");
    while (listen() == 'g') {
        all();
        print("done\n");
    }
    irq_off();
}
