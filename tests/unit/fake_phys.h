/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FAKE_PHYS_H
#define FAKE_PHYS_H

/* Physical memory of a test: a few pieces at chosen addresses. What lies in no piece cannot be read. */

#include "../../platform/firmware/phys.h"

#include <stdlib.h>

#define FAKE_PIECES 32

struct fake_phys {
    struct phys_reader reader;
    size_t count;
    struct {
        uint64_t base;
        size_t size;
        uint8_t *bytes; /* of exactly this size, so that ASan sees a read beyond it */
    } pieces[FAKE_PIECES];
};

static inline const void *fake_phys_map(const struct phys_reader *self, hpa_t address, size_t size)
{
    const struct fake_phys *f = container_of(self, const struct fake_phys, reader);

    for (size_t i = 0; i < f->count; i++) {
        uint64_t offset = address.v - f->pieces[i].base;

        if (address.v >= f->pieces[i].base && offset < f->pieces[i].size &&
            size <= f->pieces[i].size - offset)
            return f->pieces[i].bytes + offset;
    }
    return NULL;
}

static inline void fake_phys_init(struct fake_phys *f)
{
    memset(f, 0, sizeof(*f));
    f->reader.map = fake_phys_map;
}

static inline uint8_t *fake_phys_add(struct fake_phys *f, uint64_t base, const void *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    if (f->count == FAKE_PIECES || copy == NULL)
        abort();
    if (bytes)
        memcpy(copy, bytes, size);
    else
        memset(copy, 0, size);
    f->pieces[f->count].base = base;
    f->pieces[f->count].size = size;
    f->pieces[f->count++].bytes = copy;
    return copy;
}

static inline void fake_phys_free(struct fake_phys *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->pieces[i].bytes);
}

/* An ACPI table: signature, length, checksum around a body that begins after the 36-byte header. */
static inline void fake_acpi_seal(uint8_t *table, const char *signature, uint32_t length)
{
    uint8_t sum = 0;

    memcpy(table, signature, 4);
    put_u32(table + 4, length);
    table[9] = 0;
    for (uint32_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + table[i]);
    table[9] = (uint8_t)-sum;
}

/* RSDP revision 2 at `at`, pointing to an XSDT. */
static inline void fake_rsdp_add(struct fake_phys *f, uint64_t at, uint64_t xsdt)
{
    uint8_t *r = fake_phys_add(f, at, NULL, 36);
    uint8_t sum = 0;

    memcpy(r, "RSD PTR ", 8);
    r[15] = 2;
    put_u32(r + 20, 36);
    put_u64(r + 24, xsdt);
    for (int i = 0; i < 20; i++)
        sum = (uint8_t)(sum + r[i]);
    r[8] = (uint8_t)-sum;
    sum = 0;
    for (int i = 0; i < 36; i++)
        sum = (uint8_t)(sum + r[i]);
    r[32] = (uint8_t)-sum;
}

/* An XSDT at `at` with count addresses. */
static inline void fake_xsdt_add(struct fake_phys *f, uint64_t at, const uint64_t *tables, size_t count)
{
    uint8_t *x = fake_phys_add(f, at, NULL, 36 + 8 * count);

    for (size_t i = 0; i < count; i++)
        put_u64(x + 36 + 8 * i, tables[i]);
    fake_acpi_seal(x, "XSDT", (uint32_t)(36 + 8 * count));
}

static inline bool has_warning(const struct host_info *info, const char *part)
{
    for (const struct host_warning *w = info->warnings; w; w = w->next) {
        if (strstr(w->text, part))
            return true;
    }
    return false;
}

#endif
