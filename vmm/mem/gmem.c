/* SPDX-License-Identifier: BSD-2-Clause */
#include "gmem.h"

#include <arch/cpu.h>
#include <core/mm.h>
#include <core/thread.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_ORDER PAGE_ORDER_2M

/*
 * Memory is taken in the largest blocks there are, so that a chunk's neighbours are usually its physical
 * neighbours too and stage 2 can use 1 GiB pages; each chunk is given back by itself, and the buddy allocator
 * joins them again.
 */
static uint64_t chunks_alloc(struct gmem *gmem, uint64_t first, uint64_t count)
{
    uint64_t chunks_1g = GIB(1) / GMEM_CHUNK_SIZE;
    bool want_1g = first % chunks_1g == 0 && count - first >= chunks_1g;
    hpa_t block = want_1g ? page_alloc(PAGE_ORDER_1G, 0, gmem->node) : HPA_NONE;
    uint64_t n = hpa_valid(block) ? chunks_1g : 1;

    if (!hpa_valid(block))
        block = page_alloc(CHUNK_ORDER, 0, gmem->node);
    if (!hpa_valid(block))
        return 0;
    if (n > 1)
        page_split(block, PAGE_ORDER_1G, CHUNK_ORDER);
    if (n > 1)
        gmem->blocks[first / n].is_contiguous = true;
    for (uint64_t i = 0; i < n; i++)
        gmem->chunks[first + i] = (struct gmem_chunk){.base = hpa_add(block, i << GMEM_CHUNK_SHIFT)};
    return n;
}

static void chunks_free(struct gmem *gmem, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        page_free(gmem->chunks[i].base, CHUNK_ORDER);
}

int gmem_init(struct gmem *gmem, uint64_t size, unsigned node)
{
    uint64_t count = size >> GMEM_CHUNK_SHIFT, n;

    if (size == 0 || size % GMEM_CHUNK_SIZE != 0)
        return -EINVAL;
    *gmem = (struct gmem){.size = size, .node = node};
    gmem->chunks = calloc(count, sizeof(*gmem->chunks));
    gmem->blocks = calloc(MAX(size >> GMEM_BLOCK_SHIFT, 1ULL), sizeof(*gmem->blocks));
    if (gmem->chunks == NULL || gmem->blocks == NULL) {
        gmem->size = 0;
        gmem_fini(gmem);
        return -ENOMEM;
    }
    for (uint64_t i = 0; i < count; i += n) {
        n = chunks_alloc(gmem, i, count);
        if (n == 0) {
            gmem->size = i << GMEM_CHUNK_SHIFT;
            gmem_fini(gmem); /* and once more, it finds nothing */
            return -ENOMEM;
        }
    }
    return 0;
}

void gmem_fini(struct gmem *gmem)
{
    chunks_free(gmem, gmem->size >> GMEM_CHUNK_SHIFT);
    free(gmem->chunks);
    free(gmem->blocks);
    free(gmem->slots);
    free(gmem->dirty_bits);
    *gmem = (struct gmem){0};
}

int gmem_slot_add(struct gmem *gmem, const struct gmem_slot *slot)
{
    uint64_t end = slot->base.v + slot->size;
    struct gmem_slot *grown;
    unsigned at = 0;

    if (slot->size == 0 || end < slot->base.v ||
        !IS_ALIGNED(slot->base.v | slot->size | slot->ram_offset, PAGE_SIZE) ||
        slot->ram_offset > gmem->size || slot->size > gmem->size - slot->ram_offset)
        return -EINVAL;
    for (unsigned i = 0; i < gmem->slot_count; i++) {
        const struct gmem_slot *s = &gmem->slots[i];

        if (slot->base.v < s->base.v + s->size && s->base.v < end)
            return -EEXIST;
        if (s->base.v < slot->base.v)
            at = i + 1;
    }
    grown = realloc(gmem->slots, (gmem->slot_count + 1) * sizeof(*grown));
    if (grown == NULL)
        return -ENOMEM;
    memmove(&grown[at + 1], &grown[at], (gmem->slot_count - at) * sizeof(*grown));
    grown[at] = *slot;
    gmem->slots = grown;
    gmem->slot_count++;
    gmem->generation++;
    return 0;
}

const struct gmem_slot *gmem_slot_find(const struct gmem *gmem, gpa_t addr)
{
    unsigned low = 0, high = gmem->slot_count;

    while (low < high) {
        unsigned mid = low + (high - low) / 2;
        const struct gmem_slot *s = &gmem->slots[mid];

        if (addr.v < s->base.v)
            high = mid;
        else if (addr.v - s->base.v >= s->size)
            low = mid + 1;
        else
            return s;
    }
    return NULL;
}

