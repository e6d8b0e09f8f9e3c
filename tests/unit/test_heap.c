/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "mm_layouts.h"
#include "page.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define BLOCKS_MAX 2000

struct block {
    unsigned char *ptr;
    size_t size;
    unsigned char fill;
};

static struct block blocks[BLOCKS_MAX];

static size_t random_size(void)
{
    switch (random_below(10)) {
    case 0:
        return random_below(400000);
    case 1:
    case 2:
        return random_below(12000);
    default:
        return random_below(600);
    }
}

static void block_fill(struct block *block)
{
    block->fill = (unsigned char)random_below(256);
    memset(block->ptr, block->fill, block->size);
}

static void block_verify(const struct block *block, size_t size)
{
    for (size_t i = 0; i < size; i++)
        cr_assert_eq(block->ptr[i], block->fill);
}

static void block_make(struct block *block)
{
    size_t align = random_below(4) == 0 ? 1ULL << random_below(15) : 16;

    block->size = random_size();
    block->ptr = align == 16 ? heap_alloc(block->size) : heap_alloc_aligned(align, block->size);
    if (block->ptr == NULL)
        return;
    cr_assert(IS_ALIGNED((uintptr_t)block->ptr, align));
    cr_assert_geq(heap_usable_size(block->ptr), block->size);
    block_fill(block);
}

static void block_resize(struct block *block)
{
    size_t size = 1 + random_size();
    unsigned char *ptr = heap_realloc(block->ptr, size);

    if (ptr == NULL)
        return;
    block->ptr = ptr;
    block_verify(block, MIN(size, block->size));
    block->size = size;
    block_fill(block);
}

static void block_drop(struct block *block)
{
    block_verify(block, block->size);
    heap_free(block->ptr);
    block->ptr = NULL;
}

Test(heap, random)
{
    layout_load(&layouts[0]);
    for (unsigned step = 0; step < 60000; step++) {
        struct block *block = &blocks[random_below(step / 10000 % 2 ? BLOCKS_MAX / 10 : BLOCKS_MAX)];

        if (block->ptr == NULL)
            block_make(block);
        else if (random_below(3) == 0)
            block_resize(block);
        else
            block_drop(block);
        if (step % 5000 == 0)
            mm_check();
    }
    for (unsigned i = 0; i < BLOCKS_MAX; i++)
        if (blocks[i].ptr != NULL)
            block_drop(&blocks[i]);
    cr_assert_eq(heap_bytes(), 0);
    mm_check();
}

Test(heap, statistics_follow_block_sizes)
{
    void *a, *b;

    layout_load(&layouts[0]);
    a = heap_alloc(100);
    b = heap_alloc(20000);
    cr_assert_eq(heap_bytes(), 112 + 5 * PAGE_SIZE);
    cr_assert_eq(stats_now(NODE_ANY).heap_bytes, heap_bytes());
    heap_free(a);
    cr_assert_eq(heap_bytes(), 5 * PAGE_SIZE);
    heap_free(b);
    cr_assert_eq(heap_bytes(), 0);
}

Test(heap, every_size_has_the_tightest_class)
{
    size_t last = 0;

    layout_load(&layouts[0]);
    for (size_t size = 1; size <= 9000; size++) {
        void *ptr = heap_alloc(size);
        size_t usable = heap_usable_size(ptr);

        cr_assert_geq(usable, size);
        cr_assert_geq(usable, last);
        cr_assert_leq(usable, size <= 128 ? ALIGN_UP(size, 16) : size <= 8192 ? size * 5 / 4 + 1 : 12288);
        cr_assert(IS_ALIGNED((uintptr_t)ptr, 16));
        last = usable;
        heap_free(ptr);
    }
}

Test(heap, alignments)
{
    layout_load(&layouts[1]);
    for (size_t align = 1; align <= MIB(4); align *= 2) {
        for (size_t size = 0; size < 20000; size = size * 2 + 7) {
            void *ptr = heap_alloc_aligned(align, size);

            cr_assert_not_null(ptr);
            cr_assert(IS_ALIGNED((uintptr_t)ptr, align));
            cr_assert_geq(heap_usable_size(ptr), size);
            memset(ptr, 0x55, size);
            heap_free(ptr);
        }
    }
    cr_assert_null(heap_alloc_aligned(0, 8));
    cr_assert_null(heap_alloc_aligned(48, 8));
    cr_assert_null(heap_alloc_aligned(GIB(2), 8));
    mm_check();
}

Test(heap, odd_requests)
{
    void *zero;

    layout_load(&layouts[0]);
    zero = heap_alloc(0);
    cr_assert_not_null(zero);
    heap_free(zero);
    heap_free(NULL);
    cr_assert_null(heap_alloc_zeroed(SIZE_MAX / 2, 3));
    cr_assert_null(heap_alloc(SIZE_MAX));
    cr_assert_null(heap_alloc(GIB(1) + 1));
    cr_assert_null(heap_alloc_aligned(1ULL << 63, 1));
    zero = heap_realloc(NULL, 10);
    cr_assert_not_null(zero);
    cr_assert_null(heap_realloc(zero, 0));
    cr_assert_eq(heap_bytes(), 0);
}

