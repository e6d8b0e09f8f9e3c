/* SPDX-License-Identifier: BSD-2-Clause */
#include "../vm/vm.h"
#include <errno.h>

/*
 * Whether the 2 MiB around `addr` can be one page: the slot covers them whole, and they are one chunk, which
 * is contiguous in the host. While dirty pages are being logged, pages are small.
 */
static bool large_page_fits(struct vm *vm, const struct gmem_slot *slot, gpa_t addr)
{
    uint64_t base = ALIGN_DOWN(addr.v, GMEM_CHUNK_SIZE);

    return base >= slot->base.v && slot->size - (base - slot->base.v) >= GMEM_CHUNK_SIZE &&
           (slot->ram_offset + (base - slot->base.v)) % GMEM_CHUNK_SIZE == 0 &&
           atomic_load(&vm->gmem.dirty) == NULL;
}

int vm_memory_fault(struct vm *vm, gpa_t addr, bool is_write)
{
    const struct gmem_slot *slot = gmem_slot_find(&vm->gmem, addr);
    uint64_t base, offset;
    unsigned level;
    hpa_t chunk;

    if (slot == NULL)
        return -ENOENT;
    if (is_write && slot->is_read_only)
        return -EACCES;
    level = large_page_fits(vm, slot, addr) ? 1 : 0;
    base = ALIGN_DOWN(addr.v, level ? GMEM_CHUNK_SIZE : PAGE_SIZE);
    offset = slot->ram_offset + (base - slot->base.v);
    chunk = gmem_chunk_ready(&vm->gmem, offset >> GMEM_CHUNK_SHIFT);
    return stage2_map_page(&vm->stage2, gpa(base), hpa_add(chunk, offset & (GMEM_CHUNK_SIZE - 1)), level,
                           slot->is_read_only ? STAGE2_READ_ONLY : 0);
}
