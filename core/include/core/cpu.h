/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_CPU_H
#define CORE_CPU_H

#include <arch/percpu.h>
#include <core/compiler.h>
#include <core/types.h>
#include <stdatomic.h>

/* CPUs are numbered 0 .. cpu_count() - 1 in the order firmware lists them; 0 is the boot CPU. */

/* Number of CPUs that are up. Constant once boot has passed BOOT_SMP. Context: any. */
unsigned cpu_count(void);

/* The CPU this code runs on. Only stable with preemption or interrupts disabled. */
static inline unsigned cpu_id(void)
{
    return arch_cpu_id();
}

/* Hardware id (APIC id, MPIDR affinity) of a CPU. Context: any. */
uint64_t cpu_hw_id(unsigned cpu);

/*
 * Work for another CPU, run there from the kick interrupt. Embedded in the caller's object; one is in flight
 * at most until `fn` begins (cpu_call returns false if it is queued already, which is enough for "do it
 * again" work).
 */
struct cpu_call {
    struct cpu_call *next;
    void (*fn)(struct cpu_call *call);
    atomic_bool queued;
};

/* Queues `call` on `cpu` and interrupts it if need be. fn runs there with interrupts off. Context: any. */
bool cpu_call(unsigned cpu, struct cpu_call *call);

/* Runs fn(arg) on every CPU, this one included, and waits for all. Context: thread, interrupts on. */
void cpu_call_all(void (*fn)(void *arg), void *arg);

/*
 * For the platform, while CPUs are brought up one by one: makes CPU number `cpu` (the present cpu_count())
 * known with its area; counts it once it runs. -ENOMEM. Boot CPU.
 */
must_check int cpu_register(unsigned cpu, char *percpu_area, uint64_t hw_id);
void cpu_set_online(unsigned cpu);

/* Handles the kick interrupt: runs queued calls. Called by the platform, interrupts off. */
void cpu_kick_handle(void);

#endif
