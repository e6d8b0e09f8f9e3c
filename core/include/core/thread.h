/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_THREAD_H
#define CORE_THREAD_H

#include <core/compiler.h>
#include <core/types.h>
#include <stdatomic.h>

/*
 * Everything that runs is a thread: service threads, and later one per vCPU. Each CPU has a run queue; the
 * highest priority runs, equals share by time slices, a thread that wakes preempts a lower one at once.
 */
struct thread;

enum thread_prio {
    THREAD_PRIO_IDLE = 0,     /* the idle threads, nobody else */
    THREAD_PRIO_LOW = 4,      /* what may wait as long as guests take every CPU */
    THREAD_PRIO_VCPU = 12,    /* guests, and the log's way to the console */
    THREAD_PRIO_SERVICE = 16, /* network stack, agent */
    THREAD_PRIO_DRIVER = 20,  /* bottom halves of interrupts */
    THREAD_PRIOS = 32,
};

enum thread_flags {
    THREAD_FPU = 1 << 0,       /* may use FPU/SIMD registers: they are switched with the thread */
    THREAD_PINNED = 1 << 1,    /* stays on the CPU it was created for */
    THREAD_GUEST_FPU = 1 << 2, /* a vCPU: the FPU registers are its guest\'s, or its backend switches them */
};

#define THREAD_CPU_ANY (~0U)

struct thread_params {
    const char *name; /* copied, cut at 15 bytes */
    enum thread_prio prio;
    unsigned flags; /* enum thread_flags */
    unsigned cpu;   /* where it starts (and stays, if pinned), or THREAD_CPU_ANY */
    void (*fn)(void *arg);
    void *arg;
    /*
     * NULL, or what is to be done when the thread leaves its CPU to another: what it has left in that CPU's
     * registers is saved, because it may go on elsewhere. Interrupts off, run queue locked: LOCK_RANK_TIMER
     * and above may be taken.
     */
    void (*away)(void *arg);
};

/*
 * Makes a thread and lets it run. The stack has a guard page below it. The result is a reference: give it to
 * thread_join() or thread_detach(). -ENOMEM. Context: thread.
 */
must_check int thread_create(const struct thread_params *params, struct thread **out);

/* Waits until the thread's function has returned, then frees it. Context: thread. */
void thread_join(struct thread *thread);

/* Gives up the reference: the thread frees itself when its function returns. Context: any. */
void thread_detach(struct thread *thread);

/* The running thread. Context: any (in an interrupt: the thread that was interrupted). */
struct thread *thread_self(void);
const char *thread_name(const struct thread *thread);
/* The `arg` of the running thread if it is a vCPU (THREAD_GUEST_FPU), else NULL. Context: any. */
void *thread_guest(void);

/* How a thread has spent its time since it was made, but for the time it was blocked. */
struct thread_times {
    uint64_t run_cycles;   /* on a CPU; clock_cycles_span_ns() */
    uint64_t steal_cycles; /* ready, while others had the CPU */
};
/* Until now, whatever the thread is doing. Context: any. */
void thread_times_get(struct thread *thread, struct thread_times *out);

/* The calling thread's steal_cycles. Cheap. */
uint64_t thread_own_steal_cycles(void);

/*
 * From now on the scheduler sets `bit` in *flags when it lets the calling thread run again, once for every
 * `step_ns` that it has had to wait. *flags lives as long as the thread. Context: thread.
 */
void thread_steal_watch(atomic_uint *flags, unsigned bit, uint64_t step_ns);

/* Sleeps until clock_now_ns() reaches `deadline_ns`. Context: thread, no lock held. */
void thread_sleep_until(uint64_t deadline_ns);

/*
 * Blocks until `condition` holds. For a thread that others know: whoever makes the condition true gives it to
 * thread_wake() (core/sched.h) afterwards, and must be sure that it still exists. Others wait on queues
 * (core/waitq.h). The condition is evaluated again after every wake-up. Context: thread, no lock held.
 */
#define thread_wait(condition)     \
    do {                           \
        for (;;) {                 \
            thread_wait_prepare(); \
            if (condition)         \
                break;             \
            thread_wait_block();   \
        }                          \
        thread_wait_finish();      \
    } while (0)

/* Building blocks of thread_wait(); not for direct use. */
void thread_wait_prepare(void);
void thread_wait_block(void);
void thread_wait_finish(void);

/* The calling thread's FPU registers as they are at its start, if they are the scheduler's to switch. */
void thread_fpu_reset(void);

/* Preemption of the running thread; calls nest. While it is off the thread neither moves nor may it block. */
void preempt_disable(void);
void preempt_enable(void);

#endif
