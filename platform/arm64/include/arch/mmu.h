/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_MMU_H
#define ARCH_MMU_H

/* Translation at EL2: values of its registers, for C and assembly. Arm ARM (DDI 0487), D24.2. */

/* MAIR_EL2: memory types by index, which descriptors name (AttrIndx). */
#define MAIR_NORMAL  0 /* write-back, read- and write-allocate */
#define MAIR_DEVICE  1 /* nGnRnE: configuration space wants writes that have arrived when they are done */
#define MAIR_NOCACHE 2 /* normal, not cacheable: write-combining */
#define MAIR_VALUE   0x4400ff

/*
 * TCR_EL2: 48 bits of input address, 4K granule, table walks through the caches, inner shareable. Bits 31 and
 * 23 are RES1 without E2H; with E2H they are TG1 = 4K (with bit 30 clear) and EPD1 = nothing in the upper
 * range.
 */
#define TCR_COMMON            (16 | 1 << 8 | 1 << 10 | 3 << 12)
#define TCR_EL2_NVHE          (TCR_COMMON | 1 << 23 | 1 << 31)
#define TCR_EL2_NVHE_PS_SHIFT 16
#define TCR_EL2_VHE           (TCR_COMMON | 16 << 16 | 1 << 23 | 1 << 31)
#define TCR_EL2_VHE_IPS_SHIFT 32
#define PARANGE_48BITS        5

/* SCTLR_EL2: the bits that are RES1 without E2H, and have the same safe meaning with it. */
#define SCTLR_M      (1 << 0)
#define SCTLR_C      (1 << 2)
#define SCTLR_SA     (1 << 3)
#define SCTLR_I      (1 << 12)
#define SCTLR_WXN    (1 << 19)
#define SCTLR_RES1   0x30c50830
#define SCTLR_EL2_ON (SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I | SCTLR_WXN)

/* CPTR_EL2 with FP and SIMD allowed, SVE and SME trapped. */
#define CPTR_EL2_NVHE 0x33ff
#define CPTR_EL2_VHE  (3 << 20)

/* struct secondary_args, irq/smp.c */
#define SECONDARY_ROOT   0
#define SECONDARY_STACK  8
#define SECONDARY_PERCPU 16

/* struct secondary_pen, power/spin_table.c; the second is no affinity's value */
#define PEN_MPIDR  0
#define PEN_ARGS   8
#define PEN_NOBODY (-1)

#endif
