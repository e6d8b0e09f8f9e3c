/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FIRMWARE_MEMMAP_H
#define FIRMWARE_MEMMAP_H

/* From contradictory statements about physical memory to one sorted map. Pure. */

#include <core/arena.h>
#include <core/host_info.h>

struct memmap_range {
    uint64_t base;
    uint64_t size;
    enum host_memory_type type;
};

struct memmap_affinity {
    uint64_t base;
    uint64_t size;
    uint32_t node;
};

/*
 * Sorts in place, and gives true when no two of the affinities overlap or wrap. Otherwise they cannot be
 * used.
 */
bool memmap_affinity_sort(struct memmap_affinity *affinity, size_t count);

/*
 * Resolves in[0, count) into whole pages: RAM that may be used shrinks to page boundaries, all else grows;
 * where statements overlap the higher enum host_memory_type wins; usable memory below 1 MiB becomes
 * HOST_MEM_LOW; ranges are split where the node changes (affinity sorted; what it does not cover belongs to
 * node 0). Neighbours of one type and node are joined. O(n log n). Returns 0, or -ENOMEM.
 */
int must_check memmap_normalise(struct arena *arena, const struct memmap_range *in, size_t count,
                                const struct memmap_affinity *affinity, size_t affinity_count,
                                struct host_memory_range **out, size_t *out_count);

/* The place for AP start-up code: the top of the largest HOST_MEM_LOW range, HPA_NONE when nothing fits. */
hpa_t memmap_trampoline_find(const struct host_memory_range *ranges, size_t count);

#endif
