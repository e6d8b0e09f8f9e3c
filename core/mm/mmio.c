/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "vmap_lock.h"
#include <arch/layout.h>
#include <contract/arch.h>
#include <core/mm.h>
#include <core/vmap.h>
#include <errno.h>
#include <sys/tree.h>

/*
 * Device registers lie at one fixed virtual address per physical one. What is mapped already is remembered,
 * so that drivers may ask for overlapping ranges.
 */
struct mmio_range {
    RB_ENTRY(mmio_range) node;
    uint64_t start, end; /* physical, whole pages; immutable */
    enum mmio_type type; /* immutable */
};

static int range_compare(const struct mmio_range *a, const struct mmio_range *b)
{
    return a->start < b->start ? -1 : a->start > b->start;
}

RB_HEAD(mmio_tree, mmio_range);
RB_GENERATE_STATIC(mmio_tree, mmio_range, node, range_compare)

struct spinlock vmap_lock = SPINLOCK_INIT(LOCK_RANK_VMAP);
static struct mmio_tree ranges = RB_INITIALIZER(&ranges); /* vmap_lock */

/* The last range that starts at or below `addr`, or NULL. Lock held. */
static struct mmio_range *range_at_or_below(uint64_t addr)
{
    struct mmio_range *range = RB_ROOT(&ranges), *best = NULL;

    while (range != NULL) {
        if (range->start <= addr) {
            best = range;
            range = RB_RIGHT(range, node);
        } else {
            range = RB_LEFT(range, node);
        }
    }
    return best;
}

/*
 * Narrows `gap` to its first part that is not mapped; -EEXIST: all of it is. -EBUSY: a part is mapped with
 * another type; aliases of different types are undefined (SDM vol. 3A, "Programming the PAT"). Lock held.
 */
static int gap_find(struct mmio_range *gap)
{
    struct mmio_range *range = range_at_or_below(gap->start);

    if (range == NULL)
        range = RB_MIN(mmio_tree, &ranges);
    for (; range != NULL && range->start < gap->end; range = RB_NEXT(mmio_tree, &ranges, range)) {
        if (range->end <= gap->start)
            continue;
        if (range->type != gap->type)
            return -EBUSY;
        if (range->start > gap->start) {
            gap->end = range->start;
            return 0;
        }
        gap->start = range->end;
        if (gap->start >= gap->end)
            return -EEXIST;
    }
    return 0;
}

/* Maps the first gap there is in [start, end), consuming `record`; -EEXIST: there is none. */
static int gap_map(uint64_t start, uint64_t end, enum mmio_type type, struct mmio_range *record)
{
    unsigned flags = MAP_WRITE | (type == MMIO_UNCACHED ? MAP_UNCACHED : MAP_WRITE_COMBINING);
    int error;

    *record = (struct mmio_range){.start = start, .end = end, .type = type};
    spin_lock(&vmap_lock);
    error = gap_find(record);
    if (error == 0)
        error = arch_map(ARCH_MMIO_VA(record->start), hpa(record->start), record->end - record->start, flags);
    if (error == 0)
        RB_INSERT(mmio_tree, &ranges, record);
    spin_unlock(&vmap_lock);
    return error;
}

volatile void *mmio_map(hpa_t base, uint64_t size, enum mmio_type type)
{
    uint64_t start = ALIGN_DOWN(base.v, PAGE_SIZE), end;
    int error;

    /* Addresses come from firmware's tables and BARs, and may be nonsense. */
    if (size == 0 || __builtin_add_overflow(base.v, size, &end) || end > ARCH_MMIO_LIMIT)
        return NULL;
    end = ALIGN_UP(end, PAGE_SIZE);
    do {
        /* Records are made before the lock is taken: its rank is above the heap's. */
        struct mmio_range *record = heap_alloc(sizeof(*record));

        if (record == NULL)
            return NULL;
        error = gap_map(start, end, type, record);
        if (error != 0)
            heap_free(record);
    } while (error == 0);
    return error == -EEXIST ? (volatile void *)(uintptr_t)ARCH_MMIO_VA(base.v) : NULL;
}
