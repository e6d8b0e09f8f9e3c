/* SPDX-License-Identifier: BSD-2-Clause */
#include "magazine.h"
#include "mm_layouts.h"
#include "page.h"
#include "slab.h"
#include <signal.h>
#include <stdlib.h>

#define OBJECTS_MAX 5000
static void *objects[OBJECTS_MAX];

static struct slab_stats stats_of(const char *name)
{
    static struct slab_stats all[100];
    size_t count = slab_stats_get(all, ARRAY_SIZE(all));

    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i].name, name) == 0)
            return all[i];
    cr_assert_fail("no cache %s", name);
    return all[0];
}

static void run_random(size_t size, size_t align)
{
    struct slab_cache *cache = slab_cache_create("random", size, align);
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
    slab_cache_destroy(cache);
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

Test(slab, memory_comes_back)
{
    struct mm_stats before, after;

    layout_load(&layouts[0]);
    run_random(300, 8); /* the pages with the magazines and the cache of caches stay */
    page_cache_drain();
    before = stats_now(NODE_ANY);
    for (unsigned i = 0; i < 3; i++)
        run_random(300, 8);
    page_cache_drain();
    mm_check();
    after = stats_now(NODE_ANY);
    stats_expect_equal(&before, &after);
    cr_assert_eq(before.slab_bytes, after.slab_bytes);
}

Test(slab, empty_slabs_beyond_one_go_back)
{
    struct slab_cache *cache;

    layout_load(&layouts[0]);
    cache = slab_cache_create("give-back", 256, 8);
    for (unsigned i = 0; i < 3000; i++)
        objects[i] = slab_alloc(cache);
    cr_assert_geq(stats_of("give-back").slab_bytes, 3000 * 256);
    cr_assert_eq(stats_of("give-back").objects, 3000);
    for (unsigned i = 0; i < 3000; i++)
        slab_free(cache, objects[i]);
    /* The reserve, and what the magazine pins. */
    cr_assert_leq(stats_of("give-back").slab_bytes, (MAGAZINE_OBJECTS + 1) * PAGE_SIZE);
    cr_assert_eq(stats_of("give-back").objects, 0);
    slab_cache_destroy(cache);
    mm_check();
}

Test(slab, largest_objects)
{
    struct slab_cache *cache;
    void *object;

    layout_load(&layouts[0]);
    cache = slab_cache_create("large", SLAB_OBJECT_MAX, 16);
    cr_assert_not_null(cache);
    object = slab_alloc(cache);
    memset(object, 1, SLAB_OBJECT_MAX);
    slab_free(cache, object);
    slab_cache_destroy(cache);
    cr_assert_null(slab_cache_create("too large", SLAB_OBJECT_MAX + 1, 16));
    cr_assert_null(slab_cache_create("empty", 0, 16));
}

Test(slab, objects_never_overlap_for_any_size)
{
    layout_load(&layouts[0]);
    for (size_t size = 1; size < 20000; size += 1 + size / 3) {
        struct slab_cache *cache = slab_cache_create("any", size, 1);
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
        slab_cache_destroy(cache);
    }
    mm_check();
}

Test(slab, caches_beyond_the_last_magazine_work)
{
    static struct slab_cache *caches[MAGAZINE_IDS + 10];

    layout_load(&layouts[0]);
    for (unsigned i = 0; i < ARRAY_SIZE(caches); i++) {
        caches[i] = slab_cache_create("many", 32, 8);
        cr_assert_not_null(caches[i]);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(caches); i++) {
        objects[i] = slab_alloc(caches[i]);
        cr_assert_not_null(objects[i]);
        slab_free(caches[i], objects[i]);
        slab_cache_destroy(caches[i]);
    }
    mm_check();
}

Test(slab, exhaustion)
{
    struct slab_cache *cache;
    unsigned n = 0;
    void **first = NULL, **object;

    layout_load(&layouts[0]);
    cache = slab_cache_create("exhaustion", 4000, 8);
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
    cr_assert_eq(slab_cache_objects(cache), 0);
    slab_cache_destroy(cache);
    mm_check();
}

Test(slab, destroy_with_objects_in_use, .signal = SIGABRT)
{
    struct slab_cache *cache;

    layout_load(&layouts[0]);
    cache = slab_cache_create("leak", 100, 8);
    objects[0] = slab_alloc(cache);
    slab_cache_destroy(cache);
}
