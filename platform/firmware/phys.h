/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FIRMWARE_PHYS_H
#define FIRMWARE_PHYS_H

/* Checked reading of physical memory. */

#include "handover.h"

#include <core/bytes.h>

/* The longest string anybody hands over; EFI and GRUB know no limit, Linux says 2048. */
#define PHYS_STRING_MAX 65536

/* size bytes at address, or NULL: size 0, wrap-around or not readable. */
static inline const void *phys_map(const struct phys_reader *reader, uint64_t address, uint64_t size)
{
    if (size == 0 || size > SIZE_MAX || address + (size - 1) < address)
        return NULL;
    return reader->map(reader, hpa(address), (size_t)size);
}

static inline must_check bool phys_copy(const struct phys_reader *reader, uint64_t address, void *to,
                                        size_t size)
{
    const void *from = phys_map(reader, address, size);

    if (from == NULL)
        return false;
    memcpy(to, from, size);
    return true;
}

/*
 * A copy of the NUL-terminated string at address, cut at PHYS_STRING_MAX. NULL when it cannot be read or the
 * arena is full.
 */
char *phys_string(const struct phys_reader *reader, struct arena *arena, uint64_t address);

/* The string in the arena, NULL when full. */
char *text_copy(struct arena *arena, const char *text, size_t length);

#endif
