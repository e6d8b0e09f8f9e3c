/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_SCHED_PRIVATE_H
#define CORE_SCHED_PRIVATE_H

#include <arch/thread.h>
#include <core/audit.h>
#include <core/fpu.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/sync.h>
#include <core/thread.h>
#include <core/time.h>
#include <core/waitq.h>
#include <sys/queue.h>

enum thread_state { THREAD_RUNNABLE, THREAD_BLOCKED, THREAD_DEAD };

#define THREAD_NAME_MAX 16

/*
 * Who may touch a member: (i) immutable after creation, (t) the thread itself, (r) under the run-queue lock
 * of thread->cpu, (a) atomic.
 */
struct runq;
struct thread {
    struct arch_thread arch;      /* r */
    unsigned preempt_count;       /* t */
    atomic_bool need_resched;     /* a */
    _Atomic uint8_t state;        /* a: enum thread_state; BLOCKED to RUNNABLE only under r */
    uint8_t prio;                 /* i */
    uint8_t flags;                /* i */
    bool is_queued;               /* r */
    atomic_uint cpu;              /* a: changed only under r, while not queued */
    uint64_t runtime_cycles;      /* r */
    uint64_t steal_cycles;        /* r: ready, but others had the CPU */
    uint64_t ready_since;         /* r: cycles; while queued, or about to be */
    uint64_t steal_told;          /* r: how much of steal_cycles there was when steal_flags was set last */
    uint64_t steal_step;          /* r: how much more makes it worth telling again */
    atomic_uint *steal_flags;     /* r: NULL: nobody wants to know */
    unsigned steal_bit;           /* r */
    TAILQ_ENTRY(thread) run_link; /* r */
    struct audit audit;           /* t: of the stretch that is being audited */
    bool is_audited;              /* t */
    unsigned audit_pauses;        /* t */
    struct mutex *held;           /* t: mutexes, the last taken first; in debug builds */
    struct timer timeout;         /* t */
    struct arch_fpu *fpu;         /* i: state area, or NULL */
    struct fpu_home fpu_home;     /* r */
    char *stack;                  /* i: NULL for idle threads */
    void (*fn)(void *arg);        /* i */
    void *arg;                    /* i */
    void (*away)(void *arg);      /* i: NULL, or called when it leaves a CPU */
    atomic_bool is_off_cpu;       /* a: dead, and its stack is no longer in use */
    atomic_uint references;       /* a: creator's and its own */
    struct waitq exit_waiters;
    char name[THREAD_NAME_MAX]; /* i */
};

TAILQ_HEAD(thread_queue, thread);

/* A bit for each CPU (core/sched/masks.c); changed and read without a lock. */
struct cpu_mask {
    _Atomic uint64_t *words; /* immutable pointer after cpu_masks_init() */
    unsigned count;          /* likewise */
};

extern struct cpu_mask idle_cpus;   /* nothing to do, and nothing on its way */
extern struct cpu_mask queued_cpus; /* threads wait in its queue */

must_check int cpu_masks_init(unsigned cpus_max);
/* A CPU whose bit is set, preferably `near`; -1: none. */
int cpu_mask_find(const struct cpu_mask *mask, unsigned near);

static inline void cpu_mask_set(struct cpu_mask *mask, unsigned cpu)
{
    atomic_fetch_or_explicit(&mask->words[cpu / 64], BIT(cpu % 64), memory_order_relaxed);
}

/* Whoever gives a CPU work has cleared its bit already, as a rule. */
static inline void cpu_mask_clear(struct cpu_mask *mask, unsigned cpu)
{
    _Atomic uint64_t *word = &mask->words[cpu / 64];

    if (atomic_load_explicit(word, memory_order_relaxed) & BIT(cpu % 64))
        atomic_fetch_and_explicit(word, ~BIT(cpu % 64), memory_order_relaxed);
}

