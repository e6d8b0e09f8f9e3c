/* SPDX-License-Identifier: BSD-2-Clause */
/* The page-table walker over the x86 format, with tables in the test's memory. */
#include <core/pt/walk_types.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

/* Tables are found where they lie: the fake machine's direct map is the process. */
#define hpa_to_ptr test_table
static inline void *test_table(hpa_t table)
{
    return (void *)(uintptr_t)table.v;
}
#define PT_NAME(x) t_##x
#define CORE_MM_H
#include <core/pt/fmt_x86.h>
#include <core/pt/walk.h>
#include <core/pt/walk_parallel.h>

#define RW (X86_PTE_P | X86_PTE_W)

static atomic_int live, budget;

static hpa_t table_alloc(struct pt_tree *tree)
{
    void *page;

    (void)tree;
    if (atomic_fetch_sub(&budget, 1) <= 0)
        return HPA_NONE;
    page = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
    memset(page, 0, PAGE_SIZE);
    atomic_fetch_add(&live, 1);
    return hpa((uintptr_t)page);
}

static void table_free(struct pt_tree *tree, hpa_t table)
{
    (void)tree;
    atomic_fetch_sub(&live, 1);
    free((void *)(uintptr_t)table.v);
}

static struct pt_tree tree_make(unsigned max_leaf_level)
{
    struct pt_tree tree = {
        .max_leaf_level = max_leaf_level, .table_alloc = table_alloc, .table_free = table_free};

    budget = 1000000;
    live = 0;
    tree.root = table_alloc(&tree);
    return tree;
}

static void tree_end(struct pt_tree *tree)
{
    t_destroy(tree);
    cr_assert_eq(live, 0, "%d tables left", live);
}

static void expect(struct pt_tree *tree, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
    struct pt_mapping m;

    cr_assert(t_query(tree, va, &m), "%#lx is not mapped", va);
    cr_assert_eq(m.pa.v, pa, "%#lx leads to %#lx, not %#lx", va, m.pa.v, pa);
    cr_assert_eq(m.size, size);
    cr_assert_eq(m.flags, flags);
}

static void expect_none(struct pt_tree *tree, uint64_t va)
{
    struct pt_mapping m;

    cr_assert_not(t_query(tree, va, &m), "%#lx is mapped", va);
}

Test(pt, takes_the_largest_pages_that_fit)
{
    struct pt_tree tree = tree_make(2);

    /* From 4K below a 1G boundary to 2M + 4K above the next: every size is needed, on both sides. */
    cr_assert_eq(t_map(&tree, GIB(1) - MIB(2) - KIB(4), hpa(GIB(5) - MIB(2) - KIB(4)),
                       KIB(4) + MIB(2) + GIB(1) + MIB(2) + KIB(4), RW),
                 0);
    expect_none(&tree, GIB(1) - MIB(2) - KIB(8));
    expect(&tree, GIB(1) - MIB(2) - KIB(4) + 0x123, GIB(5) - MIB(2) - KIB(4) + 0x123, KIB(4), RW);
    expect(&tree, GIB(1) - MIB(1), GIB(5) - MIB(1), MIB(2), RW);
    expect(&tree, GIB(1) + 0xabcdef, GIB(5) + 0xabcdef, GIB(1), RW);
    expect(&tree, GIB(2) + MIB(1), GIB(6) + MIB(1), MIB(2), RW);
    expect(&tree, GIB(2) + MIB(2), GIB(6) + MIB(2), KIB(4), RW);
    expect_none(&tree, GIB(2) + MIB(2) + KIB(4));
    tree_end(&tree);
}

Test(pt, misaligned_addresses_get_small_pages)
{
    struct pt_tree tree = tree_make(2);

    cr_assert_eq(t_map(&tree, MIB(4), hpa(MIB(8) + KIB(4)), MIB(2), RW), 0);
    expect(&tree, MIB(4), MIB(8) + KIB(4), KIB(4), RW);
    tree_end(&tree);
}

Test(pt, the_hardware_limits_the_page_size)
{
    struct pt_tree tree = tree_make(1);

    cr_assert_eq(t_map(&tree, 0, hpa(0), GIB(1), RW), 0);
    expect(&tree, MIB(700), MIB(700), MIB(2), RW);
    tree_end(&tree);
}

Test(pt, an_overlap_changes_nothing)
{
    struct pt_tree tree = tree_make(2);

    cr_assert_eq(t_map(&tree, MIB(2), hpa(MIB(2)), KIB(4), RW), 0);
    cr_assert_eq(t_map(&tree, 0, hpa(GIB(1)), MIB(4), RW), -EEXIST);
    expect_none(&tree, 0);
    expect_none(&tree, MIB(2) + KIB(4));
    expect(&tree, MIB(2), MIB(2), KIB(4), RW);
    cr_assert_eq(t_map(&tree, MIB(2), hpa(0), KIB(4), RW), -EEXIST);
    tree_end(&tree);
}

