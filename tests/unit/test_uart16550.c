/* SPDX-License-Identifier: BSD-2-Clause */
#include "device_fixture.h"
#include "uart16550.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#define COM1 0x3f8
#define IRQ  4

#define DATA (COM1 + 0)
#define IER  (COM1 + 1)
#define IIR  (COM1 + 2)
#define FCR  (COM1 + 2)
#define LCR  (COM1 + 3)
#define MCR  (COM1 + 4)
#define LSR  (COM1 + 5)
#define MSR  (COM1 + 6)
#define SCR  (COM1 + 7)

static struct device *uart;
static struct vm_console *console;

static void start(void)
{
    machine_start();
    cr_assert_eq(console_create(&console), 0);
    cr_assert_eq(uart16550_create(&pio, COM1, &chip, IRQ, console, &uart), 0);
}

static void stop(void)
{
    uart->ops->destroy(uart);
    cr_assert_null(console->input_ready);
    console_destroy(console);
    machine_stop();
}

TestSuite(uart16550, .init = start, .fini = stop);

static void check_output(const char *expected)
{
    char text[64] = "";
    uint64_t offset = 0;

    cr_assert_eq(vm_console_read(console, &offset, text, sizeof(text)), strlen(expected));
    cr_assert_str_eq(text, expected);
}

Test(uart16550, after_reset)
{
    static const uint8_t expected[] = {0, 0, 0x01, 0, 0, 0x60, 0xb0, 0};

    for (unsigned i = 1; i < 8; i++)
        cr_assert_eq(in((uint16_t)(COM1 + i), 1), expected[i], "register %u", i);
    cr_assert(!chip.level[IRQ]);
}

Test(uart16550, output)
{
    out(DATA, 1, 'h');
    out(DATA, 1, 'i');
    check_output("hi");
    cr_assert_eq(in(LSR, 1), 0x60);
    cr_assert(!chip.level[IRQ]);
}

Test(uart16550, scratch_and_divisor)
{
    out(SCR, 1, 0x5a);
    cr_assert_eq(in(SCR, 1), 0x5a);
    out(LCR, 1, 0x83);
    cr_assert_eq(in(DATA, 1), 12);
    out(DATA, 1, 1);
    out(IER, 1, 2);
    cr_assert_eq(in(DATA, 1), 1);
    cr_assert_eq(in(IER, 1), 2);
    out(LCR, 1, 0x03);
    cr_assert_eq(in(LCR, 1), 3);
    cr_assert_eq(in(IER, 1), 0);
    check_output("");
}

/* As Linux looks for a 16550A: FIFO bits in IIR, valid bits of IER. */
Test(uart16550, identification)
{
    out(IER, 1, 0xff);
    cr_assert_eq(in(IER, 1), 0x0f);
    out(IER, 1, 0);
    out(FCR, 1, 1);
    cr_assert_eq(in(IIR, 1) & 0xc0, 0xc0);
    out(FCR, 1, 0);
    cr_assert_eq(in(IIR, 1) & 0xc0, 0);
}

Test(uart16550, transmit_interrupt)
{
    out(MCR, 1, 0x0b);
    out(IER, 1, 0x02);
    cr_assert(chip.level[IRQ]);
    cr_assert_eq(in(IIR, 1), 0x02);
    cr_assert(!chip.level[IRQ]); /* reading IIR acknowledges */
    cr_assert_eq(in(IIR, 1), 0x01);
    out(DATA, 1, 'x');
    cr_assert(chip.level[IRQ]);
    out(IER, 1, 0);
    cr_assert(!chip.level[IRQ]);
    out(IER, 1, 2);
    cr_assert(chip.level[IRQ]);
    out(MCR, 1, 0x03); /* without OUT2 the line is not connected */
    cr_assert(!chip.level[IRQ]);
    cr_assert_eq(in(IIR, 1), 0x02);
}

Test(uart16550, receive_interrupt)
{
    out(MCR, 1, 0x08);
    out(IER, 1, 0x01);
    cr_assert(!chip.level[IRQ]);
    cr_assert_eq(vm_console_input(console, "ok", 2), 2);
    cr_assert(chip.level[IRQ]);
    cr_assert_eq(in(IIR, 1), 0x04);
    cr_assert(chip.level[IRQ]);
    cr_assert_eq(in(LSR, 1), 0x61);
    cr_assert_eq(in(DATA, 1), 'o');
    cr_assert(chip.level[IRQ]);
    cr_assert_eq(in(DATA, 1), 'k');
    cr_assert(!chip.level[IRQ]);
    cr_assert_eq(in(LSR, 1), 0x60);
    cr_assert_eq(in(DATA, 1), 0);
    /* The FIFO can be thrown away. */
    cr_assert_eq(vm_console_input(console, "zzz", 3), 3);
    out(FCR, 1, 0x03);
    cr_assert(!chip.level[IRQ]);
    cr_assert_eq(in(LSR, 1), 0x60);
}

