/* SPDX-License-Identifier: BSD-2-Clause */
#include "irqchip_fixture.h"
#include <criterion/criterion.h>
#include <pthread.h>

#define MASTER 0x20
#define SLAVE  0xa0

static void initialise(uint8_t icw4)
{
    port_out(MASTER, 0x11);
    port_out(MASTER + 1, 0x20);
    port_out(MASTER + 1, 4);
    port_out(MASTER + 1, icw4);
    port_out(SLAVE, 0x11);
    port_out(SLAVE + 1, 0x28);
    port_out(SLAVE + 1, 2);
    port_out(SLAVE + 1, icw4);
    port_out(MASTER + 1, 0);
    port_out(SLAVE + 1, 0);
}

static void start(void)
{
    chip_start(1);
    initialise(1);
}

static int pending(void)
{
    return lapic_pending_vector(irqchip_lapic(chip, 0));
}

static int take(void)
{
    int vector = pending();

    if (vector >= 0)
        cr_assert_eq(lapic_acknowledge(irqchip_lapic(chip, 0)), vector);
    return vector;
}

static void line(unsigned irq, bool level)
{
    irqchip_line_set(chip, irq, level);
}

static void eoi(int vector)
{
    if (vector >= 0x28)
        port_out(SLAVE, 0x20);
    port_out(MASTER, 0x20);
}

static uint8_t irr(uint16_t port)
{
    port_out(port, 0x0a);
    return port_in(port);
}

static uint8_t isr(uint16_t port)
{
    port_out(port, 0x0b);
    return port_in(port);
}

Test(pic, masked_at_reset)
{
    chip_start(1);
    cr_assert_eq(port_in(MASTER + 1), 0xff);
    cr_assert_eq(port_in(SLAVE + 1), 0xff);
    for (unsigned irq = 0; irq < 16; irq++)
        line(irq, true);
    cr_assert_eq(pending(), -1);
    chip_stop();
}

Test(pic, every_line, .init = start, .fini = chip_stop)
{
    for (unsigned irq = 0; irq < 16; irq++) {
        int vector = irq == 2 ? -1 : (int)(irq < 8 ? 0x20 + irq : 0x28 + irq - 8);

        line(irq, true);
        cr_assert_eq(take(), vector, "IRQ %u", irq);
        cr_assert_eq(pending(), -1);
        eoi(vector);
        line(irq, false);
        cr_assert_eq(isr(MASTER) | isr(SLAVE), 0);
    }
}

Test(pic, priorities_and_nesting, .init = start, .fini = chip_stop)
{
    line(7, true);
    line(12, true);
    line(3, true);
    line(1, true);
    cr_assert_eq(irr(MASTER), 0x8e);
    cr_assert_eq(irr(SLAVE), 0x10);
    cr_assert_eq(take(), 0x21);
    cr_assert_eq(isr(MASTER), 0x02);
    cr_assert_eq(pending(), -1, "lower ones wait for the EOI");
    line(0, true);
    cr_assert_eq(take(), 0x20);
    eoi(0x20);
    cr_assert_eq(pending(), -1);
    eoi(0x21);
    cr_assert_eq(take(), 0x2c, "the slave's come third");
    cr_assert_eq(isr(MASTER), 0x04);
    cr_assert_eq(isr(SLAVE), 0x10);
    line(8, true);
    cr_assert_eq(pending(), -1, "the cascade is in service");
    eoi(0x2c);
    cr_assert_eq(take(), 0x28);
    eoi(0x28);
    cr_assert_eq(take(), 0x23);
    eoi(0x23);
    cr_assert_eq(take(), 0x27);
    eoi(0x27);
    cr_assert_eq(pending(), -1);
}

