/* SPDX-License-Identifier: BSD-2-Clause */
#include "acpi_pm.h"
#include "ticks.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

/* ACPI specification 6.5, 4.8.3 and 4.8.4; Intel ICH9 datasheet, 13.8.3. Bits per byte of the registers. */
#define PM1_TIMER 0x01 /* in byte 0 of status and enable */
#define PM1_POWER 0x01 /* in byte 1 */

#define STATUS_VALID_0 0x31 /* timer, bus master, global */
#define STATUS_VALID_1 0xc5 /* power button, RTC, PCIe wake, wake */
#define ENABLE_VALID_0 0x21
#define ENABLE_VALID_1 0x45

#define CONTROL_SCI_EN     0x01 /* byte 0 */
#define CONTROL_BM_RELOAD  0x02
#define CONTROL_SLEEP_TYPE 0x1c /* byte 1 */
#define CONTROL_SLEEP_EN   0x20

#define TIMER_HZ     3579545ULL
#define TIMER_MASK   0xffffffULL
#define TIMER_TOGGLE 23 /* a change of this bit sets the status */

#define EVENT_BYTES 8

/* Registers are bytes that any vCPU reads and writes at any time: each is atomic, so no lock is needed. */
struct acpi_pm {
    struct device device;
    struct bus_region region;
    struct irqchip *chip;          /* i */
    unsigned gsi;                  /* i */
    struct vm_clock *clock;        /* i */
    struct power_hooks power;      /* i */
    struct vm_timer toggle;        /* armed while the timer's event is enabled and not pending */
    _Atomic uint64_t toggles_seen; /* number of toggles when the timer's status was cleared last */
    atomic_uchar status[2];        /* but the timer's bit, which follows from the time */
    atomic_uchar enable[2];
    atomic_uchar control[2];
    atomic_uchar event_status[EVENT_BYTES], event_enable[EVENT_BYTES];
};

static uint64_t ticks_now(const struct acpi_pm *pm)
{
    return ticks_at(vm_clock_now_ns(pm->clock), TIMER_HZ);
}

static bool has_toggled(const struct acpi_pm *pm)
{
    return ticks_now(pm) >> TIMER_TOGGLE != pm->toggles_seen;
}

static bool sci_level(const struct acpi_pm *pm)
{
    bool level = pm->status[0] & pm->enable[0] & ~PM1_TIMER;

    level |= (pm->status[1] & pm->enable[1]) != 0;
    level |= (pm->enable[0] & PM1_TIMER) && has_toggled(pm);
    for (unsigned i = 0; i < EVENT_BYTES; i++)
        level |= (pm->event_status[i] & pm->event_enable[i]) != 0;
    return level;
}

/* Another vCPU may change a register between the look and the act, so look again. */
static void sci_update(struct acpi_pm *pm)
{
    bool level;

    do {
        level = sci_level(pm);
        irqchip_line_set(pm->chip, pm->gsi, level);
    } while (level != sci_level(pm));
}

/* After a change of what the timer's event depends on. */
static void toggle_update(struct acpi_pm *pm)
{
    if ((pm->enable[0] & PM1_TIMER) && !has_toggled(pm))
        vm_timer_arm(&pm->toggle, ticks_to_ns((pm->toggles_seen + 1) << TIMER_TOGGLE, TIMER_HZ));
    sci_update(pm);
}

static void toggle_fire(struct vm_timer *vm_timer)
{
    toggle_update(container_of(vm_timer, struct acpi_pm, toggle));
}

static uint8_t byte_read(const struct acpi_pm *pm, uint64_t offset)
{
    switch (offset) {
    case ACPI_PM1_EVENT:
        return pm->status[0] | (has_toggled(pm) ? PM1_TIMER : 0);
    case ACPI_PM1_EVENT + 1:
        return pm->status[1];
    case ACPI_PM1_EVENT + 2:
    case ACPI_PM1_EVENT + 3:
        return pm->enable[offset & 1];
    case ACPI_PM1_CONTROL:
    case ACPI_PM1_CONTROL + 1:
        return pm->control[offset & 1];
    case ACPI_PM_TIMER ... ACPI_PM_TIMER + 2:
        return (uint8_t)(ticks_now(pm) >> 8 * (offset - ACPI_PM_TIMER));
    case ACPI_GPE0 ... ACPI_GPE0 + 7:
        return pm->event_status[offset & 7];
    case ACPI_GPE0 + 8 ... ACPI_GPE0 + 15:
        return pm->event_enable[offset & 7];
    default:
        return 0;
    }
}

/* Apart from the timer's straight line, which would save registers for it. */
static no_inline uint64_t bytes_read(const struct acpi_pm *pm, uint64_t offset, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)byte_read(pm, offset + i) << 8 * i;
    return value;
}

static uint64_t pm_read(void *device, uint64_t offset, unsigned size)
{
    const struct acpi_pm *pm = device;

    if (likely(offset == ACPI_PM_TIMER && size == 4))
        return ticks_now(pm) & TIMER_MASK;
    return bytes_read(pm, offset, size);
}

/* Type and enable of the sleep state share a byte, so this needs no memory of an earlier write. */
static void sleep_write(struct acpi_pm *pm, uint8_t value)
{
    pm->control[1] = value & CONTROL_SLEEP_TYPE;
    if ((value & CONTROL_SLEEP_EN) && (value & CONTROL_SLEEP_TYPE) == ACPI_SLEEP_S5 << 2)
        pm->power.power_off(pm->power.context);
}

