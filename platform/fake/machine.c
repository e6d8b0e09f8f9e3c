/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/clock.h>
#include <arch/cpuid.h>
#include <arch/fake.h>
#include <arch/layout.h>
#include <arch/thread.h>
#include <contract/arch.h>
#include <core/cpu.h>
#include <core/percpu.h>
#include <core/thread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * The arch contract inside an ordinary process. Functions that belong to core are weak here: tests of modules
 * that only call them do without core's.
 */

/* Makes the section exist in tests without per-CPU variables. */
static DEFINE_PERCPU(char, fake_percpu_first) aligned_to(64) keep_symbol;

_Thread_local struct fake_cpu fake_cpu = {.base = __start_percpu};
uint64_t fake_direct_map_base;
_Atomic uint64_t fake_clock_cycles;
bool fake_cpu_features[CPU_FEATURE_COUNT];
void (*fake_interrupt)(void);

static unsigned n_cpus = 1;
static char **percpu_areas;
static _Atomic unsigned kicks;
static _Atomic uint64_t timer_deadline = ~0ULL;

void fake_ram_reserve(uint64_t size)
{
    /* Aligned like real memory: to the largest block. */
    char *base =
        mmap(NULL, size + GIB(1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (base == MAP_FAILED)
        abort();
    fake_direct_map_base = ALIGN_UP((uintptr_t)base, GIB(1));
}

/* --- CPUs ------------------------------------------------------------------------------------------------
 */

void fake_cpus_init(unsigned count)
{
    size_t size = (size_t)(__stop_percpu - __start_percpu);

    percpu_areas = calloc(count, sizeof(*percpu_areas));
    if (percpu_areas == NULL)
        abort();
    for (unsigned cpu = 0; cpu < count; cpu++) {
        percpu_areas[cpu] = aligned_alloc(64, ALIGN_UP(size, 64));
        if (percpu_areas[cpu] == NULL)
            abort();
        memcpy(percpu_areas[cpu], __start_percpu, size);
    }
    n_cpus = count;
    fake_cpu_enter(0);
}

void fake_cpu_enter(unsigned cpu)
{
    fake_cpu = (struct fake_cpu){.base = percpu_base(cpu), .cpu = cpu};
}

__attribute__((weak)) char *percpu_base(unsigned cpu)
{
    return percpu_areas != NULL ? percpu_areas[cpu] : __start_percpu;
}

__attribute__((weak)) unsigned cpu_count(void)
{
    return n_cpus;
}

__attribute__((weak)) void preempt_disable(void)
{
    fake_cpu.preempt_depth++;
}

__attribute__((weak)) void preempt_enable(void)
{
    if (fake_cpu.preempt_depth-- == 0)
        abort();
}

__attribute__((weak)) void preempt_check(void)
{
}

void arch_cpus_start(void)
{
}

void arch_cpu_kick(unsigned cpu)
{
    (void)cpu;
    kicks++;
}

unsigned fake_kicks(void)
{
    return kicks;
}

void arch_cpus_stop_others(void)
{
}

/* --- time ------------------------------------------------------------------------------------------------
 */

uint64_t arch_clock_hz(void)
{
    return NSEC_PER_SEC;
}

void arch_timer_arm(uint64_t cycles)
{
    timer_deadline = cycles;
}

void arch_timer_disarm(void)
{
    timer_deadline = ~0ULL;
}

uint64_t fake_timer_deadline(void)
{
    return timer_deadline;
}

/* --- threads ---------------------------------------------------------------------------------------------
 */

static void thread_entry(unsigned low, unsigned high)
{
    struct arch_thread *thread = (struct arch_thread *)((uint64_t)high << 32 | low);

    thread->fn(thread->arg);
    abort();
}

void arch_thread_init(struct arch_thread *thread, void *stack_top, void (*fn)(void *arg), void *arg)
{
    uint64_t self = (uintptr_t)thread;

    if (getcontext(&thread->context) != 0)
        abort();
    thread->fn = fn;
    thread->arg = arg;
    thread->context.uc_stack.ss_sp = (char *)stack_top - ARCH_STACK_SIZE;
    thread->context.uc_stack.ss_size = ARCH_STACK_SIZE;
    /* makecontext() passes ints only (POSIX.1-2001). */
    makecontext(&thread->context, (void (*)(void))thread_entry, 2, (unsigned)self, (unsigned)(self >> 32));
}

void arch_thread_switch(struct arch_thread *from, struct arch_thread *to)
{
    if (swapcontext(&from->context, &to->context) != 0)
        abort();
}

/* --- the end ---------------------------------------------------------------------------------------------
 */

void arch_reboot(void)
{
    abort();
}

void arch_poweroff(void)
{
    abort();
}

void arch_halt(void)
{
    abort();
}