Test(pic, edges, .init = start, .fini = chip_stop)
{
    line(4, true);
    cr_assert_eq(take(), 0x24);
    eoi(0x24);
    line(4, true);
    cr_assert_eq(pending(), -1, "high is no edge");
    line(4, false);
    line(4, true);
    line(4, false);
    cr_assert_eq(take(), 0x24, "a pulse counts");
    eoi(0x24);
    port_out(MASTER + 1, 0x10);
    line(4, true);
    cr_assert_eq(pending(), -1);
    port_out(MASTER + 1, 0);
    cr_assert_eq(take(), 0x24, "masks do not forget");
    eoi(0x24);
    line(4, false);
    line(4, true);
    port_out(MASTER, 0x11); /* initialisation does */
    port_out(MASTER + 1, 0x20);
    port_out(MASTER + 1, 4);
    port_out(MASTER + 1, 1);
    cr_assert_eq(pending(), -1);
}

Test(pic, levels_and_spurious, .init = start, .fini = chip_stop)
{
    port_out(0x4d0, 0xff);
    port_out(0x4d1, 0xff);
    cr_assert_eq(port_in(0x4d0), 0xf8);
    cr_assert_eq(port_in(0x4d1), 0xde);
    line(5, true);
    cr_assert_eq(take(), 0x25);
    eoi(0x25);
    cr_assert_eq(take(), 0x25, "as long as it is asserted");
    line(5, false);
    eoi(0x25);
    cr_assert_eq(pending(), -1);
    line(5, true);
    cr_assert_eq(pending(), 0x25);
    line(5, false);
    cr_assert_eq(pending(), -1);
    cr_assert_eq(lapic_acknowledge(irqchip_lapic(chip, 0)), 0x27, "the master's IR7");
    cr_assert_eq(isr(MASTER), 0);
    line(10, true);
    cr_assert_eq(take(), 0x2a);
    line(10, false);
    eoi(0x2a);
    cr_assert_eq(pending(), -1);
}

/* A slave that has nothing to say when the master asks: its IR7, and the cascade in service. */
Test(pic, slave_poll_steals, .init = start, .fini = chip_stop)
{
    line(9, true);
    cr_assert_eq(pending(), 0x29);
    port_out(SLAVE, 0x0c);
    cr_assert_eq(port_in(SLAVE), 0x81);
    cr_assert_eq(isr(SLAVE), 0x02);
    cr_assert_eq(pending(), -1);
    port_out(SLAVE, 0x0c);
    cr_assert_eq(port_in(SLAVE + 1), 0x00, "nothing more to poll");
    cr_assert_eq(port_in(SLAVE + 1), 0x00, "the mask");
    port_out(SLAVE, 0x20);
    line(3, true);
    port_out(MASTER, 0x0c);
    cr_assert_eq(port_in(MASTER), 0x83);
    cr_assert_eq(port_in(MASTER), 0x00, "one read only: IRR again");
}

Test(pic, specific_eoi_and_rotation, .init = start, .fini = chip_stop)
{
    line(1, true);
    line(6, true);
    cr_assert_eq(take(), 0x21);
    port_out(MASTER, 0x66); /* not the one in service */
    cr_assert_eq(isr(MASTER), 0x02);
    port_out(MASTER, 0x61);
    cr_assert_eq(isr(MASTER), 0);
    cr_assert_eq(take(), 0x26);
    port_out(MASTER, 0xa0); /* rotate on non-specific EOI: 6 is last now, 7 first */
    line(7, true);
    line(1, false);
    line(1, true);
    line(6, false);
    line(6, true);
    cr_assert_eq(take(), 0x27);
    port_out(MASTER, 0x20);
    cr_assert_eq(take(), 0x21);
    port_out(MASTER, 0xe1); /* rotate on specific EOI: 2 is first */
    line(1, false);
    line(1, true);
    cr_assert_eq(take(), 0x26);
    port_out(MASTER, 0x20);
    cr_assert_eq(take(), 0x21);
    port_out(MASTER, 0x20);
    port_out(MASTER, 0xc4); /* set priority: 5 first, 4 last */
    line(4, true);
    line(5, true);
    cr_assert_eq(take(), 0x25);
    port_out(MASTER, 0x20);
    cr_assert_eq(take(), 0x24);
    port_out(MASTER, 0x40); /* no operation */
    cr_assert_eq(isr(MASTER), 0x10);
    port_out(MASTER, 0x20);
    port_out(MASTER, 0x20);
    port_out(MASTER, 0xa0);
    cr_assert_eq(isr(MASTER), 0);
}

