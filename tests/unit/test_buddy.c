/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm_layouts.h"
#include "page.h"
#include "page_tag.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct held {
    hpa_t block;
    unsigned order;
};

#define HELD_MAX 3000
static struct held held[HELD_MAX];
static unsigned n_held;

/* The model: a bit per page, set while it is handed out. */
static uint64_t *page_used;

static void model_mark(const struct held *block, bool used)
{
    uint64_t pfn = block->block.v >> PAGE_SHIFT;

    for (uint64_t i = pfn; i < pfn + (1ULL << block->order); i++) {
        cr_assert_eq(page_used[i / 64] >> i % 64 & 1, !used, "page %llx", (unsigned long long)i);
        page_used[i / 64] ^= BIT(i % 64);
    }
}

static void check_place(const struct test_layout *layout, const struct held *block, unsigned flags,
                        unsigned node)
{
    uint64_t size = PAGE_SIZE << block->order;

    cr_assert(IS_ALIGNED(block->block.v, size));
    cr_assert_neq(block->block.v, 0);
    if (block->order < 15) /* larger ones may span adjacent ranges */
        cr_assert_not_null(layout_find(layout, block->block.v, size));
    if (flags & PAGE_LOW)
        cr_assert_leq(block->block.v + size, GIB(4));
    if (flags & PAGE_EXACT)
        cr_assert_eq(layout_find(layout, block->block.v, PAGE_SIZE)->node, node);
}

static void step_alloc(const struct test_layout *layout)
{
    struct held *block = &held[n_held];
    unsigned flags = random_below(4) == 0 ? PAGE_LOW : 0;
    unsigned node = random_below(2) ? NODE_ANY : (unsigned)random_below(layout->nodes);

    block->order = random_below(3) == 0 ? (unsigned)random_below(14) : (unsigned)random_below(4);
    if (node != NODE_ANY && random_below(2))
        flags |= PAGE_EXACT;
    if (block->order < 3 && random_below(4) == 0)
        flags |= PAGE_ZERO;
    block->block = page_alloc(block->order, flags, node);
    if (!hpa_valid(block->block))
        return;
    n_held++;
    check_place(layout, block, flags, node);
    model_mark(block, true);
    if (flags & PAGE_ZERO) {
        const uint64_t *words = hpa_to_ptr(block->block);

        for (size_t i = 0; i < (PAGE_SIZE << block->order) / sizeof(*words); i++)
            cr_assert_eq(words[i], 0);
    }
    memset(hpa_to_ptr(block->block), 0xee, 64);
}

static void step_free(void)
{
    unsigned i = (unsigned)random_below(n_held);

    model_mark(&held[i], false);
    page_free(held[i].block, held[i].order);
    held[i] = held[--n_held];
}

static void run_random(const struct test_layout *layout)
{
    struct mm_stats before, after;

    layout_load(layout);
    page_used = calloc(GIB(8) >> PAGE_SHIFT >> 6, sizeof(*page_used));
    before = stats_now(NODE_ANY);
    for (unsigned step = 0; step < 12000; step++) {
        bool is_growing = step / 2000 % 2 == 0;
        uint64_t held_bytes = 0;

        if (n_held < HELD_MAX && (n_held == 0 || random_below(3) < (is_growing ? 2 : 1)))
            step_alloc(layout);
        else
            step_free();
        if (step % 1000 != 0)
            continue;
        mm_check();
        for (unsigned i = 0; i < n_held; i++)
            held_bytes += PAGE_SIZE << held[i].order;
        cr_assert_eq(stats_now(NODE_ANY).free_bytes, before.free_bytes - held_bytes);
    }
    while (n_held > 0)
        step_free();
    cr_assert_eq(stats_now(NODE_ANY).free_bytes, before.free_bytes);
    page_cache_drain();
    mm_check();
    after = stats_now(NODE_ANY);
    stats_expect_equal(&before, &after);
    free(page_used);
}

Test(buddy, random_small_machine)
{
    run_random(&layouts[0]);
}

Test(buddy, random_holes)
{
    run_random(&layouts[1]);
}

Test(buddy, random_two_nodes)
{
    run_random(&layouts[2]);
}

Test(buddy, random_across_4g)
{
    run_random(&layouts[3]);
}

Test(buddy, random_high_first)
{
    run_random(&layouts[4]);
}

Test(buddy, counts_all_memory)
{
    struct mm_stats stats, node;
    uint64_t sum = 0;

    layout_load(&layouts[2]);
    stats = stats_now(NODE_ANY);
    cr_assert_eq(stats.total_bytes, MIB(255) + MIB(700) + MIB(128) + GIB(1));
    for (unsigned i = 0; i < 2; i++) {
        node = stats_now(i);
        sum += node.free_bytes;
    }
    cr_assert_eq(stats_now(1).total_bytes, MIB(700) + GIB(1));
    cr_assert_eq(sum, stats.free_bytes);
    /* A byte per page and the tables are all that is lost. */
    cr_assert_lt(stats.total_bytes - stats.free_bytes, (stats.total_bytes >> PAGE_SHIFT) * 2);
}

