/* SPDX-License-Identifier: BSD-2-Clause */
#include "regs.h"

#include <string.h>

#define CR0_CD_NW_ET  0x60000010
#define DR6_RESET     0xffff0ff0
#define DR7_RESET     0x400
#define RESET_RIP     0xfff0
#define RESET_CS      0xf000
#define RESET_CS_BASE 0xffff0000
#define DATA_RESET    (0x3 | X86_SEGMENT_S | X86_SEGMENT_PRESENT)
#define CODE_RESET    (0xb | X86_SEGMENT_S | X86_SEGMENT_PRESENT)
#define LDT_RESET     (0x2 | X86_SEGMENT_PRESENT)
/* Busy 32-bit TSS: both vendors' VM entry takes it; the manuals only say "present". */
#define TSS_RESET (0xb | X86_SEGMENT_PRESENT)
/* A processor signature, as CPUID leaf 1 gives it; software that looks wants family 6 or later. */
#define RESET_RDX 0x600

void x86_regs_reset(struct x86_regs *regs)
{
    memset(regs, 0, sizeof(*regs));
    for (unsigned i = 0; i < X86_SEGS_ALL; i++)
        regs->seg[i] = (struct x86_segment){.limit = 0xffff, .attributes = DATA_RESET};
    regs->seg[X86_SEG_CS] = (struct x86_segment){
        .base = RESET_CS_BASE, .limit = 0xffff, .attributes = CODE_RESET, .selector = RESET_CS};
    regs->seg[X86_SEG_LDTR].attributes = LDT_RESET;
    regs->seg[X86_SEG_TR].attributes = TSS_RESET;
    regs->gdtr.limit = 0xffff;
    regs->idtr.limit = 0xffff;
    regs->gpr[X86_RDX] = RESET_RDX;
    regs->rip = RESET_RIP;
    regs->rflags = X86_RFLAGS_FIXED;
    regs->cr0 = CR0_CD_NW_ET;
    regs->dr6 = DR6_RESET;
    regs->dr7 = DR7_RESET;
}