Test(pic, auto_eoi, .init = start, .fini = chip_stop)
{
    initialise(3);
    line(1, true);
    cr_assert_eq(take(), 0x21);
    cr_assert_eq(isr(MASTER), 0);
    line(9, true);
    cr_assert_eq(take(), 0x29);
    cr_assert_eq(isr(MASTER) | isr(SLAVE), 0);
    port_out(MASTER, 0x80); /* rotate in automatic EOI mode */
    line(1, false);
    line(1, true);
    cr_assert_eq(take(), 0x21);
    line(0, true);
    line(3, true);
    line(1, false);
    line(1, true);
    cr_assert_eq(take(), 0x23, "2 is first after 1");
    cr_assert_eq(take(), 0x20);
    cr_assert_eq(take(), 0x21);
    port_out(MASTER, 0x00);
    line(3, false);
    line(3, true);
    cr_assert_eq(take(), 0x23);
}

Test(pic, special_mask, .init = start, .fini = chip_stop)
{
    line(1, true);
    cr_assert_eq(take(), 0x21);
    line(5, true);
    cr_assert_eq(pending(), -1);
    port_out(MASTER + 1, 0x02);
    port_out(MASTER, 0x68);
    cr_assert_eq(take(), 0x25, "what is masked holds nobody up");
    cr_assert_eq(isr(MASTER), 0x22);
    port_out(MASTER, 0x20);
    cr_assert_eq(isr(MASTER), 0x02, "a non-specific EOI is not for the masked one");
    port_out(MASTER, 0x48);
    line(6, true);
    cr_assert_eq(pending(), -1);
    port_out(MASTER, 0x61);
    cr_assert_eq(take(), 0x26);
}

Test(pic, special_fully_nested, .init = start, .fini = chip_stop)
{
    initialise(0x11);
    line(12, true);
    cr_assert_eq(take(), 0x2c);
    line(9, true);
    cr_assert_eq(take(), 0x29, "the slave interrupts its own lower ones");
    port_out(SLAVE, 0x20);
    port_out(SLAVE, 0x20);
    port_out(MASTER, 0x20);
    cr_assert_eq(isr(MASTER) | isr(SLAVE), 0);
}

Test(pic, short_initialisations, .init = start, .fini = chip_stop)
{
    port_out(MASTER, 0x10); /* no ICW4 */
    port_out(MASTER + 1, 0x47);
    port_out(MASTER + 1, 4);
    port_out(MASTER + 1, 0x5a);
    cr_assert_eq(port_in(MASTER + 1), 0x5a);
    port_out(MASTER, 0x12); /* single, no ICW4 */
    port_out(MASTER + 1, 0x40);
    port_out(MASTER + 1, 0xa5);
    cr_assert_eq(port_in(MASTER + 1), 0xa5);
    port_out(MASTER, 0x13); /* single, with ICW4 */
    port_out(MASTER + 1, 0x40);
    port_out(MASTER + 1, 1);
    port_out(MASTER + 1, 0x3c);
    cr_assert_eq(port_in(MASTER + 1), 0x3c);
    line(7, true);
    cr_assert_eq(take(), 0x47);
}

Test(pic, cascade_masked, .init = start, .fini = chip_stop)
{
    port_out(MASTER + 1, 4);
    line(14, true);
    cr_assert_eq(pending(), -1);
    port_out(MASTER + 1, 0);
    cr_assert_eq(take(), 0x2e);
    port_out(SLAVE + 1, 0xff);
    port_out(SLAVE + 1, 0);
    cr_assert_eq(irr(MASTER) & 4, 0);
}

