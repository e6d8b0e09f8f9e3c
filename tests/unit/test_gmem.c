/* SPDX-License-Identifier: BSD-2-Clause */
#include "gmem.h"
#include "hint.h"
#include "mm_layouts.h"
#include "page.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

static struct gmem gmem;
static struct mm_stats before;

#define PAGES_PER_CHUNK (GMEM_CHUNK_SIZE / PAGE_SIZE)

static void start(void)
{
    layout_load(&layouts[2]); /* two nodes, 1 GiB in a row on the second */
    page_cache_drain();
    before = stats_now(NODE_ANY);
}

static void guest_make(uint64_t size)
{
    cr_assert_eq(gmem_init(&gmem, size, 0), 0);
}

/* Every page comes back. */
static void guest_end(void)
{
    struct mm_stats after;

    gmem_fini(&gmem);
    page_cache_drain();
    mm_check();
    after = stats_now(NODE_ANY);
    stats_expect_equal(&before, &after);
}

TestSuite(gmem, .init = start);

static int slot(uint64_t base, uint64_t size, uint64_t ram_offset, bool is_read_only)
{
    struct gmem_slot s = {
        .base = gpa(base), .size = size, .ram_offset = ram_offset, .is_read_only = is_read_only};

    return gmem_slot_add(&gmem, &s);
}

Test(gmem, sizes)
{
    cr_assert_eq(gmem_init(&gmem, 0, 0), -EINVAL);
    cr_assert_eq(gmem_init(&gmem, MIB(1), 0), -EINVAL);
    cr_assert_eq(gmem_init(&gmem, MIB(3), 0), -EINVAL);
    for (uint64_t size = MIB(2); size <= MIB(1026); size += MIB(128)) {
        guest_make(size);
        cr_assert_eq(stats_now(NODE_ANY).free_bytes + size <= before.free_bytes, true);
        guest_end();
    }
}

Test(gmem, more_than_there_is)
{
    struct mm_stats after;

    cr_assert_eq(gmem_init(&gmem, GIB(16), 0), -ENOMEM);
    page_cache_drain();
    after = stats_now(NODE_ANY);
    stats_expect_equal(&before, &after);
}

Test(gmem, slots)
{
    guest_make(MIB(16));
    cr_assert_eq(slot(0, 0, 0, false), -EINVAL);
    cr_assert_eq(slot(1, PAGE_SIZE, 0, false), -EINVAL);
    cr_assert_eq(slot(0, PAGE_SIZE, 5, false), -EINVAL);
    cr_assert_eq(slot(0, PAGE_SIZE + 1, 0, false), -EINVAL);
    cr_assert_eq(slot(0, MIB(17), 0, false), -EINVAL);
    cr_assert_eq(slot(0, MIB(2), MIB(15), false), -EINVAL);
    cr_assert_eq(slot(0, PAGE_SIZE, ~0ULL << 12, false), -EINVAL);
    cr_assert_eq(slot(~0ULL << 12, MIB(2), 0, false), -EINVAL);
    cr_assert_eq(slot(GIB(4), MIB(8), MIB(8), false), 0);
    cr_assert_eq(slot(0, 0xa0000, 0, false), 0);
    cr_assert_eq(slot(0xc0000, MIB(8) - 0xc0000, 0xc0000, false), 0);
    cr_assert_eq(slot(0x9f000, 0x1000, 0, false), -EEXIST);
    cr_assert_eq(slot(0xb0000, 0x20000, 0, false), -EEXIST);
    cr_assert_eq(slot(MIB(1), PAGE_SIZE, 0, false), -EEXIST);
    cr_assert_eq(gmem.slot_count, 3);
    cr_assert_eq(gmem_slot_find(&gmem, gpa(0x9ffff))->base.v, 0);
    cr_assert_null(gmem_slot_find(&gmem, gpa(0xa0000)));
    cr_assert_null(gmem_slot_find(&gmem, gpa(0xbffff)));
    cr_assert_eq(gmem_slot_find(&gmem, gpa(0xc0000))->base.v, 0xc0000);
    cr_assert_null(gmem_slot_find(&gmem, gpa(MIB(8))));
    cr_assert_eq(gmem_slot_find(&gmem, gpa(GIB(4) + MIB(8) - 1))->ram_offset, MIB(8));
    cr_assert_null(gmem_slot_find(&gmem, gpa(~0ULL)));
    guest_end();
}

