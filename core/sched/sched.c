/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched.h"

#include <arch/clock.h>
#include <arch/cpu.h>
#include <contract/arch.h>
#include <core/cpu.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <string.h>

DEFINE_PERCPU(struct runq, runq);

static void slice_expired(struct timer *timer)
{
    (void)timer;
    atomic_store_explicit(&arch_current()->need_resched, true, memory_order_relaxed);
}

static void runq_init(struct runq *rq, unsigned cpu)
{
    rq->cpu = cpu;
    spin_init(&rq->lock, LOCK_RANK_RUNQ);
    for (unsigned i = 0; i < THREAD_PRIOS; i++)
        TAILQ_INIT(&rq->ready[i]);
    timer_init(&rq->slice, slice_expired);
    rq->switched_at = arch_clock_cycles();
}

struct thread *sched_cpu_prepare(unsigned cpu)
{
    struct runq *rq = runq_of(cpu);
    char name[THREAD_NAME_MAX] = "idle/";
    unsigned divisor = 1;
    size_t n = strlen(name);

    for (; cpu / divisor >= 10; divisor *= 10)
        ;
    for (; divisor > 0 && n < sizeof(name) - 1; divisor /= 10)
        name[n++] = (char)('0' + cpu / divisor % 10);
    runq_init(rq, cpu);
    /* Cannot fail: an idle thread has no FPU state. */
    if (thread_setup(&rq->idle, name, THREAD_PRIO_IDLE, THREAD_PINNED, cpu) != 0)
        panic("idle thread");
    rq->current = &rq->idle;
    return &rq->idle;
}

static void dequeue(struct runq *rq, struct thread *t)
{
    TAILQ_REMOVE(&rq->ready[t->prio], t, run_link);
    if (TAILQ_EMPTY(&rq->ready[t->prio]))
        rq->ready_mask &= ~(1U << t->prio);
    if (--rq->queued == 0)
        cpu_mask_clear(&queued_cpus, rq->cpu);
    t->is_queued = false;
}

static struct thread *pick(struct runq *rq)
{
    struct thread *t;

    if (rq->ready_mask == 0)
        return &rq->idle;
    t = TAILQ_FIRST(&rq->ready[31 - __builtin_clz(rq->ready_mask)]);
    dequeue(rq, t);
    return t;
}

void runq_slice_start(struct runq *rq)
{
    atomic_store_explicit(&rq->slice_wanted, false, memory_order_relaxed);
    if (!rq->slice.is_armed)
        timer_arm(&rq->slice, clock_now_ns() + TIME_SLICE_NS);
}

bool fpu_is_home(const struct fpu_home *home)
{
    const struct runq *rq = this_cpu_ptr(runq);

    return rq->fpu_owner == home && home->cpu == rq;
}

void fpu_home_set(struct fpu_home *home)
{
    struct runq *rq = this_cpu_ptr(runq);

    rq->fpu_owner = home;
    home->cpu = rq;
}

static void fpu_switch(struct thread *prev, struct thread *next)
{
    if (prev->fpu != NULL)
        arch_fpu_save(prev->fpu);
    /* A thread that comes back to a CPU whose registers nobody else has used finds them as they were. */
    if (next->fpu != NULL && !fpu_is_home(&next->fpu_home)) {
        arch_fpu_restore(next->fpu);
        fpu_home_set(&next->fpu_home);
    }
}

/* Another CPU may have read its counter a trace later than this one does. */
static uint64_t cycles_since(uint64_t then, uint64_t now)
{
    return now > then ? now - then : 0;
}

/* The time it waited for a CPU, and a word to whoever passes that on. rq locked. */
static void steal_account(struct thread *t, uint64_t now)
{
    t->steal_cycles += cycles_since(t->ready_since, now);
    if (t->steal_flags != NULL && t->steal_cycles - t->steal_told >= t->steal_step) {
        t->steal_told = t->steal_cycles;
        atomic_fetch_or(t->steal_flags, t->steal_bit);
    }
}

/* Whose time it is: a CPU that rests is idle, whatever thread waits on it. rq locked. */
static struct thread *charged(struct runq *rq)
{
    return rq->is_resting ? &rq->idle : rq->current;
}

static void charge(struct runq *rq, uint64_t now)
{
    charged(rq)->runtime_cycles += cycles_since(rq->switched_at, now);
    rq->switched_at = now;
}

/*
 * `self` blocks and there is nothing else to run: the CPU idles right here instead of in its idle thread. So
 * a wait that ends before anybody else wants the CPU, as most halts of guests do, switches to no other thread
 * and back. Returns when self has been woken or another thread is queued. rq locked at entry and return.
 */
