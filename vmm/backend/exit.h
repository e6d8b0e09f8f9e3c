/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_BACKEND_EXIT_H
#define VMM_BACKEND_EXIT_H

#include <core/types.h>

/* Why a guest's run has ended, in no backend's terms. */
enum exit_kind {
    EXIT_HOST_IRQ,   /* a host interrupt, handled by now */
    EXIT_NOTHING,    /* handled by the backend itself */
    EXIT_IRQ_WINDOW, /* the guest can take an interrupt now, as asked for */
    EXIT_NMI_WINDOW,
    EXIT_CPUID,
    EXIT_HALT,
    EXIT_IO,           /* exit.io */
    EXIT_MSR_READ,     /* exit.msr */
    EXIT_MSR_WRITE,    /* exit.msr */
    EXIT_STAGE2_FAULT, /* exit.fault */
    EXIT_HYPERCALL,
    EXIT_CR_ACCESS, /* the instruction at RIP reads or writes a control register: emulate it */
    EXIT_XSETBV,
    EXIT_WBINVD,
    EXIT_UNDEFINED, /* an instruction that the guest's CPU does not have: #UD */
    EXIT_EXCEPTION, /* exit.exception: intercepted; give it back to the guest */
    EXIT_PAUSE,
    EXIT_TASK_SWITCH,
    EXIT_SHUTDOWN,   /* triple fault */
    EXIT_FAIL_ENTRY, /* exit.raw: the hardware refuses the guest's state */
    EXIT_UNKNOWN,    /* exit.raw */
    EXIT_KINDS,
};

struct vmexit {
    enum exit_kind kind;
    union {
        struct {
            uint16_t port;
            uint8_t size;
            bool is_in, is_string;
            uint64_t next_rip; /* address of the instruction after it */
        } io;
        struct {
            uint64_t gpa;
            bool is_write, is_fetch, is_present;
            bool is_final; /* the access itself, not one to the guest's page tables */
        } fault;
        struct {
            uint8_t vector;
            bool has_error;
            uint32_t error;
        } exception;
        struct {
            uint64_t code, info1, info2;
        } raw;
    };
};

#endif