Test(gmem, pointers)
{
    size_t length = 8;

    guest_make(MIB(8));
    cr_assert_eq(slot(0, MIB(4), 0, false), 0);
    cr_assert_eq(slot(MIB(4), PAGE_SIZE, MIB(4), true), 0);
    cr_assert_not_null(gmem_ptr(&gmem, gpa(0), &length, true));
    cr_assert_eq(length, 8);
    length = MIB(8); /* to the end of the chunk */
    cr_assert_not_null(gmem_ptr(&gmem, gpa(0x1000), &length, false));
    cr_assert_eq(length, MIB(2) - 0x1000);
    length = MIB(8); /* to the end of the slot */
    cr_assert_not_null(gmem_ptr(&gmem, gpa(MIB(4) + 16), &length, false));
    cr_assert_eq(length, PAGE_SIZE - 16);
    cr_assert_null(gmem_ptr(&gmem, gpa(MIB(4)), &length, true)); /* ROM */
    cr_assert_null(gmem_ptr(&gmem, gpa(MIB(5)), &length, false));
    length = 0;
    cr_assert_null(gmem_ptr(&gmem, gpa(0), &length, false));
    guest_end();
}

static const void *pointer(uint64_t address)
{
    size_t length = 1;

    return gmem_ptr(&gmem, gpa(address), &length, false);
}

Test(gmem, hints)
{
    struct gmem_hint hint = {0};

    guest_make(MIB(8));
    cr_assert_eq(slot(0, MIB(4) + PAGE_SIZE, 0, false), 0);
    cr_assert_null(gmem_hint_ptr(&gmem, &hint, gpa(MIB(5)), 8));
    cr_assert_eq(gmem_hint_ptr(&gmem, &hint, gpa(0x1ff8), 8), pointer(0x1ff8));
    cr_assert_eq(hint.base, 0x1000, "the whole page, and what follows");
    cr_assert_eq(hint.size, MIB(2) - 0x1000);
    cr_assert_eq(gmem_hint_ptr(&gmem, &hint, gpa(MIB(2) - 8), 8), pointer(MIB(2) - 8));
    cr_assert_eq(gmem_hint_ptr(&gmem, &hint, gpa(0x800), 8), pointer(0x800), "before it");
    cr_assert_eq(gmem_hint_ptr(&gmem, &hint, gpa(MIB(2) + 8), 8), pointer(MIB(2) + 8), "behind it");
    /* In pieces, beyond RAM, around the end of the address space. */
    cr_assert_null(gmem_hint_ptr(&gmem, &hint, gpa(MIB(2) - 4), 8));
    cr_assert_null(gmem_hint_ptr(&gmem, &hint, gpa(MIB(4) + PAGE_SIZE - 4), 8));
    cr_assert_null(gmem_hint_ptr(&gmem, &hint, gpa(~0ULL), 8));
    cr_assert_null(gmem_hint_ptr(&gmem, &hint, gpa(0), SIZE_MAX));
    cr_assert_eq(gmem_hint_ptr(&gmem, &hint, gpa(MIB(4) + PAGE_SIZE - 8), 8),
                 pointer(MIB(4) + PAGE_SIZE - 8));
    cr_assert_null(gmem_hint_ptr(&gmem, &hint, gpa(MIB(4) + PAGE_SIZE), 8));
    /* Once slots have changed it is looked at again. */
    cr_assert_not_null(gmem_hint_ptr(&gmem, &hint, gpa(0), 8));
    hint.host = NULL;
    cr_assert_null(gmem_hint_ptr(&gmem, &hint, gpa(0), 8), "it is believed");
    cr_assert_eq(slot(GIB(1), MIB(1), MIB(6), false), 0);
    cr_assert_eq(gmem_hint_ptr(&gmem, &hint, gpa(0), 8), pointer(0));
    guest_end();
}

Test(gmem, memory_of_the_host_is_never_seen)
{
    hpa_t blocks[300];
    unsigned n;
    uint8_t page[PAGE_SIZE];

    for (n = 0; n < 300 && hpa_valid(blocks[n] = page_alloc(PAGE_ORDER_2M, 0, NODE_ANY)); n++)
        memset(hpa_to_ptr(blocks[n]), 0xaa, MIB(2));
    while (n-- > 0)
        page_free(blocks[n], PAGE_ORDER_2M);
    guest_make(MIB(64));
    cr_assert_eq(slot(0, MIB(64), 0, false), 0);
    for (uint64_t at = 0; at < MIB(64); at += PAGE_SIZE * 7) {
        cr_assert_eq(gmem_read(&gmem, gpa(at), page, MIN(sizeof(page), MIB(64) - at)), 0);
        for (size_t i = 0; i < sizeof(page); i += 61)
            cr_assert_eq(page[i], 0);
    }
    guest_end();
}

