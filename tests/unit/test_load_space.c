/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../vmm/load/loader.h"
#include "fake_gmem.h"

#include <criterion/criterion.h>

static struct load_range memory_map[64];
static struct load_params params;
static struct loader l;

static void map_add(uint64_t base, uint64_t end, uint32_t type)
{
    memory_map[params.memory_map_count++] = (struct load_range){base, end - base, type};
}

static void setup(void)
{
    params = (struct load_params){.memory_map = memory_map};
    l = (struct loader){.params = &params};
    map_add(0, 0xa0000, LOAD_RAM);
    map_add(0xa0000, MIB(1), LOAD_RESERVED);
    map_add(MIB(1), MIB(2), LOAD_RAM);
    map_add(MIB(2), MIB(4), LOAD_RAM);
    map_add(GIB(4), GIB(5), LOAD_RAM);
}

TestSuite(load_space, .init = setup);

Test(load_space, is_ram)
{
    cr_assert(space_is_ram(&l, 0, 0xa0000));
    cr_assert_not(space_is_ram(&l, 0, 0xa0001));
    cr_assert(space_is_ram(&l, MIB(1), MIB(3)), "across ranges that touch");
    cr_assert_not(space_is_ram(&l, MIB(1), MIB(3) + 1));
    cr_assert_not(space_is_ram(&l, 0xa0000, 1));
    cr_assert_not(space_is_ram(&l, MIB(1), ~0ULL));
    cr_assert_not(space_is_ram(&l, ~0ULL, 2));
    cr_assert(space_is_ram(&l, GIB(5) - 1, 1));
}

Test(load_space, lowest)
{
    cr_assert_eq(space_lowest(&l, 0x1000, 0x1000, 0, GIB(4)), 0);
    cr_assert_eq(space_lowest(&l, 0x1000, 0x1000, 0x9f001, GIB(4)), MIB(1));
    cr_assert_eq(space_lowest(&l, MIB(2), MIB(2), 0, GIB(4)), MIB(2));
    cr_assert_eq(space_lowest(&l, MIB(2) + 1, MIB(1), 0, GIB(4)), SPACE_NONE);
    cr_assert_eq(space_lowest(&l, MIB(8), MIB(1), 0, ~0ULL), GIB(4));
    cr_assert_eq(space_lowest(&l, 1, BIT(63), 1, ~0ULL), SPACE_NONE, "alignment that wraps");
    cr_assert_eq(space_lowest(&l, ~0ULL, 1, 0, ~0ULL), SPACE_NONE);
}

Test(load_space, highest)
{
    cr_assert_eq(space_highest(&l, 1, 0x1000, 0, GIB(4)), MIB(4) - 0x1000);
    cr_assert_eq(space_highest(&l, 0x1000, 0x1000, 0, MIB(3) + 5), MIB(3) - 0x1000);
    cr_assert_eq(space_highest(&l, MIB(2) + 1, 0x1000, 0, GIB(4)), SPACE_NONE);
    cr_assert_eq(space_highest(&l, 0xa0000, 0x1000, 0, MIB(1)), 0);
    cr_assert_eq(space_highest(&l, 0xa0000, 0x1000, 1, MIB(1)), SPACE_NONE);
}

Test(load_space, taken)
{
    space_take(&l, 0x1000, 0x1000);
    space_take(&l, 0x2000, 0x1000);
    space_take(&l, MIB(3), MIB(1));
    space_take(&l, 0x5000, 0);
    cr_assert_eq(l.taken_count, 3);
    cr_assert_eq(space_lowest(&l, 0x1000, 0x1000, 0, GIB(4)), 0);
    cr_assert_eq(space_lowest(&l, 0x1001, 0x1000, 0, GIB(4)), 0x3000);
    cr_assert_eq(space_lowest(&l, 0x1000, 0x1000, 0x1000, GIB(4)), 0x3000);
    cr_assert_eq(space_highest(&l, 0x1000, 0x1000, 0, GIB(4)), MIB(3) - 0x1000);
    cr_assert_eq(space_largest(&l, 0, GIB(4)), MIB(1));
    space_take(&l, GIB(4), ~0ULL);
    cr_assert_eq(space_largest(&l, GIB(4), ~0ULL), 0);
    space_take(&l, 0, 1);
    cr_assert_eq(l.taken_count, LOAD_TAKEN_MAX, "no more than there is room for");
}

/* Every byte that is found is RAM, free, and as asked for; nothing else was possible when nothing is found.
 */
Test(load_space, against_a_picture)
{
    enum { PAGES = 64 };
    unsigned random = 1;

    for (unsigned round = 0; round < 20000; round++) {
        bool is_free[PAGES] = {0};
        uint64_t size, align, first = SPACE_NONE, last = SPACE_NONE;

        params.memory_map_count = 0;
        l.taken_count = 0;
        for (unsigned at = 0; at < PAGES; at++) {
            random = random * 1103515245 + 12345;
            if (random >> 16 & 3) {
                map_add(at * PAGE_SIZE, (at + 1) * PAGE_SIZE, random >> 20 & 7 ? LOAD_RAM : LOAD_ACPI);
                is_free[at] = random >> 20 & 7;
            }
        }
        for (unsigned i = 0; i < 3; i++) {
            unsigned from, count;

            random = random * 1103515245 + 12345;
            from = random >> 16 & 63;
            count = random >> 24 & 7;
            space_take(&l, from * PAGE_SIZE, count * PAGE_SIZE);
            for (unsigned at = from; at < from + count && at < PAGES; at++)
                is_free[at] = false;
        }
        /* Ranges of the map are not joined, so one page is what always can be compared. */
        size = PAGE_SIZE;
        align = PAGE_SIZE << (random >> 28 & 3);
        for (uint64_t at = 0; at < PAGES; at++) {
            if (is_free[at] && IS_ALIGNED(at * PAGE_SIZE, align)) {
                first = first == SPACE_NONE ? at * PAGE_SIZE : first;
                last = at * PAGE_SIZE;
            }
        }
        cr_assert_eq(space_lowest(&l, size, align, 0, GIB(4)), first);
        cr_assert_eq(space_highest(&l, size, align, 0, GIB(4)), last);
    }
}
