/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_VM_CLOCK_H
#define VMM_VM_CLOCK_H

#include <core/compiler.h>
#include <core/sync.h>
#include <core/time.h>
#include <core/types.h>
#include <sys/queue.h>

/*
 * A VM's own time: nanoseconds that the VM has been running, or could have been. It stands still while the VM
 * is paused, so a guest's timers neither fire nor get lost over pause, snapshot and migration.
 */
struct vm_timer {
    struct timer timer;
    struct vm_clock *clock;                /* immutable */
    void (*fn)(struct vm_timer *vm_timer); /* interrupt context of a host CPU: short, no blocking */
    uint64_t deadline_ns;                  /* VM time; lock: the clock's */
    bool is_armed;                         /* lock: the clock's */
    LIST_ENTRY(vm_timer) link;             /* lock: the clock's; while armed */
};

struct vm_clock {
    struct spinlock lock;
    _Atomic uint32_t sequence;     /* written under lock; odd while the next three change */
    _Atomic bool is_paused;        /* written under lock */
    _Atomic uint64_t offset_ns;    /* written under lock; VM time = clock_now_ns() - offset, while running */
    _Atomic uint64_t paused_at_ns; /* written under lock; VM time, while paused */
    _Atomic uint32_t firing;       /* calls of some fn under way; raised under lock */
    LIST_HEAD(, vm_timer) armed;   /* lock */
};

/* Starts paused, at VM time 0. */
void vm_clock_init(struct vm_clock *clock);
/* When it returns no fn is running, and none will run before the clock is resumed. Context: thread. */
void vm_clock_pause(struct vm_clock *clock);
void vm_clock_resume(struct vm_clock *clock);
/* Sets VM time, as a restored VM needs it; the clock must be paused. Context: thread. */
void vm_clock_set(struct vm_clock *clock, uint64_t now_ns);

/* Context: any. Lock-free while the VM runs. */
uint64_t vm_clock_now_ns(const struct vm_clock *clock);

/* VM time when the host's clock shows `host_ns`, if nobody pauses; 0 if that was before the VM's time.
 * Context: any.
 */
uint64_t vm_clock_at_host_ns(const struct vm_clock *clock, uint64_t host_ns);

void vm_timer_init(struct vm_timer *vm_timer, struct vm_clock *clock, void (*fn)(struct vm_timer *vm_timer));
/*
 * (Re-)arms for VM time `deadline_ns`; in the past: at once. fn is never called before that time; a deadline
 * beyond what the host's clock counts is as good as never. Any number of callers at a time: the last one
 * wins. Context: any, fn included, but not with locks held that fn takes.
 */
void vm_timer_arm(struct vm_timer *vm_timer, uint64_t deadline_ns);
/* When it returns, fn is not running and will not run; nobody else may arm meanwhile. Context: thread. */
void vm_timer_cancel(struct vm_timer *vm_timer);

#endif
