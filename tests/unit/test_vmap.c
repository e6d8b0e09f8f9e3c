/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "mm_layouts.h"
#include <arch/layout.h>
#include <contract/arch.h>
#include <core/vmap.h>
#include <signal.h>

static uint64_t va(const volatile void *ptr)
{
    return (uintptr_t)ptr;
}

Test(vmap, stack_has_memory_and_a_guard)
{
    uint64_t stack;
    const struct fake_mapping *mapping;

    layout_load(&layouts[0]);
    stack = va(stack_alloc(16384));
    mapping = fake_mapping_find(stack);
    cr_assert_not_null(mapping);
    cr_assert_eq(mapping->va, stack);
    cr_assert_eq(mapping->size, 16384);
    cr_assert_eq(mapping->flags, MAP_WRITE);
    cr_assert_geq(stack, ARCH_VMAP_BASE);
    cr_assert_lt(stack, ARCH_VMAP_BASE + ARCH_VMAP_SIZE);
    cr_assert(stack_guard_hit(stack - 1));
    cr_assert(stack_guard_hit(stack - PAGE_SIZE));
    cr_assert_not(stack_guard_hit(stack));
    cr_assert_not(stack_guard_hit(stack + 16383));
    cr_assert_not(stack_guard_hit(stack + 16384), "no stack there yet");
    cr_assert_null(fake_mapping_find(stack - 1));
    cr_assert_not(stack_guard_hit(0));
    cr_assert_not(stack_guard_hit(ARCH_VMAP_BASE - 1));
    cr_assert_not(stack_guard_hit(ARCH_VMAP_BASE + ARCH_VMAP_SIZE));
    cr_assert_not(stack_guard_hit(~0ULL));
}

Test(vmap, stacks_are_reused)
{
    static void *stacks[100];
    uint64_t highest = 0;
    uint64_t free_bytes;

    layout_load(&layouts[0]);
    free_bytes = stats_now(NODE_ANY).free_bytes;
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < ARRAY_SIZE(stacks); i++) {
            stacks[i] = stack_alloc(i % 3 == 0 ? 16384 : 20000);
            cr_assert_not_null(stacks[i]);
            if (round == 0)
                highest = MAX(highest, va(stacks[i]));
            else
                cr_assert_leq(va(stacks[i]), highest);
        }
        for (unsigned i = 0; i < ARRAY_SIZE(stacks); i++)
            stack_free(stacks[i], i % 3 == 0 ? 16384 : 20000);
    }
    /* A few of each size stay mapped. */
    cr_assert_eq(fake_mapping_count(), 16);
    cr_assert_gt(stats_now(NODE_ANY).free_bytes + 8 * 16384 + 8 * 32768 + KIB(128), free_bytes);
    mm_check();
}

/* One flush for many, and nobody gets the memory before. */
Test(vmap, stacks_are_unmapped_together)
{
    static void *stacks[200];
    uint64_t free_bytes;

    layout_load(&layouts[0]);
    for (unsigned i = 0; i < ARRAY_SIZE(stacks); i++)
        cr_assert_not_null(stacks[i] = stack_alloc(16384));
    free_bytes = stats_now(NODE_ANY).free_bytes;
    stack_free_batch_begin();
    stack_free_batch_begin();
    for (unsigned i = 0; i < 50; i++)
        stack_free(stacks[i], 16384);
    cr_assert_eq(fake_tlb_flushes, 0);
    cr_assert_eq(fake_mapping_count(), 150 + 8);
    cr_assert_eq(stats_now(NODE_ANY).free_bytes, free_bytes);
    stack_free_batch_end();
    cr_assert_eq(fake_tlb_flushes, 0);
    for (unsigned i = 50; i < ARRAY_SIZE(stacks); i++)
        stack_free(stacks[i], 16384);
    cr_assert_eq(fake_tlb_flushes, 3);
    stack_free_batch_end();
    cr_assert_eq(fake_tlb_flushes, 3); /* 192 in three times 64 */
    cr_assert_eq(fake_mapping_count(), 8);
    cr_assert_geq(stats_now(NODE_ANY).free_bytes, free_bytes + 192 * 16384);
    stacks[0] = stack_alloc(16384);
    stack_free(stacks[0], 16384);
    cr_assert_eq(fake_tlb_flushes, 3);
    mm_check();
}

Test(vmap, double_free_of_stack_in_a_batch, .signal = SIGABRT)
{
    static void *stacks[9];

    layout_load(&layouts[0]);
    for (unsigned i = 0; i < ARRAY_SIZE(stacks); i++)
        stacks[i] = stack_alloc(16384);
    stack_free_batch_begin();
    for (unsigned i = 0; i < ARRAY_SIZE(stacks); i++)
        stack_free(stacks[i], 16384);
    stack_free(stacks[8], 16384);
}