/* Accesses of two and four bytes are two ports' worth at most. */
Test(pic, wide_accesses, .init = start, .fini = chip_stop)
{
    uint64_t value;

    bus_write(&pio, 0x4d0, 2, 0x0220);
    bus_read(&pio, 0x4d0, 2, &value);
    cr_assert_eq(value, 0x0220);
    bus_write(&pio, 0x20, 2, 0x5a0b);
    bus_read(&pio, 0x20, 2, &value);
    cr_assert_eq(value, 0x5a00);
    bus_write(&pio, 0xa0, 2, 0xa50a);
    bus_read(&pio, 0xa0, 2, &value);
    cr_assert_eq(value, 0xa500);
    bus_read(&pio, 0xa1, 2, &value);
    bus_write(&pio, 0xa1, 4, 0);
}

Test(pic, save_and_load, .init = start, .fini = chip_stop)
{
    initialise(0x11);
    line(1, true);
    cr_assert_eq(take(), 0x21);
    line(0, true);
    port_out(MASTER, 0x0b);
    port_out(0x4d0, 0x20);
    port_out(MASTER, 0xc3);
    port_out(MASTER, 0xc7);
    port_out(SLAVE, 0x6c); /* special mask, poll */
    cr_assert_eq(chip_reload(), 0);
    cr_assert_eq(port_in(MASTER), 0x02);
    cr_assert_eq(port_in(SLAVE), 0);
    cr_assert_eq(port_in(0x4d0), 0x20);
    cr_assert_eq(take(), 0x20);
    port_out(MASTER, 0x20);
    port_out(MASTER, 0x20);
    cr_assert_eq(isr(MASTER), 0);
    /* In the middle of an initialisation too. */
    port_out(MASTER, 0x11);
    port_out(MASTER + 1, 0x40);
    cr_assert_eq(chip_reload(), 0);
    port_out(MASTER + 1, 4);
    port_out(MASTER + 1, 3);
    line(1, false);
    line(1, true);
    cr_assert_eq(take(), 0x41);
}

/* --- lines change while others mask, acknowledge and poll --- */

static _Atomic bool is_over;

static void *line_thread(void *arg)
{
    unsigned first = (unsigned)(uintptr_t)arg;

    fake_cpu_enter(1 + first / 8);
    for (unsigned round = 0; round < 100000; round++)
        line(first + round % 8, (round / 8) % 2);
    for (unsigned irq = first; irq < first + 8; irq++)
        line(irq, false);
    return NULL;
}

static void *mask_thread(void *arg)
{
    fake_cpu_enter(3);
    for (uint8_t round = 0; !atomic_load(&is_over); round++) {
        port_out(MASTER + 1, round);
        port_out(SLAVE + 1, (uint8_t)(round * 7));
        port_out(MASTER, 0x0c);
        port_in(MASTER);
    }
    port_out(MASTER + 1, 0);
    port_out(SLAVE + 1, 0);
    return NULL;
}

Test(pic, hammer, .timeout = 120)
{
    pthread_t lines[2], mask;
    unsigned left = 0;

    fake_cpus_init(4);
    start();
    initialise(3);
    port_out(0x4d0, 0xf8);
    cr_assert_eq(pthread_create(&lines[0], NULL, line_thread, (void *)0), 0);
    cr_assert_eq(pthread_create(&lines[1], NULL, line_thread, (void *)8), 0);
    cr_assert_eq(pthread_create(&mask, NULL, mask_thread, NULL), 0);
    for (unsigned i = 0; i < 20000; i++)
        if (pending() >= 0)
            lapic_acknowledge(irqchip_lapic(chip, 0));
    pthread_join(lines[0], NULL);
    pthread_join(lines[1], NULL);
    atomic_store(&is_over, true);
    pthread_join(mask, NULL);
    /* Latched edges are left, each once, and then silence: output and inputs agree. */
    while (pending() >= 0 && left++ < 16)
        lapic_acknowledge(irqchip_lapic(chip, 0));
    cr_assert_lt(left, 16);
    cr_assert_eq(irr(MASTER) | irr(SLAVE), 0);
    line(1, true);
    cr_assert_eq(take(), 0x21);
    chip_stop();
}