/* Whoever comes first clears; the others wait for it, which takes as long as writing 2 MiB. */
hpa_t gmem_chunk_ready(struct gmem *gmem, uint64_t index)
{
    struct gmem_chunk *chunk = &gmem->chunks[index];
    uint8_t stale = GMEM_CHUNK_STALE;

    if (likely(atomic_load_explicit(&chunk->state, memory_order_acquire) == GMEM_CHUNK_READY))
        return chunk->base;
    /* Not preempted half-way: a more urgent thread on this CPU that needs the chunk would wait for ever. */
    preempt_disable();
    if (atomic_compare_exchange_strong(&chunk->state, &stale, GMEM_CHUNK_CLEARING)) {
        memset(hpa_to_ptr(chunk->base), 0, GMEM_CHUNK_SIZE);
        atomic_store_explicit(&chunk->state, GMEM_CHUNK_READY, memory_order_release);
        if (index >> (GMEM_BLOCK_SHIFT - GMEM_CHUNK_SHIFT) < gmem->size >> GMEM_BLOCK_SHIFT)
            atomic_fetch_add(&gmem->blocks[index >> (GMEM_BLOCK_SHIFT - GMEM_CHUNK_SHIFT)].ready, 1);
    }
    preempt_enable();
    while (atomic_load_explicit(&chunk->state, memory_order_acquire) != GMEM_CHUNK_READY)
        arch_relax();
    return chunk->base;
}

bool gmem_block_is_whole(const struct gmem *gmem, uint64_t ram_offset)
{
    const struct gmem_block *block = &gmem->blocks[ram_offset >> GMEM_BLOCK_SHIFT];

    return ram_offset % GMEM_BLOCK_SIZE == 0 && ram_offset + GMEM_BLOCK_SIZE <= gmem->size &&
           block->is_contiguous && atomic_load(&block->ready) == GMEM_BLOCK_SIZE / GMEM_CHUNK_SIZE;
}

void gmem_mark_dirty(struct gmem *gmem, uint64_t ram_offset, uint64_t size)
{
    uint64_t *dirty = atomic_load_explicit(&gmem->dirty, memory_order_acquire);

    if (likely(dirty == NULL) || size == 0)
        return;
    for (uint64_t page = ram_offset >> PAGE_SHIFT; page <= (ram_offset + size - 1) >> PAGE_SHIFT; page++)
        __atomic_fetch_or(&dirty[page / 64], BIT(page % 64), __ATOMIC_RELEASE);
}

/* gmem_ptr() but for the log; *offset: in RAM. */
static void *ptr_at(struct gmem *gmem, gpa_t addr, size_t *length, bool is_write, uint64_t *offset)
{
    const struct gmem_slot *slot = gmem_slot_find(gmem, addr);
    uint64_t in_slot, room;

    if (slot == NULL || (is_write && slot->is_read_only) || *length == 0)
        return NULL;
    in_slot = addr.v - slot->base.v;
    *offset = slot->ram_offset + in_slot;
    room = MIN(slot->size - in_slot, GMEM_CHUNK_SIZE - (*offset & (GMEM_CHUNK_SIZE - 1)));
    *length = MIN(*length, room);
    return (char *)hpa_to_ptr(gmem_chunk_ready(gmem, *offset >> GMEM_CHUNK_SHIFT)) +
           (*offset & (GMEM_CHUNK_SIZE - 1));
}

void *gmem_ptr(struct gmem *gmem, gpa_t addr, size_t *length, bool is_write)
{
    uint64_t offset;
    void *ptr = ptr_at(gmem, addr, length, is_write, &offset);

    if (is_write && ptr != NULL)
        gmem_mark_dirty(gmem, offset, *length);
    return ptr;
}

/* Whether all of [addr, addr + size) is RAM that may be accessed so; slot by slot. */
static bool range_ok(const struct gmem *gmem, gpa_t addr, uint64_t size, bool is_write)
{
    if (addr.v + size < addr.v)
        return false;
    while (size > 0) {
        const struct gmem_slot *slot = gmem_slot_find(gmem, addr);
        uint64_t rest;

        if (slot == NULL || (is_write && slot->is_read_only))
            return false;
        rest = slot->size - (addr.v - slot->base.v);
        if (rest >= size)
            return true;
        addr = gpa_add(addr, rest);
        size -= rest;
    }
    return true;
}

int gmem_read(struct gmem *gmem, gpa_t addr, void *to, size_t size)
{
    if (!range_ok(gmem, addr, size, false))
        return -EFAULT;
    while (size > 0) {
        size_t n = size;
        const void *from = gmem_ptr(gmem, addr, &n, false);

        if (from == NULL)
            return -EFAULT;
        memcpy(to, from, n);
        to = (char *)to + n;
        addr = gpa_add(addr, n);
        size -= n;
    }
    return 0;
}

int gmem_write(struct gmem *gmem, gpa_t addr, const void *from, size_t size)
{
    if (!range_ok(gmem, addr, size, true))
        return -EFAULT;
    while (size > 0) {
        size_t n = size;
        uint64_t offset;
        void *to = ptr_at(gmem, addr, &n, true, &offset);

        if (to == NULL)
            return -EFAULT;
        memcpy(to, from, n);
        gmem_mark_dirty(gmem, offset, n);
        from = (const char *)from + n;
        addr = gpa_add(addr, n);
        size -= n;
    }
    return 0;
}