Test(pt, no_memory_at_any_point_leaves_nothing_mapped)
{
    for (int n = 0; n < 6; n++) {
        struct pt_tree tree = tree_make(2);
        int error;

        budget = n;
        error = t_map(&tree, GIB(1) - KIB(4), hpa(GIB(1) - KIB(4)), KIB(8), RW);
        if (error == 0) {
            cr_assert_geq(n, 5); /* PDPT, and directory and table on both sides of the boundary */
        } else {
            cr_assert_eq(error, -ENOMEM);
            expect_none(&tree, GIB(1) - KIB(4));
            expect_none(&tree, GIB(1));
        }
        tree_end(&tree);
    }
}

Test(pt, unmapping_a_part_splits_what_reaches_beyond)
{
    struct pt_tree tree = tree_make(2);

    cr_assert_eq(t_map(&tree, 0, hpa(GIB(4)), GIB(1), RW), 0);
    cr_assert_eq(t_unmap(&tree, MIB(2) + KIB(4), KIB(8)), 0);
    expect(&tree, MIB(2), GIB(4) + MIB(2), KIB(4), RW);
    expect_none(&tree, MIB(2) + KIB(4));
    expect_none(&tree, MIB(2) + KIB(8));
    expect(&tree, MIB(2) + KIB(12), GIB(4) + MIB(2) + KIB(12), KIB(4), RW);
    expect(&tree, 0, GIB(4), MIB(2), RW);
    expect(&tree, MIB(4), GIB(4) + MIB(4), MIB(2), RW);
    tree_end(&tree);
}

Test(pt, a_split_without_memory_changes_nothing)
{
    struct pt_tree tree = tree_make(2);

    cr_assert_eq(t_map(&tree, 0, hpa(0), GIB(1), RW), 0);
    budget = 0;
    cr_assert_eq(t_unmap(&tree, 0, KIB(4)), -ENOMEM);
    expect(&tree, 0, 0, GIB(1), RW);
    tree_end(&tree);
}

Test(pt, protecting_keeps_the_address)
{
    struct pt_tree tree = tree_make(2);

    cr_assert_eq(t_map(&tree, 0, hpa(MIB(64)), MIB(4), RW), 0);
    cr_assert_eq(t_protect(&tree, KIB(8), MIB(2), X86_PTE_P), 0);
    expect(&tree, KIB(4), MIB(64) + KIB(4), KIB(4), RW);
    expect(&tree, KIB(8), MIB(64) + KIB(8), KIB(4), X86_PTE_P);
    expect(&tree, MIB(2) + KIB(4), MIB(66) + KIB(4), KIB(4), X86_PTE_P);
    expect(&tree, MIB(2) + KIB(8), MIB(66) + KIB(8), KIB(4), RW);
    tree_end(&tree);
}

Test(pt, a_faulting_page_is_mapped_once)
{
    struct pt_tree tree = tree_make(2);

    cr_assert_eq(t_map_page(&tree, MIB(6), hpa(MIB(20)), 1, RW), 0);
    expect(&tree, MIB(7), MIB(21), MIB(2), RW);
    /* What is there stays, at whatever size. */
    cr_assert_eq(t_map_page(&tree, MIB(6), hpa(0), 0, RW), 1);
    cr_assert_eq(t_map_page(&tree, MIB(6) + KIB(4), hpa(0), 1, RW), 1);
    expect(&tree, MIB(7), MIB(21), MIB(2), RW);
    /* Smaller ones that are there leave the rest unmapped. */
    cr_assert_eq(t_map_page(&tree, MIB(8), hpa(KIB(4)), 0, RW), 0);
    cr_assert_eq(t_map_page(&tree, MIB(8), hpa(0), 1, RW), -EEXIST);
    cr_assert_eq(t_map_page(&tree, 0, hpa(0), 2, RW), -EEXIST);
    expect_none(&tree, MIB(8) + KIB(4));
    budget = 1;
    cr_assert_eq(t_map_page(&tree, GIB(600), hpa(0), 0, RW), -ENOMEM);
    tree_end(&tree);
}

Test(pt, write_access_is_taken_from_pages_of_any_size)
{
    struct pt_tree tree = tree_make(2);

    cr_assert_eq(t_map(&tree, GIB(1), hpa(GIB(1)), GIB(1) + MIB(4), RW), 0);
    cr_assert_eq(t_map(&tree, GIB(4) - KIB(4), hpa(KIB(4)), KIB(4), RW), 0);
    cr_assert_eq(t_map(&tree, GIB(4), hpa(0), KIB(4), RW), 0);
    /* What is unmapped in between does not matter; what lies behind stays. */
    t_write_protect(&tree, 0, GIB(4));
    expect(&tree, GIB(1), GIB(1), GIB(1), X86_PTE_P);
    expect(&tree, GIB(2) + MIB(2), GIB(2) + MIB(2), MIB(2), X86_PTE_P);
    expect(&tree, GIB(4) - KIB(4), KIB(4), KIB(4), X86_PTE_P);
    expect(&tree, GIB(4), 0, KIB(4), RW);
    tree_end(&tree);
}

