/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_MM_SLAB_H
#define CORE_MM_SLAB_H

#include "page_tag.h"
#include <core/mm.h>
#include <core/sync.h>
#include <sys/queue.h>

/*
 * The head of a slab, a naturally aligned power-of-two block of pages, so that masking an object's address
 * finds it; the objects lie behind it.
 */
struct slab {
    struct slab_cache *cache; /* immutable */
    LIST_ENTRY(slab) link;    /* lock: the cache's; on `partial` or a local list */
    void *free;               /* lock; given back objects, linked through their first word */
    uint32_t fresh;           /* lock; objects from this index on were never handed out */
    uint32_t taken;           /* lock; objects outside: in use or in a magazine */
};

LIST_HEAD(slab_list, slab);

/* Objects of one size. */
struct slab_cache {
    uint32_t stride;         /* immutable: bytes from object to object */
    uint32_t per_slab;       /* immutable: objects in a slab */
    uint32_t first_offset;   /* immutable: of the first object in its slab */
    uint32_t magazine_limit; /* immutable: objects that a CPU may keep */
    unsigned id;             /* immutable: names the cache's magazine on each CPU */
    unsigned order;          /* immutable: of a slab */
    const char *name;        /* immutable */
    struct spinlock lock;
    struct slab_list partial;     /* lock; slabs that have objects in use and others to give */
    struct slab *reserve;         /* lock; the one empty slab that is kept, or NULL */
    _Atomic uint64_t n_slabs;     /* written under lock, read by anybody */
    _Atomic uint64_t n_taken;     /* likewise; objects outside slabs */
    TAILQ_ENTRY(slab_cache) link; /* lock: the list's */
};

/* Boot, before any other call. */
void slab_init(void);

/*
 * Makes a cache, which is for ever, in the caller's memory. Its objects are aligned to `align` (power of two,
 * at most PAGE_SIZE); a free one is scribbled on in debug builds. `name` is kept, not copied. False: no
 * object of that size. Context: thread, boot.
 */
#define SLAB_OBJECT_MAX KIB(128)
must_check bool slab_cache_setup(struct slab_cache *cache, const char *name, size_t size, size_t align);

/* NULL: no memory. Context: thread, boot. */
must_check void *slab_alloc(struct slab_cache *cache);
void slab_free(struct slab_cache *cache, void *object);

/* The slab that `object` lies in; NULL if it is not in any. Context: any. */
static inline struct slab *slab_of(const void *object)
{
    uint64_t pfn = ptr_to_hpa(object).v >> PAGE_SHIFT;
    unsigned tag = page_tag_get(pfn);

    if (unlikely(TAG_KIND(tag) != TAG_SLAB))
        return NULL;
    return hpa_to_ptr(hpa(ALIGN_DOWN(pfn, 1ULL << TAG_ORDER(tag)) << PAGE_SHIFT));
}

/* Objects in use; exact while the cache is. Context: any. */
uint64_t slab_cache_objects(const struct slab_cache *cache);

/* Bytes of all slabs. Context: thread. */
uint64_t slab_total_bytes(void);

#endif
