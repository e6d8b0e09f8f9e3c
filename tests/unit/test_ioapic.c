/* SPDX-License-Identifier: BSD-2-Clause */
#include "irqchip_fixture.h"
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>

#define LEVEL  0x8000
#define MASKED 0x10000

static void start(void)
{
    chip_start(4);
    for (unsigned i = 0; i < 4; i++) {
        apic_enable(i);
        apic_write(i, 0xd0, 1U << (24 + i));
    }
}

static int take(unsigned vcpu)
{
    int vector = lapic_pending_vector(apic(vcpu));

    if (vector >= 0)
        cr_assert_eq(lapic_acknowledge(apic(vcpu)), vector);
    return vector;
}

static void eoi(unsigned vcpu)
{
    apic_write(vcpu, 0xb0, 0);
}

static void line(unsigned gsi, bool level)
{
    irqchip_line_set(chip, gsi, level);
}

static void pulse(unsigned gsi)
{
    line(gsi, true);
    line(gsi, false);
}

static bool remote_irr(unsigned pin)
{
    return ioapic_in((uint8_t)(0x10 + pin * 2)) & 0x4000;
}

Test(ioapic, registers, .init = start, .fini = chip_stop)
{
    uint64_t value;

    cr_assert_eq(ioapic_in(1), 0x00170020);
    ioapic_out(0, ~0U);
    cr_assert_eq(ioapic_in(0), 0x0f000000);
    cr_assert_eq(ioapic_in(2), 0x0f000000);
    ioapic_out(1, 0);
    ioapic_out(2, 0);
    ioapic_out(3, ~0U);
    cr_assert_eq(ioapic_in(3), 0);
    for (unsigned pin = 0; pin < 24; pin++) {
        cr_assert_eq(ioapic_in((uint8_t)(0x10 + pin * 2)), MASKED);
        ioapic_entry(pin, ~0ULL);
        cr_assert_eq(ioapic_in((uint8_t)(0x10 + pin * 2)), 0x1afff);
        cr_assert_eq(ioapic_in((uint8_t)(0x11 + pin * 2)), 0xfffe0000);
    }
    ioapic_out(0x40, ~0U);
    cr_assert_eq(ioapic_in(0x40), 0);
    cr_assert_eq(ioapic_in(0xff), 0);
    cr_assert(bus_read(&mmio, 0xfec00000, 4, &value));
    cr_assert_eq(value, 0xff);
    /* Other sizes and places: no effect, no crash. */
    bus_write(&mmio, 0xfec00000, 4, 0);
    bus_write(&mmio, 0xfec00010, 1, 0);
    bus_write(&mmio, 0xfec00010, 8, 0);
    cr_assert_eq(ioapic_in(0), 0x0f000000);
    bus_read(&mmio, 0xfec00010, 2, &value);
    cr_assert_eq(value, 0);
    bus_read(&mmio, 0xfec00ffc, 4, &value);
    cr_assert_eq(value, 0);
    bus_write(&mmio, 0xfec00ffc, 4, 0);
    bus_write(&mmio, 0xfec00040, 1, 0);
}

Test(ioapic, edge, .init = start, .fini = chip_stop)
{
    ioapic_entry(16, 2ULL << 56 | 0x41);
    line(16, true);
    line(16, true);
    cr_assert_eq(vcpus[2].kicks, 1);
    cr_assert_eq(take(2), 0x41);
    eoi(2);
    cr_assert_eq(take(2), -1, "one edge, one interrupt");
    line(16, false);
    line(16, false);
    line(16, true);
    cr_assert_eq(take(2), 0x41);
    eoi(2);
    cr_assert_not(remote_irr(16));
    line(16, false);
    ioapic_entry(16, 2ULL << 56 | MASKED | 0x41);
    line(16, true);
    ioapic_entry(16, 2ULL << 56 | 0x41);
    cr_assert_eq(take(2), -1, "an edge on a masked pin is lost");
    line(24, true);
    line(255, true);
    line(~0U, true);
}

