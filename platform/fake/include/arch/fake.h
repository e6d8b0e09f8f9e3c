/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_FAKE_H
#define ARCH_FAKE_H

#include <core/compiler.h>
#include <core/types.h>

/* What unit tests may ask of the fake machine, beyond the arch contract. */

/* Address space for "physical" addresses [0, size); pages take memory when first touched. Aborts on failure.
 */
void fake_ram_reserve(uint64_t size);

/*
 * Gives the machine `count` CPUs, each with a fresh copy of the per-CPU variables as they are now; the caller
 * becomes CPU 0. A test that needs one CPU only need not call it.
 */
void fake_cpus_init(unsigned count);

/* The calling thread of the process acts as `cpu` from now on. */
void fake_cpu_enter(unsigned cpu);

/* One range mapped with arch_map(). Overlaps and unmapping of what is not mapped that way abort. */
struct fake_mapping {
    uint64_t va;
    hpa_t pa;
    uint64_t size;
    unsigned flags;
};

/* The mapping that holds `va`, or NULL. */
const struct fake_mapping *fake_mapping_find(uint64_t va);
size_t fake_mapping_count(void);

/* The next `count` calls of arch_map() succeed, those after fail with -ENOMEM. ~0U: no limit. */
void fake_mapping_limit(unsigned count);

/* Calls of arch_tlb_flush_all() so far. */
extern unsigned fake_tlb_flushes;

/* Kicks raised so far, and what arch_timer_arm() was told last (~0: disarmed). */
unsigned fake_kicks(void);
uint64_t fake_timer_deadline(void);

/* If set, the interrupt that ends arch_wait_for_irq(): called with interrupts off, as a handler would be. */
extern void (*fake_interrupt)(void);

#endif
