/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_BOOT_H
#define ARM64_BOOT_H

#define EARLY_TABLES     40
#define EARLY_STATE_SIZE ((EARLY_TABLES + 1) * 4096)

#ifndef __ASSEMBLER__

#include <core/compiler.h>
#include <core/types.h>

/*
 * The page tables until the host's own are built: the image, W^X but for what relocation writes, and whatever
 * early_map() adds. early_map_init() runs with the MMU off and gives their root.
 */
uint64_t early_map_init(void);

/*
 * Maps [base, base + size), whole pages around it, where it is physically: memory, or device registers. What
 * is mapped already stays as it is. False: no address, or too many places for the tables there are. Boot CPU,
 * before paging_init().
 */
must_check bool early_map(uint64_t base, uint64_t size, bool is_device);

/* Cleans and invalidates [start, end) in the data caches, to the point of coherency (head.S). */
void cache_clean_invalidate(const void *start, const void *end);

/* Goes over to other page tables that map this code, the stack and the data as the present ones do (head.S).
 */
void cpu_mmu_replace(uint64_t root);

/* Where PSCI starts CPUs (head.S), and what it is given: lies in memory as other CPUs without caches see it.
 */
extern const char secondary_entry[];
struct secondary_args {
    uint64_t root;
    uint64_t stack_top;
    uint64_t percpu_base;
};

/*
 * Where CPUs go on that waited for a release address. They are told nothing, and several may share one
 * address: each waits here until the pen names it, and takes what it is given from there. Same memory.
 */
extern const char secondary_pen_entry[];
struct secondary_pen {
    uint64_t mpidr; /* affinity; PEN_NOBODY; written last */
    const struct secondary_args *args;
};
extern struct secondary_pen secondary_pen;

#endif
#endif
