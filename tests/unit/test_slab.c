/* SPDX-License-Identifier: BSD-2-Clause */
#include "magazine.h"
#include "mm_layouts.h"
#include "page.h"
#include "slab.h"
#include <stdlib.h>

#define OBJECTS_MAX 5000
static void *objects[OBJECTS_MAX];

/* A cache is for ever. */
static struct slab_cache *cache_make(const char *name, size_t size, size_t align)
{
    static struct slab_cache caches[MAGAZINE_IDS + 10];
    static unsigned used;
    struct slab_cache *cache = &caches[used++];

    cr_assert_lt(used, ARRAY_SIZE(caches));
    cr_assert(slab_cache_setup(cache, name, size, align));
    return cache;
}

/* All is given back but the reserve, and what the magazine pins. */
static void expect_little_left(const struct slab_cache *cache)
{
    cr_assert_eq(slab_cache_objects(cache), 0);
    cr_assert_leq(cache->n_slabs, MAGAZINE_OBJECTS + 1);
}

static void run_random(size_t size, size_t align)
{
    struct slab_cache *cache = cache_make("random", size, align);
    unsigned n = 0;

    for (unsigned step = 0; step < 20000; step++) {
        bool is_growing = step / 4000 % 2 == 0;

        if (n < OBJECTS_MAX && (n == 0 || random_below(3) < (is_growing ? 2 : 1))) {
            void *object = slab_alloc(cache);

            cr_assert_not_null(object);
            cr_assert(IS_ALIGNED((uintptr_t)object, align));
            memset(object, (int)(uintptr_t)object >> 4, size);
            objects[n++] = object;
        } else {
            unsigned i = (unsigned)random_below(n);
            const unsigned char *bytes = objects[i];

            for (size_t k = 0; k < size; k++)
                cr_assert_eq(bytes[k], (unsigned char)((uintptr_t)bytes >> 4));
            slab_free(cache, objects[i]);
            objects[i] = objects[--n];
        }
        cr_assert_eq(slab_cache_objects(cache), n);
    }
    while (n > 0)
        slab_free(cache, objects[--n]);
    expect_little_left(cache);
}

Test(slab, random_sizes)
{
    layout_load(&layouts[0]);
    run_random(8, 8);
    run_random(24, 8);
    run_random(100, 4);
    run_random(64, 64);
    run_random(1500, 128);
    run_random(4096, 4096);
    mm_check();
}

Test(slab, empty_slabs_beyond_one_go_back)
{
    struct mm_stats before, after;
    struct slab_cache *cache;

    layout_load(&layouts[0]);
    cache = cache_make("give-back", 256, 8);
    for (unsigned i = 0; i < 3000; i++)
        objects[i] = slab_alloc(cache);
    before = stats_now(NODE_ANY);
    cr_assert_geq(before.slab_bytes, 3000 * 256);
    cr_assert_eq(slab_cache_objects(cache), 3000);
    for (unsigned i = 0; i < 3000; i++)
        slab_free(cache, objects[i]);
    expect_little_left(cache);
    page_cache_drain();
    after = stats_now(NODE_ANY);
    cr_assert_leq(after.slab_bytes, (MAGAZINE_OBJECTS + 1) * PAGE_SIZE);
    cr_assert_eq(after.free_bytes - before.free_bytes, before.slab_bytes - after.slab_bytes);
    mm_check();
}

Test(slab, largest_objects)
{
    struct slab_cache *cache, bad;
    void *object;

    layout_load(&layouts[0]);
    cache = cache_make("large", SLAB_OBJECT_MAX, 16);
    object = slab_alloc(cache);
    memset(object, 1, SLAB_OBJECT_MAX);
    slab_free(cache, object);
    cr_assert_not(slab_cache_setup(&bad, "too large", SLAB_OBJECT_MAX + 1, 16));
    cr_assert_not(slab_cache_setup(&bad, "empty", 0, 16));
}

Test(slab, objects_never_overlap_for_any_size)
{
    layout_load(&layouts[0]);
    for (size_t size = 1; size < 20000; size += 1 + size / 3) {
        struct slab_cache *cache = cache_make("any", size, 1);
        unsigned n;

        for (n = 0; n < 40; n++) {
            objects[n] = slab_alloc(cache);
            cr_assert_not_null(objects[n]);
            memset(objects[n], (int)n, size);
        }
        while (n-- > 0) {
            cr_assert_eq(((unsigned char *)objects[n])[0], n);
            cr_assert_eq(((unsigned char *)objects[n])[size - 1], n);
            slab_free(cache, objects[n]);
        }
    }
    mm_check();
}

Test(slab, caches_beyond_the_last_magazine_work)
{
    static struct slab_cache *caches[MAGAZINE_IDS + 5];

    layout_load(&layouts[0]);
    for (unsigned i = 0; i < ARRAY_SIZE(caches); i++)
        caches[i] = cache_make("many", 32, 8);
    for (unsigned i = 0; i < ARRAY_SIZE(caches); i++) {
        objects[i] = slab_alloc(caches[i]);
        cr_assert_not_null(objects[i]);
        slab_free(caches[i], objects[i]);
    }
    mm_check();
}

Test(slab, exhaustion)
{
    struct slab_cache *cache;
    unsigned n = 0;
    void **first = NULL, **object;

    layout_load(&layouts[0]);
    cache = cache_make("exhaustion", 4000, 8);
    while ((object = slab_alloc(cache)) != NULL) {
        *object = first;
        first = object;
        n++;
    }
    cr_assert_gt(n, 25000);
    cr_assert_eq(slab_cache_objects(cache), n);
    while (first != NULL) {
        object = *first;
        slab_free(cache, first);
        first = object;
    }
    expect_little_left(cache);
    mm_check();
}
