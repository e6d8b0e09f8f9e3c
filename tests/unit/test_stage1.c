/* SPDX-License-Identifier: BSD-2-Clause */
#include "stage1.h"
#include <criterion/criterion.h>
#include <string.h>

/* Memory of 1 MiB at 0. */
static uint64_t memory[1 << 17];
static unsigned reads;

static bool read(void *context, uint64_t at, uint64_t *entry)
{
    reads++;
    if (at % 8 != 0 || at >= sizeof(memory))
        return false;
    *entry = memory[at / 8];
    return true;
}

static int level_of(const struct stage1 *s, uint64_t va)
{
    reads = 0;
    return stage1_hole_level(s, va, read, NULL);
}

#define HOLE 0x40000000ULL
#define TCR(t0sz, tg0, t1sz, tg1) \
    ((uint64_t)(t0sz) | (uint64_t)(tg0) << 14 | (uint64_t)(t1sz) << 16 | (uint64_t)(tg1) << 30)

/* 4K, 48 bits: four levels. */
Test(stage1, levels)
{
    struct stage1 s = {.tcr = TCR(16, 0, 16, 2), .ttbr0 = 0x1000, .ttbr1 = HOLE};
    uint64_t va = 0x123456789000;

    memset(memory, 0, sizeof(memory));
    cr_assert_eq(level_of(&s, va), -1);
    cr_assert_eq(reads, 1);
    cr_assert_eq(level_of(&s, va | 0xffffULL << 48), 0);
    memory[0x1000 / 8 + (va >> 39 & 511)] = HOLE | 3;
    cr_assert_eq(level_of(&s, va), 1);
    memory[0x1000 / 8 + (va >> 39 & 511)] = 0x2000 | 3;
    memory[0x2000 / 8 + (va >> 30 & 511)] = HOLE | 3;
    cr_assert_eq(level_of(&s, va), 2);
    memory[0x2000 / 8 + (va >> 30 & 511)] = HOLE | 1; /* a block */
    cr_assert_eq(level_of(&s, va), -1);
    memory[0x2000 / 8 + (va >> 30 & 511)] = 0x3000 | 3;
    memory[0x3000 / 8 + (va >> 21 & 511)] = HOLE | 3;
    cr_assert_eq(level_of(&s, va), 3);
    memory[0x3000 / 8 + (va >> 21 & 511)] = 0x4000 | 3;
    memory[0x4000 / 8 + (va >> 12 & 511)] = HOLE | 3; /* a page */
    cr_assert_eq(level_of(&s, va), -1);
    cr_assert_eq(reads, 4);
}

/* Where the first table is, by range and granule. */
Test(stage1, first_level)
{
    static const struct {
        unsigned t0sz, tg0;
        int level;
    } cases[] = {{16, 0, 0}, {24, 0, 0}, {25, 0, 1}, {33, 0, 1}, {34, 0, 2}, {16, 2, 0},
                 {17, 2, 1}, {27, 2, 1}, {29, 2, 2}, {16, 1, 1}, {22, 1, 2}, {12, 1, 1}};

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        struct stage1 s = {.tcr = TCR(cases[i].t0sz, cases[i].tg0, 0, 0), .ttbr0 = HOLE};

        cr_assert_eq(level_of(&s, 0), cases[i].level, "case %u", i);
    }
}

/* Nothing that a guest can write there makes it go wild. */
Test(stage1, any_registers)
{
    memset(memory, 0xff, sizeof(memory));
    for (unsigned t0sz = 0; t0sz < 64; t0sz++)
        for (unsigned tg = 0; tg < 4; tg++)
            for (unsigned epd = 0; epd < 2; epd++) {
                struct stage1 s = {
                    .tcr = TCR(t0sz, tg, t0sz, tg) | epd << 7 | epd << 23, .ttbr0 = ~0ULL, .ttbr1 = 0x8000};
                int lower = level_of(&s, 0x7fffffffffffff), upper = level_of(&s, ~0ULL);

                cr_assert(lower >= -1 && lower <= 3 && upper >= -1 && upper <= 3);
                cr_assert(!epd || (lower == -1 && upper == -1));
                cr_assert_leq(reads, 4);
            }
}