/* The run queue of a CPU. */
struct runq {
    struct spinlock lock;
    unsigned cpu;                            /* immutable */
    uint32_t ready_mask;                     /* lock: priorities that have a thread queued */
    unsigned queued;                         /* lock: threads queued */
    struct thread_queue ready[THREAD_PRIOS]; /* lock */
    struct thread *current;                  /* lock */
    bool is_resting;                         /* lock: current is blocked, and the CPU idles in it */
    bool has_surplus;                        /* lock: the present switch leaves work that another may do */
    struct thread *dead;                     /* lock: left its stack at the last switch */
    const struct fpu_home *fpu_owner;        /* this CPU: the last that was loaded into its registers */
    uint64_t switched_at;                    /* lock: cycles */
    uint64_t switches;                       /* lock */
    struct timer slice;                      /* this CPU */
    atomic_bool slice_wanted;                /* a: another CPU queued an equal */
    struct thread idle;
};

/*
 * One per CPU, with a FIFO per priority. Its lock is held across the switch itself and released by the thread
 * that was switched to, so whoever takes it never sees a thread half-way.
 */
DECLARE_PERCPU(struct runq, runq);

static inline struct runq *runq_of(unsigned cpu)
{
    return percpu_ptr(runq, cpu);
}

/* Locks the run queue of the CPU that `t` belongs to, which may change until the lock is held. */
static inline struct runq *runq_lock_of(struct thread *t)
{
    for (;;) {
        unsigned cpu = atomic_load(&t->cpu);
        struct runq *rq = runq_of(cpu);

        spin_lock_irqoff(&rq->lock);
        if (atomic_load(&t->cpu) == cpu)
            return rq;
        spin_unlock_irqoff(&rq->lock);
    }
}

/* At the end of its priority's queue, or at the head. rq locked. */
static inline void runq_enqueue(struct runq *rq, struct thread *t, bool at_head)
{
    if (at_head)
        TAILQ_INSERT_HEAD(&rq->ready[t->prio], t, run_link);
    else
        TAILQ_INSERT_TAIL(&rq->ready[t->prio], t, run_link);
    rq->ready_mask |= 1U << t->prio;
    if (rq->queued++ == 0)
        cpu_mask_set(&queued_cpus, rq->cpu);
    t->is_queued = true;
}

/*
 * Lets equals have their turn after a slice. A slice that is running is not prolonged: wake-ups and short
 * preemptions by others, if frequent, would keep the present thread on the CPU for good. This CPU, interrupts
 * off.
 */
void runq_slice_start(struct runq *rq);

#define TIME_SLICE_NS (10 * NSEC_PER_MSEC)

/* Leaves the CPU to the next thread. Interrupts off. `is_preempted`: stays runnable whatever its state says.
 */
void schedule(bool is_preempted);

/* First half of a new thread's life: what schedule() does after the switch. */
void schedule_tail(void);

/* Common members of a new thread; -ENOMEM if it wants an FPU state. */
must_check int thread_setup(struct thread *thread, const char *name, unsigned prio, unsigned flags,
                            unsigned cpu);

/* The last reference is gone and the stack is free to go. Context: thread. */
void thread_put(struct thread *thread);

/* Hands a dead thread's own reference to somebody who may free memory. Context: any. */
void thread_reap(struct thread *thread);

/* The rest of runq_steal(): there may be one. */
struct thread *runq_steal_queued(void);

/* Takes a waiting thread from another CPU's queue. Interrupts off, the CPU marked idle: from then on others
 * tell it when they have one too many. */
static inline struct thread *runq_steal(void)
{
    uint64_t any = 0;

    /* The other half is in invite_thief(). */
    atomic_thread_fence(memory_order_seq_cst);
    for (unsigned i = 0; i < queued_cpus.count; i++)
        any |= atomic_load_explicit(&queued_cpus.words[i], memory_order_relaxed);
    return unlikely(any != 0) ? runq_steal_queued() : NULL;
}

#endif
