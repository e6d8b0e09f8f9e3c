/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_IRQCHIP_PIC_H
#define VMM_IRQCHIP_PIC_H

#include "../dev/bus.h"
#include "irqchip.h"
#include <core/sync.h>
#include <stdatomic.h>

struct lapic;
struct state_reader;
struct state_writer;

/* One 8259A but for its mask; all under the pair's lock. */
struct pic_half {
    uint8_t isr, base;
    uint8_t lowest; /* the input with the lowest priority: 7 unless rotated */
    uint8_t elcr;   /* inputs that are level-triggered */
    bool needs_icw4, is_single;
    bool is_auto_eoi, is_auto_rotating, is_special_mask, is_fully_nested;
    bool is_isr_selected, is_polled;
};

/*
 * The pair, cascaded at input 2 as in every PC. Lines that are masked change without the lock, and so do
 * masks that keep no request back. Whoever changes a line looks at the masks afterwards, whoever changes a
 * mask at the lines, and takes the lock if the output may be another then: one of the two sees the other.
 */
struct pic {
    _Atomic uint32_t inputs; /* 15:0 levels of the 16 lines, 31:16 edges that were not acknowledged */
    /* Of each half: 7:0 the mask (IMR), 15:8 the ICW expected next (2-4), 0: initialised. Without the lock
     * only the mask of one that is initialised changes. */
    _Atomic uint16_t control[2];
    struct spinlock lock;
    struct pic_half half[2]; /* lock: master, slave */
    bool output;             /* lock: INTR, as last told to the local APIC */
    struct lapic *lapic;     /* immutable: whose LINT0 the INTR pin is connected to */
    struct bus_region regions[3];
};

void pic_init(struct pic *pic, struct lapic *lapic);
void pic_reset(struct pic *pic);

/* Context: any (callers of the same line serialise among themselves). */
void pic_line_set(struct pic *pic, unsigned line, bool level);

/* The vector that an acknowledge cycle would yield now. Context: any. */
uint8_t pic_vector_peek(struct pic *pic);
/* The acknowledge cycle. Context: any. */
uint8_t pic_acknowledge(struct pic *pic);

void pic_save(struct pic *pic, struct state_writer *writer);
void pic_load(struct pic *pic, struct state_reader *reader);

#endif
