/* SPDX-License-Identifier: BSD-2-Clause */
/* The page-table walker over arm64's stage-2 format, with a root of several tables in a row. */
#include <core/pt/walk_types.h>
#include <criterion/criterion.h>
#include <stdlib.h>

#define hpa_to_ptr test_table
static inline void *test_table(hpa_t table)
{
    return (void *)(uintptr_t)table.v;
}
#define PT_NAME(x) s2_##x
#define CORE_MM_H
#include <core/pt/fmt_arm64_stage2.h>
#include <core/pt/walk.h>
#include <core/pt/walk_parallel.h>

#define ROOT_TABLES 16
#define RW \
    (S2_PTE_VALID | S2_PTE_AF | S2_PTE_INNER | S2_PTE_READ | S2_PTE_WRITE | S2_PTE_ATTR(S2_ATTR_WRITE_BACK))

static int live;

static hpa_t table_alloc(struct pt_tree *tree)
{
    void *page = aligned_alloc(PAGE_SIZE, PAGE_SIZE);

    (void)tree;
    memset(page, 0, PAGE_SIZE);
    live++;
    return hpa((uintptr_t)page);
}

static void table_free(struct pt_tree *tree, hpa_t table)
{
    (void)tree;
    live--;
    free((void *)(uintptr_t)table.v);
}

static uint64_t root[ROOT_TABLES * PT_ENTRIES] __attribute__((aligned(ROOT_TABLES * PAGE_SIZE)));

static struct pt_tree tree_make(unsigned top, unsigned tables)
{
    struct pt_tree tree = {.max_leaf_level = 2,
                           .top = top,
                           .root_tables = tables,
                           .table_alloc = table_alloc,
                           .table_free = table_free};

    memset(root, 0, sizeof(root));
    live = 0;
    tree.root = hpa((uintptr_t)root);
    return tree;
}

static uint64_t leaf_of(struct pt_tree *tree, uint64_t va, unsigned *level)
{
    uint64_t e;

    cr_assert_not_null(s2_leaf_find(tree, va, level, &e));
    return e;
}

/* Arm ARM (DDI 0487), D8.3.1: descriptors bit by bit. */
Test(stage2, descriptors)
{
    cr_assert_eq(RW, 0x7fdU, "%llx", (unsigned long long)RW);
    cr_assert_eq(pt_fmt_leaf(hpa(0x40000000), 2, RW), 0x400007fdU, "a block of 1 GiB");
    cr_assert_eq(pt_fmt_leaf(hpa(0x40200000), 1, RW), 0x402007fdU, "a block of 2 MiB");
    cr_assert_eq(pt_fmt_leaf(hpa(0x40201000), 0, RW), 0x402017ffU, "a page");
    cr_assert_eq(pt_fmt_table(hpa(0x12345000)), 0x12345003U);
    cr_assert(pt_fmt_is_leaf(0x402007fd, 1) && pt_fmt_is_leaf(0x402017ff, 0));
    cr_assert_not(pt_fmt_is_leaf(0x12345003, 1));
    cr_assert_eq(pt_fmt_with_write(RW, false), 0x77dU);
    cr_assert_eq(pt_fmt_flags(0x402017ff), RW);
    cr_assert_eq(pt_fmt_leaf_addr(0x0060ffffffe007fd, 1).v, 0x0000ffffffe00000ULL, "XN is no address");
}

Test(stage2, concatenated_root)
{
    struct pt_tree tree = tree_make(2, 2);
    struct pt_mapping m;

    /* The same place in the first and the second table of the root. */
    cr_assert_eq(s2_map_page(&tree, 0x40000000, hpa(0x80000000), 2, RW), 0);
    cr_assert_eq(s2_map_page(&tree, 0x8040000000, hpa(0xc0000000), 2, RW), 0);
    cr_assert_eq(root[1], 0x800007fdU);
    cr_assert_eq(root[PT_ENTRIES + 1], 0xc00007fdU);
    cr_assert(s2_query(&tree, 0x8040001234, &m));
    cr_assert_eq(m.pa.v, 0xc0001234);
    cr_assert_eq(m.size, BIT(30));
    cr_assert_not(s2_query(&tree, 0x8080000000, &m));
    cr_assert_eq(live, 0);
}