static void rest(struct runq *rq, struct thread *self, uint64_t now)
{
    unsigned cpu = cpu_id();
    struct thread *stolen;

    charge(rq, now);
    rq->is_resting = true;
    self->preempt_count++; /* interrupts leave the choice of the next thread to us */
    do {
        spin_unlock_irqoff(&rq->lock);
        cpu_mask_set(&idle_cpus, cpu);
        stolen = runq_steal();
        /* Whoever wakes or queues a thread here from now on sends an interrupt, which ends the halt. */
        if (stolen == NULL)
            arch_wait_for_irq();
        arch_irq_disable();
        spin_lock_irqoff(&rq->lock);
        if (stolen != NULL)
            runq_enqueue(rq, stolen, false);
    } while (rq->ready_mask == 0 && atomic_load(&self->state) == THREAD_BLOCKED);
    cpu_mask_clear(&idle_cpus, cpu);
    self->preempt_count--;
    charge(rq, arch_clock_cycles());
    rq->is_resting = false;
}

/* Who makes way while others idle need not wait here: a CPU that is woken looks for work before it halts. */
static void invite_thief(void)
{
    int idle;

    /* What is queued is seen by a CPU that is not yet seen to idle: the other half is in runq_steal(). */
    atomic_thread_fence(memory_order_seq_cst);
    idle = cpu_mask_find(&idle_cpus, cpu_id());
    if (idle < 0)
        return;
    cpu_mask_clear(&idle_cpus, (unsigned)idle);
    arch_cpu_kick((unsigned)idle);
}

/* Runs as the thread that was switched to. */
void schedule_tail(void)
{
    struct runq *rq = this_cpu_ptr(runq);
    struct thread *dead = rq->dead;
    bool has_surplus = rq->has_surplus;

    rq->dead = NULL;
    rq->has_surplus = false;
    spin_unlock_irqoff(&rq->lock);
    if (has_surplus)
        invite_thief();
    if (dead != NULL)
        thread_reap(dead);
}

/*
 * `self` makes way: it is queued if it can go on, and if it cannot, the CPU rests as long as there is nothing
 * else to do. True: self goes on at once. *now becomes the time. rq locked.
 */
static bool leave(struct runq *rq, struct thread *self, bool is_preempted, uint64_t *now)
{
    uint8_t state = atomic_load(&self->state);

    if (is_preempted || state == THREAD_RUNNABLE) {
        self->ready_since = *now;
        runq_enqueue(rq, self, rq->ready_mask >> self->prio > 1);
    } else if (state == THREAD_BLOCKED && rq->ready_mask == 0) {
        rest(rq, self, *now);
        *now = rq->switched_at;
        atomic_store_explicit(&self->need_resched, false, memory_order_relaxed);
        if (atomic_load(&self->state) == THREAD_RUNNABLE) {
            if (likely(rq->ready_mask == 0)) {
                steal_account(self, *now);
                return true;
            }
            runq_enqueue(rq, self, false);
        }
    }
    return false;
}

void schedule(bool is_preempted)
{
    struct runq *rq = this_cpu_ptr(runq);
    struct thread *prev = rq->current, *next;
    uint64_t now = arch_clock_cycles();

    spin_lock_irqoff(&rq->lock);
    atomic_store_explicit(&prev->need_resched, false, memory_order_relaxed);
    if (prev != &rq->idle && leave(rq, prev, is_preempted, &now)) {
        spin_unlock_irqoff(&rq->lock);
        return;
    }
    next = pick(rq);
    if (rq->ready_mask >> next->prio & 1)
        runq_slice_start(rq);
    if (next != &rq->idle)
        steal_account(next, now);
    if (next == prev) {
        spin_unlock_irqoff(&rq->lock);
        return;
    }
    charge(rq, now);
    rq->switches++;
    if (prev == &rq->idle) /* possibly within the interrupt that ended its halt */
        cpu_mask_clear(&idle_cpus, cpu_id());
    if (atomic_load(&prev->state) == THREAD_DEAD)
        rq->dead = prev;
    rq->has_surplus = prev->is_queued && !(prev->flags & THREAD_PINNED);
    /* First: what it has left in the FPU registers is not prev->fpu's. */
    if (prev->away != NULL)
        prev->away(prev->arg);
    fpu_switch(prev, next);
    rq->current = next;
    arch_set_current(next);
    arch_thread_switch(&prev->arch, &next->arch);
    schedule_tail();
}

void sched_interrupt_exit(void)
{
    struct thread *t = arch_current();
    struct runq *rq = this_cpu_ptr(runq);

    if (atomic_load_explicit(&rq->slice_wanted, memory_order_relaxed))
        runq_slice_start(rq);
    if (t->preempt_count == 0 && atomic_load_explicit(&t->need_resched, memory_order_relaxed))
        schedule(true);
}

