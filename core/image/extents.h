/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_IMAGE_EXTENTS_H
#define CORE_IMAGE_EXTENTS_H

#include <core/compiler.h>
#include <core/types.h>

/* A byte sequence in blocks of memory. Not locked: the owner serialises writers; full ones are read-only. */
struct extent {
    uint64_t start; /* offset of its first byte */
    hpa_t base;
    uint64_t size;
    uint8_t order;
    bool is_foreign; /* memory that does not come from page_alloc() */
};

struct extents {
    struct extent *list; /* sorted by start, without holes */
    size_t n, room;
    uint64_t capacity; /* bytes in all blocks */
};

/* Adds blocks until `capacity` bytes fit: the largest that are free and not larger than needed. -ENOMEM:
 * memory is out; what was added stays. */
must_check int extents_grow(struct extents *extents, uint64_t capacity);

must_check int extents_add_foreign(struct extents *extents, hpa_t base, uint64_t size);

/* Frees everything. */
void extents_free(struct extents *extents);

/* Bytes that lie in one piece from `offset` on, and where; 0 behind the last. */
must_check size_t extents_at(const struct extents *extents, uint64_t offset, void **bytes);

#endif
