/* SPDX-License-Identifier: BSD-2-Clause */
/* Resource descriptors: ACPI 6.5, 6.4.2 (small) and 6.4.3 (large). */

#include "aml.h"

enum {
    TAG_IRQ = 0x22, /* without flags: edge-triggered, active high */
    TAG_IO = 0x47,
    TAG_MEMORY32_FIXED = 0x86,
    TAG_ADDRESS32 = 0x87,
    TAG_ADDRESS16 = 0x88,
    TAG_ADDRESS64 = 0x8a,
};

/* General flags: producer, positive decode, minimum and maximum fixed. */
#define WINDOW_FLAGS 0x0c
/* By kind: memory read/write and not cacheable; I/O over the entire range; bus numbers have none. */
static const uint8_t type_flags[] = {0x01, 0x03, 0x00};

static void word_put(struct aml *a, uint64_t value, size_t size)
{
    aml_bytes(a, &value, size);
}

void aml_res_io(struct aml *a, uint16_t base, uint8_t length)
{
    aml_byte(a, TAG_IO);
    aml_byte(a, 1); /* decodes 16 bits */
    word_put(a, base, 2);
    word_put(a, base, 2);
    aml_byte(a, 1); /* alignment */
    aml_byte(a, length);
}

void aml_res_irq(struct aml *a, unsigned irq)
{
    aml_byte(a, TAG_IRQ);
    word_put(a, BIT(irq), 2);
}

void aml_res_memory32(struct aml *a, uint32_t base, uint32_t length)
{
    aml_byte(a, TAG_MEMORY32_FIXED);
    word_put(a, 9, 2);
    aml_byte(a, 1); /* writeable */
    word_put(a, base, 4);
    word_put(a, length, 4);
}

/* 6.4.3.5: granularity, minimum, maximum, translation, length, each of `width` bytes. */
static void window_put(struct aml *a, uint8_t tag, enum aml_window kind, uint64_t first, uint64_t last,
                       size_t width)
{
    aml_byte(a, tag);
    word_put(a, 3 + 5 * width, 2);
    aml_byte(a, (uint8_t)kind);
    aml_byte(a, WINDOW_FLAGS);
    aml_byte(a, type_flags[kind]);
    word_put(a, 0, width);
    word_put(a, first, width);
    word_put(a, last, width);
    word_put(a, 0, width);
    word_put(a, last - first + 1, width);
}

void aml_res_window16(struct aml *a, enum aml_window kind, uint16_t first, uint16_t last)
{
    window_put(a, TAG_ADDRESS16, kind, first, last, 2);
}

void aml_res_window32(struct aml *a, enum aml_window kind, uint32_t first, uint32_t last)
{
    window_put(a, TAG_ADDRESS32, kind, first, last, 4);
}

void aml_res_window64(struct aml *a, enum aml_window kind, uint64_t first, uint64_t last)
{
    window_put(a, TAG_ADDRESS64, kind, first, last, 8);
}
