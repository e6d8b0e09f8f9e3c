/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_FPU_H
#define CORE_FPU_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whose state the FPU registers of a CPU hold: a state that was loaded there last is still there, unless it
 * has been loaded elsewhere or changed in memory since, and need not be loaded again. Embedded beside the
 * state; zero: in no CPU. Context: interrupts off.
 */
struct fpu_home {
    const void *cpu;
};

/* Whether this CPU's registers hold it. */
bool fpu_is_home(const struct fpu_home *home);
/* It has been loaded here, or is about to be. */
void fpu_home_set(struct fpu_home *home);
/* What is in memory has changed. */
static inline void fpu_home_clear(struct fpu_home *home)
{
    home->cpu = NULL;
}

#endif
