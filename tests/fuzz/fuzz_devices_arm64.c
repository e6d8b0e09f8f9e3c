/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../vmm/dev/pl011.h"
#include "../../vmm/dev/pl031.h"
#include "../unit/device_fixture.h"
#include "input.h"

/* Any access to PL011 and PL031, input, time, state records. */
#define UART 0x09000000ULL
#define RTC  0x09010000ULL

static struct device *uart, *rtc;
static struct vm_console *console;

static void access_at(struct input *input, uint64_t base, uint8_t how)
{
    uint64_t address = base + (how & 0x10 ? next(input, 2) & 0xfff : (next(input, 1) & 0x13f) << 2);
    unsigned size = how & 0x20 ? 4 : 1U << (how >> 6);

    if (how & 8)
        mem_write(address, size, next(input, size));
    else if (size < 8 && mem_read(address, size) >> size * 8 != 0 && (address & 0xfff) + size <= 0x1000)
        abort();
}

static void record(struct input *input, struct device *device)
{
    struct state_writer writer;

    vm_clock_pause(&vm_clock);
    device_save(device, &writer);
    for (unsigned i = next(input, 1) % 4; i > 0; i--)
        writer.bytes[next(input, 1) % writer.size] = (uint8_t)next(input, 1);
    if (device_load(device, &writer) != 0)
        abort();
    state_writer_fini(&writer);
    vm_clock_resume(&vm_clock);
}

static void step(struct input *input)
{
    uint8_t what = (uint8_t)next(input, 1), byte = (uint8_t)what;

    switch (what & 7) {
    case 0:
    case 1:
        access_at(input, UART, what);
        break;
    case 2:
    case 3:
        access_at(input, RTC, what);
        break;
    case 4:
        (void)!vm_console_input(console, &byte, 1);
        break;
    case 5:
        time_jump(next(input, 6));
        break;
    case 6:
        record(input, what & 8 ? uart : rtc);
        break;
    default:
        (what & 8 ? uart : rtc)->ops->reset(what & 8 ? uart : rtc);
        break;
    }
    /* The line is what the registers say. */
    if (chip.level[1] != ((mem_read(UART + 0x40, 4) & 0x7ff) != 0) ||
        chip.level[2] != mem_read(RTC + 0x18, 4))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, MIN(size, 1024)};

    machine_start();
    if (console_create(&console) != 0 || pl011_create(&mmio, UART, &chip, 1, console, &uart) != 0 ||
        pl031_create(&mmio, RTC, &chip, 2, &vm_clock, 1700000000, &rtc) != 0)
        abort();
    while (input.size > 0)
        step(&input);
    uart->ops->destroy(uart);
    rtc->ops->destroy(rtc);
    console_destroy(console);
    machine_stop();
    mmio = (struct bus){0};
    return 0;
}
