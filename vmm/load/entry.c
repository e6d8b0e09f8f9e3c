/* SPDX-License-Identifier: BSD-2-Clause */
/* The two states in which boot protocols start a kernel. */

#include "../x86/regs.h"
#include "loader.h"

#define CR0_PE   BIT(0)
#define CR0_ET   BIT(4)
#define CR0_PG   BIT(31)
#define CR4_PAE  BIT(5)
#define EFER_LME BIT(8)
#define EFER_LMA BIT(10)

/* Accessed code or data of ring 0, with 4 KiB granularity. */
#define FLAT        (X86_SEGMENT_S | X86_SEGMENT_PRESENT | X86_SEGMENT_GRANULAR)
#define CODE32      (0xb | FLAT | X86_SEGMENT_BIG)
#define CODE64      (0xb | FLAT | X86_SEGMENT_LONG)
#define DATA        (0x3 | FLAT | X86_SEGMENT_BIG)
#define LIMIT_FLAT  0xffffffff
#define TSS_LIMIT   0x67
#define FLAT_CODE32 0x00cf9b000000ffff
#define FLAT_CODE64 0x00af9b000000ffff
#define FLAT_DATA   0x00cf93000000ffff

/* Null, unused, __BOOT_CS, __BOOT_DS. */
const uint64_t boot_gdt32[4] = {0, 0, FLAT_CODE32, FLAT_DATA};
const uint64_t boot_gdt64[4] = {0, 0, FLAT_CODE64, FLAT_DATA};

static void entry_flat(struct x86_regs *regs, uint64_t entry, uint16_t code)
{
    static const uint8_t data[] = {X86_SEG_ES, X86_SEG_SS, X86_SEG_DS, X86_SEG_FS, X86_SEG_GS};

    for (unsigned i = 0; i < ARRAY_SIZE(data); i++)
        regs->seg[data[i]] =
            (struct x86_segment){.limit = LIMIT_FLAT, .attributes = DATA, .selector = BOOT_DS};
    regs->seg[X86_SEG_CS] =
        (struct x86_segment){.limit = LIMIT_FLAT, .attributes = code, .selector = BOOT_CS};
    /* Its type is already the one that 64-bit mode needs. */
    regs->seg[X86_SEG_TR].limit = TSS_LIMIT;
    regs->gpr[X86_RDX] = 0;
    regs->rip = entry;
    regs->rflags = X86_RFLAGS_FIXED;
}

void entry_flat32(struct x86_regs *regs, uint64_t entry)
{
    entry_flat(regs, entry, CODE32);
    regs->cr0 = CR0_PE | CR0_ET;
}

void entry_long(struct x86_regs *regs, uint64_t entry, uint64_t cr3)
{
    entry_flat(regs, entry, CODE64);
    regs->cr0 = CR0_PG | CR0_PE | CR0_ET;
    regs->cr3 = cr3;
    regs->cr4 = CR4_PAE;
    regs->efer = EFER_LME | EFER_LMA;
}
