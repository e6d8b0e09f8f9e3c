/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_IRQCHIP_IOAPIC_H
#define VMM_IRQCHIP_IOAPIC_H

#include "../dev/bus.h"
#include "irqchip.h"
#include <stdatomic.h>

struct state_reader;
struct state_writer;

#define IOAPIC_BASE 0xfec00000ULL
#define IOAPIC_PINS 24

/*
 * An 82093AA with the EOI register of later chips (version 0x20, as q35 guests know it). No lock: lines,
 * remote IRRs and each redirection entry are atomic words. A pin is delivered by whoever sets its remote IRR.
 */
struct ioapic {
    _Atomic uint32_t lines;                /* bit per pin: asserted */
    _Atomic uint32_t remote_irr;           /* bit per pin: level interrupt sent, EOI not seen */
    _Atomic uint64_t entries[IOAPIC_PINS]; /* redirection table, without the two read-only bits */
    _Atomic uint32_t index, id;            /* registers; guests serialise them */
    struct irqchip *chip;                  /* immutable */
    struct bus_region region;
};

void ioapic_reset(struct ioapic *ioapic);

/* Context: any, several at once (callers of the same pin serialise among themselves). */
void ioapic_line_set(struct ioapic *ioapic, unsigned pin, bool level);

/* A local APIC has seen the EOI of a level interrupt. Context: any. */
void ioapic_eoi(struct ioapic *ioapic, uint8_t vector);

uint64_t ioapic_read(void *device, uint64_t offset, unsigned size);
void ioapic_write(void *device, uint64_t offset, unsigned size, uint64_t value);

void ioapic_save(const struct ioapic *ioapic, struct state_writer *writer);
void ioapic_load(struct ioapic *ioapic, struct state_reader *reader);

#endif
