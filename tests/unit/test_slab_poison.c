/* SPDX-License-Identifier: BSD-2-Clause */

/* The checks of a debug build, whatever the board's configuration says. */
#undef CONFIG_DEBUG_MM
#define CONFIG_DEBUG_MM 1
#include "mm_layouts.h"
#include "slab.c"
#include <signal.h>

static struct slab_cache *cache_make(const char *name)
{
    static struct slab_cache made[2];
    static unsigned used;

    cr_assert(slab_cache_setup(&made[used], name, 48, 16));
    return &made[used++];
}

static unsigned char *object_make(struct slab_cache **cache)
{
    layout_load(&layouts[0]);
    *cache = cache_make("poison");
    return slab_alloc(*cache);
}

Test(slab_poison, good_use)
{
    struct slab_cache *cache;
    unsigned char *object = object_make(&cache);

    for (unsigned i = 0; i < 1000; i++) {
        cr_assert_eq(object[20], POISON_NEW);
        memset(object, (int)i, 48);
        slab_free(cache, object);
        object = slab_alloc(cache);
    }
    slab_free(cache, object);
}

Test(slab_poison, write_after_free, .signal = SIGABRT)
{
    struct slab_cache *cache;
    unsigned char *object = object_make(&cache);

    slab_free(cache, object);
    object[30] = 1;
    object = slab_alloc(cache);
}

Test(slab_poison, double_free, .signal = SIGABRT)
{
    struct slab_cache *cache;
    unsigned char *object = object_make(&cache);

    slab_free(cache, object);
    slab_free(cache, object);
}

Test(slab_poison, wrong_cache, .signal = SIGABRT)
{
    struct slab_cache *cache;
    unsigned char *object = object_make(&cache);

    slab_free(cache_make("other"), object);
}

Test(slab_poison, not_an_object, .signal = SIGABRT)
{
    struct slab_cache *cache;
    unsigned char *object = object_make(&cache);

    slab_free(cache, object + 16);
}