Test(ioapic, level_cycle, .init = start, .fini = chip_stop)
{
    ioapic_entry(20, 1ULL << 56 | LEVEL | 0x51);
    line(20, true);
    cr_assert(remote_irr(20));
    cr_assert_eq(take(1), 0x51);
    cr_assert_eq(apic_read(1, 0x1a0), 1U << 17);
    cr_assert_eq(take(1), -1);
    eoi(1);
    cr_assert(remote_irr(20), "still asserted: sent again");
    cr_assert_eq(take(1), 0x51);
    line(20, false);
    cr_assert(remote_irr(20), "until the EOI");
    line(20, true);
    cr_assert_eq(vcpus[1].kicks, 2, "asserted again before the EOI: nothing is sent yet");
    line(20, false);
    eoi(1);
    cr_assert_not(remote_irr(20));
    cr_assert_eq(take(1), -1);
    /* Taken back before it was served: comes once all the same. */
    pulse(20);
    cr_assert_eq(take(1), 0x51);
    eoi(1);
    cr_assert_eq(take(1), -1);
}

Test(ioapic, level_masking, .init = start, .fini = chip_stop)
{
    ioapic_entry(20, 1ULL << 56 | MASKED | LEVEL | 0x51);
    line(20, true);
    cr_assert_eq(take(1), -1);
    ioapic_entry(20, 1ULL << 56 | LEVEL | 0x51);
    cr_assert_eq(take(1), 0x51, "levels wait behind the mask");
    ioapic_entry(20, 1ULL << 56 | MASKED | LEVEL | 0x51);
    eoi(1);
    cr_assert_not(remote_irr(20));
    cr_assert_eq(take(1), -1);
    ioapic_entry(20, 1ULL << 56 | LEVEL | 0x51);
    cr_assert_eq(take(1), 0x51);
    /* By way of edge mode, the remote IRR goes without an EOI; back in level mode the line counts again. */
    ioapic_entry(20, 1ULL << 56 | MASKED | 0x51);
    cr_assert_not(remote_irr(20));
    ioapic_entry(20, 1ULL << 56 | LEVEL | 0x52);
    cr_assert(remote_irr(20));
    line(20, false);
    eoi(1);
    cr_assert_eq(take(1), 0x52);
    eoi(1);
    cr_assert_not(remote_irr(20));
}

Test(ioapic, eoi_register, .init = start, .fini = chip_stop)
{
    ioapic_entry(20, LEVEL | 0x51);
    ioapic_entry(21, LEVEL | 0x51);
    ioapic_entry(22, LEVEL | 0x52);
    line(20, true);
    line(21, true);
    line(22, true);
    line(20, false);
    line(21, false);
    line(22, false);
    bus_write(&mmio, 0xfec00040, 4, 0x51);
    cr_assert_not(remote_irr(20));
    cr_assert_not(remote_irr(21), "every pin with the vector");
    cr_assert(remote_irr(22));
    cr_assert_eq(take(0), 0x52);
    eoi(0);
    cr_assert_not(remote_irr(22));
}

/* Two pins with one vector: the EOI of one of them must not lose the other's. */
Test(ioapic, shared_vector, .init = start, .fini = chip_stop)
{
    ioapic_entry(20, LEVEL | 0x51);
    ioapic_entry(21, LEVEL | 0x51);
    line(20, true);
    cr_assert_eq(take(0), 0x51);
    line(21, true);
    line(20, false);
    eoi(0);
    cr_assert_eq(take(0), 0x51);
    line(21, false);
    eoi(0);
    cr_assert_not(remote_irr(20) || remote_irr(21));
    while (take(0) >= 0)
        eoi(0);
}

Test(ioapic, nobody_takes_it, .init = start, .fini = chip_stop)
{
    ioapic_entry(20, 99ULL << 56 | LEVEL | 0x51);
    line(20, true);
    cr_assert_not(remote_irr(20), "nobody will send an EOI");
    ioapic_entry(20, 1ULL << 56 | LEVEL | 0x51);
    cr_assert_eq(take(1), 0x51);
    eoi(1);
    apic_write(1, 0xf0, 0xff);
    take(1);
    eoi(1);
    cr_assert_not(remote_irr(20));
    ioapic_entry(20, 0x00fe0000ULL << 32 | 1ULL << 56 | LEVEL | 0x51);
    cr_assert_not(remote_irr(20), "extended destination");
}