static void byte_write(struct acpi_pm *pm, uint64_t offset, uint8_t value)
{
    switch (offset) {
    case ACPI_PM1_EVENT:
        if (value & PM1_TIMER)
            pm->toggles_seen = ticks_now(pm) >> TIMER_TOGGLE;
        pm->status[0] &= (uint8_t)~value;
        break;
    case ACPI_PM1_EVENT + 1:
        pm->status[1] &= (uint8_t)~value;
        break;
    case ACPI_PM1_EVENT + 2:
        pm->enable[0] = value & ENABLE_VALID_0;
        break;
    case ACPI_PM1_EVENT + 3:
        pm->enable[1] = value & ENABLE_VALID_1;
        break;
    case ACPI_PM1_CONTROL:
        pm->control[0] = (value & CONTROL_BM_RELOAD) | CONTROL_SCI_EN;
        break;
    case ACPI_PM1_CONTROL + 1:
        sleep_write(pm, value);
        break;
    case ACPI_GPE0 ... ACPI_GPE0 + 7:
        pm->event_status[offset & 7] &= (uint8_t)~value;
        break;
    case ACPI_GPE0 + 8 ... ACPI_GPE0 + 15:
        pm->event_enable[offset & 7] = value;
        break;
    default:
        break;
    }
}

static void pm_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    struct acpi_pm *pm = device;

    for (unsigned i = 0; i < size; i++)
        byte_write(pm, offset + i, (uint8_t)(value >> 8 * i));
    toggle_update(pm);
}

void acpi_pm_power_button(struct device *device)
{
    struct acpi_pm *pm = container_of(device, struct acpi_pm, device);

    pm->status[1] |= PM1_POWER;
    sci_update(pm);
}

void acpi_pm_event(struct device *device, unsigned number)
{
    struct acpi_pm *pm = container_of(device, struct acpi_pm, device);

    pm->event_status[number / 8 % EVENT_BYTES] |= (unsigned char)(1U << number % 8);
    sci_update(pm);
}

static void pm_reset(struct device *device)
{
    struct acpi_pm *pm = container_of(device, struct acpi_pm, device);

    vm_timer_cancel(&pm->toggle);
    pm->toggles_seen = ticks_now(pm) >> TIMER_TOGGLE;
    for (unsigned i = 0; i < 2; i++)
        pm->status[i] = pm->enable[i] = pm->control[i] = 0;
    pm->control[0] = CONTROL_SCI_EN;
    for (unsigned i = 0; i < EVENT_BYTES; i++)
        pm->event_status[i] = pm->event_enable[i] = 0;
    sci_update(pm);
}

static void pm_save(struct device *device, struct state_writer *w)
{
    struct acpi_pm *pm = container_of(device, struct acpi_pm, device);

    state_put_u64(w, pm->toggles_seen);
    for (unsigned i = 0; i < 2; i++) {
        state_put_u8(w, pm->status[i]);
        state_put_u8(w, pm->enable[i]);
        state_put_u8(w, pm->control[i]);
    }
    for (unsigned i = 0; i < EVENT_BYTES; i++) {
        state_put_u8(w, pm->event_status[i]);
        state_put_u8(w, pm->event_enable[i]);
    }
}

static int pm_load(struct device *device, struct state_reader *r, uint32_t version)
{
    static const uint8_t status_valid[] = {STATUS_VALID_0, STATUS_VALID_1};
    static const uint8_t enable_valid[] = {ENABLE_VALID_0, ENABLE_VALID_1};
    static const uint8_t control_valid[] = {CONTROL_BM_RELOAD, CONTROL_SLEEP_TYPE};
    struct acpi_pm *pm = container_of(device, struct acpi_pm, device);

    pm->toggles_seen = state_get_u64(r);
    for (unsigned i = 0; i < 2; i++) {
        pm->status[i] = state_get_u8(r) & status_valid[i];
        pm->enable[i] = state_get_u8(r) & enable_valid[i];
        pm->control[i] = state_get_u8(r) & control_valid[i];
    }
    pm->control[0] |= CONTROL_SCI_EN;
    for (unsigned i = 0; i < EVENT_BYTES; i++) {
        pm->event_status[i] = state_get_u8(r);
        pm->event_enable[i] = state_get_u8(r);
    }
    toggle_update(pm);
    return state_reader_status(r);
}

static void pm_destroy(struct device *device)
{
    struct acpi_pm *pm = container_of(device, struct acpi_pm, device);

    vm_timer_cancel(&pm->toggle);
    free(pm);
}

static const struct device_ops ops = {
    .name = "acpi_pm",
    .version = 1,
    .reset = pm_reset,
    .save = pm_save,
    .load = pm_load,
    .destroy = pm_destroy,
};

int acpi_pm_create(struct bus *pio, uint16_t port, struct irqchip *chip, unsigned gsi, struct vm_clock *clock,
                   const struct power_hooks *power, struct device **out)
{
    struct acpi_pm *pm = calloc(1, sizeof(*pm));
    int error;

    if (pm == NULL)
        return -ENOMEM;
    pm->device.ops = &ops;
    pm->region = (struct bus_region){port, ACPI_PM_SIZE, pm_read, pm_write, pm, "acpi_pm"};
    pm->chip = chip;
    pm->gsi = gsi;
    pm->clock = clock;
    pm->power = *power;
    vm_timer_init(&pm->toggle, clock, toggle_fire);
    error = bus_add(pio, &pm->region);
    if (error) {
        free(pm);
        return error;
    }
    pm_reset(&pm->device);
    *out = &pm->device;
    return 0;
}
