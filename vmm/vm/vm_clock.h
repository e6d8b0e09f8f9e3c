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
    bool is_paused;              /* lock; read without */
    uint64_t offset_ns;          /* VM time = clock_now_ns() - offset, while running */
    uint64_t paused_at_ns;       /* VM time, while paused */
    LIST_HEAD(, vm_timer) armed; /* lock */
};

/* Starts paused, at VM time 0. */
void vm_clock_init(struct vm_clock *clock);
void vm_clock_pause(struct vm_clock *clock);
void vm_clock_resume(struct vm_clock *clock);

/* Context: any. Lock-free while the VM runs. */
uint64_t vm_clock_now_ns(const struct vm_clock *clock);

void vm_timer_init(struct vm_timer *vm_timer, struct vm_clock *clock, void (*fn)(struct vm_timer *vm_timer));
/* (Re-)arms for VM time `deadline_ns`; in the past: at once. Context: any but with the fn's own locks held.
 */
void vm_timer_arm(struct vm_timer *vm_timer, uint64_t deadline_ns);
/* When it returns, fn is not running and will not run. Context: thread. */
void vm_timer_cancel(struct vm_timer *vm_timer);

#endif