Test(buddy, small_ranges_wait_for_metadata)
{
    const struct test_range late = {MIB(512) + 0x10000, MIB(1), 0};

    /* The range at 512 MiB + 28 KiB cannot hold the tags of its section; the next one brings them. */
    layout_load(&layouts[1]);
    cr_assert_eq(stats_now(NODE_ANY).total_bytes,
                 0x9e000 + MIB(3) + MIB(300) + 0x3000 + late.size + MIB(200));
}

Test(buddy, sparse_memory)
{
    static const struct test_layout sparse = {
        "sparse", 1, {{0x1000, 0x9e000, 0}, {0x100000, MIB(100), 0}, {GIB(16384) - GIB(2), GIB(2), 0}}};
    struct mm_stats stats;

    /* The first range cannot hold the section table of 16 TiB and has to wait for the second. */
    layout_load(&sparse);
    stats = stats_now(NODE_ANY);
    cr_assert_eq(stats.total_bytes, 0x9e000 + MIB(100) + GIB(2));
    cr_assert_lt(stats.total_bytes - stats.free_bytes, MIB(3));
    cr_assert_geq(page_alloc(PAGE_ORDER_1G, 0, NODE_ANY).v, GIB(16382));
    while (hpa_valid(page_alloc(0, PAGE_LOW, NODE_ANY)))
        ;
    cr_assert_eq(stats_now(NODE_ANY).free_bytes,
                 stats.free_bytes - GIB(1) - (0x9e000 + MIB(100)) +
                     (stats.total_bytes - stats.free_bytes - 16 * SECTION_PAGES));
}

Test(buddy, exhaustion_and_recovery)
{
    struct mm_stats before, after;
    uint64_t *first = NULL, pages = 0;
    hpa_t page;

    layout_load(&layouts[1]);
    before = stats_now(NODE_ANY);
    while (hpa_valid(page = page_alloc(0, 0, NODE_ANY))) {
        uint64_t *link = hpa_to_ptr(page);

        *link = (uintptr_t)first;
        first = link;
        pages++;
    }
    cr_assert_eq(pages << PAGE_SHIFT, before.free_bytes);
    after = stats_now(NODE_ANY);
    cr_assert_eq(after.free_bytes, 0);
    cr_assert_not(hpa_valid(page_alloc(0, PAGE_LOW, 0)));
    cr_assert_not(hpa_valid(page_alloc(9, 0, NODE_ANY)));
    mm_check();
    while (first != NULL) {
        uint64_t *next = (uint64_t *)(uintptr_t)*first;

        page_free(ptr_to_hpa(first), 0);
        first = next;
    }
    page_cache_drain();
    mm_check();
    after = stats_now(NODE_ANY);
    stats_expect_equal(&before, &after);
}

Test(buddy, coalesces_to_1g)
{
    static hpa_t pages[(GIB(1) >> PAGE_SHIFT)];
    struct mm_stats before, after;

    layout_load(&layouts[3]);
    before = stats_now(NODE_ANY);
    cr_assert_eq(before.free_blocks[PAGE_ORDER_1G], 2);
    for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
        pages[i] = page_alloc(0, PAGE_LOW, 0);
    cr_assert_eq(stats_now(0).free_blocks[PAGE_ORDER_1G], 1);
    /* Every second page first: nothing can be joined until the others come. */
    for (size_t i = 0; i < ARRAY_SIZE(pages); i += 2)
        page_free(pages[i], 0);
    cr_assert_not(hpa_valid(page_alloc(1, PAGE_LOW, 0)));
    for (size_t i = 1; i < ARRAY_SIZE(pages); i += 2)
        page_free(pages[i], 0);
    page_cache_drain();
    mm_check();
    after = stats_now(NODE_ANY);
    stats_expect_equal(&before, &after);
    cr_assert(hpa_valid(page_alloc(PAGE_ORDER_1G, 0, NODE_ANY)));
}

Test(buddy, keeps_low_memory_for_devices)
{
    layout_load(&layouts[1]);
    for (unsigned i = 0; i < 100; i++)
        cr_assert_geq(page_alloc(PAGE_ORDER_2M - 4, 0, NODE_ANY).v, GIB(4));
    cr_assert_lt(page_alloc(0, PAGE_LOW, NODE_ANY).v, GIB(4));
}

Test(buddy, node_preference_falls_back)
{
    unsigned count = 0;

    layout_load(&layouts[2]);
    while (hpa_valid(page_alloc(PAGE_ORDER_2M, PAGE_EXACT, 0)))
        count++;
    cr_assert_gt(count, 180);
    cr_assert_not(hpa_valid(page_alloc(PAGE_ORDER_2M, PAGE_EXACT, 0)));
    cr_assert_geq(page_alloc(PAGE_ORDER_2M, 0, 0).v, GIB(4) + MIB(128));
    cr_assert_not(hpa_valid(page_alloc(0, PAGE_EXACT, 7)));
}

