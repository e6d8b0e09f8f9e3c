/* SPDX-License-Identifier: BSD-2-Clause */
#include "device_fixture.h"
#include "pl011.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>

#define BASE 0x09000000ULL
#define IRQ  1

#define DR   (BASE + 0x00)
#define FR   (BASE + 0x18)
#define CR   (BASE + 0x30)
#define IMSC (BASE + 0x38)
#define RIS  (BASE + 0x3c)
#define MIS  (BASE + 0x40)
#define ICR  (BASE + 0x44)

static struct device *uart;
static struct vm_console *console;

static void start(void)
{
    machine_start();
    cr_assert_eq(console_create(&console), 0);
    cr_assert_eq(pl011_create(&mmio, BASE, &chip, IRQ, console, &uart), 0);
}

static void stop(void)
{
    uart->ops->destroy(uart);
    cr_assert_null(console->input_ready);
    console_destroy(console);
    machine_stop();
}

TestSuite(pl011, .init = start, .fini = stop);

static void check_output(const char *expected)
{
    char text[64] = "";
    uint64_t offset = 0;

    cr_assert_eq(vm_console_read(console, &offset, text, sizeof(text)), strlen(expected));
    cr_assert_str_eq(text, expected);
}

Test(pl011, after_reset)
{
    static const uint8_t id[] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

    for (uint64_t offset = 0; offset < 0xfe0; offset += 4)
        cr_assert_eq(mem_read(BASE + offset, 4), offset == 0x18   ? 0x90
                                                 : offset == 0x30 ? 0x300
                                                 : offset == 0x34 ? 0x12
                                                                  : 0);
    for (unsigned i = 0; i < 8; i++)
        cr_assert_eq(mem_read(BASE + 0xfe0 + i * 4, 4), id[i]);
    cr_assert_not(chip.level[IRQ]);
}

Test(pl011, writable_bits)
{
    static const struct {
        uint16_t offset, value;
    } registers[] = {{0x20, 0xff},   {0x24, 0xffff}, {0x28, 0x3f},  {0x2c, 0xff},
                     {0x30, 0xff87}, {0x34, 0x3f},   {0x38, 0x7ff}, {0x48, 0x7}};

    for (unsigned i = 0; i < ARRAY_SIZE(registers); i++) {
        mem_write(BASE + registers[i].offset, 4, ~0U);
        cr_assert_eq(mem_read(BASE + registers[i].offset, 4), registers[i].value);
    }
    mem_write(FR, 4, 0);
    mem_write(RIS, 4, ~0U);
    mem_write(BASE + 0xfe0, 4, 0);
    cr_assert_eq(mem_read(FR, 4) & 0x80, 0x80);
    cr_assert_eq(mem_read(BASE + 0xfe0, 4), 0x11);
    /* By half-words and bytes too; not across. */
    mem_write(BASE + 0x24, 2, 0x1234);
    cr_assert_eq(mem_read(BASE + 0x24, 2), 0x1234);
    cr_assert_eq(mem_read(BASE + 0x24, 1), 0x34);
    mem_write(BASE + 0x24, 8, 0x5678);
    mem_write(BASE + 0x25, 1, 0x56);
    cr_assert_eq(mem_read(BASE + 0x24, 4), 0x1234);
    cr_assert_eq(mem_read(BASE + 0x24, 8), 0);
}

Test(pl011, output)
{
    mem_write(DR, 4, 'h');
    mem_write(DR, 1, 'i');
    check_output("hi");
    cr_assert_eq(mem_read(RIS, 4), 0x20);
    cr_assert_not(chip.level[IRQ]);
    mem_write(IMSC, 4, 0x20);
    cr_assert(chip.level[IRQ]);
    cr_assert_eq(mem_read(MIS, 4), 0x20);
    mem_write(ICR, 4, 0x20);
    cr_assert_not(chip.level[IRQ]);
    mem_write(DR, 4, '!');
    cr_assert(chip.level[IRQ]);
}

Test(pl011, input)
{
    cr_assert_eq(mem_read(FR, 4), 0x90);
    mem_write(IMSC, 4, 0x50);
    cr_assert_eq(vm_console_input(console, "ok", 2), 2);
    cr_assert(chip.level[IRQ]);
    cr_assert_eq(mem_read(FR, 4), 0x80);
    mem_write(ICR, 4, 0x7ff);
    cr_assert(chip.level[IRQ], "there still is something to read");
    cr_assert_eq(mem_read(DR, 4), 'o');
    cr_assert(chip.level[IRQ]);
    cr_assert_eq(mem_read(DR, 4), 'k');
    cr_assert_not(chip.level[IRQ]);
    cr_assert_eq(mem_read(DR, 4), 0);
}

Test(pl011, loop)
{
    mem_write(CR, 4, 0x381);
    mem_write(DR, 4, 'x');
    cr_assert_eq(mem_read(FR, 4), 0x80);
    cr_assert_eq(mem_read(DR, 4), 'x');
    cr_assert_eq(mem_read(FR, 4), 0x90);
    check_output("");
}

Test(pl011, reload)
{
    struct state_writer writer;

    mem_write(BASE + 0x24, 4, 13);
    mem_write(IMSC, 4, 0x70);
    mem_write(DR, 4, 'a');
    device_save(uart, &writer);
    uart->ops->reset(uart);
    cr_assert_not(chip.level[IRQ]);
    cr_assert_eq(device_load(uart, &writer), 0);
    cr_assert_eq(mem_read(BASE + 0x24, 4), 13);
    cr_assert(chip.level[IRQ]);
    state_writer_fini(&writer);
}

Test(pl011, taken_address)
{
    struct device *other;

    cr_assert_eq(pl011_create(&mmio, BASE + 0x800, &chip, IRQ, console, &other), -EEXIST);
}
