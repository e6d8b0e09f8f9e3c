/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_PERCPU_H
#define CORE_PERCPU_H

#include <arch/percpu.h>
#include <core/compiler.h>
#include <core/types.h>

/*
 * Per-CPU variables: each module defines its own, private by default. The initial image of all of them is the
 * linker section "percpu"; a CPU's copy is made when it is brought up (platform), so initialisers count.
 *
 *     static DEFINE_PERCPU(struct runq, runq);
 *     struct runq *rq = this_cpu_ptr(runq);
 *
 * this_cpu_ptr() is only stable while the thread cannot move: preemption or interrupts disabled.
 */
#define DEFINE_PERCPU(type, name)  in_section("percpu") __typeof__(type) name
#define DECLARE_PERCPU(type, name) extern __typeof__(type) name

extern char __start_percpu[], __stop_percpu[];

#define PERCPU_PTR_IN(base, name) ((__typeof__(&(name)))((base) + ((char *)&(name) - __start_percpu)))

/* Context: any, with preemption or interrupts disabled. */
#define this_cpu_ptr(name) PERCPU_PTR_IN(arch_percpu_base(), name)

/* The copy of CPU `cpu` (< cpu_count()); what may be touched there is the owner module's rule. */
#define percpu_ptr(name, cpu) PERCPU_PTR_IN(percpu_base(cpu), name)

/* Start of CPU `cpu`'s area. Context: any. */
char *percpu_base(unsigned cpu);

#endif