Test(buddy, page_zero_is_never_handed_out)
{
    hpa_t page;

    layout_load(&layouts[4]);
    while (hpa_valid(page = page_alloc(0, PAGE_LOW, NODE_ANY)))
        cr_assert_neq(page.v, 0);
}

Test(buddy, nothing_before_first_range)
{
    mm_init(hpa(GIB(1)), 1);
    cr_assert_not(hpa_valid(page_alloc(0, 0, NODE_ANY)));
    cr_assert_not(hpa_valid(page_alloc(3, PAGE_LOW, 0)));
    cr_assert_not(hpa_valid(page_alloc(PAGE_ORDER_MAX + 1, 0, 0)));
}

Test(buddy, runs_of_any_length)
{
    struct mm_stats before, after;

    layout_load(&layouts[0]);
    before = stats_now(NODE_ANY);
    for (uint64_t pages = 1; pages < 300; pages += 1 + pages / 20) {
        uint64_t shorter = 1 + random_below(pages);
        hpa_t run = run_alloc(pages, 0);

        cr_assert(hpa_valid(run));
        cr_assert_eq(run_pages(run), pages);
        page_cache_drain();
        cr_assert_eq(before.free_bytes - stats_now(0).free_bytes, pages << PAGE_SHIFT);
        run_shrink(run, shorter);
        cr_assert_eq(run_pages(run), shorter);
        cr_assert_eq(before.free_bytes - stats_now(0).free_bytes, shorter << PAGE_SHIFT);
        mm_check();
        run_free(run);
        page_cache_drain();
        mm_check();
        after = stats_now(NODE_ANY);
        stats_expect_equal(&before, &after);
    }
    cr_assert(IS_ALIGNED(run_alloc(3, 9).v, MIB(2)));
}

/* --- several CPUs ----------------------------------------------------------------------------------------
 */

#define CPUS   4
#define SHARED 32

/* Blocks that any CPU may free; an address with its order in the low bits, 0: none. */
static _Atomic uint64_t shared[SHARED];

static void shared_free(uint64_t block)
{
    if (block != 0)
        page_free(hpa(ALIGN_DOWN(block, PAGE_SIZE)), (unsigned)(block & (PAGE_SIZE - 1)));
}

static void *cpu_main(void *arg)
{
    unsigned cpu = (unsigned)(uintptr_t)arg;
    uint64_t state = 777 + cpu;

    fake_cpu_enter(cpu);
    for (unsigned i = 0; i < 50000; i++) {
        unsigned order;
        hpa_t block;

        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        order = (state >> 60) < 10 ? 0 : (unsigned)(state >> 55) % 8;
        block = page_alloc(order, (state >> 50) & 1 ? PAGE_LOW : 0, NODE_ANY);
        if (hpa_valid(block))
            shared_free(atomic_exchange(&shared[(state >> 40) % SHARED], block.v | order));
    }
    for (unsigned i = 0; i < SHARED; i++)
        shared_free(atomic_exchange(&shared[i], 0));
    page_cache_drain();
    return NULL;
}

Test(buddy, several_cpus)
{
    struct mm_stats before, after;
    pthread_t threads[CPUS];

    fake_cpus_init(CPUS);
    layout_load(&layouts[2]);
    before = stats_now(NODE_ANY);
    for (uintptr_t i = 0; i < CPUS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, cpu_main, (void *)i), 0);
    for (unsigned i = 0; i < CPUS; i++)
        pthread_join(threads[i], NULL);
    mm_check();
    after = stats_now(NODE_ANY);
    stats_expect_equal(&before, &after);
}

/* --- misuse panics ---------------------------------------------------------------------------------------
 */

Test(buddy, double_free_of_page, .signal = SIGABRT)
{
    hpa_t page;

    layout_load(&layouts[0]);
    page = page_alloc(0, 0, NODE_ANY);
    page_free(page, 0);
    page_free(page, 0);
}

Test(buddy, double_free_of_block, .signal = SIGABRT)
{
    hpa_t block;

    layout_load(&layouts[0]);
    block = page_alloc(4, 0, NODE_ANY);
    page_free(block, 4);
    page_free(block, 4);
}

Test(buddy, wrong_order, .signal = SIGABRT)
{
    layout_load(&layouts[0]);
    page_free(page_alloc(4, 0, NODE_ANY), 3);
}

Test(buddy, free_of_inside, .signal = SIGABRT)
{
    layout_load(&layouts[0]);
    page_free(hpa_add(page_alloc(4, 0, NODE_ANY), PAGE_SIZE), 0);
}

Test(buddy, free_of_no_memory, .signal = SIGABRT)
{
    layout_load(&layouts[0]);
    page_free(hpa(GIB(100)), 0);
}
