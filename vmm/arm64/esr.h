/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_ARM64_ESR_H
#define VMM_ARM64_ESR_H

#include <core/compiler.h>
#include <core/types.h>

/* Exception syndromes: Arm ARM (DDI 0487), D24.2.37 "ESR_EL1" and D24.2.39 "ESR_EL2". Pure. */
enum esr_class {
    ESR_UNKNOWN = 0x00,
    ESR_WFX = 0x01,
    ESR_CP15_32 = 0x03, /* 0x03 to 0x06, 0x08, 0x0c: system registers by an EL0 in AArch32 */
    ESR_CP15_64 = 0x04,
    ESR_CP14_32 = 0x05,
    ESR_CP14_LDC = 0x06,
    ESR_FP = 0x07, /* FP, SIMD, SVE by CPTR_EL2 */
    ESR_VMRS = 0x08,
    ESR_PAUTH = 0x09,
    ESR_LS64 = 0x0a, /* LD64B, ST64B and its kind */
    ESR_CP14_64 = 0x0c,
    ESR_BTI = 0x0d,
    ESR_ILLEGAL = 0x0e,
    ESR_SVC32 = 0x11,
    ESR_HVC32 = 0x12,
    ESR_SMC32 = 0x13,
    ESR_SYSREG128 = 0x14, /* MRRS, MSRR, 128-bit system instructions */
    ESR_SVC64 = 0x15,
    ESR_HVC64 = 0x16,
    ESR_SMC64 = 0x17,
    ESR_SYSREG = 0x18,
    ESR_SVE = 0x19,
    ESR_ERET = 0x1a,
    ESR_FPAC = 0x1c,
    ESR_SME = 0x1d,
    ESR_IABT_LOWER = 0x20,
    ESR_IABT_SAME = 0x21,
    ESR_PC_ALIGNMENT = 0x22,
    ESR_DABT_LOWER = 0x24,
    ESR_DABT_SAME = 0x25,
    ESR_SP_ALIGNMENT = 0x26,
    ESR_FP32 = 0x28,
    ESR_FP64 = 0x2c,
    ESR_SERROR = 0x2f,
    ESR_BREAKPOINT_LOWER = 0x30,
    ESR_STEP_LOWER = 0x32,
    ESR_WATCHPOINT_LOWER = 0x34,
    ESR_BKPT32 = 0x38,
    ESR_BRK64 = 0x3c,
};

static inline unsigned esr_class(uint64_t esr)
{
    return esr >> 26 & 0x3f;
}

#define ESR_CLASS(class) ((uint64_t)(class) << 26)
#define ESR_IL           BIT(25) /* the instruction has 32 bits */
#define ESR_ISS          MASK(24, 0)

/* --- data and instruction aborts --- */

#define ESR_ISV   BIT(24) /* the fields below describe the access */
#define ESR_SSE   BIT(21) /* sign-extend */
#define ESR_SF    BIT(15) /* X register, not W */
#define ESR_AR    BIT(14) /* acquire, release */
#define ESR_FNV   BIT(10) /* FAR is not valid */
#define ESR_EA    BIT(9)
#define ESR_CM    BIT(8) /* cache maintenance */
#define ESR_S1PTW BIT(7) /* on the walk of stage 1 */
#define ESR_WNR   BIT(6) /* write */

/* Fault status code without the level: address size, translation, access flag, permission. */
enum esr_fault { ESR_FAULT_SIZE, ESR_FAULT_TRANSLATION, ESR_FAULT_ACCESS, ESR_FAULT_PERMISSION };
static inline unsigned esr_fsc(uint64_t esr)
{
    return esr & 0x3f;
}

#define ESR_FSC_EXTERNAL      0x10 /* synchronous external abort, not on a walk */
#define ESR_FSC_EXTERNAL_WALK 0x14 /* on a walk, plus the level */

/* The access of a data abort with ESR_ISV: bytes, register. */
static inline unsigned esr_access_size(uint64_t esr)
{
    return 1U << (esr >> 22 & 3);
}

static inline unsigned esr_access_register(uint64_t esr)
{
    return esr >> 16 & 31;
}

/* What a load of `value` leaves in the register: extended as the instruction says. */
static inline uint64_t esr_load_value(uint64_t esr, uint64_t value)
{
    unsigned unused = 64 - 8 * esr_access_size(esr);

    value = value << unused >> unused;
    if (esr & ESR_SSE)
        value = (uint64_t)((int64_t)(value << unused) >> unused);
    return esr & ESR_SF ? value : (uint32_t)value;
}

/* --- SError --- */

#define ESR_IDS         BIT(24) /* the rest is the implementation's */
#define ESR_FSC_ASYNC   0x11    /* what follows is there; without FEAT_RAS it is 0 */
#define ESR_AET(esr)    ((esr) >> 10 & 7)
#define ESR_AET_UEO     2 /* restartable: nothing that is used is wrong */
#define ESR_AET_CORRECT 6

/*
 * Whether what was interrupted may simply go on: the error is corrected, or has not reached it. Everything
 * else, what the CPU does not explain included, has (D24.2.39, "ISS encoding for an SError exception").
 */
static inline bool esr_serror_is_harmless(uint64_t esr)
{
    return esr_class(esr) == ESR_SERROR && !(esr & ESR_IDS) && esr_fsc(esr) == ESR_FSC_ASYNC &&
           (ESR_AET(esr) == ESR_AET_CORRECT || ESR_AET(esr) == ESR_AET_UEO);
}

/* --- others --- */

#define ESR_WFX_IS_WFE BIT(0) /* ESR_WFX: WFE(T), not WFI(T) */
#define ESR_WFX_IS_T   BIT(1) /* with a timeout, in the register of bits 9:5 if bit 2 says so */

#endif