Test(gmem, reads_and_writes)
{
    static uint8_t to[MIB(5)], from[MIB(5)];

    guest_make(MIB(16));
    /* Neighbours for the guest, far apart in RAM. */
    cr_assert_eq(slot(MIB(8), MIB(4), 0, false), 0);
    cr_assert_eq(slot(MIB(12), MIB(4), MIB(10), false), 0);
    cr_assert_eq(slot(MIB(16), MIB(2), MIB(4), true), 0);
    for (size_t i = 0; i < sizeof(from); i++)
        from[i] = (uint8_t)(i * 31 >> 3);
    cr_assert_eq(gmem_write(&gmem, gpa(MIB(10) + 123), from, sizeof(from)), 0);
    cr_assert_eq(gmem_read(&gmem, gpa(MIB(10) + 123), to, sizeof(to)), 0);
    cr_assert_eq(memcmp(to, from, sizeof(to)), 0);
    /* ROM: all or nothing. */
    cr_assert_eq(gmem_read(&gmem, gpa(MIB(15)), to, MIB(3)), 0);
    cr_assert_eq(gmem_write(&gmem, gpa(MIB(16) - 4), from, 5), -EFAULT);
    cr_assert_eq(gmem_read(&gmem, gpa(MIB(16) - 4), to, 5), 0);
    cr_assert_eq(memcmp(to, "\0\0\0\0", 5), 0);
    /* Beyond RAM, and around the end of the address space. */
    cr_assert_eq(gmem_read(&gmem, gpa(MIB(18) - 1), to, 2), -EFAULT);
    cr_assert_eq(gmem_read(&gmem, gpa(MIB(8) - 1), to, 2), -EFAULT);
    cr_assert_eq(gmem_read(&gmem, gpa(~0ULL), to, 2), -EFAULT);
    cr_assert_eq(gmem_read(&gmem, gpa(MIB(8)), to, SIZE_MAX), -EFAULT);
    cr_assert_eq(gmem_read(&gmem, gpa(0), to, 0), 0);
    guest_end();
}

Test(gmem, dirty_pages)
{
    uint64_t *dirty = calloc(MIB(8) / PAGE_SIZE / 64, sizeof(*dirty));
    uint8_t bytes[2] = {1, 2};

    guest_make(MIB(8));
    cr_assert_eq(slot(GIB(1), MIB(8), 0, false), 0);
    gmem.dirty = dirty;
    cr_assert_eq(gmem_read(&gmem, gpa(GIB(1)), bytes, 2), 0);
    cr_assert_eq(dirty[0], 0);
    cr_assert_eq(gmem_write(&gmem, gpa(GIB(1) + 0x2fff), bytes, 2), 0);
    cr_assert_eq(dirty[0], 0xc);
    cr_assert_eq(gmem_write(&gmem, gpa(GIB(1) + MIB(2) - 1), bytes, 2), 0);
    cr_assert_eq(dirty[7], BIT(63));
    cr_assert_eq(dirty[8], 1);
    gmem_mark_dirty(&gmem, MIB(8) - 1, 1);
    cr_assert_eq(dirty[31], BIT(63));
    gmem_mark_dirty(&gmem, 0, 0);
    cr_assert_eq(dirty[0], 0xc);
    guest_end(); /* frees the bitmap too */
}

/* --- several CPUs touch the same memory for the first time --- */

#define CPUS 4

static void *toucher(void *arg)
{
    unsigned cpu = (unsigned)(uintptr_t)arg;

    fake_cpu_enter(cpu);
    for (uint64_t i = 0; i < 32; i++) {
        uint64_t at = MIB(2) * i + cpu * 8, value = ~0ULL, mark = 0x1234 + cpu;

        /* Whatever was there before is gone, and nobody clears what another has written since. */
        if (gmem_read(&gmem, gpa(at), &value, sizeof(value)) != 0 || value != 0)
            return (void *)1;
        if (gmem_write(&gmem, gpa(at), &mark, sizeof(mark)) != 0)
            return (void *)2;
    }
    return NULL;
}

Test(gmem, first_touch_by_many, .timeout = 60)
{
    pthread_t threads[CPUS];
    void *result;

    fake_cpus_init(CPUS);
    for (unsigned round = 0; round < 4; round++) {
        guest_make(MIB(64));
        cr_assert_eq(slot(0, MIB(64), 0, false), 0);
        for (uintptr_t i = 0; i < CPUS; i++)
            cr_assert_eq(pthread_create(&threads[i], NULL, toucher, (void *)i), 0);
        for (unsigned i = 0; i < CPUS; i++) {
            pthread_join(threads[i], &result);
            cr_assert_null(result);
        }
        for (uint64_t i = 0; i < 32 * CPUS; i++) {
            uint64_t value;

            cr_assert_eq(gmem_read(&gmem, gpa(MIB(2) * (i / CPUS) + i % CPUS * 8), &value, 8), 0);
            cr_assert_eq(value, 0x1234 + i % CPUS);
        }
        guest_end();
    }
}