Test(uart16550, loop)
{
    out(MCR, 1, 0x1f);
    cr_assert_eq(in(MCR, 1), 0x1f);
    cr_assert_eq(in(MSR, 1), 0xf0);
    out(MCR, 1, 0x12);
    cr_assert_eq(in(MSR, 1), 0x10);
    out(DATA, 1, 0x77);
    cr_assert_eq(in(LSR, 1), 0x61);
    cr_assert_eq(in(DATA, 1), 0x77);
    cr_assert_eq(in(LSR, 1), 0x60);
    check_output("");
    out(MCR, 1, 0xff);
    cr_assert_eq(in(MCR, 1), 0x1f);
}

Test(uart16550, read_only_registers_and_other_sizes)
{
    out(LSR, 1, 0xff);
    out(MSR, 1, 0xff);
    cr_assert_eq(in(LSR, 1), 0x60);
    cr_assert_eq(in(MSR, 1), 0xb0);
    cr_assert_eq(in(DATA, 2), 0xffff);
    cr_assert_eq(in(DATA, 4), 0xffffffff);
    out(DATA, 2, 0x4141);
    check_output("");
}

Test(uart16550, reset_and_state)
{
    struct state_writer w;

    out(MCR, 1, 0x0b);
    out(IER, 1, 0x03);
    out(LCR, 1, 0x03);
    out(SCR, 1, 0x42);
    out(FCR, 1, 0x01);
    cr_assert(chip.level[IRQ]);
    device_save(uart, &w);
    uart->ops->reset(uart);
    cr_assert(!chip.level[IRQ]);
    cr_assert_eq(in(SCR, 1), 0);
    cr_assert_eq(device_load(uart, &w), 0);
    cr_assert(chip.level[IRQ]);
    cr_assert_eq(in(SCR, 1), 0x42);
    cr_assert_eq(in(IER, 1), 3);
    cr_assert_eq(in(IIR, 1), 0xc2);
    for (size_t i = 0; i < w.size; i++)
        cr_assert_eq(device_load_part(uart, &w, i), -EINVAL);
    memset(w.bytes, 0xff, w.size);
    cr_assert_eq(device_load(uart, &w), 0);
    state_writer_fini(&w);
}

Test(uart16550, ports_are_taken)
{
    struct device *other;

    cr_assert_eq(uart16550_create(&pio, COM1 + 7, &chip, IRQ, console, &other), -EEXIST);
}

/* --- several vCPUs and a typist --- */

static void *hammer(void *seed)
{
    random_accesses(&pio, COM1, 8, 20000, (uintptr_t)seed);
    return NULL;
}

Test(uart16550, torture, .timeout = 60)
{
    pthread_t threads[4];

    for (uintptr_t i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, hammer, (void *)(i + 1)), 0);
    for (unsigned i = 0; i < 20000; i++)
        vm_console_input(console, "t", 1);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    /* The line says what the registers say. */
    out(LCR, 1, 0);
    out(MCR, 1, 0x08);
    out(FCR, 1, 0x02);
    out(IER, 1, 0);
    cr_assert(!chip.level[IRQ]);
    out(IER, 1, 1);
    cr_assert(!chip.level[IRQ]);
    cr_assert_eq(vm_console_input(console, "x", 1), 1);
    cr_assert(chip.level[IRQ]);
    cr_assert_eq(in(DATA, 1), 'x');
    cr_assert(!chip.level[IRQ]);
}

/* An echo: every byte that is typed comes out once, by interrupts alone. */
static void *guest(void *arg)
{
    for (unsigned echoed = 0; echoed < 5000;) {
        if (!chip.level[IRQ]) {
            sched_yield();
            continue;
        }
        while (in(LSR, 1) & 1) {
            out(DATA, 1, in(DATA, 1));
            echoed++;
        }
    }
    return NULL;
}

Test(uart16550, no_byte_is_lost, .timeout = 60)
{
    uint64_t offset = 0;
    pthread_t thread;
    uint8_t bytes[5000];

    out(MCR, 1, 0x08);
    out(IER, 1, 0x01);
    cr_assert_eq(pthread_create(&thread, NULL, guest, NULL), 0);
    for (unsigned i = 0; i < 5000;) {
        uint8_t byte = (uint8_t)(i * 3);

        i += (unsigned)vm_console_input(console, &byte, 1);
    }
    pthread_join(thread, NULL);
    cr_assert_eq(vm_console_read(console, &offset, bytes, sizeof(bytes)), 5000);
    for (unsigned i = 0; i < 5000; i++)
        cr_assert_eq(bytes[i], (uint8_t)(i * 3));
}
