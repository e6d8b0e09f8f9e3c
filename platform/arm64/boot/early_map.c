/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs before anything else, in part with the MMU off: all memory is Device memory then, where accesses must
 * be aligned (Arm ARM, D8.2.12), so this file is compiled for that and calls nobody.
 */
#include <platform/image.h>

#include "../mm/entry.h"
#include "boot.h"

/* In memory that is in use before .bss is cleared; head.S has the room. */
struct early_state {
    uint64_t tables[EARLY_TABLES][PT_ENTRIES];
    struct pt_tree tree;
    unsigned used;
};
_Static_assert(sizeof(struct early_state) <= EARLY_STATE_SIZE, "head.S reserves enough");

extern struct early_state early_state;

static hpa_t table_alloc(struct pt_tree *unused)
{
    volatile uint64_t *table;

    (void)unused;
    if (early_state.used == EARLY_TABLES)
        return HPA_NONE;
    table = early_state.tables[early_state.used++];
    for (unsigned i = 0; i < PT_ENTRIES; i++)
        table[i] = 0;
    return hpa((uint64_t)table);
}

static bool map(uint64_t base, uint64_t end, unsigned flags)
{
    return host_pt_map(&early_state.tree, base, hpa(base), end - base, paging_leaf_flags(flags)) == 0;
}

uint64_t early_map_init(void)
{
    early_state.used = 0;
    early_state.tree.max_leaf_level = 2;
    early_state.tree.table_alloc = table_alloc;
    early_state.tree.table_free = NULL;
    early_state.tree.root = table_alloc(&early_state.tree);
    /* The pool is large enough for that whatever the addresses. */
    if (!map((uint64_t)image_start, (uint64_t)text_start, MAP_READ) ||
        !map((uint64_t)text_start, (uint64_t)text_end, MAP_EXEC) ||
        !map((uint64_t)text_end, (uint64_t)relro_start, MAP_READ) ||
        !map((uint64_t)relro_start, (uint64_t)image_end, MAP_WRITE))
        return 0;
    return early_state.tree.root.v;
}

/* How far from `at` on, and not beyond `end`, everything is mapped, or nothing is. */
static uint64_t stretch(uint64_t at, uint64_t end, bool *is_mapped)
{
    struct pt_mapping mapping;

    *is_mapped = host_pt_query(&early_state.tree, at, &mapping);
    if (*is_mapped)
        return MIN(end, ALIGN_DOWN(at, mapping.size) + mapping.size);
    for (at += PAGE_SIZE; at < end && !host_pt_query(&early_state.tree, at, &mapping); at += PAGE_SIZE)
        ;
    return MIN(at, end);
}

bool early_map(uint64_t base, uint64_t size, bool is_device)
{
    uint64_t end;

    if (size == 0 || __builtin_add_overflow(base, size, &end) || end > BIT(48) - PAGE_SIZE)
        return false;
    base = ALIGN_DOWN(base, PAGE_SIZE);
    end = ALIGN_UP(end, PAGE_SIZE);
    while (base < end) {
        bool is_mapped;
        uint64_t next = stretch(base, end, &is_mapped);

        if (!is_mapped && !map(base, next, is_device ? MAP_WRITE | MAP_UNCACHED : MAP_WRITE))
            return false;
        base = next;
    }
    __asm__ volatile("dsb ishst; isb" ::: "memory");
    return true;
}
