/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_CPU_H
#define ARM64_CPU_H

/* struct trap_frame, for assembly. */
#define TRAP_FRAME_SIZE 288

/* What entered exception_dispatch(): the row of the vector table. */
#define TRAP_SYNC        0
#define TRAP_SERROR      1
#define TRAP_FIQ         2
#define TRAP_LOWER_EL    3
#define TRAP_WRONG_STACK 4

#ifndef __ASSEMBLER__

#include <core/compiler.h>
#include <core/types.h>

/* Registers as vectors.S leaves them on the exception stack. */
struct trap_frame {
    uint64_t x[31];
    uint64_t sp, pc, pstate, esr, far;
};
_Static_assert(sizeof(struct trap_frame) == TRAP_FRAME_SIZE, "vectors.S knows it");

/* The exception vectors (vectors.S). */
extern const char vectors[];

#define EXCEPTION_STACK_SIZE 8192

/* This CPU's vector base and what does not depend on the MMU. Each CPU, with its per-CPU area in place. */
void cpu_setup(void);

/* --- features ---------------------------------------------------------------------------------------------
 */

enum cpu_feature {
    CPU_FEATURE_VHE,
    CPU_FEATURE_NV2,
    CPU_FEATURE_SVE,
    CPU_FEATURE_SME,
    CPU_FEATURE_PAUTH,
    CPU_FEATURE_BTI,
    CPU_FEATURE_MTE,
    CPU_FEATURE_LSE,
    CPU_FEATURE_RNG,
    CPU_FEATURE_FGT,
    CPU_FEATURE_ECV,
    CPU_FEATURE_WFXT,
    CPU_FEATURE_TLBI_RANGE,
    CPU_FEATURE_S2FWB,
    CPU_FEATURE_BBM2,
    CPU_FEATURE_TTL,
    CPU_FEATURE_VMID16,
    CPU_FEATURE_LPA2,
    CPU_FEATURE_RAS,
    CPU_FEATURE_PMU,
    CPU_FEATURE_CRC32,
    CPU_FEATURE_AES,
    CPU_FEATURE_SHA2,
    CPU_FEATURE_GIC_SYSREGS,
    CPU_FEATURE_COUNT,
};

/* Reads the ID registers into the table behind cpu_has(). Boot CPU, first. */
void cpu_features_read(void);
bool cpu_has(enum cpu_feature feature);
const char *cpu_feature_name(unsigned feature);

#endif
#endif
