/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_MM_MAGAZINE_H
#define CORE_MM_MAGAZINE_H

#include <core/mm.h>
#include <core/percpu.h>
#include <stdatomic.h>

/*
 * A magazine is a CPU's own small stack of free objects of one slab cache: the common allocation takes no
 * lock. Magazines lie in pages that each CPU allocates when it first uses a cache; the cache's id is the
 * index. Caches beyond the last id work without.
 */
#define MAGAZINE_OBJECTS 15

struct magazine {
    _Atomic uint32_t count;          /* written by its CPU with preemption off; read by all for statistics */
    void *objects[MAGAZINE_OBJECTS]; /* its CPU, preemption off */
};

_Static_assert(sizeof(struct magazine) == 128, "two cache lines");

#define MAGAZINES_PER_PAGE (PAGE_SIZE / sizeof(struct magazine))
#define MAGAZINE_PAGES     32
#define MAGAZINE_IDS       (MAGAZINE_PAGES * MAGAZINES_PER_PAGE)
#define MAGAZINE_ID_NONE   (~0U)

struct magazine_pages {
    _Atomic(struct magazine *) pages[MAGAZINE_PAGES];
};

DECLARE_PERCPU(struct magazine_pages, magazine_pages);

static inline struct magazine *magazine_in(struct magazine_pages *pages, unsigned id)
{
    struct magazine *page;

    if (unlikely(id >= MAGAZINE_IDS))
        return NULL;
    page = atomic_load_explicit(&pages->pages[id / MAGAZINES_PER_PAGE], memory_order_relaxed);
    return likely(page != NULL) ? &page[id % MAGAZINES_PER_PAGE] : NULL;
}

/* This CPU's magazine `id`, NULL if it has none yet. Preemption off. */
static inline struct magazine *magazine_get(unsigned id)
{
    return magazine_in(this_cpu_ptr(magazine_pages), id);
}

static inline uint32_t magazine_count(const struct magazine *magazine)
{
    return atomic_load_explicit(&magazine->count, memory_order_relaxed);
}

static inline void magazine_push(struct magazine *magazine, void *object)
{
    uint32_t count = magazine_count(magazine);

    magazine->objects[count] = object;
    atomic_store_explicit(&magazine->count, count + 1, memory_order_relaxed);
}

/* Must not be empty. */
static inline void *magazine_pop(struct magazine *magazine)
{
    uint32_t count = magazine_count(magazine) - 1;

    atomic_store_explicit(&magazine->count, count, memory_order_relaxed);
    return magazine->objects[count];
}

/* As magazine_get(), but makes it; NULL: no memory or no such id. Preemption off. */
struct magazine *magazine_make(unsigned id);

/* Magazine `id` of another CPU, or NULL. What may be touched there is the caller's business. */
struct magazine *magazine_of_cpu(unsigned id, unsigned cpu);

/* An id that nobody uses, or MAGAZINE_ID_NONE. The caller serialises it. */
unsigned magazine_id_alloc(void);

#endif
