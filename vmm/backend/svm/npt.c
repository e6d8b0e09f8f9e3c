/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpuid.h>
#include <core/mm.h>
#include <core/panic.h>

#include "../../mem/stage2.h"

#define PT_NAME(x) npt_##x
#include <core/pt/fmt_x86.h>
#include <core/pt/walk.h>

/*
 * Nested page tables: long-mode tables in which every access counts as a user access (APM vol. 2, 15.25.5).
 * Accessed and dirty are set from the start: the hardware need not write the entries then.
 */
#define NPT_LEAF (X86_PTE_P | X86_PTE_U | X86_PTE_A | X86_PTE_D)

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

int stage2_protect(struct stage2 *s2, gpa_t addr, uint64_t size, unsigned flags)
{
    int error;

    spin_lock(&s2->lock);
    error = npt_protect(&s2->tree, addr.v, size, leaf_flags(flags));
    spin_unlock(&s2->lock);
    return error;
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
