/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

/*
 * A bump allocator over one buffer, for what is built once at boot and never freed piecewise. Pure: the
 * caller owns the buffer. Context: any; one user at a time.
 */

#include <core/compiler.h>
#include <stdint.h>
#include <string.h>

struct arena {
    uint8_t *base;
    size_t size; /* bytes */
    size_t used; /* bytes, alignment gaps included */
};

static inline void arena_init(struct arena *a, void *buffer, size_t size)
{
    *a = (struct arena){.base = buffer, .size = size};
}

/*
 * count * size zeroed bytes, aligned to align (a power of two), or NULL when the arena has no room for them;
 * the arena is unchanged then. count * size may overflow: that is "no room".
 */
static inline must_check void *arena_alloc(struct arena *a, size_t count, size_t size, size_t align)
{
    uintptr_t start = ALIGN_UP((uintptr_t)a->base + a->used, align);
    size_t offset = start - (uintptr_t)a->base;
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes) || offset > a->size || bytes > a->size - offset)
        return NULL;
    a->used = offset + bytes;
    return memset(a->base + offset, 0, bytes);
}

/* A growing array in an arena. Growth copies to a new place, so it wastes at most as much again as it holds.
 */
struct arena_array {
    void *items;
    size_t count;
    size_t capacity;
};

/* A new zeroed item at the end of the array, or NULL when the arena is full (the array is unchanged then). */
static inline must_check void *arena_array_push(struct arena *a, struct arena_array *v, size_t size,
                                                size_t align)
{
    if (v->count == v->capacity) {
        size_t capacity = v->capacity ? v->capacity * 2 : 8;
        void *items = arena_alloc(a, capacity, size, align);

        if (items == NULL)
            return NULL;
        if (v->count)
            memcpy(items, v->items, v->count * size);
        v->items = items;
        v->capacity = capacity;
    }
    return (uint8_t *)v->items + v->count++ * size;
}

#define ARENA_NEW(a, type, count) ((type *)arena_alloc((a), (count), sizeof(type), _Alignof(type)))
#define ARENA_PUSH(a, v, type)    ((type *)arena_array_push((a), (v), sizeof(type), _Alignof(type)))

#endif
