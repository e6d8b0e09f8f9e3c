/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "page.h"
#include <core/audit.h>
#include <core/panic.h>
#include <core/sync.h>
#include <string.h>

/*
 * Small sizes have a slab cache per class: steps of 16 up to 128 bytes, then four classes per power of two,
 * so at most a fifth is lost. Larger ones are runs of pages. The tag of a pointer's page tells which it is.
 */
#define CLASS_STEP_MAX   128
#define CLASS_SIZE_MAX   8192
#define CLASSES_LINEAR   (CLASS_STEP_MAX / 16)
#define CLASSES          (CLASSES_LINEAR + 4 * 6)
#define LINEAR_MAX_SHIFT 7

_Static_assert(CLASS_STEP_MAX == 1 << LINEAR_MAX_SHIFT && CLASS_SIZE_MAX == CLASS_STEP_MAX << 6,
               "class count");

static struct slab_cache classes[CLASSES];
static _Atomic uint64_t run_pages_total;

static const char *const class_names[CLASSES] = {
    "malloc-16",   "malloc-32",   "malloc-48",   "malloc-64",   "malloc-80",   "malloc-96",   "malloc-112",
    "malloc-128",  "malloc-160",  "malloc-192",  "malloc-224",  "malloc-256",  "malloc-320",  "malloc-384",
    "malloc-448",  "malloc-512",  "malloc-640",  "malloc-768",  "malloc-896",  "malloc-1024", "malloc-1280",
    "malloc-1536", "malloc-1792", "malloc-2048", "malloc-2560", "malloc-3072", "malloc-3584", "malloc-4096",
    "malloc-5120", "malloc-6144", "malloc-7168", "malloc-8192",
};

/* size: 1 .. CLASS_SIZE_MAX. */
static inline unsigned class_of(size_t size)
{
    unsigned shift;

    if (size <= CLASS_STEP_MAX)
        return (unsigned)(size - 1) / 16;
    shift = 63 - (unsigned)__builtin_clzll(size - 1);
    return CLASSES_LINEAR + (shift - LINEAR_MAX_SHIFT) * 4 + (unsigned)((size - 1) >> (shift - 2) & 3);
}

static size_t class_size(unsigned class)
{
    unsigned group, step;

    if (class < CLASSES_LINEAR)
        return (class + 1) * 16;
    group = (class - CLASSES_LINEAR) / 4;
    step = (class - CLASSES_LINEAR) % 4;
    return (size_t)(5 + step) << (LINEAR_MAX_SHIFT - 2 + group);
}

/* What every block of a class is aligned to. */
static size_t class_align(unsigned class)
{
    size_t size = class_size(class);

    return MIN(size & -size, PAGE_SIZE);
}

void heap_init(void)
{
    for (unsigned i = 0; i < CLASSES; i++) {
        bool ok = slab_cache_setup(&classes[i], class_names[i], class_size(i), class_align(i));

        ASSERT(ok);
    }
}

/* --- runs ------------------------------------------------------------------------------------------------
 */

static void run_count(uint64_t pages)
{
    atomic_fetch_add_explicit(&run_pages_total, pages, memory_order_relaxed);
}

static no_inline void *large_alloc(size_t size, unsigned align_order)
{
    uint64_t pages;
    hpa_t run;

    audit_allocation();
    lock_check_plain("an allocation");
    if (size > PAGE_SIZE << PAGE_ORDER_MAX || align_order > PAGE_ORDER_MAX)
        return NULL;
    pages = ALIGN_UP(MAX(size, 1UL), PAGE_SIZE) >> PAGE_SHIFT;
    run = run_alloc(pages, align_order);
    if (!hpa_valid(run))
        return NULL;
    run_count(pages);
    return hpa_to_ptr(run);
}

static no_inline void large_free(hpa_t run)
{
    audit_allocation();
    lock_check_plain("giving back memory");
    run_count(-run_pages(run));
    run_free(run);
}

