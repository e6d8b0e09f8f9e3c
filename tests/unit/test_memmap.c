/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../platform/firmware/memmap.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

static uint8_t buffer[1 << 20];
static struct arena arena;
static struct host_memory_range *map;
static size_t map_count;

static void normalise(const struct memmap_range *in, size_t n, struct memmap_affinity *affinity, size_t m)
{
    arena_init(&arena, buffer, sizeof(buffer));
    cr_assert(memmap_affinity_sort(affinity, m));
    cr_assert_eq(memmap_normalise(&arena, in, n, affinity, m, &map, &map_count), 0);
    for (size_t i = 0; i < map_count; i++) {
        cr_assert(map[i].size > 0 && IS_ALIGNED(map[i].base.v | map[i].size, PAGE_SIZE));
        cr_assert(i == 0 || map[i - 1].base.v + map[i - 1].size <= map[i].base.v);
    }
}

static void check(size_t i, uint64_t base, uint64_t end, enum host_memory_type type)
{
    cr_assert_lt(i, map_count);
    cr_assert_eq(map[i].base.v, base, "range %zu begins at %#lx", i, map[i].base.v);
    cr_assert_eq(map[i].base.v + map[i].size, end, "range %zu ends at %#lx", i, map[i].base.v + map[i].size);
    cr_assert_eq(map[i].type, type, "range %zu has type %d", i, map[i].type);
}

Test(memmap, empty)
{
    normalise(NULL, 0, NULL, 0);
    cr_assert_eq(map_count, 0);
}

Test(memmap, unsorted_joined_and_low)
{
    const struct memmap_range in[] = {
        {0x200000, 0x100000, HOST_MEM_USABLE}, {0x100000, 0x100000, HOST_MEM_USABLE},
        {0, 0x9fc00, HOST_MEM_USABLE},         {0x9fc00, 0x400, HOST_MEM_RESERVED},
        {0, 0x1000, HOST_MEM_RESERVED},
    };

    normalise(in, 5, NULL, 0);
    cr_assert_eq(map_count, 4);
    check(0, 0, 0x1000, HOST_MEM_RESERVED);
    check(1, 0x1000, 0x9f000, HOST_MEM_LOW);
    check(2, 0x9f000, 0xa0000, HOST_MEM_RESERVED);
    check(3, 0x100000, 0x300000, HOST_MEM_USABLE);
    cr_assert_eq(memmap_trampoline_find(map, map_count).v, 0x9b000);
}

Test(memmap, low_border_splits)
{
    const struct memmap_range in[] = {{0xff000, 0x3000, HOST_MEM_LOADER}};

    normalise(in, 1, NULL, 0);
    check(0, 0xff000, 0x100000, HOST_MEM_LOW);
    check(1, 0x100000, 0x102000, HOST_MEM_LOADER);
    cr_assert_not(hpa_valid(memmap_trampoline_find(map, map_count)));
}

Test(memmap, the_more_restrictive_wins)
{
    const struct memmap_range in[] = {
        {0x1000000, 0x1000000, HOST_MEM_RESERVED}, {0x0800000, 0x1000000, HOST_MEM_USABLE},
        {0x1800000, 0x1000000, HOST_MEM_MMIO},     {0x0900000, 0x1800, HOST_MEM_MODULE},
        {0x0900800, 0x800, HOST_MEM_USABLE},
    };

    normalise(in, 5, NULL, 0);
    check(0, 0x0800000, 0x0900000, HOST_MEM_USABLE);
    check(1, 0x0900000, 0x0902000, HOST_MEM_MODULE);
    check(2, 0x0902000, 0x1000000, HOST_MEM_USABLE);
    check(3, 0x1000000, 0x1800000, HOST_MEM_RESERVED);
    check(4, 0x1800000, 0x2800000, HOST_MEM_MMIO);
    cr_assert_eq(map_count, 5);
}

Test(memmap, usable_shrinks_to_pages_and_may_vanish)
{
    const struct memmap_range in[] = {{0x400001, 0x2ffe, HOST_MEM_USABLE},
                                      {0x500800, 0x1000, HOST_MEM_USABLE},
                                      {0x600000, 0, HOST_MEM_RESERVED}};

    normalise(in, 3, NULL, 0);
    cr_assert_eq(map_count, 1);
    check(0, 0x401000, 0x402000, HOST_MEM_USABLE);
}

