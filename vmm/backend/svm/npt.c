/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpuid.h>
#include <core/mm.h>
#include <core/panic.h>
#include <stdlib.h>

#include "../../mem/stage2.h"

#define PT_NAME(x) npt_##x
#include <core/pt/fmt_x86.h>
#include <core/pt/walk.h>
#include <core/pt/walk_parallel.h>

/*
 * Nested page tables: long-mode tables in which every access counts as a user access (APM vol. 2, 15.25.5).
 * Accessed and dirty are set from the start: the hardware need not write the entries then.
 */
#define NPT_LEAF (X86_PTE_P | X86_PTE_U | X86_PTE_A | X86_PTE_D)

_Static_assert(PT_TOP == STAGE2_LEVEL_MAX + 1, "a page of every level below the top");

static uint64_t leaf_flags(unsigned flags)
{
    return NPT_LEAF | (flags & STAGE2_READ_ONLY ? 0 : X86_PTE_W);
}

static hpa_t table_alloc(struct pt_tree *tree)
{
    struct stage2 *s2 = container_of(tree, struct stage2, tree);
    hpa_t table = page_alloc(PAGE_ORDER_4K, PAGE_ZERO, s2->node);

    if (hpa_valid(table))
        atomic_fetch_add_explicit(&s2->table_bytes, PAGE_SIZE, memory_order_relaxed);
    return table;
}

static void table_free(struct pt_tree *tree, hpa_t table)
{
    struct stage2 *s2 = container_of(tree, struct stage2, tree);

    atomic_fetch_sub_explicit(&s2->table_bytes, PAGE_SIZE, memory_order_relaxed);
    page_free(table, PAGE_ORDER_4K);
}

int stage2_init(struct stage2 *s2, unsigned node)
{
    *s2 = (struct stage2){.node = node,
                          .tree = {.max_leaf_level = cpu_has(CPU_FEATURE_PAGE_1G) ? 2 : 1,
                                   .table_alloc = table_alloc,
                                   .table_free = table_free}};
    spin_init(&s2->lock, LOCK_RANK_VM);
    s2->tree.root = table_alloc(&s2->tree);
    return hpa_valid(s2->tree.root) ? 0 : -ENOMEM;
}

void stage2_fini(struct stage2 *s2)
{
    stage2_retired_free(s2, stage2_retired_take(s2));
    if (hpa_valid(s2->tree.root)) /* stage2_init() may have failed */
        npt_destroy(&s2->tree);
}

hpa_t stage2_root(const struct stage2 *s2)
{
    return s2->tree.root;
}

unsigned stage2_max_level(const struct stage2 *s2)
{
    return s2->tree.max_leaf_level;
}

int stage2_map_page(struct stage2 *s2, gpa_t addr, hpa_t page, unsigned level, unsigned flags)
{
    return npt_map_page(&s2->tree, addr.v, page, level, leaf_flags(flags));
}

void stage2_write_protect(struct stage2 *s2, gpa_t addr, uint64_t size)
{
    npt_write_protect(&s2->tree, addr.v, size);
}

int stage2_write_allow(struct stage2 *s2, gpa_t addr, unsigned level, uint64_t *size)
{
    return npt_write_allow(&s2->tree, addr.v, level, size);
}

struct stage2_retired {
    struct stage2_retired *next;
    hpa_t table;
    unsigned level; /* its own */
};

void stage2_merge(struct stage2 *s2, gpa_t addr, hpa_t page, unsigned level, unsigned flags)
{
    struct stage2_retired *r = malloc(sizeof(*r));

    /* Without memory they stay small: that works as well. */
    if (r == NULL || !npt_merge(&s2->tree, addr.v, page, level, leaf_flags(flags), &r->table)) {
        free(r);
        return;
    }
    r->level = level - 1;
    r->next = atomic_load(&s2->retired);
    while (!atomic_compare_exchange_weak(&s2->retired, &r->next, r))
        ;
}

struct stage2_retired *stage2_retired_take(struct stage2 *s2)
{
    return atomic_exchange(&s2->retired, NULL);
}

void stage2_retired_free(struct stage2 *s2, struct stage2_retired *list)
{
    for (struct stage2_retired *r = list, *next; r != NULL; r = next) {
        next = r->next;
        npt_tables_free(&s2->tree, r->table, r->level);
        free(r);
    }
}

void stage2_count(const struct stage2 *s2, uint64_t pages[STAGE2_LEVEL_MAX + 1])
{
    npt_count(&s2->tree, pages);
}

int stage2_unmap(struct stage2 *s2, gpa_t addr, uint64_t size)
{
    int error;

    spin_lock(&s2->lock);
    error = npt_unmap(&s2->tree, addr.v, size);
    spin_unlock(&s2->lock);
    return error;
}

bool stage2_query(const struct stage2 *s2, gpa_t addr, struct pt_mapping *out)
{
    return npt_query(&s2->tree, addr.v, out);
}
