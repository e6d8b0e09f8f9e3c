/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading and writing what an instruction names. */
#include "internal.h"

int x86_rm_update(struct x86_emulator *e, const struct x86_insn *insn, const struct x86_place *place,
                  uint64_t value)
{
    if (!insn->memory) {
        x86_gpr_write(e, insn, insn->rm, insn->rm_size, value);
        return 0;
    }
    /* XCHG locks without the prefix: APM vol. 3, XCHG. */
    if ((insn->prefixes & X86_PREFIX_LOCK) || insn->op == X86_OP_XCHG)
        return e->ops->compare_exchange(e, place->linear, &place->old, &value, insn->rm_size);
    return x86_memory_write(e, place->linear, insn->rm_size, value);
}

uint64_t x86_source(const struct x86_emulator *e, const struct x86_insn *insn)
{
    switch (insn->form) {
    case X86_FORM_RM_REG:
        return x86_gpr_read(e, insn, insn->reg, insn->operand_size);
    case X86_FORM_RM_CL:
        return e->gpr[X86_RCX] & 0xff;
    case X86_FORM_RM: /* shifts by one; INC and DEC too */
        return 1;
    default:
        return insn->immediate & x86_mask(insn->operand_size);
    }
}
