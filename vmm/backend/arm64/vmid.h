/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_VMID_H
#define ARM64_VMID_H

#include <core/compiler.h>
#include <core/sync.h>
#include <core/types.h>
#include <stdatomic.h>

/*
 * VMIDs tag a VM's translations in the TLBs of all CPUs (Arm ARM, D8.16.2), so a VM has the same on all. They
 * are handed out in generations: when they are used up a new one begins, everything is flushed once, and VMs
 * take another when they come by - but for those that run on some CPU at that moment, which keep theirs.
 * Pure, but for the flush and the lock.
 */
#define VMID_SHIFT 16 /* of the generation in a tag */

struct vmid_pool {
    struct spinlock lock;
    _Atomic uint64_t generation; /* written: lock; << VMID_SHIFT; never 0 */
    unsigned count;              /* immutable: VMIDs are 1 .. count - 1 */
    unsigned next;               /* lock: where to look for a free one first */
    uint64_t *used;              /* lock: bitmap */
    struct vmid_cpu {
        _Atomic uint64_t active; /* tag that the CPU uses; 0: none since the last roll-over */
        uint64_t reserved;       /* lock: what it used then, and may use on */
    } *cpus;                     /* [cpu_count] */
    unsigned cpu_count;          /* immutable */
    void (*flush_all)(void);     /* drops every guest's translations on all CPUs; lock held, interrupts off */
};

/* -ENOMEM; -EINVAL: there are more CPUs than VMIDs. Context: thread. */
must_check int vmid_pool_init(struct vmid_pool *pool, unsigned bits, unsigned cpus, void (*flush_all)(void));
void vmid_pool_fini(struct vmid_pool *pool);

/* The VMID with which `cpu` may use the VM whose tag this is (0 at its creation) until it asks for another
 * VM's. Interrupts off. */
uint32_t vmid_use(struct vmid_pool *pool, unsigned cpu, _Atomic uint64_t *tag);

#endif
