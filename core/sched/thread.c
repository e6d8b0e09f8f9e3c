/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpu.h>
#include <arch/layout.h>
#include <core/boot.h>
#include <core/cpu.h>
#include <core/panic.h>
#include <core/vmap.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sched.h"

/*
 * Dead threads: freed by a thread, because whoever notices may be anywhere. It is as urgent as the most
 * urgent that joins: below busy vCPUs it would keep a service waiting for as long as they are busy.
 */
static _Atomic(struct thread *) reap_list;
static struct waitq reap_waitq = WAITQ_INIT(reap_waitq);

static void timeout_expired(struct timer *timer)
{
    thread_wake(container_of(timer, struct thread, timeout));
}

int thread_setup(struct thread *t, const char *name, unsigned prio, unsigned flags, unsigned cpu)
{
    bool is_guest = flags & THREAD_GUEST_FPU;

    memset(t, 0, sizeof(*t));
    t->prio = (uint8_t)prio;
    t->flags = (uint8_t)flags;
    atomic_init(&t->cpu, cpu);
    atomic_init(&t->references, 2);
    timer_init(&t->timeout, timeout_expired);
    waitq_init(&t->exit_waiters);
    strncpy(t->name, name, sizeof(t->name) - 1);
    if ((flags & (THREAD_FPU | THREAD_GUEST_FPU)) && arch_fpu_size(is_guest) != 0) {
        t->fpu = aligned_alloc(ARCH_FPU_STATE_ALIGN, arch_fpu_size(is_guest));
        if (t->fpu == NULL)
            return -ENOMEM;
        arch_fpu_init(t->fpu, is_guest);
    }
    return 0;
}

/* A thread's first and last function. Entered from schedule()'s switch, interrupts off. */
static void thread_main(void *arg)
{
    struct thread *t = arg;

    schedule_tail();
    arch_irq_enable();
    t->fn(t->arg);
    arch_irq_disable();
    atomic_store(&t->state, THREAD_DEAD);
    schedule(false);
    panic("a dead thread runs");
}

int thread_create(const struct thread_params *params, struct thread **out)
{
    struct thread *t = malloc(sizeof(*t));
    unsigned cpu = params->cpu == THREAD_CPU_ANY ? 0 : params->cpu;
    int error = -ENOMEM;

    if (t == NULL)
        return -ENOMEM;
    if (cpu >= cpu_count()) {
        free(t);
        return -EINVAL;
    }
    error = thread_setup(t, params->name, params->prio, params->flags, cpu);
    if (error) {
        free(t);
        return error;
    }
    t->stack = stack_alloc(ARCH_STACK_SIZE);
    t->fn = params->fn;
    t->arg = params->arg;
    t->away = params->away;
    if (t->stack == NULL) {
        atomic_store(&t->is_off_cpu, true);
        thread_put(t);
        thread_put(t);
        return -ENOMEM;
    }
    arch_thread_init(&t->arch, t->stack + ARCH_STACK_SIZE, thread_main, t);
    atomic_store(&t->state, THREAD_BLOCKED);
    *out = t;
    thread_wake(t);
    return 0;
}

void thread_put(struct thread *t)
{
    if (atomic_fetch_sub(&t->references, 1) != 1)
        return;
    if (t->stack != NULL)
        stack_free(t->stack, ARCH_STACK_SIZE);
    free(t->fpu);
    free(t);
}

void thread_join(struct thread *t)
{
    /* The thread's own reference goes when its stack is free, so holding the last one means that it is gone.
     */
    wait_event(&t->exit_waiters, atomic_load(&t->is_off_cpu));
    thread_put(t);
}

void thread_detach(struct thread *t)
{
    thread_put(t);
}

/* The run_link of a dead thread is free; chain by its first member. */
void thread_reap(struct thread *t)
{
    struct thread *head = atomic_load(&reap_list);

    do
        t->run_link.tqe_next = head;
    while (!atomic_compare_exchange_weak(&reap_list, &head, t));
    waitq_wake_one(&reap_waitq);
}

static void reaper(void *arg)
{
    (void)arg;
    for (;;) {
        struct thread *t, *next;

        wait_event(&reap_waitq, atomic_load(&reap_list) != NULL);
        for (t = atomic_exchange(&reap_list, NULL); t != NULL; t = next) {
            next = t->run_link.tqe_next;
            atomic_store(&t->is_off_cpu, true);
            waitq_wake_all(&t->exit_waiters);
            thread_put(t);
        }
    }
}

static int reaper_start(void)
{
    struct thread *t;
    int error = thread_create(
        &(struct thread_params){
            .name = "reaper", .prio = THREAD_PRIO_SERVICE, .cpu = THREAD_CPU_ANY, .fn = reaper},
        &t);

    if (!error)
        thread_detach(t);
    return error;
}

BOOT_STEP(BOOT_SCHED, reaper, reaper_start, NULL);

void thread_fpu_reset(void)
{
    struct thread *t = arch_current();

    if (t->fpu == NULL)
        return;
    preempt_disable();
    arch_fpu_init(t->fpu, t->flags & THREAD_GUEST_FPU);
    arch_fpu_restore(t->fpu);
    preempt_enable();
}

struct thread *thread_self(void)
{
    return arch_current();
}

const char *thread_name(const struct thread *t)
{
    return t->name;
}

void *thread_guest(void)
{
    const struct thread *t = thread_self();

    return t->flags & THREAD_GUEST_FPU ? t->arg : NULL;
}

void preempt_disable(void)
{
    arch_current()->preempt_count++;
    __asm__ volatile("" ::: "memory");
}

void preempt_enable(void)
{
    __asm__ volatile("" ::: "memory");
    if (--arch_current()->preempt_count == 0)
        preempt_check();
}

/* Blocked comes before the condition is looked at, so a wake-up from then on is not lost. */
void thread_wait_prepare(void)
{
    atomic_store_explicit(&arch_current()->state, THREAD_BLOCKED, memory_order_relaxed);
    /*
     * Before the condition is looked at. Whoever makes it true reads the state afterwards (thread_wake()), so
     * one of the two sees what the other has done, however weakly both order the condition itself.
     */
    atomic_thread_fence(memory_order_seq_cst);
}

void thread_wait_block(void)
{
    struct thread *self = arch_current();
    arch_irq_state_t state = arch_irq_save();

    ASSERT(self->preempt_count == 0);
    if (atomic_load(&self->state) == THREAD_BLOCKED)
        schedule(false);
    arch_irq_restore(state);
}

void thread_wait_finish(void)
{
    atomic_store_explicit(&arch_current()->state, THREAD_RUNNABLE, memory_order_relaxed);
}

void thread_sleep_until(uint64_t deadline_ns)
{
    struct waitq nobody;

    waitq_init(&nobody);
    (void)wait_event_until(&nobody, false, deadline_ns);
}
