/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_MM_LAYOUTS_H
#define TESTS_MM_LAYOUTS_H

/* Memory of machines for the tests of core/mm, and small helpers. Included by one test file each. */

#include <arch/fake.h>
#include <core/mm.h>
#include <criterion/criterion.h>
#include <string.h>

struct test_range {
    uint64_t base, size;
    unsigned node;
};

struct test_layout {
    const char *name;
    unsigned nodes;
    struct test_range ranges[6];
};

/* The order in which ranges are added is that of the list. */
static const struct test_layout layouts[] __attribute__((unused)) = {
    {"128 MiB", 1, {{0x100000, MIB(127) - 0x20000, 0}}},
    {"with holes",
     1,
     {{0x1000, 0x9e000, 0},
      {0x100000, MIB(3), 0},
      {MIB(16), MIB(300), 0},
      {MIB(512) + 0x7000, 0x3000, 0},
      {MIB(512) + 0x10000, MIB(1), 0},
      {GIB(4), MIB(200), 0}}},
    {"two nodes",
     2,
     {{0x100000, MIB(255), 0},
      {MIB(256), MIB(700), 1},
      {GIB(4), MIB(128), 0},
      {GIB(4) + MIB(128), GIB(1), 1}}},
    {"across 4 GiB", 1, {{GIB(3), GIB(3), 0}}},
    {"high first", 1, {{GIB(5), GIB(1), 0}, {0, 0x9f000, 0}, {0x100000, MIB(63), 0}}},
};

static inline void layout_load(const struct test_layout *layout)
{
    uint64_t end = 0;

    for (size_t i = 0; i < ARRAY_SIZE(layout->ranges); i++)
        end = MAX(end, layout->ranges[i].base + layout->ranges[i].size);
    fake_ram_reserve(end);
    mm_init(hpa(end), layout->nodes);
    for (size_t i = 0; i < ARRAY_SIZE(layout->ranges) && layout->ranges[i].size != 0; i++)
        mm_add_range(hpa(layout->ranges[i].base), layout->ranges[i].size, layout->ranges[i].node);
    mm_check();
}

/* The layout's range that holds [base, base + size), or NULL. */
static inline const struct test_range *layout_find(const struct test_layout *layout, uint64_t base,
                                                   uint64_t size)
{
    for (size_t i = 0; i < ARRAY_SIZE(layout->ranges); i++) {
        const struct test_range *range = &layout->ranges[i];

        if (base >= range->base && base + size <= range->base + range->size)
            return range;
    }
    return NULL;
}

static inline struct mm_stats stats_now(unsigned node)
{
    struct mm_stats stats;

    mm_stats_get(node, &stats);
    return stats;
}

/* Same free blocks of every order. */
static inline void stats_expect_equal(const struct mm_stats *a, const struct mm_stats *b)
{
    cr_assert_eq(a->total_bytes, b->total_bytes);
    cr_assert_eq(a->free_bytes, b->free_bytes);
    for (unsigned order = 0; order <= PAGE_ORDER_MAX; order++)
        cr_assert_eq(a->free_blocks[order], b->free_blocks[order], "order %u: %llu, %llu", order,
                     (unsigned long long)a->free_blocks[order], (unsigned long long)b->free_blocks[order]);
}

static uint64_t random_state __attribute__((unused)) = 88172645463325252ULL;

/* xorshift64: the same sequence on every run. */
static inline uint64_t random_below(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % limit;
}

#endif