Test(heap, zeroed_after_use)
{
    static const size_t sizes[] = {1, 64, 1000, 8192, 8193, 100000};

    layout_load(&layouts[0]);
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        unsigned char *ptr = heap_alloc(sizes[i]);

        memset(ptr, 0xff, sizes[i]);
        heap_free(ptr);
        ptr = heap_alloc_zeroed(1, sizes[i]);
        for (size_t k = 0; k < sizes[i]; k++)
            cr_assert_eq(ptr[k], 0);
        heap_free(ptr);
    }
}

Test(heap, realloc_in_place)
{
    unsigned char *ptr, *moved;

    layout_load(&layouts[0]);
    ptr = heap_alloc(200);
    cr_assert_eq(heap_realloc(ptr, 224), ptr, "the class has room");
    cr_assert_eq(heap_realloc(ptr, 150), ptr, "not worth moving");
    heap_free(ptr);

    ptr = heap_alloc(100 * PAGE_SIZE);
    cr_assert_eq(heap_realloc(ptr, 37 * PAGE_SIZE - 5), ptr, "the tail goes back");
    cr_assert_eq(heap_bytes(), 37 * PAGE_SIZE);
    ptr[5] = 42;
    moved = heap_realloc(ptr, 50);
    cr_assert_neq(moved, ptr);
    cr_assert_eq(moved[5], 42);
    heap_free(moved);
    cr_assert_eq(heap_bytes(), 0);
    mm_check();
}

Test(heap, exhaustion_gives_null_and_recovers)
{
    struct mm_stats before, after;
    void **first = NULL;
    void **ptr;

    layout_load(&layouts[0]);
    /* The caches hold one slab each from here on. */
    heap_free(heap_alloc(5000));
    heap_free(heap_alloc(100));
    before = stats_now(NODE_ANY);
    for (unsigned round = 0; round < 2; round++) {
        while ((ptr = heap_alloc(round == 0 ? 5000 : 100)) != NULL) {
            *ptr = first;
            first = ptr;
        }
        after = stats_now(NODE_ANY);
        for (unsigned order = round == 0 ? 4 : 0; order <= PAGE_ORDER_MAX; order++)
            cr_assert_eq(after.free_blocks[order], 0, "order %u", order);
        cr_assert_null(heap_alloc(100000));
        while (first != NULL) {
            ptr = *first;
            heap_free(first);
            first = ptr;
        }
        cr_assert_eq(heap_bytes(), 0);
    }
    after = stats_now(NODE_ANY);
    /* A slab per class, and what the magazines pin. */
    cr_assert_geq(after.free_bytes + MIB(1), before.free_bytes);
    mm_check();
}

/* --- several CPUs ----------------------------------------------------------------------------------------
 */

#define CPUS   4
#define SHARED 64

static _Atomic(uint64_t *) shared[SHARED];

/* Allocates and frees, half of it what another CPU has allocated. */
static void *cpu_main(void *arg)
{
    unsigned cpu = (unsigned)(uintptr_t)arg;
    uint64_t state = 12345 + cpu;

    fake_cpu_enter(cpu);
    for (unsigned i = 0; i < 40000; i++) {
        uint64_t *ptr, size;

        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        size = 16 + ((state >> 33) % 50 == 0 ? (state >> 40) % 30000 : (state >> 40) % 500);
        ptr = heap_alloc(size);
        if (ptr != NULL) {
            ptr[0] = size;
            ptr[1] = ~size;
        }
        ptr = atomic_exchange(&shared[(state >> 50) % SHARED], ptr);
        if (ptr != NULL && ptr[1] != ~ptr[0])
            abort();
        heap_free(ptr);
    }
    return NULL;
}

Test(heap, several_cpus)
{
    pthread_t threads[CPUS];

    fake_cpus_init(CPUS);
    layout_load(&layouts[0]);
    for (uintptr_t i = 0; i < CPUS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, cpu_main, (void *)i), 0);
    for (unsigned i = 0; i < CPUS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < SHARED; i++)
        heap_free(shared[i]);
    cr_assert_eq(heap_bytes(), 0);
    mm_check();
}

/* --- misuse ----------------------------------------------------------------------------------------------
 */

Test(heap, free_of_foreign_object, .signal = SIGABRT)
{
    struct slab_cache other;

    layout_load(&layouts[0]);
    cr_assert(slab_cache_setup(&other, "other", 100, 8));
    heap_free(slab_alloc(&other));
}

Test(heap, free_of_garbage, .signal = SIGABRT)
{
    layout_load(&layouts[0]);
    heap_free(hpa_to_ptr(hpa(MIB(5) + 24)));
}

Test(heap, double_free_of_run, .signal = SIGABRT)
{
    void *ptr;

    layout_load(&layouts[0]);
    ptr = heap_alloc(100000);
    heap_free(ptr);
    heap_free(ptr);
}
