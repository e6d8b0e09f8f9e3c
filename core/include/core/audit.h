/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_AUDIT_H
#define CORE_AUDIT_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * Debug builds count what a stretch of code does that a fast path must not: take locks, and ask the
 * allocators for memory or give some back. What interrupts do meanwhile, and switching to other threads, does
 * not count. Elsewhere nothing is counted and nothing of this costs an instruction.
 */
struct audit {
    uint64_t locks, allocations;
};

#ifdef CONFIG_DEBUG
/* Brackets the stretch and adds to *sum; no nesting. Context: thread. */
void audit_begin(void);
void audit_end(struct audit *sum);

/* Something that is not the running thread's own doing begins / has ended; these nest. Context: interrupts
 * off. */
void audit_pause(void);
void audit_resume(void);

/* For locks and allocators. Context: any. */
void audit_lock(void);
void audit_allocation(void);
#else
static inline void audit_begin(void)
{
}

static inline void audit_end(struct audit *sum)
{
    (void)sum;
}

static inline void audit_pause(void)
{
}

static inline void audit_resume(void)
{
}

static inline void audit_lock(void)
{
}

static inline void audit_allocation(void)
{
}
#endif

#endif
