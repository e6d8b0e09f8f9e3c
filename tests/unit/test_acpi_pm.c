/* SPDX-License-Identifier: BSD-2-Clause */
#include "acpi_pm.h"
#include "debug_exit.h"
#include "device_fixture.h"
#include "reset_ports.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>

#define PM  0x600
#define SCI 9

#define STATUS  (PM + 0)
#define ENABLE  (PM + 2)
#define CONTROL (PM + 4)
#define TIMER   (PM + 8)
#define EVENTS  (PM + 0x20)

static struct device *pm, *ports, *debug_exit;

static void start(void)
{
    machine_start();
    cr_assert_eq(acpi_pm_create(&pio, PM, &chip, SCI, &vm_clock, &power, &pm), 0);
    cr_assert_eq(reset_ports_create(&pio, &power, &ports), 0);
    cr_assert_eq(debug_exit_create(&pio, 0xf4, &power, &debug_exit), 0);
}

static void stop(void)
{
    pm->ops->destroy(pm);
    ports->ops->destroy(ports);
    debug_exit->ops->destroy(debug_exit);
    machine_stop();
}

TestSuite(acpi_pm, .init = start, .fini = stop);

Test(acpi_pm, timer_counts_24_bits_at_its_rate)
{
    uint64_t first = in(TIMER, 4);

    time_advance(NSEC_PER_SEC);
    cr_assert_leq(((in(TIMER, 4) - first) & 0xffffff) - 3579544, 1);
    time_advance(10 * NSEC_PER_SEC);
    cr_assert_leq(in(TIMER, 4), 0xffffff);
    cr_assert_leq((in(TIMER, 4) - first - 11ULL * 3579545 + 1) & 0xffffff, 2);
    /* Other sizes see parts of it. */
    cr_assert_eq(in(TIMER, 1), in(TIMER, 4) & 0xff);
    cr_assert_eq(in(TIMER + 1, 2), in(TIMER, 4) >> 8);
    cr_assert_eq(in(TIMER + 3, 1), 0);
}

Test(acpi_pm, timer_does_not_drift_over_a_year)
{
    uint64_t year = 365ULL * 86400;

    fake_clock_cycles += year * NSEC_PER_SEC;
    cr_assert_leq((year * 3579545 - in(TIMER, 4)) & 0xffffff, 4);
}

Test(acpi_pm, timer_stands_still_with_the_vm)
{
    uint64_t before;

    time_advance(12345678);
    vm_clock_pause(&vm_clock);
    before = in(TIMER, 4);
    time_advance(NSEC_PER_SEC);
    cr_assert_eq(in(TIMER, 4), before);
    vm_clock_resume(&vm_clock);
    cr_assert_eq(in(TIMER, 4), before);
}

Test(acpi_pm, timer_status_toggles_and_interrupts)
{
    uint64_t half = (1ULL << 23) * NSEC_PER_SEC / 3579545;

    cr_assert_eq(in(STATUS, 2), 0);
    cr_assert(!timer_is_armed());
    out(ENABLE, 2, 1);
    cr_assert(!chip.level[SCI]);
    time_advance(half - 1000000);
    cr_assert(!chip.level[SCI]);
    time_advance(2000000);
    cr_assert(chip.level[SCI]);
    cr_assert_eq(in(STATUS, 2), 1);
    time_advance(half);
    cr_assert_eq(chip.rises[SCI], 1);
    out(STATUS, 2, 1);
    cr_assert(!chip.level[SCI]);
    cr_assert_eq(in(STATUS, 2), 0);
    time_advance(3 * half);
    cr_assert_eq(chip.rises[SCI], 2);
    /* Disabled, the line falls; the status stays. */
    out(ENABLE, 2, 0);
    cr_assert(!chip.level[SCI]);
    cr_assert_eq(in(STATUS, 2), 1);
    /* And is set without anybody being told. */
    out(STATUS, 2, 1);
    time_advance(half + 1000000);
    cr_assert_eq(in(STATUS, 2), 1);
    cr_assert(!chip.level[SCI]);
}

Test(acpi_pm, power_button)
{
    acpi_pm_power_button(pm);
    cr_assert(!chip.level[SCI]);
    cr_assert_eq(in(STATUS, 2), 0x100);
    out(ENABLE, 2, 0xffff);
    cr_assert_eq(in(ENABLE, 2), 0x4521);
    cr_assert(chip.level[SCI]);
    out(STATUS, 2, 0xfeff);
    cr_assert(chip.level[SCI]);
    out(STATUS + 1, 1, 1);
    cr_assert(!chip.level[SCI]);
}

Test(acpi_pm, general_purpose_events)
{
    acpi_pm_event(pm, 0);
    acpi_pm_event(pm, 63);
    cr_assert_eq(in(EVENTS, 4), 1);
    cr_assert_eq(in(EVENTS + 7, 1), 0x80);
    cr_assert(!chip.level[SCI]);
    out(EVENTS + 12, 4, 0x80000000);
    cr_assert(chip.level[SCI]);
    cr_assert_eq(in(EVENTS + 12, 4), 0x80000000);
    out(EVENTS + 4, 4, 0x80000000);
    cr_assert(!chip.level[SCI]);
    cr_assert_eq(in(EVENTS, 4), 1);
}

