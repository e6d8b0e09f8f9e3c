/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUEST_EL1_H
#define GUEST_EL1_H

/*
 * Registers that EL1 and EL0 own and access without an exit: X(name, reset value, how EL2 names it, how EL2
 * with E2H set names it) - where both names are the same, E2H redirects nothing. Arm ARM (DDI 0487), D24.2
 * and D1.2.5. What the manual leaves unknown after reset is 0.
 */
#define ARM64_EL1_LIST(X)                                                                       \
    X(SP_EL0, 0, sp_el0, sp_el0)                                                                \
    X(SP_EL1, 0, sp_el1, sp_el1)                                                                \
    X(ELR_EL1, 0, elr_el1, s3_5_c4_c0_1)                                                        \
    X(SPSR_EL1, 0, spsr_el1, s3_5_c4_c0_0)                                                      \
    X(SCTLR_EL1, 0x30d00980, sctlr_el1, s3_5_c1_c0_0) /* MMU and caches off; RES1 of ARMv8.0 */ \
    X(CPACR_EL1, 0, cpacr_el1, s3_5_c1_c0_2)                                                    \
    X(TTBR0_EL1, 0, ttbr0_el1, s3_5_c2_c0_0)                                                    \
    X(TTBR1_EL1, 0, ttbr1_el1, s3_5_c2_c0_1)                                                    \
    X(TCR_EL1, 0, tcr_el1, s3_5_c2_c0_2)                                                        \
    X(ESR_EL1, 0, esr_el1, s3_5_c5_c2_0)                                                        \
    X(AFSR0_EL1, 0, afsr0_el1, s3_5_c5_c1_0)                                                    \
    X(AFSR1_EL1, 0, afsr1_el1, s3_5_c5_c1_1)                                                    \
    X(FAR_EL1, 0, far_el1, s3_5_c6_c0_0)                                                        \
    X(MAIR_EL1, 0, mair_el1, s3_5_c10_c2_0)                                                     \
    X(AMAIR_EL1, 0, amair_el1, s3_5_c10_c3_0)                                                   \
    X(VBAR_EL1, 0, vbar_el1, s3_5_c12_c0_0)                                                     \
    X(CONTEXTIDR_EL1, 0, contextidr_el1, s3_5_c13_c0_1)                                         \
    X(TPIDR_EL0, 0, tpidr_el0, tpidr_el0)                                                       \
    X(TPIDRRO_EL0, 0, tpidrro_el0, tpidrro_el0)                                                 \
    X(TPIDR_EL1, 0, tpidr_el1, tpidr_el1)                                                       \
    X(CNTKCTL_EL1, 0, cntkctl_el1, s3_5_c14_c1_0)                                               \
    X(PAR_EL1, 0, par_el1, par_el1)                                                             \
    X(CSSELR_EL1, 0, csselr_el1, csselr_el1)                                                    \
    X(MDSCR_EL1, 0, mdscr_el1, mdscr_el1)

enum arm64_el1_reg {
#define ARM64_EL1_INDEX(name, ...) ARM64_##name,
    ARM64_EL1_LIST(ARM64_EL1_INDEX)
#undef ARM64_EL1_INDEX
        ARM64_EL1_REGS,
};

#endif