Test(vmap, stack_sizes)
{
    layout_load(&layouts[0]);
    cr_assert_not_null(stack_alloc(1));
    cr_assert_not_null(stack_alloc(MIB(1)));
    cr_assert_null(stack_alloc(MIB(1) + 1));
}

Test(vmap, stack_without_memory)
{
    void *stack, *last = NULL;
    unsigned count = 0;
    uint64_t free_bytes;

    layout_load(&layouts[0]);
    heap_free(heap_alloc(80));
    free_bytes = stats_now(NODE_ANY).free_bytes;
    fake_mapping_limit(0);
    cr_assert_null(stack_alloc(16384));
    cr_assert_geq(stats_now(NODE_ANY).free_bytes + KIB(8), free_bytes);
    fake_mapping_limit(~0U);
    while ((stack = stack_alloc(MIB(1))) != NULL) {
        last = stack;
        count++;
    }
    cr_assert_geq(count, 120);
    stack_free(last, MIB(1));
    cr_assert_eq(stack_alloc(MIB(1)), last);
    mm_check();
}

Test(vmap, double_free_of_stack, .signal = SIGABRT)
{
    void *stack;

    layout_load(&layouts[0]);
    stack = stack_alloc(16384);
    stack_free(stack, 16384);
    stack_free(stack, 16384);
}

Test(vmap, free_with_wrong_size, .signal = SIGABRT)
{
    layout_load(&layouts[0]);
    stack_free(stack_alloc(16384), 65536);
}

/* Every page of the range is mapped where it should be, with the flags it should have. */
static void expect_mapped(uint64_t base, uint64_t size, unsigned flags)
{
    for (uint64_t page = ALIGN_DOWN(base, PAGE_SIZE); page < base + size; page += PAGE_SIZE) {
        const struct fake_mapping *mapping = fake_mapping_find(ARCH_MMIO_VA(page));

        cr_assert_not_null(mapping);
        cr_assert_eq(mapping->pa.v + (ARCH_MMIO_VA(page) - mapping->va), page);
        cr_assert_eq(mapping->flags, flags);
    }
}

Test(vmap, mmio_overlaps_are_mapped_once)
{
    const unsigned flags = MAP_WRITE | MAP_UNCACHED;

    layout_load(&layouts[0]);
    cr_assert_eq(va(mmio_map(hpa(0xfee00020), 4, MMIO_UNCACHED)), ARCH_MMIO_VA(0xfee00020));
    expect_mapped(0xfee00000, PAGE_SIZE, flags);
    cr_assert_eq(fake_mapping_count(), 1);
    cr_assert_not_null(mmio_map(hpa(0xfee00000), 0x1000, MMIO_UNCACHED));
    cr_assert_eq(fake_mapping_count(), 1);
    /* Around it: two gaps. */
    cr_assert_not_null(mmio_map(hpa(0xfec00000), MIB(4), MMIO_UNCACHED));
    cr_assert_eq(fake_mapping_count(), 3);
    expect_mapped(0xfec00000, MIB(4), flags);
}

Test(vmap, mmio_random)
{
    layout_load(&layouts[0]);
    for (unsigned i = 0; i < 500; i++) {
        uint64_t base = GIB(3) + random_below(MIB(8)), size = 1 + random_below(100000);

        cr_assert_eq(va(mmio_map(hpa(base), size, MMIO_WRITE_COMBINING)), ARCH_MMIO_VA(base));
        expect_mapped(base, size, MAP_WRITE | MAP_WRITE_COMBINING);
    }
}

Test(vmap, mmio_refusals)
{
    layout_load(&layouts[0]);
    cr_assert_null(mmio_map(hpa(0xf0000000), 0, MMIO_UNCACHED));
    cr_assert_null(mmio_map(hpa(~0ULL - 10), 100, MMIO_UNCACHED));
    cr_assert_null(mmio_map(hpa(~0ULL - 100), 50, MMIO_UNCACHED));
    cr_assert_not_null(mmio_map(hpa(0xf0000000), 0x3000, MMIO_UNCACHED));
    cr_assert_null(mmio_map(hpa(0xf0001000), 16, MMIO_WRITE_COMBINING), "a page has one type");
    fake_mapping_limit(0);
    cr_assert_null(mmio_map(hpa(0xf1000000), 0x3000, MMIO_UNCACHED));
    fake_mapping_limit(~0U);
    cr_assert_not_null(mmio_map(hpa(0xf1000000), 0x3000, MMIO_UNCACHED));
}