Test(acpi_pm, soft_off)
{
    cr_assert_eq(in(CONTROL, 2), 1);
    out(CONTROL, 2, 0x2001 | 5 << 10); /* no such sleep state */
    cr_assert_eq(wishes.power_off, 0);
    cr_assert_eq(in(CONTROL, 2), 1 | 5 << 10);
    out(CONTROL, 2, 0);
    cr_assert_eq(in(CONTROL, 2), 1); /* always ACPI mode */
    out(CONTROL, 4, 0x2002);
    cr_assert_eq(wishes.power_off, 1);
    cr_assert_eq(in(CONTROL, 4), 3);
    out(CONTROL + 1, 1, 0x20);
    cr_assert_eq(wishes.power_off, 2);
}

Test(acpi_pm, reset_and_state)
{
    struct state_writer w;

    acpi_pm_power_button(pm);
    acpi_pm_event(pm, 5);
    out(ENABLE, 2, 0x101);
    out(EVENTS + 8, 1, 0x20);
    device_save(pm, &w);
    pm->ops->reset(pm);
    cr_assert(!chip.level[SCI]);
    cr_assert_eq(in(STATUS, 4), 0);
    cr_assert_eq(in(EVENTS, 4) | in(EVENTS + 8, 4), 0);
    cr_assert_eq(device_load(pm, &w), 0);
    cr_assert(chip.level[SCI]);
    cr_assert_eq(in(ENABLE, 2), 0x101);
    cr_assert_eq(in(STATUS, 2), 0x100);
    cr_assert_eq(in(EVENTS, 1), 0x20);
    for (size_t i = 0; i < w.size; i++)
        cr_assert_eq(device_load_part(pm, &w, i), -EINVAL);
    /* Bits that do not exist do not come in. */
    memset(w.bytes, 0xff, w.size);
    cr_assert_eq(device_load(pm, &w), 0);
    cr_assert_eq(in(ENABLE, 2), 0x4521);
    cr_assert_eq(in(CONTROL, 2), 0x1c03);
    state_writer_fini(&w);
}

Test(acpi_pm, ports_are_taken)
{
    struct device *other;

    cr_assert_eq(acpi_pm_create(&pio, PM + 0x7f, &chip, SCI, &vm_clock, &power, &other), -EEXIST);
    cr_assert_eq(reset_ports_create(&pio, &power, &other), -EEXIST);
    cr_assert_eq(debug_exit_create(&pio, 0xf1, &power, &other), -EEXIST);
}

Test(acpi_pm, reset_ports)
{
    struct state_writer w;

    cr_assert_eq(in(0x64, 1), 0x1c);
    cr_assert_eq(in(0x60, 1), 0);
    out(0x60, 1, 0xfe);
    out(0x64, 1, 0xaa);
    cr_assert_eq(wishes.reset, 0);
    out(0x64, 1, 0xfe);
    cr_assert_eq(wishes.reset, 1);
    out(0x92, 1, 0xfc);
    cr_assert_eq(in(0x92, 1), 0xfe);
    out(0x92, 1, 1);
    cr_assert_eq(wishes.reset, 2);
    cr_assert_eq(in(0x92, 1), 2);
    out(0x92, 1, 0x40);
    device_save(ports, &w);
    ports->ops->reset(ports);
    cr_assert_eq(in(0x92, 1), 2);
    cr_assert_eq(device_load(ports, &w), 0);
    cr_assert_eq(in(0x92, 1), 0x42);
    cr_assert_eq(device_load_part(ports, &w, 0), -EINVAL);
    state_writer_fini(&w);
}

Test(acpi_pm, debug_exit)
{
    struct state_writer w;

    out(0xf4, 4, 0xdeadbeef);
    cr_assert_eq(wishes.debug_exit, 1);
    cr_assert_eq(wishes.exit_value, 0xdeadbeef);
    out(0xf4, 1, 7);
    cr_assert_eq(wishes.exit_value, 7);
    cr_assert_eq(in(0xf4, 4), 0);
    debug_exit->ops->reset(debug_exit);
    device_save(debug_exit, &w);
    cr_assert_eq(w.size, 0);
    cr_assert_eq(device_load(debug_exit, &w), 0);
}

static void *hammer(void *seed)
{
    random_accesses(&pio, PM, ACPI_PM_SIZE, 20000, (uintptr_t)seed);
    return NULL;
}

Test(acpi_pm, torture)
{
    pthread_t threads[4];

    for (uintptr_t i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, hammer, (void *)(i + 1)), 0);
    for (unsigned i = 0; i < 500; i++) {
        acpi_pm_power_button(pm);
        time_jump(NSEC_PER_MSEC * 50);
        acpi_pm_event(pm, i);
    }
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    /* The line says what the registers say. */
    cr_assert_eq(chip.level[SCI], (in(STATUS, 2) & in(ENABLE, 2)) || (in(EVENTS, 4) & in(EVENTS + 8, 4)) ||
                                      (in(EVENTS + 4, 4) & in(EVENTS + 12, 4)));
}
