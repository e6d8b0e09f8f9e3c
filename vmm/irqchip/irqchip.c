/* SPDX-License-Identifier: BSD-2-Clause */
#include "../dev/device.h"
#include "chip.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The x86 irqchip as a whole: creation, interrupt lines, state record. */

#define ISA_LINES    16
#define ISA_TIMER    0
#define ISA_CASCADE  2
#define IOAPIC_TIMER 2 /* the timer's pin on every PC; the MADT's interrupt source override says so */

void irqchip_line_set(struct irqchip *chip, unsigned gsi, bool level)
{
    if (gsi >= IOAPIC_PINS || gsi == ISA_CASCADE)
        return;
    if (gsi < ISA_LINES)
        pic_line_set(&chip->pic, gsi, level);
    ioapic_line_set(&chip->ioapic, gsi == ISA_TIMER ? IOAPIC_TIMER : gsi, level);
}

struct lapic *irqchip_lapic(struct irqchip *chip, unsigned vcpu)
{
    return &chip->lapics[vcpu];
}

struct device *irqchip_device(struct irqchip *chip)
{
    return &chip->device;
}

void irqchip_phys_bits_set(struct irqchip *chip, unsigned bits)
{
    chip->phys_bits = bits;
}

void irqchip_reset(struct irqchip *chip)
{
    for (unsigned i = 0; i < chip->count; i++)
        lapic_reset(&chip->lapics[i]);
    ioapic_reset(&chip->ioapic);
    pic_reset(&chip->pic);
}

static void device_reset(struct device *device)
{
    irqchip_reset(container_of(device, struct irqchip, device));
}

static void device_destroy(struct device *device)
{
    irqchip_destroy(container_of(device, struct irqchip, device));
}

static void device_save(struct device *device, struct state_writer *writer)
{
    struct irqchip *chip = container_of(device, struct irqchip, device);

    state_put_u32(writer, chip->count);
    for (unsigned i = 0; i < chip->count; i++)
        lapic_save(&chip->lapics[i], writer);
    ioapic_save(&chip->ioapic, writer);
    pic_save(&chip->pic, writer);
}

static int device_load(struct device *device, struct state_reader *reader, uint32_t version)
{
    struct irqchip *chip = container_of(device, struct irqchip, device);

    if (version != device->ops->version || state_get_u32(reader) != chip->count)
        return -EINVAL;
    for (unsigned i = 0; i < chip->count; i++) {
        int err = lapic_load(&chip->lapics[i], reader);

        if (err != 0)
            return err;
    }
    ioapic_load(&chip->ioapic, reader);
    pic_load(&chip->pic, reader);
    return state_reader_status(reader);
}

static const struct device_ops irqchip_ops = {
    .name = "irqchip",
    .version = 1,
    .reset = device_reset,
    .save = device_save,
    .load = device_load,
    .destroy = device_destroy,
};

/* --- life --- */

static int regions_add(struct irqchip *chip)
{
    int err = bus_add(chip->mmio, &chip->ioapic.region);
    unsigned added;

    if (err != 0)
        return err;
    for (added = 0; added < ARRAY_SIZE(chip->pic.regions); added++) {
        err = bus_add(chip->pio, &chip->pic.regions[added]);
        if (err != 0)
            break;
    }
    if (err == 0)
        return 0;
    while (added > 0)
        bus_remove(chip->pio, &chip->pic.regions[--added]);
    bus_remove(chip->mmio, &chip->ioapic.region);
    return err;
}

static void irqchip_free(struct irqchip *chip)
{
    free(chip->lapics);
    free(chip);
}

int irqchip_create(struct vcpu *const *vcpus, unsigned vcpu_count, struct bus *pio, struct bus *mmio,
                   struct vm_clock *clock, struct irqchip **out)
{
    struct irqchip *chip = calloc(1, sizeof(*chip));
    int err;

    if (chip == NULL)
        return -ENOMEM;
    chip->lapics = aligned_alloc(_Alignof(struct lapic), vcpu_count * sizeof(struct lapic));
    if (chip->lapics == NULL) {
        free(chip);
        return -ENOMEM;
    }
    chip->count = vcpu_count;
    chip->phys_bits = 52;
    chip->pio = pio;
    chip->mmio = mmio;
    chip->device.ops = &irqchip_ops;
    for (unsigned i = 0; i < vcpu_count; i++)
        lapic_create(&chip->lapics[i], chip, vcpus[i], i, clock);
    pic_init(&chip->pic, &chip->lapics[0]);
    chip->ioapic.chip = chip;
    chip->ioapic.region = (struct bus_region){
        .base = IOAPIC_BASE,
        .size = PAGE_SIZE,
        .read = ioapic_read,
        .write = ioapic_write,
        .device = &chip->ioapic,
        .name = "ioapic",
    };
    ioapic_reset(&chip->ioapic);
    err = regions_add(chip);
    if (err != 0) {
        irqchip_free(chip);
        return err;
    }
    *out = chip;
    return 0;
}

uint64_t irqchip_bytes(const struct irqchip *chip)
{
    return sizeof(*chip) + chip->count * sizeof(struct lapic);
}

void irqchip_destroy(struct irqchip *chip)
{
    for (unsigned i = 0; i < chip->count; i++)
        lapic_timer_stop(&chip->lapics[i]);
    for (unsigned i = 0; i < ARRAY_SIZE(chip->pic.regions); i++)
        bus_remove(chip->pio, &chip->pic.regions[i]);
    bus_remove(chip->mmio, &chip->ioapic.region);
    irqchip_free(chip);
}
