/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_BOOT_H
#define CORE_BOOT_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * Boot is a list of steps, each in a phase; modules add theirs by linking. Phases run in this order on the
 * boot CPU, steps of one phase in link order; shutdown runs the same list backwards.
 */
enum boot_phase {
    BOOT_EARLY, /* memory allocators work; one CPU, interrupts off */
    BOOT_IRQ,   /* interrupt controllers, clock, timers */
    BOOT_SCHED, /* from here on steps run in a thread and may block */
    BOOT_SMP,   /* the other CPUs */
    BOOT_BUS,   /* buses are enumerated, device drivers bind */
    BOOT_NET,   /* switch, network stack */
    BOOT_AGENT, /* management */
    BOOT_PHASES,
};

struct boot_step {
    const char *name;
    enum boot_phase phase;
    int (*start)(void); /* an error is logged and the host goes on without it */
    void (*stop)(void); /* orderly shutdown; may be NULL */
};

/* The alignment is the type's: the compiler would raise it and leave a gap before the first step. */
#define BOOT_STEP(step_phase, step_name, start_fn, stop_fn)                      \
    static const struct boot_step boot_step_##step_name in_section("boot_steps") \
        keep_symbol aligned_to(_Alignof(struct boot_step)) = {                   \
            .name = #step_name, .phase = (step_phase), .start = (start_fn), .stop = (stop_fn)}

/* Runs the steps of phases [from, to]. */
void boot_run_phases(enum boot_phase from, enum boot_phase to);

enum shutdown_kind { SHUTDOWN_REBOOT, SHUTDOWN_POWEROFF, SHUTDOWN_HALT };

/* Stops everything in reverse order and resets or powers off. Returns at once; the work is done by a thread.
 * Context: any. */
void shutdown_request(enum shutdown_kind kind);

#endif
