/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUEST_EXIT_H
#define GUEST_EXIT_H

#include <stdbool.h>
#include <stdint.h>

/* What ends the run of x86 guests only; see vmm/backend/exit.h. */
#define GUEST_EXIT_LIST(X)                                                                              \
    X(EXIT_IRQ_WINDOW, "irq-window") /* the guest can take an interrupt now, as asked for */            \
    X(EXIT_NMI_WINDOW, "nmi-window")                                                                    \
    X(EXIT_CPUID, "cpuid")                                                                              \
    X(EXIT_IO, "io") /* backend_io() */                                                                 \
    X(EXIT_MSR_READ, "msr-read")                                                                        \
    X(EXIT_MSR_WRITE, "msr-write")                                                                      \
    X(EXIT_CR_ACCESS, "cr-access") /* the instruction at RIP accesses a control register: emulate it */ \
    X(EXIT_XSETBV, "xsetbv")                                                                            \
    X(EXIT_WBINVD, "wbinvd")                                                                            \
    X(EXIT_EXCEPTION, "exception") /* exit.exception: intercepted; give it back to the guest */         \
    X(EXIT_TASK_SWITCH, "task-switch")                                                                  \
    X(EXIT_SHUTDOWN, "shutdown") /* triple fault */

struct exit_io {
    uint16_t port;
    uint8_t size;
    bool is_in, is_string;
    uint64_t next_rip; /* address of the instruction after it */
};

struct exit_exception {
    uint8_t vector;
    bool has_error;
    uint32_t error;
};

#define GUEST_EXIT_MEMBERS struct exit_exception exception;

#endif
