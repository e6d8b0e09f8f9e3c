/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_MM_POISON_H
#define CORE_MM_POISON_H

#include <core/panic.h>
#include <stdint.h>
#include <string.h>

/*
 * Debug builds fill free objects with a pattern: a write after free is found when the object is handed out
 * again, a second free at once. The pattern depends on the address, so that no user's data looks like it, and
 * makes pointers that are not canonical. The first word is left out: slabs link free objects through it.
 */
#define POISON_NEW 0xa5 /* what a new object is filled with */

static inline uint64_t poison_word(const uint64_t *place)
{
    return (uintptr_t)place ^ 0xdf5adf5adf5adf5aULL;
}

static inline void poison_set(void *object, size_t size)
{
    uint64_t *words = object;

    for (size_t i = 0; i < size / sizeof(*words); i++)
        words[i] = poison_word(&words[i]);
}

static inline bool poison_intact(const void *object, size_t size)
{
    const uint64_t *words = object;

    for (size_t i = 1; i < size / sizeof(*words); i++)
        if (words[i] != poison_word(&words[i]))
            return false;
    return true;
}

static inline void poison_check_alloc(void *object, size_t size, const char *name)
{
    if (!poison_intact(object, size))
        panic("%s at %p was written to after it had been freed", name, object);
    memset(object, POISON_NEW, size);
}

static inline void poison_check_free(void *object, size_t size, const char *name)
{
    if (size > sizeof(uint64_t) && poison_intact(object, size))
        panic("%s at %p is freed twice", name, object);
    poison_set(object, size);
}

#endif
