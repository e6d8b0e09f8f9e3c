/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_BACKEND_EXIT_H
#define VMM_BACKEND_EXIT_H

#include <core/types.h>
#include <guest/exit.h>

/*
 * Why a guest's run has ended, in no backend's terms: name of the kind, and what an operator reads. Kinds and
 * details that only one architecture has are in <guest/exit.h>: GUEST_EXIT_LIST, GUEST_EXIT_MEMBERS.
 */
#define EXIT_LIST(X)                                                                             \
    X(EXIT_UNKNOWN, "unknown")           /* exit.raw */                                          \
    X(EXIT_HOST_IRQ, "host-irq")         /* a host interrupt, handled by now */                  \
    X(EXIT_NOTHING, "backend")           /* handled by the backend itself */                     \
    X(EXIT_HALT, "halt")                 /* HLT, WFI: wait for an interrupt */                   \
    X(EXIT_STAGE2_FAULT, "stage2-fault") /* exit.fault */                                        \
    X(EXIT_HYPERCALL, "hypercall")       /* VMMCALL, HVC */                                      \
    X(EXIT_UNDEFINED, "undefined")       /* an instruction that the guest's CPU does not have */ \
    X(EXIT_PAUSE, "pause")               /* PAUSE, WFE: it waits for another vCPU */             \
    X(EXIT_FAIL_ENTRY, "fail-entry")     /* exit.raw: the hardware refuses the guest's state */  \
    GUEST_EXIT_LIST(X)

#define EXIT_KIND(kind, name) kind,
enum exit_kind { EXIT_LIST(EXIT_KIND) EXIT_KINDS };
#undef EXIT_KIND

struct vmexit {
    enum exit_kind kind;
    union {
        struct {
            uint64_t gpa;
            bool is_write, is_fetch, is_present;
            bool is_final; /* the access itself, not one to the guest's page tables */
        } fault;
        struct {
            uint64_t code, info1, info2;
        } raw;
        GUEST_EXIT_MEMBERS
    };
};

#endif
