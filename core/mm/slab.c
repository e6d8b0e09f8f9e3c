/* SPDX-License-Identifier: BSD-2-Clause */
#include "slab.h"
#include "magazine.h"
#include "page_tag.h"
#include "poison.h"
#include <core/audit.h>
#include <core/cpu.h>
#include <core/panic.h>
#include <core/thread.h>

#define SLAB_ORDER_MAX  8 /* 1 MiB, for objects of SLAB_OBJECT_MAX */
#define SLAB_ALIGN_MIN  sizeof(void *)
#define MAGAZINE_BYTES  KIB(16) /* roughly what a magazine may keep from other CPUs */
#define SLAB_MIN_COUNT  4       /* objects in a slab, at least */
#define SLAB_WASTE_PART 8       /* at most 1/8 of a slab is lost to its head and tail */

static TAILQ_HEAD(slab_cache_list, slab_cache) caches;
static struct spinlock caches_lock = SPINLOCK_INIT(LOCK_RANK_HEAP);

static size_t slab_bytes(const struct slab_cache *cache)
{
    return PAGE_SIZE << cache->order;
}

static void *slab_object(const struct slab *slab, uint32_t index)
{
    return (char *)slab + slab->cache->first_offset + (size_t)index * slab->cache->stride;
}

static void count_add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

/* --- slabs -----------------------------------------------------------------------------------------------
 */

/* A new slab, not on any list. No lock held. */
static struct slab *slab_make(struct slab_cache *cache)
{
    hpa_t block = page_alloc(cache->order, 0, NODE_ANY);
    struct slab *slab;

    if (!hpa_valid(block))
        return NULL;
    for (uint64_t i = 0; i < 1ULL << cache->order; i++)
        page_tag_set((block.v >> PAGE_SHIFT) + i, TAG_SLAB | cache->order);
    slab = hpa_to_ptr(block);
    *slab = (struct slab){.cache = cache};
    for (uint32_t i = 0; IS_ENABLED(CONFIG_DEBUG_MM) && i < cache->per_slab; i++)
        poison_set(slab_object(slab, i), cache->stride);
    return slab;
}

/* Every object must be inside. No lock held. */
static void slab_release(struct slab *slab)
{
    unsigned order = slab->cache->order;
    hpa_t block = ptr_to_hpa(slab);

    for (uint64_t i = 1; i < 1ULL << order; i++)
        page_tag_set((block.v >> PAGE_SHIFT) + i, TAG_INSIDE);
    page_tag_set(block.v >> PAGE_SHIFT, TAG_ALLOCATED | order);
    page_free(block, order);
}

/* One object out of the slabs that are there, NULL if all are full. Lock held. */
static void *object_take(struct slab_cache *cache)
{
    struct slab *slab = LIST_FIRST(&cache->partial);
    void *object;

    if (slab == NULL) {
        slab = cache->reserve;
        if (slab == NULL)
            return NULL;
        cache->reserve = NULL;
        LIST_INSERT_HEAD(&cache->partial, slab, link);
    }
    if (slab->free != NULL) {
        object = slab->free;
        slab->free = *(void **)object;
    } else {
        object = slab_object(slab, slab->fresh++);
    }
    if (++slab->taken == cache->per_slab)
        LIST_REMOVE(slab, link);
    count_add(&cache->n_taken, 1);
    return object;
}

/* Puts an object back; a slab that becomes empty is kept as the reserve or goes on `empty`. Lock held. */
static void object_give(struct slab_cache *cache, void *object, struct slab_list *empty)
{
    struct slab *slab = (struct slab *)ALIGN_DOWN((uintptr_t)object, slab_bytes(cache));

    ASSERT(slab->cache == cache && slab->taken > 0);
    *(void **)object = slab->free;
    slab->free = object;
    count_add(&cache->n_taken, (uint64_t)-1);
    if (slab->taken-- == cache->per_slab)
        LIST_INSERT_HEAD(&cache->partial, slab, link);
    if (slab->taken > 0)
        return;
    LIST_REMOVE(slab, link);
    if (cache->reserve == NULL) {
        cache->reserve = slab;
    } else {
        LIST_INSERT_HEAD(empty, slab, link);
        count_add(&cache->n_slabs, (uint64_t)-1);
    }
}

static void slabs_release(struct slab_list *empty)
{
    struct slab *slab;

    while ((slab = LIST_FIRST(empty)) != NULL) {
        LIST_REMOVE(slab, link);
        slab_release(slab);
    }
}

/* --- allocation ------------------------------------------------------------------------------------------
 */

/* The magazine is empty: one object for the caller and half a magazine for the next ones. Preemption off. */
static no_inline void *object_alloc_slow(struct slab_cache *cache)
{
    struct magazine *magazine = magazine_make(cache->id);
    void *object, *more;

    spin_lock(&cache->lock);
    object = object_take(cache);
    if (object == NULL) {
        struct slab *slab;

        spin_unlock(&cache->lock);
        slab = slab_make(cache);
        if (slab == NULL)
            return NULL;
        spin_lock(&cache->lock);
        LIST_INSERT_HEAD(&cache->partial, slab, link);
        count_add(&cache->n_slabs, 1);
        object = object_take(cache);
    }
    while (magazine != NULL && magazine_count(magazine) < cache->magazine_limit / 2 &&
           (more = object_take(cache)) != NULL)
        magazine_push(magazine, more);
    spin_unlock(&cache->lock);
    return object;
}

