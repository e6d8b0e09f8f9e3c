/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_PSTATE_H
#define ARM64_PSTATE_H

#include <core/compiler.h>
#include <core/types.h>

/* What an exception that is taken to EL1 makes of PSTATE, as SPSR_EL2 has it: Arm ARM (DDI 0487), D1.3.5.
 * Pure.
 */
#define PSTATE_SP     BIT(0)
#define PSTATE_EL     MASK(3, 2)
#define PSTATE_EL1    (1ULL << 2)
#define PSTATE_NRW    BIT(4)
#define PSTATE_DAIF   MASK(9, 6)
#define PSTATE_SSBS   BIT(12)
#define PSTATE_ALLINT BIT(13)
#define PSTATE_IL     BIT(20)
#define PSTATE_SS     BIT(21)
#define PSTATE_PAN    BIT(22)
#define PSTATE_UAO    BIT(23)
#define PSTATE_DIT    BIT(24)
#define PSTATE_TCO    BIT(25)
#define PSTATE_NZCV   MASK(31, 28)

#define SCTLR_SPAN  BIT(23) /* PAN is left alone by exceptions to EL1 */
#define SCTLR_DSSBS BIT(44)

static inline bool arm64_pstate_is_el1(uint64_t pstate)
{
    return !(pstate & PSTATE_NRW) && (pstate & PSTATE_EL) == PSTATE_EL1;
}

/* Of the vector, from VBAR_EL1: synchronous (D1.3.2). */
static inline uint64_t arm64_vector_offset(uint64_t pstate)
{
    if (arm64_pstate_is_el1(pstate))
        return pstate & PSTATE_SP ? 0x200 : 0;
    return pstate & PSTATE_NRW ? 0x600 : 0x400;
}

/* NZCV, DIT and PAN stay, but that PAN is set if SCTLR_EL1.SPAN is clear; SSBS is what SCTLR_EL1.DSSBS says;
 * the rest is clear. In AArch32 DIT is elsewhere (bit 21). */
static inline uint64_t arm64_pstate_exception(uint64_t old, uint64_t sctlr)
{
    uint64_t fresh = (old & (PSTATE_NZCV | PSTATE_PAN)) | PSTATE_DAIF | PSTATE_EL1 | PSTATE_SP;

    if (old & (old & PSTATE_NRW ? BIT(21) : PSTATE_DIT))
        fresh |= PSTATE_DIT;
    if (!(sctlr & SCTLR_SPAN))
        fresh |= PSTATE_PAN;
    if (sctlr & SCTLR_DSSBS)
        fresh |= PSTATE_SSBS;
    return fresh;
}

/* IT[7:5] is the condition, IT[4:0] what is left of the block: F1.2, "ITSTATE". In SPSR: 15:10 and 26:25. */
static inline uint64_t arm64_pstate_skip_a32(uint64_t pstate)
{
    unsigned it = (unsigned)((pstate >> 10 & 0x3f) << 2 | (pstate >> 25 & 3));

    it = (it & 7) == 0 ? 0 : (it & 0xe0) | (it << 1 & 0x1f);
    pstate &= ~(MASK(15, 10) | MASK(26, 25));
    return pstate | (uint64_t)(it >> 2) << 10 | (uint64_t)(it & 3) << 25;
}

#endif