Test(ioapic, destinations, .init = start, .fini = chip_stop)
{
    ioapic_entry(16, 0x0aULL << 56 | 0x800 | 0x41);
    pulse(16);
    cr_assert_eq(take(1), 0x41);
    cr_assert_eq(take(3), 0x41);
    cr_assert_eq(take(0) & take(2), -1);
    eoi(1);
    eoi(3);
    ioapic_entry(16, 0xffULL << 56 | 0x41);
    pulse(16);
    for (unsigned i = 0; i < 4; i++) {
        cr_assert_eq(take(i), 0x41);
        eoi(i);
    }
    apic_write(1, 0x80, 0x20);
    ioapic_entry(16, 0x0aULL << 56 | 0x900 | 0x41);
    pulse(16);
    cr_assert_eq(take(1), -1);
    cr_assert_eq(take(3), 0x41);
    eoi(3);
    ioapic_entry(16, 2ULL << 56 | LEVEL | 0x400);
    line(16, true);
    cr_assert_eq(vcpus[2].nmis, 1);
    cr_assert_not(remote_irr(16));
    line(16, false);
    ioapic_entry(16, 2ULL << 56 | 0x700);
    pulse(16);
    ioapic_entry(16, 2ULL << 56 | 0x500);
    pulse(16);
    cr_assert_eq(vcpus[2].inits, 1);
    ioapic_entry(16, 2ULL << 56 | 0x05);
    pulse(16);
    apic_write(2, 0x280, 0);
    cr_assert_eq(apic_read(2, 0x280), 0x40, "a vector that cannot be");
}

Test(ioapic, isa_lines, .init = start, .fini = chip_stop)
{
    for (unsigned pin = 0; pin < 16; pin++)
        ioapic_entry(pin, 0x40 + pin);
    for (unsigned irq = 0; irq < 16; irq++) {
        pulse(irq);
        cr_assert_eq(take(0), irq == 0 ? 0x42 : irq == 2 ? -1 : 0x40 + (int)irq, "IRQ %u", irq);
        eoi(0);
    }
}

Test(ioapic, save_and_load, .init = start, .fini = chip_stop)
{
    ioapic_entry(20, 1ULL << 56 | LEVEL | 0x51);
    ioapic_out(0, 0x05000000);
    line(20, true);
    cr_assert_eq(take(1), 0x51);
    cr_assert_eq(chip_reload(), 0);
    cr_assert_eq(ioapic_in(0), 0x05000000);
    cr_assert(remote_irr(20));
    cr_assert_eq(ioapic_in(0x10 + 40), LEVEL | 0x4000 | 0x51);
    cr_assert_eq(take(1), -1);
    eoi(1);
    cr_assert_eq(take(1), 0x51, "the line is still asserted");
    line(20, false);
    eoi(1);
    cr_assert_eq(take(1), -1);
    irqchip_reset(chip);
    cr_assert_eq(ioapic_in(0x10 + 40), MASKED);
}

/* --- several CPUs at once --- */

#define ROUNDS 3000

static _Atomic bool is_over;
static _Atomic unsigned asserted[3], served[3];
static pthread_mutex_t device_locks[3] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                          PTHREAD_MUTEX_INITIALIZER};

static void device_set(unsigned id, bool level)
{
    pthread_mutex_lock(&device_locks[id]);
    if (level)
        atomic_fetch_add(&asserted[id], 1);
    else
        atomic_store(&served[id], atomic_load(&asserted[id]));
    line(16 + id, level);
    pthread_mutex_unlock(&device_locks[id]);
}

/* Takes whatever comes on its vCPU, until all is over and nothing is left. */
static void *vcpu_thread(void *arg)
{
    unsigned id = (unsigned)(uintptr_t)arg;

    fake_cpu_enter(id);
    for (unsigned round = 0;; round++) {
        bool was_over = atomic_load(&is_over);
        int vector = lapic_pending_vector(apic(id));

        if (vector >= 0) {
            vector = lapic_acknowledge(apic(id));
            /* The device of this line sees its interrupt served and takes the line back. */
            if (vector >= 0x50 && vector < 0x53)
                device_set((unsigned)vector - 0x50, false);
            eoi(id);
        } else if (was_over) {
            return NULL;
        }
        if (!was_over) {
            apic_write(id, 0x310, ((id + round) % 4) << 24);
            apic_write(id, 0x300, 0x4000 | (0x60 + round % 64));
            apic_write(id, 0x80, round % 2 ? 0x20 : 0);
        } else {
            apic_write(id, 0x80, 0);
        }
    }
}

