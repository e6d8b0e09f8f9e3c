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

/* One 8259A; all under the pair's lock. */
struct pic_half {
    uint8_t imr, isr, base;
    uint8_t lowest;    /* the input with the lowest priority: 7 unless rotated */
    uint8_t elcr;      /* inputs that are level-triggered */
    uint8_t init_step; /* the ICW expected next (2-4), 0: initialised */
    bool needs_icw4, is_single;
    bool is_auto_eoi, is_auto_rotating, is_special_mask, is_fully_nested;
    bool is_isr_selected, is_polled;
};

/*
 * The pair, cascaded at input 2 as in every PC. Lines change without the lock unless a line is watched, which
 * masked ones are not.
 */
struct pic {
    _Atomic uint32_t inputs;  /* 15:0 levels of the 16 lines, 31:16 edges that were not acknowledged */
    _Atomic uint32_t watched; /* written under lock: lines that are not masked */
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
