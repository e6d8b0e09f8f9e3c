/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FAKE_GMEM_H
#define FAKE_GMEM_H

/*
 * Guest memory of a test: slots of RAM whose chunks appear when touched, so that gigabytes cost nothing. A
 * window never reaches into the next chunk. One per program.
 */

#include "../../vmm/mem/gmem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_GMEM_CHUNKS 8192 /* 16 GiB */
#define FAKE_GMEM_SLOTS  8

struct fake_gmem {
    struct gmem gmem;
    struct gmem_slot slots[FAKE_GMEM_SLOTS];
    uint8_t *chunks[FAKE_GMEM_CHUNKS];
};

static struct fake_gmem fake_gmem;

static inline void fake_gmem_slot(uint64_t base, uint64_t end)
{
    fake_gmem.gmem.slots = fake_gmem.slots;
    if (fake_gmem.gmem.slot_count == FAKE_GMEM_SLOTS)
        abort();
    fake_gmem.gmem.generation++;
    fake_gmem.slots[fake_gmem.gmem.slot_count++] =
        (struct gmem_slot){.base = gpa(base), .size = end - base, .ram_offset = base};
}

/* No slots; the chunks stay, with what was in them. */
static inline void fake_gmem_empty(void)
{
    fake_gmem.gmem.generation++;
    fake_gmem.gmem.slot_count = 0;
}

static inline void fake_gmem_free(void)
{
    for (unsigned i = 0; i < FAKE_GMEM_CHUNKS; i++) {
        free(fake_gmem.chunks[i]);
        fake_gmem.chunks[i] = NULL;
    }
    fake_gmem_empty();
}

void *gmem_ptr(struct gmem *gmem, gpa_t address, size_t *length, bool is_write)
{
    for (unsigned i = 0; i < gmem->slot_count; i++) {
        const struct gmem_slot *slot = &gmem->slots[i];
        uint64_t offset = address.v - slot->base.v, in_chunk = address.v % GMEM_CHUNK_SIZE;
        uint8_t **chunk = &fake_gmem.chunks[address.v / GMEM_CHUNK_SIZE % FAKE_GMEM_CHUNKS];

        if (address.v < slot->base.v || offset >= slot->size)
            continue;
        if (*chunk == NULL)
            *chunk = calloc(1, GMEM_CHUNK_SIZE);
        if (*chunk == NULL || *length == 0)
            abort();
        *length = MIN(*length, MIN(slot->size - offset, GMEM_CHUNK_SIZE - in_chunk));
        return *chunk + in_chunk;
    }
    return NULL;
}

static inline int fake_gmem_copy(struct gmem *gmem, gpa_t address, void *bytes, size_t size, bool is_write)
{
    for (size_t done = 0, length; done < size; done += length) {
        void *at;

        length = size - done;
        at = gmem_ptr(gmem, gpa_add(address, done), &length, is_write);
        if (at == NULL)
            return -EFAULT;
        if (is_write)
            memcpy(at, (uint8_t *)bytes + done, length);
        else
            memcpy((uint8_t *)bytes + done, at, length);
    }
    return 0;
}

int gmem_read(struct gmem *gmem, gpa_t address, void *to, size_t size)
{
    return fake_gmem_copy(gmem, address, to, size, false);
}

int gmem_write(struct gmem *gmem, gpa_t address, const void *from, size_t size)
{
    return fake_gmem_copy(gmem, address, (void *)(uintptr_t)from, size, true);
}

#endif
