/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONTRACT_ARCH_H
#define CONTRACT_ARCH_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * What core needs of an architecture beyond the inline primitives of <arch/…>; implemented once in
 * platform/<arch>, and in platform/fake for host tests.
 */

/* --- CPUs -------------------------------------------------------------------------------------------------
 */

/* Starts every other usable CPU of host_info; each ends in cpu_secondary_main(). Sets cpu_count(). Boot,
 * thread. */
void arch_cpus_start(void);

/* Raises the kick interrupt on `cpu`. Ordered after the caller's earlier stores. Context: any. */
void arch_cpu_kick(unsigned cpu);

/* Stops all other CPUs for good (panic, shutdown), without their cooperation where the hardware can. Context:
 * any. */
void arch_cpus_stop_others(void);

/* Core's entry for a CPU that the platform has brought up: per-CPU area, stack, descriptor tables, interrupts
 * off. */
noreturn_fn void cpu_secondary_main(void);

/* --- time -------------------------------------------------------------------------------------------------
 */

/* Frequency of arch_clock_cycles(); calibrated by the platform before BOOT_IRQ ends. */
uint64_t arch_clock_hz(void);

/* Programs this CPU's one-shot timer: timer_interrupt() at or after the counter value. In the past: at once.
 * irq-off. */
void arch_timer_arm(uint64_t cycles);
void arch_timer_disarm(void);

/* --- the end ----------------------------------------------------------------------------------------------
 */

noreturn_fn void arch_reboot(void);
noreturn_fn void arch_poweroff(void);
noreturn_fn void arch_halt(void);

/* --- host page tables -------------------------------------------------------------------------------------
 */

enum map_flags {
    MAP_READ = 0,
    MAP_WRITE = 1 << 0,
    MAP_EXEC = 1 << 1,
    MAP_UNCACHED = 1 << 2,
    MAP_WRITE_COMBINING = 1 << 3,
};

/* Maps/unmaps 4K-aligned ranges of the host's space, largest pages first. Serialised by the caller
 * (core/mm/vmap_lock.h). */
must_check int arch_map(uint64_t va, hpa_t pa, uint64_t size, unsigned flags);

/*
 * Removes what arch_map() mapped; serialised like it. Other CPUs may use the old translation until
 * arch_tlb_flush_all(), which runs on every CPU: the memory behind it is not to be reused before. Context of
 * the flush: thread, no lock held.
 */
void arch_unmap(uint64_t va, uint64_t size);
void arch_tlb_flush_all(void);

/* Whether the host's page tables map `va`. Context: any, panics included. */
bool arch_is_mapped(uint64_t va);

#endif
