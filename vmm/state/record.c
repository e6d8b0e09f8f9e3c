/* SPDX-License-Identifier: BSD-2-Clause */
#include "state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The contents of records. */

#define CAPACITY_MIN 4096

void state_writer_init(struct state_writer *w)
{
    *w = (struct state_writer){0};
}

void state_writer_fini(struct state_writer *w)
{
    free(w->bytes);
    *w = (struct state_writer){0};
}

static bool room_make(struct state_writer *w, size_t size)
{
    size_t capacity = MAX(w->capacity, (size_t)CAPACITY_MIN);
    uint8_t *grown;

    if (w->error)
        return false;
    if (size <= w->capacity - w->size)
        return true;
    while (capacity - w->size < size && capacity <= SIZE_MAX / 2)
        capacity *= 2;
    grown = capacity - w->size < size ? NULL : realloc(w->bytes, capacity);
    if (grown == NULL) {
        w->error = -ENOMEM;
        return false;
    }
    w->bytes = grown;
    w->capacity = capacity;
    return true;
}

void state_put_bytes(struct state_writer *w, const void *bytes, size_t size)
{
    if (size == 0 || !room_make(w, size))
        return;
    memcpy(w->bytes + w->size, bytes, size);
    w->size += size;
}

static void put(struct state_writer *w, uint64_t value, unsigned size)
{
    uint8_t bytes[8];

    for (unsigned i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    state_put_bytes(w, bytes, size);
}

void state_put_u8(struct state_writer *w, uint8_t value)
{
    put(w, value, 1);
}

void state_put_u32(struct state_writer *w, uint32_t value)
{
    put(w, value, 4);
}

void state_put_u64(struct state_writer *w, uint64_t value)
{
    put(w, value, 8);
}

void state_reader_init(struct state_reader *r, const void *bytes, size_t size)
{
    *r = (struct state_reader){.bytes = bytes, .size = size};
}

void state_get_bytes(struct state_reader *r, void *bytes, size_t size)
{
    if (r->is_short || size > r->size - r->at) {
        r->is_short = true;
        memset(bytes, 0, size);
        return;
    }
    if (size > 0)
        memcpy(bytes, r->bytes + r->at, size);
    r->at += size;
}

static uint64_t get(struct state_reader *r, unsigned size)
{
    uint8_t bytes[8];
    uint64_t value = 0;

    state_get_bytes(r, bytes, size);
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

uint8_t state_get_u8(struct state_reader *r)
{
    return (uint8_t)get(r, 1);
}

uint32_t state_get_u32(struct state_reader *r)
{
    return (uint32_t)get(r, 4);
}

uint64_t state_get_u64(struct state_reader *r)
{
    return get(r, 8);
}

int state_reader_status(const struct state_reader *r)
{
    return r->is_short ? -EINVAL : 0;
}