/* All that can be told apart by `bits` bits is, wherever walks begin. */
static void range_check(unsigned bits, unsigned top, unsigned tables)
{
    struct pt_tree tree = tree_make(top, tables);
    uint64_t pages[PT_TOP], step = BIT(bits) / 16;
    struct pt_mapping m;

    for (unsigned i = 0; i < 16; i++) {
        uint64_t last = (i + 1) * step - PAGE_SIZE;

        cr_assert_eq(s2_map_page(&tree, last, hpa(last), 0, RW), 0, "%u bits, page %u", bits, i);
    }
    cr_assert_eq(s2_map_page(&tree, 0, hpa(GIB(4)), 2, RW), 0);
    for (unsigned i = 0; i < 16; i++) {
        cr_assert(s2_query(&tree, (i + 1) * step - 1, &m));
        cr_assert(m.pa.v == (i + 1) * step - 1 && m.size == PAGE_SIZE);
        cr_assert_not(s2_query(&tree, (i + 1) * step - 2 * PAGE_SIZE, &m));
    }
    cr_assert(s2_query(&tree, GIB(1) - 1, &m) && m.size == GIB(1));
    s2_count(&tree, pages);
    cr_assert(pages[0] == 16 && pages[1] == 0 && pages[2] == 1, "%u bits", bits);
    for (unsigned i = 0; i < tables * PT_ENTRIES; i++)
        if (pt_fmt_present(root[i]) && !pt_fmt_is_leaf(root[i], top))
            s2_tables_free(&tree, pt_fmt_table_addr(root[i]), top - 1);
    cr_assert_eq(live, 0);
}

Test(stage2, address_sizes)
{
    range_check(36, 2, 1);
    range_check(39, 2, 1);
    range_check(40, 2, 2);
    range_check(42, 2, 8);
    range_check(43, 2, 16);
    range_check(44, 3, 1);
    range_check(48, 3, 1);
}

/* An entry that is being replaced is no place for another page, and not a hole. */
Test(stage2, busy)
{
    struct pt_tree tree = tree_make(2, 1);
    uint64_t e, rest;
    unsigned level;
    hpa_t page;

    root[3] = PT_BUSY;
    cr_assert_eq(s2_map_page(&tree, GIB(3), hpa(GIB(1)), 2, RW), 1);
    cr_assert_eq(s2_map_page(&tree, GIB(3) + MIB(2), hpa(GIB(1)), 0, RW), 1);
    cr_assert_eq(root[3], PT_BUSY);
    cr_assert_eq(live, 0);
    s2_write_protect(&tree, GIB(3), GIB(1));
    cr_assert_null(s2_leaf_find(&tree, GIB(3), &level, &e));
    cr_assert_eq(e, PT_BUSY);
    cr_assert_null(s2_table_find(&tree, GIB(3), 2, &e));
    root[3] = 0;
    rest = s2_look(&tree, GIB(3) + 0x5000, GIB(2), &page);
    cr_assert(rest == GIB(1) - 0x5000 && !hpa_valid(page));
    cr_assert_eq(s2_map_page(&tree, GIB(3) + MIB(2), hpa(MIB(64)), 1, RW), 0);
    rest = s2_look(&tree, GIB(3) + MIB(2) + 0x3000, GIB(1), &page);
    cr_assert(rest == MIB(2) - 0x3000 && page.v == MIB(64) + 0x3000);
    rest = s2_look(&tree, GIB(3) + MIB(2) + 0x3000, 0x1000, &page);
    cr_assert_eq(rest, 0x1000);
    cr_assert_not_null(s2_table_find(&tree, GIB(3) + MIB(2), 2, &e));
    cr_assert_eq(e, root[3]);
    s2_tables_free(&tree, pt_fmt_table_addr(root[3]), 1);
}

Test(stage2, levels)
{
    struct pt_tree tree = tree_make(2, 2);
    unsigned level;
    uint64_t size;

    cr_assert_eq(s2_map_page(&tree, 0xffffe00000, hpa(0x1200000), 1, RW & ~S2_PTE_WRITE), 0,
                 "the last 2 MiB");
    cr_assert_eq(s2_map_page(&tree, 0xffffe01000, hpa(0x1201000), 0, RW), 1, "a larger one is there");
    cr_assert_eq(s2_map_page(&tree, 0xffc0000000, hpa(0x40000000), 2, RW), -EEXIST, "smaller ones may be");
    cr_assert_eq(live, 1);
    /* Writing one page of it splits the block; the others stay as they are. */
    cr_assert_eq(s2_write_allow(&tree, 0xffffe05000, 0, &size), 0);
    cr_assert_eq(size, PAGE_SIZE);
    cr_assert_eq(leaf_of(&tree, 0xffffe05000, &level), 0x12057ffU);
    cr_assert_eq(level, 0);
    cr_assert_eq(leaf_of(&tree, 0xfffffff000, &level), 0x13ff77fU);
    cr_assert_eq(live, 2);
    s2_write_protect(&tree, 0xffffe00000, MIB(2));
    cr_assert_eq(leaf_of(&tree, 0xffffe05000, &level), 0x120577fU);
    for (unsigned i = 0; i < ROOT_TABLES * PT_ENTRIES; i++)
        if (root[i] & S2_PTE_VALID)
            s2_tables_free(&tree, pt_fmt_table_addr(root[i]), 1);
    cr_assert_eq(live, 0);
}
