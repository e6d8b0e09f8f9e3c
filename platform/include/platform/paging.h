/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PLATFORM_PAGING_H
#define PLATFORM_PAGING_H

#include <core/compiler.h>
#include <core/host_info.h>
#include <core/pt/walk_types.h>
#include <core/types.h>

/*
 * The host's own page tables. What is mapped where is the same on all architectures (platform/mm/paging.c);
 * each has its entries (platform/<arch>/mm/paging.c).
 */
extern struct pt_tree paging_tree; /* after boot: core/mm/vmap_lock.h */

/*
 * Builds the tables: RAM of every kind at its physical address, writable and not executable; the image W^X;
 * page 0 not at all. Boot CPU, with page_alloc() working on memory that is mapped already.
 */
void paging_init(const struct host_info *info);

/* --- of the architecture: nobody but platform/mm/paging.c calls these, but for the first -------------------
 */

/* Switches this CPU to the tables. Boot CPU, after paging_init(). */
void paging_enter(void);

/* A zeroed page where every CPU can reach it that walks the tables or starts with them; HPA_NONE: none. */
hpa_t paging_table_alloc(struct pt_tree *tree);

/* The largest page that this CPU's tables can have, as pt_tree.max_leaf_level. */
unsigned paging_leaf_level_max(void);

/* The first physical address that does not exist. */
uint64_t paging_physical_limit(void);

/* The walker (core/pt/walk.h) over paging_tree; flags: enum map_flags. Other CPUs may see what was mapped as
 * soon as map returns. */
must_check int paging_tree_map(uint64_t va, hpa_t pa, uint64_t size, unsigned flags);
must_check int paging_tree_unmap(uint64_t va, uint64_t size);
must_check bool paging_tree_query(uint64_t va, struct pt_mapping *out);

#endif