void preempt_check(void)
{
    struct thread *t = arch_current();
    arch_irq_state_t state;

    if (t->preempt_count != 0 || !atomic_load_explicit(&t->need_resched, memory_order_relaxed) ||
        !arch_irq_enabled())
        return;
    state = arch_irq_save();
    audit_pause();
    schedule(true);
    audit_resume();
    arch_irq_restore(state);
}

static struct thread *steal_from(struct runq *rq)
{
    struct thread *t = NULL;

    if (__atomic_load_n(&rq->queued, __ATOMIC_RELAXED) == 0 || !spin_trylock_irqoff(&rq->lock))
        return NULL;
    for (uint32_t mask = rq->ready_mask; mask != 0 && t == NULL;) {
        unsigned prio = 31 - (unsigned)__builtin_clz(mask);

        mask &= ~(1U << prio);
        /* The longest waiter that may move; pinned threads are few. */
        TAILQ_FOREACH (t, &rq->ready[prio], run_link)
            if (!(t->flags & THREAD_PINNED))
                break;
    }
    if (t != NULL) {
        dequeue(rq, t);
        /*
         * In our hands until it is in our queue. It may be about to block (preempted with its state set), and
         * then whoever wakes it must not queue it a second time.
         */
        t->is_queued = true;
        atomic_store(&t->cpu, cpu_id());
    }
    spin_unlock_irqoff(&rq->lock);
    return t;
}

struct thread *runq_steal_queued(void)
{
    unsigned self = cpu_id(), turn = (self + 1) % 64;
    struct thread *t = NULL;

    for (unsigned i = 0; i < queued_cpus.count && t == NULL; i++) {
        unsigned index = (self / 64 + i) % queued_cpus.count;
        uint64_t word = atomic_load_explicit(&queued_cpus.words[index], memory_order_relaxed);

        /* Each begins with its neighbour, so that not all go to the same one. */
        for (word = word >> turn | word << (64 - turn) % 64; unlikely(word != 0) && t == NULL;
             word &= word - 1) {
            unsigned cpu = index * 64 + ((unsigned)__builtin_ctzll(word) + turn) % 64;

            if (cpu != self)
                t = steal_from(runq_of(cpu));
        }
    }
    return t;
}

void sched_idle_loop(void)
{
    unsigned cpu = cpu_id();
    struct runq *rq = runq_of(cpu);

    arch_current()->preempt_count = 0;
    for (;;) {
        struct thread *stolen;

        arch_irq_disable();
        cpu_mask_set(&idle_cpus, cpu);
        if (rq->queued == 0 && (stolen = runq_steal()) != NULL) {
            spin_lock_irqoff(&rq->lock);
            runq_enqueue(rq, stolen, false);
            spin_unlock_irqoff(&rq->lock);
        }
        if (rq->queued == 0)
            arch_wait_for_irq();
        arch_irq_disable();
        cpu_mask_clear(&idle_cpus, cpu);
        if (rq->queued != 0)
            schedule(false);
        arch_irq_enable();
    }
}

void thread_times_get(struct thread *t, struct thread_times *out)
{
    arch_irq_state_t state = arch_irq_save();
    struct runq *rq = runq_lock_of(t);
    uint64_t now = arch_clock_cycles(), run = t->runtime_cycles, steal = t->steal_cycles;

    if (charged(rq) == t)
        run += cycles_since(rq->switched_at, now);
    else if (t->is_queued)
        steal += cycles_since(t->ready_since, now);
    spin_unlock_irqoff(&rq->lock);
    arch_irq_restore(state);
    *out = (struct thread_times){.run_cycles = run, .steal_cycles = steal};
}

/* Only the scheduler changes it, while the thread does not run. */
uint64_t thread_own_steal_cycles(void)
{
    return arch_current()->steal_cycles;
}

void thread_steal_watch(atomic_uint *flags, unsigned bit, uint64_t step_ns)
{
    struct thread *t = arch_current();
    arch_irq_state_t state = arch_irq_save();

    t->steal_bit = bit;
    t->steal_step = clock_ns_to_cycles(step_ns) - clock_ns_to_cycles(0);
    t->steal_flags = flags;
    arch_irq_restore(state);
}

uint64_t sched_switches(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < cpu_count(); i++)
        sum += __atomic_load_n(&runq_of(i)->switches, __ATOMIC_RELAXED);
    return sum;
}

int sched_init(unsigned cpus_max)
{
    return cpu_masks_init(cpus_max);
}

struct thread *sched_boot_prepare(void)
{
    struct thread *t;

    /* The first lock is taken in there already, and it counts in the current thread; some firmware leaves
     * nothing mapped at address 0. */
    arch_set_current(&runq_of(0)->idle);
    t = sched_cpu_prepare(0);
    t->preempt_count = 1; /* until the idle loop */
    return t;
}
