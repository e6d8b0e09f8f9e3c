/* SPDX-License-Identifier: BSD-2-Clause */
#include "../vm/vm.h"
#include <core/panic.h>
#include <errno.h>

/* Where an address lies: the slot, and the page of some level around it. */
struct place {
    const struct gmem_slot *slot;
    uint64_t base;   /* guest-physical */
    uint64_t offset; /* of base, in RAM */
};

/*
 * Whether the page of that level around `addr` can be one: the slot covers it whole, and its memory is in a
 * row and as aligned in the host. 2 MiB are so by themselves, being one chunk; 1 GiB may be, and nothing in
 * it may be stale: nobody wants to wait until all that is cleared.
 */
static bool page_fits(const struct gmem *gmem, struct place *at, gpa_t addr, unsigned level)
{
    const struct gmem_slot *slot = at->slot;
    uint64_t size = BIT(pt_shift(level));

    at->base = ALIGN_DOWN(addr.v, size);
    at->offset = slot->ram_offset + (at->base - slot->base.v);
    if (level == 0)
        return true;
    return at->base >= slot->base.v && slot->size - (at->base - slot->base.v) >= size &&
           at->offset % size == 0 && (level < 2 || gmem_block_is_whole(gmem, at->offset));
}

/*
 * Maps the largest page that there can be. 1: something is mapped there already.
 * What was touched piece by piece is one large page when the last piece has been.
 */
static int map(struct vm *vm, struct place *at, gpa_t addr, bool is_logging)
{
    unsigned flags = is_logging || at->slot->is_read_only ? STAGE2_READ_ONLY : 0;
    int result = -EEXIST;

    for (unsigned level = MIN(stage2_max_level(&vm->stage2), 2U); result == -EEXIST; level--) {
        hpa_t page;

        ASSERT(level <= 2);
        if (!page_fits(&vm->gmem, at, addr, level))
            continue;
        page = hpa_add(gmem_chunk_ready(&vm->gmem, at->offset >> GMEM_CHUNK_SHIFT),
                       at->offset & (GMEM_CHUNK_SIZE - 1));
        result = stage2_map_page(&vm->stage2, gpa(at->base), page, level, flags);
    }
    return result;
}

/* The last piece of a GiB has been touched: one page instead of many, unless they are being watched. */
static void merge(struct vm *vm, struct place *at, gpa_t addr, bool is_logging)
{
    if (is_logging || stage2_max_level(&vm->stage2) < 2 || !page_fits(&vm->gmem, at, addr, 2))
        return;
    stage2_merge(&vm->stage2, gpa(at->base), gmem_chunk_ready(&vm->gmem, at->offset >> GMEM_CHUNK_SHIFT), 2,
                 at->slot->is_read_only ? STAGE2_READ_ONLY : 0);
}

/*
 * A page that is mapped read-only is written. While logging, so much as one small page is let go and noted;
 * if it cannot be split for lack of memory, the large page counts as written whole.
 */
static int allow(struct vm *vm, const struct place *at, gpa_t addr, bool is_logging)
{
    uint64_t size, base;
    int error = stage2_write_allow(&vm->stage2, addr, is_logging ? 0 : STAGE2_LEVEL_MAX, &size);

    if (error == -ENOMEM)
        error = stage2_write_allow(&vm->stage2, addr, STAGE2_LEVEL_MAX, &size);
    if (error)
        return error;
    /*
     * After the page has become writable: whoever clears the mark takes the access away after that, so that a
     * writable page without a mark cannot come about.
     */
    base = ALIGN_DOWN(addr.v, size);
    gmem_mark_dirty(&vm->gmem, at->slot->ram_offset + (base - at->slot->base.v), size);
    return 0;
}

int vm_memory_fault(struct vm *vm, gpa_t addr, bool is_write)
{
    struct place at = {.slot = gmem_slot_find(&vm->gmem, addr)};
    bool is_logging = atomic_load(&vm->gmem.dirty) != NULL;
    int result;

    if (at.slot == NULL)
        return -ENOENT;
    if (is_write && at.slot->is_read_only)
        return -EACCES;
    result = map(vm, &at, addr, is_logging);
    if (result == 0)
        merge(vm, &at, addr, is_logging);
    if (result >= 0 && is_write && (result == 1 || is_logging))
        return allow(vm, &at, addr, is_logging);
    return MIN(result, 0);
}
