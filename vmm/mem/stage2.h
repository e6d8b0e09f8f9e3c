/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_MEM_STAGE2_H
#define VMM_MEM_STAGE2_H

#include <core/compiler.h>
#include <core/pt/walk_types.h>
#include <core/sync.h>
#include <core/types.h>

/*
 * A VM's second stage of translation: guest-physical to host-physical. Filled by faults, on all vCPUs in
 * parallel and without a lock; changes that take something away are serialised. The linked backend supplies
 * the format (vmm/backend).
 */
struct stage2 {
    struct pt_tree tree;
    struct spinlock lock; /* unmap, protect */
    _Atomic uint64_t table_bytes;
    unsigned node; /* immutable */
};

enum stage2_flags {
    STAGE2_READ_ONLY = 1 << 0,
};

must_check int stage2_init(struct stage2 *s2, unsigned node);
/* Frees every table. No vCPU may use it any more. */
void stage2_fini(struct stage2 *s2);

/* What the backend loads into the control block. */
hpa_t stage2_root(const struct stage2 *s2);
/* The largest page the hardware maps: 0 4K, 1 2M, 2 1G. */
unsigned stage2_max_level(const struct stage2 *s2);

/*
 * Maps one page of 4K << 9 * level. If another vCPU was faster, its mapping stays and that is success as
 * well. -ENOMEM without memory for tables. Context: thread; in parallel with itself.
 */
must_check int stage2_map_page(struct stage2 *s2, gpa_t gpa, hpa_t hpa, unsigned level, unsigned flags);

/*
 * Takes write access from [gpa, gpa + size) or gives it back to a page, splitting large pages to 4K where the
 * range ends inside or `split` is asked for (dirty logging). The caller flushes the guest's TLBs. -ENOMEM: a
 * split failed. Context: thread.
 */
must_check int stage2_protect(struct stage2 *s2, gpa_t gpa, uint64_t size, unsigned flags);
must_check int stage2_unmap(struct stage2 *s2, gpa_t gpa, uint64_t size);

/* Whether `gpa` is mapped, and how. Context: any. */
bool stage2_query(const struct stage2 *s2, gpa_t gpa, struct pt_mapping *out);

#endif
