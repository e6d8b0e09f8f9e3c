/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_REGS_H
#define VMM_X86_REGS_H

#include <core/compiler.h>
#include <core/types.h>

/* A vCPU's architectural state on x86, in no backend's format. */

/* General registers, as ModRM numbers them (SDM vol. 2, table 2-2). */
enum x86_reg {
    X86_RAX,
    X86_RCX,
    X86_RDX,
    X86_RBX,
    X86_RSP,
    X86_RBP,
    X86_RSI,
    X86_RDI,
    X86_GPRS = 16,
    X86_REG_RIP = 16, /* base of a memory operand only */
    X86_REG_NONE = 17,
};

/* As MOV Sreg numbers them, then the system segments. */
enum x86_seg {
    X86_SEG_ES,
    X86_SEG_CS,
    X86_SEG_SS,
    X86_SEG_DS,
    X86_SEG_FS,
    X86_SEG_GS,
    X86_SEGS,
    X86_SEG_LDTR = X86_SEGS,
    X86_SEG_TR,
    X86_SEGS_ALL,
};

/*
 * Attributes are bits 55:52 and 47:40 of the descriptor packed into 12, as the VMCB holds them (APM vol.
 * 2, 15.5.1 and appendix B): 3:0 type, 4 S, 6:5 DPL, 7 P, 8 AVL, 9 L, 10 D/B, 11 G.
 */
struct x86_segment {
    uint64_t base;
    uint32_t limit;      /* in bytes, last valid offset: granularity is applied */
    uint16_t attributes; /* X86_SEGMENT_x */
    uint16_t selector;
};

#define X86_SEGMENT_TYPE(attributes) ((attributes) & 0xf)
#define X86_SEGMENT_S                BIT(4)
#define X86_SEGMENT_DPL(attributes)  ((attributes) >> 5 & 3)
#define X86_SEGMENT_PRESENT          BIT(7) /* clear: a null selector */
#define X86_SEGMENT_LONG             BIT(9)
#define X86_SEGMENT_BIG              BIT(10)
#define X86_SEGMENT_GRANULAR         BIT(11)

struct x86_table {
    uint64_t base;
    uint16_t limit;
};

/* Everything a boot protocol, a reset or the API says about a vCPU's registers. */
struct x86_regs {
    uint64_t gpr[X86_GPRS];
    uint64_t rip, rflags;
    struct x86_segment seg[X86_SEGS_ALL];
    struct x86_table gdtr, idtr;
    uint64_t cr0, cr2, cr3, cr4, efer;
    uint64_t dr0, dr1, dr2, dr3, dr6, dr7;
};

/* As after power-on or INIT: SDM vol. 3A, table 10-1. */
void x86_regs_reset(struct x86_regs *regs);

#define X86_RFLAGS_FIXED 0x2
#define X86_RFLAGS_TF    0x100
#define X86_RFLAGS_IF    0x200
#define X86_RFLAGS_RF    0x10000
#define X86_RFLAGS_VM    0x20000
#define X86_DR7_GD       0x2000

/* Exception vectors: SDM vol. 3A, table 7-1. */
enum x86_vector {
    X86_DE = 0,
    X86_DB = 1,
    X86_NMI = 2,
    X86_BP = 3,
    X86_OF = 4,
    X86_UD = 6,
    X86_NM = 7,
    X86_DF = 8,
    X86_TS = 10,
    X86_NP = 11,
    X86_SS_FAULT = 12,
    X86_GP = 13,
    X86_PF = 14,
    X86_MF = 16,
    X86_AC = 17,
    X86_MC = 18,
    X86_XM = 19,
};

#endif
