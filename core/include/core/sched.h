/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

#include <core/compiler.h>
#include <core/types.h>

/* The scheduler's side towards boot and the platform's interrupt code; threads use core/thread.h. */

struct thread;

/* Makes the boot context the idle thread of CPU 0. The first thing that runs in C. */
struct thread *sched_boot_prepare(void);

/* Sizes what depends on the number of CPUs that could come up. -ENOMEM. Boot CPU. */
must_check int sched_init(unsigned cpus_max);

/* The idle thread of a CPU that is about to start; it runs on the stack the platform gives it. */
struct thread *sched_cpu_prepare(unsigned cpu);

/* The calling context becomes this CPU's idle loop. Interrupts off. */
noreturn_fn void sched_idle_loop(void);

/* Last act of every interrupt: preempts the interrupted thread if it should make way. Interrupts off. */
void sched_interrupt_exit(void);

/* Makes way now if something more urgent has become runnable and nothing forbids it. Context: any. */
void preempt_check(void);

/* Lets `thread` run if it blocks; harmless otherwise. Context: any. */
void thread_wake(struct thread *thread);

/* Threads switched between since boot, over all CPUs. Context: any. */
uint64_t sched_switches(void);

#endif
