/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_ACPI_PM_H
#define VMM_DEV_ACPI_PM_H

#include "../irqchip/irqchip.h"
#include "../vm/vm_clock.h"
#include "bus.h"
#include "device.h"
#include "power.h"

/* Offsets from the base port; what the FADT has to say. Intel ICH9 datasheet, 13.8.3. */
#define ACPI_PM1_EVENT   0x00 /* status, enable: 2 bytes each */
#define ACPI_PM1_CONTROL 0x04 /* 2 bytes */
#define ACPI_PM_TIMER    0x08 /* 4 bytes, 24 bits count */
#define ACPI_GPE0        0x20 /* status, enable: 8 bytes each */
#define ACPI_GPE0_LENGTH 16
#define ACPI_PM_SIZE     0x80

/* SLP_TYP of \_S5; other sleep states do not exist. */
#define ACPI_SLEEP_S5 0

/*
 * The power management block of an ICH9 at `port`: fixed events, the PM timer, the general purpose events of
 * block 0, and soft-off. Always in ACPI mode, so there is no SMI command port. `gsi` is the SCI, active
 * while an enabled event is pending. -ENOMEM, -EEXIST (port). Context: thread.
 */
must_check int acpi_pm_create(struct bus *pio, uint16_t port, struct irqchip *chip, unsigned gsi,
                              struct vm_clock *clock, const struct power_hooks *power, struct device **out);

/* The user presses the power button; nothing happens unless the guest listens. Context: any. */
void acpi_pm_power_button(struct device *device);

/* General purpose event `number` (0-63) has happened. Context: any. */
void acpi_pm_event(struct device *device, unsigned number);

#endif
