/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/io.h>
#include <core/host_info.h>
#include <core/log.h>
#include <core/vmap.h>

#include "timer.h"

/* IA-PC HPET specification 1.0a, 2.3. */
#define HPET_CAPABILITIES 0x00
#define HPET_CONFIG       0x10
#define HPET_COUNTER      0xf0
#define HPET_ENABLE       0x1
#define HPET_MAX_PERIOD   0x05f5e100 /* femtoseconds */

#define PM_TIMER_HZ 3579545ULL

/* Intel 8254 datasheet; channel 2's gate and output are in port 0x61. */
#define PIT_HZ        1193182ULL
#define PIT_CHANNEL2  0x42
#define PIT_COMMAND   0x43
#define PIT_GATE_PORT 0x61

static volatile uint32_t *hpet;
static uint16_t pm_timer_port;
static volatile uint32_t *pm_timer_memory;
static struct reference_clock reference;

static uint64_t hpet_read(void)
{
    return hpet[HPET_COUNTER / 4]; /* the low half is enough and always one access */
}

static uint64_t pm_timer_read(void)
{
    return pm_timer_memory ? *pm_timer_memory : arch_in32(pm_timer_port);
}

/* Counts down from 65535 and starts again; turned round so that it counts up. */
static uint64_t pit_read(void)
{
    uint32_t value;

    arch_out8(PIT_COMMAND, 0x80); /* latch channel 2 */
    value = arch_in8(PIT_CHANNEL2);
    value |= (uint32_t)arch_in8(PIT_CHANNEL2) << 8;
    return 0xffff - value;
}

/* Firmware's tables may point anywhere: a clock is one only if it moves. */
static bool is_counting(const struct reference_clock *clock)
{
    uint64_t first = clock->read();

    for (unsigned i = 0; i < 65536; i++)
        if (clock->read() != first)
            return true;
    log_warning("clock: the %s does not count", clock->name);
    return false;
}

static bool hpet_find(void)
{
    uint64_t period;

    if (!hpa_valid(host_info()->hpet))
        return false;
    hpet = mmio_map(host_info()->hpet, PAGE_SIZE, MMIO_UNCACHED);
    if (hpet == NULL)
        return false;
    period = hpet[HPET_CAPABILITIES / 4 + 1];
    if (period == 0 || period > HPET_MAX_PERIOD)
        return false;
    hpet[HPET_CONFIG / 4] |= HPET_ENABLE;
    reference = (struct reference_clock){"HPET", 1000000000000000ULL / period, 0xffffffff, hpet_read};
    return is_counting(&reference);
}

static bool pm_timer_find(void)
{
    const struct host_power *power = &host_info()->power;

    if (power->pm_timer.space == HOST_SPACE_IO)
        pm_timer_port = (uint16_t)power->pm_timer.address;
    else if (power->pm_timer.space == HOST_SPACE_MEMORY)
        pm_timer_memory = mmio_map(hpa(power->pm_timer.address), 4, MMIO_UNCACHED);
    if (pm_timer_port == 0 && pm_timer_memory == NULL)
        return false;
    reference = (struct reference_clock){"ACPI PM timer", PM_TIMER_HZ,
                                         power->pm_timer_32bit ? 0xffffffff : 0xffffff, pm_timer_read};
    return is_counting(&reference);
}

const struct reference_clock *reference_clock_find(void)
{
    if (hpet_find() || pm_timer_find())
        return &reference;
    arch_out8(PIT_GATE_PORT, (arch_in8(PIT_GATE_PORT) & ~2) | 1); /* gate on, speaker off */
    arch_out8(PIT_COMMAND, 0xb4);                                 /* channel 2, both bytes, rate generator */
    arch_out8(PIT_CHANNEL2, 0xff);
    arch_out8(PIT_CHANNEL2, 0xff);
    reference = (struct reference_clock){"PIT", PIT_HZ, 0xffff, pit_read};
    return &reference;
}
