/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BACKEND_STATE_H
#define BACKEND_STATE_H

#include <core/compiler.h>
#include <core/types.h>

/* SVM's part of a vCPU, embedded in struct vcpu. Its own thread's. */
struct vmcb;

struct backend_vcpu {
    struct vmcb *vmcb; /* immutable */
    uint64_t vmcb_pa;
    uint64_t cr0_cache_bits; /* CD and NW as the guest sees them; the CPU runs without */
    uint64_t host_vmcb_pa;   /* of the CPU that it runs on */
    uint64_t asid_stamp;     /* of the CPU and generation whose ASID it has: asid.c; 0: it needs another */
    uint64_t tsc_aux;
    bool in_nmi;       /* until the guest's IRET has been executed */
    bool is_iret_seen; /* the IRET at iret_rip is about to be */
    uint64_t iret_rip;
    bool has_rare_state;       /* DR0-DR3 or XCR0 are switched at each entry */
    bool uses_debug_registers; /* DR0-DR3 are */
    uint64_t dr[4];
};

#endif
