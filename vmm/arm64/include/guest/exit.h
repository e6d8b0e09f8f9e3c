/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUEST_EXIT_H
#define GUEST_EXIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What ends the run of arm64 guests only; see vmm/backend/exit.h. With every exit by a synchronous exception
 * vcpu->arch.esr holds ESR_EL2, and with EXIT_STAGE2_FAULT vcpu->arch.far FAR_EL2 (../../esr.h reads them).
 * EXIT_HYPERCALL: PC is behind the HVC already; after everything else it is at the instruction.
 */
#define GUEST_EXIT_LIST(X)                                                                 \
    X(EXIT_SYSREG, "sysreg") /* exit.sysreg: MSR, MRS or a system instruction */           \
    X(EXIT_SMC, "smc")                                                                     \
    X(EXIT_FP, "fp")         /* FP, SIMD or SVE registers are used, whose are elsewhere */ \
    X(EXIT_DEBUG, "debug")   /* breakpoint, watchpoint, step; BRK if it is ours */         \
    X(EXIT_SERROR, "serror") /* exit.raw.code: its ESR_EL2; the guest's doing, or its device's */

struct exit_sysreg {
    uint32_t reg; /* ARM64_SYSREG(): what is accessed */
    uint8_t rt;   /* X register, 31: XZR */
    bool is_read;
};

#define GUEST_EXIT_MEMBERS struct exit_sysreg sysreg;

/* A system register by its encoding, as Linux, the assembler's S<op0>_<op1>_C<n>_C<m>_<op2> and the manual
 * name it. */
#define ARM64_SYSREG(op0, op1, crn, crm, op2) ((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

#endif
