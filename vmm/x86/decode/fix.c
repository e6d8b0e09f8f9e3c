/* SPDX-License-Identifier: BSD-2-Clause */
/* Opcodes with a rule that no table column has: mode, mandatory prefix, or a register form that means
 * something else.
 */
#include "opcodes.h"

static int undefined_if(bool undefined)
{
    return undefined ? -EINVAL : 0;
}

/* 90 is XCHG rAX, rAX, which would clear the upper half of RAX: NOP. With REX.B it is XCHG with r8. */
static int nop_fix(struct x86_insn *insn)
{
    if (!(insn->rex & 1)) {
        insn->op = insn->prefixes & X86_PREFIX_REP ? X86_OP_PAUSE : X86_OP_HINT;
        insn->form = X86_FORM_NONE;
    }
    return 0;
}

static int movsxd_fix(enum x86_mode mode, struct x86_insn *insn)
{
    if (mode != X86_MODE_64)
        return 0; /* ARPL */
    insn->op = X86_OP_MOVSX;
    insn->form = X86_FORM_REG_RM;
    insn->rm_size = MIN(insn->operand_size, 4);
    return 0;
}

/* The registers are 8 bytes in 64-bit mode, else 4. LOCK reaches CR8 outside of 64-bit mode: APM vol. 3, MOV
 * CRn. */
static int mov_cr_fix(enum x86_mode mode, struct x86_insn *insn)
{
    insn->operand_size = mode == X86_MODE_64 ? 8 : 4;
    insn->rm_size = insn->operand_size;
    if (insn->prefixes & X86_PREFIX_LOCK)
        insn->reg |= 8;
    return 0;
}

static int cmpxchg_pair_fix(struct x86_insn *insn)
{
    if (insn->op == X86_OP_CMPXCHG_PAIR)
        insn->rm_size = insn->operand_size == 8 ? 16 : 8;
    return 0;
}

/* With F2 the opcodes are CRC32, of a byte and of a word. */
static int movbe_fix(struct x86_insn *insn)
{
    if (insn->prefixes & X86_PREFIX_REPNE) {
        insn->op = X86_OP_OTHER;
        return 0;
    }
    return undefined_if(!insn->memory || (insn->prefixes & X86_PREFIX_REP));
}

/* CLFLUSH is 7; with 66 CLFLUSHOPT, and 6 with 66 CLWB. */
static int group_15_fix(struct x86_insn *insn)
{
    unsigned extension = insn->modrm >> 3 & 7, mandatory = x86_mandatory(insn->prefixes);

    if (insn->memory && ((extension == 7 && mandatory < 2) || (extension == 6 && mandatory == 1)))
        insn->op = X86_OP_HINT;
    return 0;
}

static int group_7_fix(struct x86_insn *insn)
{
    if (!insn->memory)
        insn->op = x86_group_7_registers[insn->modrm & 0x3f];
    return undefined_if(insn->op == X86_OP_UNDEFINED);
}

/* Near branches and PUSH of group 5 have the stack's operand size. */
static int group_5_fix(enum x86_mode mode, struct x86_insn *insn)
{
    bool stack = insn->op == X86_OP_CALL || insn->op == X86_OP_JMP || insn->op == X86_OP_PUSH;

    if (stack && mode == X86_MODE_64 && insn->operand_size == 4) {
        insn->operand_size = 8;
        insn->rm_size = 8;
    }
    return 0;
}

/* VMREAD and VMWRITE share their opcodes with SSE4a. */
static int vmread_fix(struct x86_insn *insn)
{
    if (x86_mandatory(insn->prefixes))
        insn->op = X86_OP_OTHER;
    return 0;
}

int x86_insn_fix(enum x86_mode mode, struct x86_insn *insn)
{
    switch (insn->map << 8 | insn->opcode) {
    case X86_MAP_ONE << 8 | 0x63:
        return movsxd_fix(mode, insn);
    case X86_MAP_ONE << 8 | 0x90:
        return nop_fix(insn);
    case X86_MAP_ONE << 8 | 0xff:
        return group_5_fix(mode, insn);
    case X86_MAP_0F << 8 | 0x01:
        return group_7_fix(insn);
    case X86_MAP_0F << 8 | 0x20:
    case X86_MAP_0F << 8 | 0x21:
    case X86_MAP_0F << 8 | 0x22:
    case X86_MAP_0F << 8 | 0x23:
        return mov_cr_fix(mode, insn);
    case X86_MAP_0F << 8 | 0x78:
    case X86_MAP_0F << 8 | 0x79:
        return vmread_fix(insn);
    case X86_MAP_0F << 8 | 0xae:
        return group_15_fix(insn);
    case X86_MAP_0F << 8 | 0xb8: /* POPCNT */
        return undefined_if(!(insn->prefixes & X86_PREFIX_REP));
    case X86_MAP_0F << 8 | 0xc3: /* MOVNTI */
        return undefined_if(x86_mandatory(insn->prefixes));
    case X86_MAP_0F << 8 | 0xc7:
        return cmpxchg_pair_fix(insn);
    default: /* 0F 38 F0, F1 */
        return movbe_fix(insn);
    }
}