/* The slab cache that a block came from, NULL if it is a run of pages. */
static inline struct slab_cache *cache_of(const void *ptr)
{
    struct slab *slab = slab_of(ptr);

    if (slab == NULL) {
        if (!IS_ALIGNED((uintptr_t)ptr, PAGE_SIZE))
            panic("%p is not a block of the heap", ptr);
        return NULL;
    }
    if (unlikely(slab->cache < classes || slab->cache >= classes + CLASSES))
        panic("%p is a %s, not a block of the heap", ptr, slab->cache->name);
    return slab->cache;
}

/* --- the interface ---------------------------------------------------------------------------------------
 */

void *heap_alloc(size_t size)
{
    if (unlikely(size > CLASS_SIZE_MAX))
        return large_alloc(size, 0);
    return slab_alloc(&classes[class_of(size + (size == 0))]);
}

void *heap_alloc_zeroed(size_t count, size_t size)
{
    size_t bytes;
    void *ptr;

    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    ptr = heap_alloc(bytes);
    return ptr != NULL ? memset(ptr, 0, bytes) : NULL;
}

void *heap_alloc_aligned(size_t align, size_t size)
{
    unsigned class;

    if (align == 0 || (align & (align - 1)) != 0)
        return NULL;
    if (align > PAGE_SIZE || size > CLASS_SIZE_MAX)
        return large_alloc(size, align > PAGE_SIZE ? (unsigned)__builtin_ctzll(align) - PAGE_SHIFT : 0);
    /* At most four steps: powers of two are aligned to themselves. */
    class = class_of(MAX(MAX(size, align), 1UL));
    while (!IS_ALIGNED(class_align(class), align))
        class ++;
    return slab_alloc(&classes[class]);
}

void heap_free(void *ptr)
{
    struct slab_cache *cache;

    if (ptr == NULL)
        return;
    cache = cache_of(ptr);
    if (likely(cache != NULL))
        slab_free(cache, ptr);
    else
        large_free(ptr_to_hpa(ptr));
}

size_t heap_usable_size(const void *ptr)
{
    const struct slab_cache *cache = cache_of(ptr);

    return cache != NULL ? cache->stride : run_pages(ptr_to_hpa(ptr)) << PAGE_SHIFT;
}

/* Whether a block of `capacity` bytes can stay where it is; a run gives back the pages it does not need. */
static bool resize_in_place(void *ptr, size_t capacity, size_t size)
{
    uint64_t pages;

    if (size > capacity)
        return false;
    if (capacity <= CLASS_SIZE_MAX && slab_of(ptr) != NULL)
        return size > capacity / 2 || capacity <= CLASS_STEP_MAX / 2;
    if (size <= CLASS_SIZE_MAX)
        return false;
    pages = ALIGN_UP(size, PAGE_SIZE) >> PAGE_SHIFT;
    if (pages < capacity >> PAGE_SHIFT) {
        run_shrink(ptr_to_hpa(ptr), pages);
        run_count(pages - (capacity >> PAGE_SHIFT));
    }
    return true;
}

void *heap_realloc(void *ptr, size_t size)
{
    size_t capacity;
    void *moved;

    if (ptr == NULL)
        return heap_alloc(size);
    if (size == 0) {
        heap_free(ptr);
        return NULL;
    }
    capacity = heap_usable_size(ptr);
    if (resize_in_place(ptr, capacity, size))
        return ptr;
    moved = heap_alloc(size);
    if (moved == NULL)
        return size <= capacity ? ptr : NULL;
    memcpy(moved, ptr, MIN(capacity, size));
    heap_free(ptr);
    return moved;
}

uint64_t heap_bytes(void)
{
    uint64_t bytes = atomic_load_explicit(&run_pages_total, memory_order_relaxed) << PAGE_SHIFT;

    for (unsigned i = 0; i < CLASSES; i++)
        bytes += slab_cache_objects(&classes[i]) * classes[i].stride;
    return bytes;
}