/* Asserts its line, waits until served, again; a lost interrupt would make it wait for ever. */
static void *device_thread(void *arg)
{
    unsigned id = (unsigned)(uintptr_t)arg;

    fake_cpu_enter(4 + id);
    for (unsigned round = 1; round <= ROUNDS / 10; round++) {
        device_set(id, true);
        for (uint64_t spins = 0; atomic_load(&served[id]) != round; spins++) {
            if (spins == 100000000) {
                fprintf(stderr, "line %u lost, round %u\n", id, round);
                abort();
            }
            arch_relax();
        }
    }
    return NULL;
}

/* Masks and unmasks pins, and sends them elsewhere. */
static void *config_thread(void *arg)
{
    fake_cpu_enter(7);
    for (unsigned round = 0; round < ROUNDS && !atomic_load(&is_over); round++) {
        unsigned pin = 16 + round % 3;

        ioapic_out((uint8_t)(0x10 + pin * 2), MASKED | LEVEL | (0x50 + pin - 16));
        irqchip_msi_send(chip, 0, &(struct msi_message){0xfee00000 | (round % 4) << 12, 0xa0 + round % 32});
        ioapic_out((uint8_t)(0x10 + pin * 2), LEVEL | (0x50 + pin - 16));
    }
    return NULL;
}

Test(ioapic, hammer, .timeout = 120)
{
    pthread_t cpus[4], devices[3], config;

    fake_cpus_init(8);
    start();
    for (unsigned pin = 16; pin < 19; pin++)
        ioapic_entry(pin, (uint64_t)(pin - 16) << 56 | LEVEL | (0x50 + pin - 16));
    for (uintptr_t i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&cpus[i], NULL, vcpu_thread, (void *)i), 0);
    for (uintptr_t i = 0; i < 3; i++)
        cr_assert_eq(pthread_create(&devices[i], NULL, device_thread, (void *)i), 0);
    cr_assert_eq(pthread_create(&config, NULL, config_thread, NULL), 0);
    for (unsigned i = 0; i < 3; i++)
        pthread_join(devices[i], NULL);
    atomic_store(&is_over, true);
    pthread_join(config, NULL);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(cpus[i], NULL);
    for (unsigned i = 0; i < 4; i++) {
        /* IPIs of those who stopped last. No request may be where nobody looks. */
        for (; take(i) >= 0; eoi(i)) {
        }
        for (uint32_t word = 0; word < 0x80; word += 16)
            cr_assert_eq(apic_read(i, 0x200 + word) | apic_read(i, 0x100 + word), 0);
    }
    cr_assert_not(remote_irr(16) || remote_irr(17) || remote_irr(18));
    chip_stop();
}

/* A region in the way: everything is given back. */
Test(irqchip, creation_failures)
{
    struct vcpu *one[] = {&vcpus[0]};
    static const uint16_t ports[] = {0x21, 0xa1, 0x4d1};
    struct bus_region in_the_way = {.size = 1};

    clock_init();
    vm_clock_init(&vm_clock);
    for (unsigned i = 0; i < ARRAY_SIZE(ports); i++) {
        in_the_way.base = ports[i];
        cr_assert_eq(bus_add(&pio, &in_the_way), 0);
        cr_assert_neq(irqchip_create(one, 1, &pio, &mmio, &vm_clock, &chip), 0);
        cr_assert_eq(pio.count + mmio.count, 1);
        bus_remove(&pio, &in_the_way);
    }
    in_the_way.base = 0xfec00800;
    cr_assert_eq(bus_add(&mmio, &in_the_way), 0);
    cr_assert_neq(irqchip_create(one, 1, &pio, &mmio, &vm_clock, &chip), 0);
    bus_remove(&mmio, &in_the_way);
    cr_assert_eq(irqchip_create(one, 1, &pio, &mmio, &vm_clock, &chip), 0);
    irqchip_device(chip)->ops->destroy(irqchip_device(chip));
    cr_assert_eq(pio.count + mmio.count, 0);
    bus_fini(&pio);
    bus_fini(&mmio);
}
