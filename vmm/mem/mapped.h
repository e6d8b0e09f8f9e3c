/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_MEM_MAPPED_H
#define VMM_MEM_MAPPED_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * A walk over all RAM that is mapped in a VM's stage 2: what the guest can have seen of it until now. It is
 * done in pieces, between which the guest may run and tables come and go; what is mapped behind the place
 * where the walk is, and stays, is met.
 */
struct vm;

struct mapped_walk {
    unsigned slot;   /* its number; {0}: the walk has not begun */
    uint64_t offset; /* in it */
};

/*
 * Calls fn(start, size) for each piece of memory in a row, until there were `bytes` of it (or that many pages
 * of 4K without anything). False: that was the end. Context: thread that vm_tlb_flush() waits for, or no vCPU
 * runs.
 */
must_check bool mapped_walk(struct vm *vm, struct mapped_walk *walk, uint64_t bytes,
                            void (*fn)(hpa_t start, uint64_t size));

#endif
