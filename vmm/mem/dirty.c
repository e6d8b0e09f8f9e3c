/* SPDX-License-Identifier: BSD-2-Clause */
#include "dirty.h"

#include "../vm/vm.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A page that is writable in stage 2 has its bit set, or somebody is about to set it, or about to take the
 * access away. So faults give access first and set the bit then; reading clears the bit first and takes the
 * access away then. Whatever order the two meet in, no write goes unnoticed; at worst a page is reported
 * twice.
 */
#define BITS_PER_WORD 64

uint64_t dirty_log_words(const struct vm *vm)
{
    return (vm->gmem.size >> PAGE_SHIFT) / BITS_PER_WORD; /* RAM is whole chunks */
}

bool dirty_log_is_on(const struct vm *vm)
{
    return atomic_load(&vm->gmem.dirty) != NULL;
}

int dirty_log_start(struct vm *vm)
{
    struct gmem *gmem = &vm->gmem;
    uint64_t bytes = dirty_log_words(vm) * sizeof(uint64_t);

    if (dirty_log_is_on(vm))
        return -EALREADY;
    if (gmem->dirty_bits == NULL)
        gmem->dirty_bits = malloc(bytes);
    if (gmem->dirty_bits == NULL)
        return -ENOMEM;
    memset(gmem->dirty_bits, 0, bytes);
    atomic_store(&gmem->dirty, gmem->dirty_bits);
    /* Faults under way may still map pages for writing. */
    vm_tlb_flush(vm);
    for (unsigned i = 0; i < gmem->slot_count; i++)
        stage2_write_protect(&vm->stage2, gmem->slots[i].base, gmem->slots[i].size);
    vm_tlb_flush(vm);
    return 0;
}

static bool range_is_valid(const struct vm *vm, uint64_t first, uint64_t count)
{
    uint64_t words = dirty_log_words(vm);

    return dirty_log_is_on(vm) && first <= words && count <= words - first;
}

int dirty_log_peek(struct vm *vm, uint64_t first, uint64_t *words, uint64_t count)
{
    if (!range_is_valid(vm, first, count))
        return -EINVAL;
    for (uint64_t i = 0; i < count; i++)
        words[i] = __atomic_load_n(&vm->gmem.dirty_bits[first + i], __ATOMIC_RELAXED);
    return 0;
}

/* Protects again what the words say, as far as this slot shows it; `first` is the number of the first word.
 */
static void protect_in_slot(struct vm *vm, const struct gmem_slot *slot, uint64_t first,
                            const uint64_t *words, uint64_t count)
{
    uint64_t begin = MAX(slot->ram_offset >> PAGE_SHIFT, first * BITS_PER_WORD);
    uint64_t end = MIN((slot->ram_offset + slot->size) >> PAGE_SHIFT, (first + count) * BITS_PER_WORD);

    for (uint64_t page = begin, next; page < end; page = next) {
        uint64_t word = words[page / BITS_PER_WORD - first] >> page % BITS_PER_WORD;

        next = ALIGN_DOWN(page, BITS_PER_WORD) + BITS_PER_WORD;
        if (word == 0)
            continue;
        page += (uint64_t)__builtin_ctzll(word);
        /* To the last dirty page of the word: whatever lies between is clean and thus protected already. */
        next = MIN(next, end);
        if (page >= end)
            return;
        stage2_write_protect(&vm->stage2, gpa(slot->base.v + (page << PAGE_SHIFT) - slot->ram_offset),
                             (next - page) << PAGE_SHIFT);
    }
}

int dirty_log_read(struct vm *vm, uint64_t first, uint64_t *words, uint64_t count)
{
    uint64_t any = 0;

    if (!range_is_valid(vm, first, count))
        return -EINVAL;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t *word = &vm->gmem.dirty_bits[first + i];

        /* Clean words stay shared among the caches of those who look at them. */
        words[i] =
            __atomic_load_n(word, __ATOMIC_RELAXED) ? __atomic_exchange_n(word, 0, __ATOMIC_SEQ_CST) : 0;
        any |= words[i];
    }
    if (any == 0)
        return 0;
    for (unsigned i = 0; i < vm->gmem.slot_count; i++)
        protect_in_slot(vm, &vm->gmem.slots[i], first, words, count);
    vm_tlb_flush(vm);
    return 0;
}

/*
 * One page instead of 512 small ones, wherever a chunk is shown whole; whole GiB likewise. A table below a
 * chunk's entry means that somebody has touched it, so it is not stale.
 */
static void slot_merge(struct vm *vm, const struct gmem_slot *slot)
{
    unsigned flags = slot->is_read_only ? STAGE2_READ_ONLY : 0;
    bool has_gib = stage2_max_level(&vm->stage2) >= 2;

    for (uint64_t base = ALIGN_UP(slot->base.v, GMEM_CHUNK_SIZE), end = slot->base.v + slot->size, size;
         base + GMEM_CHUNK_SIZE <= end; base += size) {
        uint64_t offset = slot->ram_offset + (base - slot->base.v);
        bool is_gib = has_gib && base % GMEM_BLOCK_SIZE == 0 && end - base >= GMEM_BLOCK_SIZE &&
                      gmem_block_is_whole(&vm->gmem, offset);

        size = is_gib ? GMEM_BLOCK_SIZE : GMEM_CHUNK_SIZE;
        if (offset % GMEM_CHUNK_SIZE == 0)
            stage2_merge(&vm->stage2, gpa(base), vm->gmem.chunks[offset >> GMEM_CHUNK_SHIFT].base,
                         is_gib ? 2 : 1, flags);
    }
}

void dirty_log_stop(struct vm *vm)
{
    struct stage2_retired *retired;

    if (!dirty_log_is_on(vm))
        return;
    atomic_store(&vm->gmem.dirty, NULL);
    /* Nobody splits pages or sets bits from now on. */
    vm_tlb_flush(vm);
    for (unsigned i = 0; i < vm->gmem.slot_count; i++)
        slot_merge(vm, &vm->gmem.slots[i]);
    retired = stage2_retired_take(&vm->stage2);
    vm_tlb_flush(vm);
    stage2_retired_free(&vm->stage2, retired);
}
