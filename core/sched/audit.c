/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpu.h>
#include <core/audit.h>

#include "sched.h"

/* The counts are the thread's: it may move to another CPU at any time. */
void audit_begin(void)
{
    struct thread *t = arch_current();

    t->audit = (struct audit){0};
    t->is_audited = true;
}

void audit_end(struct audit *sum)
{
    struct thread *t = arch_current();

    t->is_audited = false;
    __atomic_store_n(&sum->locks, sum->locks + t->audit.locks, __ATOMIC_RELAXED);
    __atomic_store_n(&sum->allocations, sum->allocations + t->audit.allocations, __ATOMIC_RELAXED);
}

void audit_pause(void)
{
    arch_current()->audit_pauses++;
}

void audit_resume(void)
{
    arch_current()->audit_pauses--;
}

static bool is_counted(const struct thread *t)
{
    return unlikely(t->is_audited) && t->audit_pauses == 0;
}

void audit_lock(void)
{
    struct thread *t = arch_current();

    if (is_counted(t))
        t->audit.locks++;
}

void audit_allocation(void)
{
    struct thread *t = arch_current();

    if (is_counted(t))
        t->audit.allocations++;
}