/* The magazine is full: its older half goes back to the slabs. Preemption off. */
static no_inline void object_free_slow(struct slab_cache *cache, void *object)
{
    struct slab_list empty = LIST_HEAD_INITIALIZER(empty);
    struct magazine *magazine = magazine_make(cache->id);

    if (magazine != NULL && magazine_count(magazine) < cache->magazine_limit) {
        magazine_push(magazine, object);
        return;
    }
    spin_lock(&cache->lock);
    if (magazine == NULL) {
        object_give(cache, object, &empty);
    } else {
        uint32_t count = magazine_count(magazine), half = (count + 1) / 2;

        for (uint32_t i = 0; i < half; i++)
            object_give(cache, magazine->objects[i], &empty);
        for (uint32_t i = half; i < count; i++)
            magazine->objects[i - half] = magazine->objects[i];
        atomic_store_explicit(&magazine->count, count - half, memory_order_relaxed);
        magazine_push(magazine, object);
    }
    spin_unlock(&cache->lock);
    slabs_release(&empty);
}

void *slab_alloc(struct slab_cache *cache)
{
    struct magazine *magazine;
    void *object;

    audit_allocation();
    lock_check_plain("an allocation");
    preempt_disable();
    magazine = magazine_get(cache->id);
    if (likely(magazine != NULL && magazine_count(magazine) > 0))
        object = magazine_pop(magazine);
    else
        object = object_alloc_slow(cache);
    preempt_enable();
    if (IS_ENABLED(CONFIG_DEBUG_MM) && object != NULL)
        poison_check_alloc(object, cache->stride, cache->name);
    return object;
}

void slab_free(struct slab_cache *cache, void *object)
{
    struct magazine *magazine;

    audit_allocation();
    lock_check_plain("giving back memory");
    if (IS_ENABLED(CONFIG_DEBUG_MM)) {
        struct slab *slab = slab_of(object);

        ASSERT(slab != NULL && slab->cache == cache);
        ASSERT(((uintptr_t)object - (uintptr_t)slab - cache->first_offset) % cache->stride == 0);
        poison_check_free(object, cache->stride, cache->name);
    }
    preempt_disable();
    magazine = magazine_get(cache->id);
    if (likely(magazine != NULL && magazine_count(magazine) < cache->magazine_limit))
        magazine_push(magazine, object);
    else
        object_free_slow(cache, object);
    preempt_enable();
}

/* --- caches ----------------------------------------------------------------------------------------------
 */

/* Finds the smallest slab that wastes little. */
static bool slab_layout(struct slab_cache *cache, size_t size, size_t align)
{
    cache->stride = (uint32_t)ALIGN_UP(MAX(size, sizeof(void *)), align);
    cache->first_offset = (uint32_t)ALIGN_UP(sizeof(struct slab), align);
    for (cache->order = 0; cache->order <= SLAB_ORDER_MAX; cache->order++) {
        size_t bytes = slab_bytes(cache), used;

        if (bytes < cache->first_offset + cache->stride)
            continue;
        cache->per_slab = (uint32_t)((bytes - cache->first_offset) / cache->stride);
        used = (size_t)cache->per_slab * cache->stride;
        if (cache->per_slab >= SLAB_MIN_COUNT && bytes - used <= bytes / SLAB_WASTE_PART)
            return true;
    }
    return false;
}

bool slab_cache_setup(struct slab_cache *cache, const char *name, size_t size, size_t align)
{
    ASSERT(align <= PAGE_SIZE && (align & (align - 1)) == 0);
    *cache = (struct slab_cache){.name = name, .partial = LIST_HEAD_INITIALIZER(cache->partial)};
    if (size == 0 || size > SLAB_OBJECT_MAX || !slab_layout(cache, size, MAX(align, SLAB_ALIGN_MIN)))
        return false;
    cache->magazine_limit = (uint32_t)MIN(MAX(MAGAZINE_BYTES / cache->stride, 2), MAGAZINE_OBJECTS);
    spin_init(&cache->lock, LOCK_RANK_HEAP);
    spin_lock(&caches_lock);
    cache->id = magazine_id_alloc();
    TAILQ_INSERT_TAIL(&caches, cache, link);
    spin_unlock(&caches_lock);
    return true;
}

void slab_init(void)
{
    TAILQ_INIT(&caches);
}

/* --- statistics ------------------------------------------------------------------------------------------
 */

uint64_t slab_cache_objects(const struct slab_cache *cache)
{
    uint64_t objects = atomic_load_explicit(&cache->n_taken, memory_order_relaxed);

    for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
        const struct magazine *magazine = magazine_of_cpu(cache->id, cpu);

        if (magazine != NULL)
            objects -= magazine_count(magazine);
    }
    return objects;
}

static uint64_t slab_cache_bytes(const struct slab_cache *cache)
{
    return atomic_load_explicit(&cache->n_slabs, memory_order_relaxed) * slab_bytes(cache);
}

uint64_t slab_total_bytes(void)
{
    const struct slab_cache *cache;
    uint64_t bytes = 0;

    spin_lock(&caches_lock);
    TAILQ_FOREACH (cache, &caches, link)
        bytes += slab_cache_bytes(cache);
    spin_unlock(&caches_lock);
    return bytes;
}