Test(memmap, top_of_the_address_space)
{
    const struct memmap_range in[] = {{0xfffffffffffff000, 0x1000, HOST_MEM_RESERVED},
                                      {0x1000000, UINT64_MAX - 0x1000000, HOST_MEM_USABLE}};

    normalise(in, 2, NULL, 0);
    cr_assert_eq(map_count, 1);
    check(0, 0x1000000, (uint64_t)1 << 52, HOST_MEM_USABLE);
}

Test(memmap, nodes_split)
{
    const struct memmap_range in[] = {{0x100000, 0x7f00000, HOST_MEM_USABLE}};
    struct memmap_affinity affinity[] = {{0x4000000, 0x2000000, 1}, {0, 0x4000000, 2}, {0x5000, 0, 3}};

    cr_assert_not(memmap_affinity_sort(affinity, 3), "an empty range inside another one");
    affinity[0] = (struct memmap_affinity){0, 0x4000000, 2};
    affinity[1] = (struct memmap_affinity){0x4000000, 0x2000000, 1};
    normalise(in, 1, affinity, 2);
    cr_assert_eq(map_count, 3);
    check(0, 0x100000, 0x4000000, HOST_MEM_USABLE);
    cr_assert_eq(map[0].node, 2);
    check(1, 0x4000000, 0x6000000, HOST_MEM_USABLE);
    cr_assert_eq(map[1].node, 1);
    check(2, 0x6000000, 0x8000000, HOST_MEM_USABLE);
    cr_assert_eq(map[2].node, 0);
}

Test(memmap, bad_affinities)
{
    struct memmap_affinity overlap[] = {{0, 0x2000, 0}, {0x1000, 0x2000, 1}};
    struct memmap_affinity wrap[] = {{~0ULL - 0xfff, 0x2000, 0}};

    cr_assert_not(memmap_affinity_sort(overlap, 2));
    cr_assert_not(memmap_affinity_sort(wrap, 1));
}

Test(memmap, arena_too_small)
{
    const struct memmap_range in[] = {{0x100000, 0x100000, HOST_MEM_USABLE}};
    uint8_t small[100];

    for (size_t size = 0; size < sizeof(small); size++) {
        arena_init(&arena, small, size);
        cr_assert_eq(memmap_normalise(&arena, in, 1, NULL, 0, &map, &map_count), -ENOMEM);
    }
}

/* Against the obvious: each page on its own. */
Test(memmap, random_against_page_by_page)
{
    srand(1);
    for (int round = 0; round < 300; round++) {
        struct memmap_range in[20];
        size_t n = (size_t)rand() % 20 + 1;

        for (size_t i = 0; i < n; i++)
            in[i] = (struct memmap_range){(uint64_t)(rand() % 64) * 0x800 + MIB(1),
                                          (uint64_t)(rand() % 16) * 0x800,
                                          (enum host_memory_type)(rand() % HOST_MEM_TYPES)};
        for (size_t i = 0; i < n; i++) {
            if (in[i].type == HOST_MEM_LOW)
                in[i].type = HOST_MEM_USABLE;
        }
        normalise(in, n, NULL, 0);
        for (uint64_t page = MIB(1); page < MIB(1) + 50 * PAGE_SIZE; page += PAGE_SIZE) {
            int expected = -1, got = -1;

            for (size_t i = 0; i < n; i++) {
                uint64_t end = in[i].base + in[i].size;
                bool ram = in[i].type <= HOST_MEM_LOADER;
                bool covers = ram ? in[i].base <= page && end >= page + PAGE_SIZE
                                  : in[i].base < page + PAGE_SIZE && end > page;

                if (in[i].size && covers && (int)in[i].type > expected)
                    expected = (int)in[i].type;
            }
            for (size_t i = 0; i < map_count; i++) {
                if (map[i].base.v <= page && page < map[i].base.v + map[i].size)
                    got = (int)map[i].type;
            }
            cr_assert_eq(got, expected, "page %#lx: %d, not %d", page, got, expected);
        }
    }
}