Test(pt, write_access_is_given_back_page_by_page)
{
    struct pt_tree tree = tree_make(2);
    uint64_t size;

    cr_assert_eq(t_map(&tree, GIB(1), hpa(GIB(8)), GIB(1), X86_PTE_P), 0);
    cr_assert_eq(t_write_allow(&tree, GIB(1) + MIB(2) + KIB(8), 0, &size), 0);
    cr_assert_eq(size, KIB(4));
    expect(&tree, GIB(1) + MIB(2) + KIB(8), GIB(8) + MIB(2) + KIB(8), KIB(4), RW);
    expect(&tree, GIB(1) + MIB(2) + KIB(4), GIB(8) + MIB(2) + KIB(4), KIB(4), X86_PTE_P);
    expect(&tree, GIB(1), GIB(8), MIB(2), X86_PTE_P);
    /* As large as it is, if that is good enough. */
    cr_assert_eq(t_write_allow(&tree, GIB(1), 2, &size), 0);
    cr_assert_eq(size, MIB(2));
    expect(&tree, GIB(1), GIB(8), MIB(2), RW);
    cr_assert_eq(t_write_allow(&tree, GIB(1), 0, &size), 0);
    cr_assert_eq(size, MIB(2), "writable already, and not split");
    cr_assert_eq(t_write_allow(&tree, GIB(2), 0, &size), -ENOENT);
    budget = 0;
    cr_assert_eq(t_write_allow(&tree, GIB(1) + MIB(4), 0, &size), -ENOMEM);
    expect(&tree, GIB(1) + MIB(4), GIB(8) + MIB(4), MIB(2), X86_PTE_P);
    tree_end(&tree);
}

Test(pt, small_pages_become_a_large_one)
{
    struct pt_tree tree = tree_make(2);
    uint64_t size, pages[PT_TOP];
    hpa_t table;

    cr_assert_eq(t_map(&tree, GIB(1), hpa(GIB(8)), GIB(1), X86_PTE_P), 0);
    cr_assert_not(t_merge(&tree, GIB(1), hpa(GIB(8)), 2, RW, &table), "it is large");
    cr_assert_not(t_merge(&tree, GIB(2), hpa(GIB(9)), 2, RW, &table), "there is nothing");
    cr_assert_eq(t_write_allow(&tree, GIB(1) + MIB(6), 0, &size), 0);
    t_count(&tree, pages);
    cr_assert(pages[0] == 512 && pages[1] == 511 && pages[2] == 0);
    cr_assert(t_merge(&tree, GIB(1) + MIB(6), hpa(GIB(8) + MIB(6)), 1, RW, &table));
    t_tables_free(&tree, table, 0);
    expect(&tree, GIB(1) + MIB(6) + KIB(4), GIB(8) + MIB(6) + KIB(4), MIB(2), RW);
    cr_assert_eq(t_write_allow(&tree, GIB(1) + MIB(8), 0, &size), 0);
    cr_assert(t_merge(&tree, GIB(1), hpa(GIB(8)), 2, RW, &table));
    t_tables_free(&tree, table, 1); /* with the one below it */
    expect(&tree, GIB(1) + MIB(8), GIB(8) + MIB(8), GIB(1), RW);
    t_count(&tree, pages);
    cr_assert(pages[0] == 0 && pages[1] == 0 && pages[2] == 1);
    tree_end(&tree);
}

#define RACERS    4
#define RACE_SIZE 4096

static struct pt_tree raced;

static void *race(void *arg)
{
    for (uint64_t i = 0; i < RACE_SIZE; i++) {
        /* The same pages in another order, so that threads meet in every table. */
        uint64_t page = (i * 2654435761U + (uintptr_t)arg * 17) % RACE_SIZE;

        if (t_map_page(&raced, page * KIB(4) * 97, hpa(page * KIB(4)), 0, RW) < 0)
            return (void *)1;
    }
    return NULL;
}

Test(pt, faults_on_many_cpus_agree)
{
    pthread_t threads[RACERS];

    raced = tree_make(2);
    for (uintptr_t i = 0; i < RACERS; i++)
        pthread_create(&threads[i], NULL, race, (void *)i);
    for (unsigned i = 0; i < RACERS; i++) {
        void *failed;

        pthread_join(threads[i], &failed);
        cr_assert_null(failed);
    }
    for (uint64_t page = 0; page < RACE_SIZE; page++)
        expect(&raced, page * KIB(4) * 97, page * KIB(4), KIB(4), RW);
    tree_end(&raced);
}
