/* SPDX-License-Identifier: BSD-2-Clause */
/* BT, BTS, BTR, BTC: AMD APM vol. 3. */
#include "internal.h"

/*
 * Which operand-sized piece of memory holds the bit: a register counts bits from the operand's address,
 * forward or backward; an immediate stays inside the operand.
 */
static int bit_place(struct x86_emulator *e, const struct x86_insn *insn, enum x86_access access,
                     unsigned *bit, uint64_t *linear)
{
    unsigned size = insn->operand_size, bits = 8 * size;
    uint64_t source = x86_source(e, insn), displacement = 0;

    *bit = source & (bits - 1);
    if (insn->form == X86_FORM_RM_REG)
        displacement = (uint64_t)((int64_t)(x86_sign_extend(source, size) - *bit) / 8);
    return x86_linear(e, insn->mem.segment, x86_operand_offset(e, insn, displacement), size, access, linear);
}

static uint64_t bit_change(enum x86_op op, uint64_t value, unsigned bit)
{
    switch (op) {
    case X86_OP_BTS:
        return value | 1ULL << bit;
    case X86_OP_BTR:
        return value & ~(1ULL << bit);
    default: /* BTC */
        return value ^ 1ULL << bit;
    }
}

int x86_emulate_bit(struct x86_emulator *e, const struct x86_insn *insn)
{
    enum x86_access access = insn->op == X86_OP_BT ? X86_ACCESS_READ : X86_ACCESS_READ_WRITE;
    struct x86_place place = {0, 0};
    uint64_t value;
    unsigned bit;
    int error;

    if (insn->memory) {
        error = bit_place(e, insn, access, &bit, &place.linear);
        if (error)
            return error;
        error = x86_memory_read(e, place.linear, insn->operand_size, access, &value);
        if (error)
            return error;
        place.old = value;
    } else {
        bit = x86_source(e, insn) & (8 * insn->operand_size - 1);
        value = x86_gpr_read(e, insn, insn->rm, insn->operand_size);
    }
    if (insn->op != X86_OP_BT) {
        error = x86_rm_update(e, insn, &place, bit_change(insn->op, value, bit));
        if (error)
            return error;
    }
    e->rflags = (e->rflags & ~X86_FLAG_CF) | (value >> bit & 1 ? X86_FLAG_CF : 0);
    return x86_done(e, insn);
}
