/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_PT_WALK_TYPES_H
#define CORE_PT_WALK_TYPES_H

#include <core/compiler.h>
#include <core/types.h>

#define PT_BITS    9
#define PT_ENTRIES (1U << PT_BITS)

/* A tree: its root and where table pages come from (zeroed, one page each). */
struct pt_tree {
    hpa_t root;
    unsigned max_leaf_level;                    /* largest page the hardware takes: 0 4K, 1 2M, 2 1G */
    unsigned top;                               /* level of the root, and */
    unsigned root_tables;                       /* how many tables it is; if the format has a choice */
    hpa_t (*table_alloc)(struct pt_tree *tree); /* HPA_NONE: out of memory */
    void (*table_free)(struct pt_tree *tree, hpa_t table);
};

struct pt_mapping {
    hpa_t pa;
    uint64_t size; /* of the page that maps it */
    uint64_t flags;
};

static inline unsigned pt_shift(unsigned level)
{
    return PAGE_SHIFT + PT_BITS * level;
}

/* Bytes of [va, va + size) that lie in va's slot of that level. */
static inline uint64_t pt_slot_rest(uint64_t va, uint64_t size, unsigned level)
{
    uint64_t rest = BIT(pt_shift(level)) - (va & (BIT(pt_shift(level)) - 1));

    return MIN(rest, size);
}
#endif
