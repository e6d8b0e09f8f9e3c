/* SPDX-License-Identifier: BSD-2-Clause */
#include "mapped.h"

#include "../vm/vm.h"

/* A look at the tables costs about as much as fn() does for a page. */
#define LOOK_BYTES PAGE_SIZE

bool mapped_walk(struct vm *vm, struct mapped_walk *walk, uint64_t bytes,
                 void (*fn)(hpa_t start, uint64_t size))
{
    while (walk->slot < vm->gmem.slot_count) {
        const struct gmem_slot *slot = &vm->gmem.slots[walk->slot];
        uint64_t size;
        hpa_t page;

        if (walk->offset == slot->size) {
            walk->slot++;
            walk->offset = 0;
            continue;
        }
        if (bytes < LOOK_BYTES)
            return true;
        size = stage2_look(&vm->stage2, gpa_add(slot->base, walk->offset), slot->size - walk->offset, &page);
        if (hpa_valid(page)) {
            size = MIN(size, bytes);
            fn(page, size);
            bytes -= size;
        } else {
            bytes -= LOOK_BYTES;
        }
        walk->offset += size;
    }
    return false;
}
