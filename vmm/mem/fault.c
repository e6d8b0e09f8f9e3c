/* SPDX-License-Identifier: BSD-2-Clause */
#include "../vm/vm.h"
#include <errno.h>

/*
 * The page of `level` around `addr`, if the slot covers it whole and guest-physical and host-physical
 * addresses agree in the bits below it. Chunks of 2 MiB are contiguous in the host by construction; 1 GiB is
 * if all its chunks are neighbours.
 */
static bool page_fits(struct vm *vm, const struct gmem_slot *slot, gpa_t addr, unsigned level)
{
    uint64_t size = BIT(PAGE_SHIFT + 9 * level), base = ALIGN_DOWN(addr.v, size);
    uint64_t offset = slot->ram_offset + (base - slot->base.v);

    if (base < slot->base.v || slot->size - (base - slot->base.v) < size)
        return false;
    return level == 0 ||
           (level == 1 && offset % GMEM_CHUNK_SIZE == 0 && atomic_load(&vm->gmem.dirty) == NULL);
}

int vm_memory_fault(struct vm *vm, gpa_t addr, bool is_write)
{
    const struct gmem_slot *slot = gmem_slot_find(&vm->gmem, addr);
    unsigned level = MIN(stage2_max_level(&vm->stage2), 1U);
    uint64_t base, offset;
    hpa_t chunk;

    if (slot == NULL)
        return -ENOENT;
    if (is_write && slot->is_read_only)
        return -EACCES;
    while (!page_fits(vm, slot, addr, level))
        level--;
    base = ALIGN_DOWN(addr.v, BIT(PAGE_SHIFT + 9 * level));
    offset = slot->ram_offset + (base - slot->base.v);
    chunk = gmem_chunk_ready(&vm->gmem, offset >> GMEM_CHUNK_SHIFT);
    return stage2_map_page(&vm->stage2, gpa(base), hpa_add(chunk, offset & (GMEM_CHUNK_SIZE - 1)), level,
                           slot->is_read_only ? STAGE2_READ_ONLY : 0);
}
