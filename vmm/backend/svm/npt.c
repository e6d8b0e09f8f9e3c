/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpuid.h>
#include <core/mm.h>
#include <errno.h>

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

int stage2_shape_set(struct stage2 *s2, unsigned address_bits)
{
    s2->tree.max_leaf_level = cpu_has(CPU_FEATURE_PAGE_1G) ? 2 : 1;
    s2->tree.top = PT_TOP;
    s2->tree.root_tables = 1;
    return address_bits <= pt_shift(PT_TOP + 1) ? 0 : -EINVAL;
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

bool stage2_table_replace(struct stage2 *s2, gpa_t addr, hpa_t page, unsigned level, unsigned flags,
                          hpa_t *table)
{
    return npt_merge(&s2->tree, addr.v, page, level, leaf_flags(flags), table);
}

void stage2_tree_free(struct stage2 *s2)
{
    npt_destroy(&s2->tree);
}

void stage2_tables_free(struct stage2 *s2, hpa_t table, unsigned level)
{
    npt_tables_free(&s2->tree, table, level);
}

void stage2_count(const struct stage2 *s2, uint64_t pages[STAGE2_LEVEL_MAX + 1])
{
    npt_count(&s2->tree, pages);
}

uint64_t stage2_look(const struct stage2 *s2, gpa_t addr, uint64_t size, hpa_t *page)
{
    return npt_look(&s2->tree, addr.v, size, page);
}
