/* SPDX-License-Identifier: BSD-2-Clause */
/* Moves and arithmetic, and the way to the other families. AMD APM vol. 3 has a page per instruction. */
#include "internal.h"

/* The usual MMIO; written for few instructions. */
static always_inline int emulate_mov(struct x86_emulator *e, const struct x86_insn *insn)
{
    unsigned size = insn->operand_size;
    uint64_t value = insn->immediate;
    int error;

    if (insn->form == X86_FORM_REG_RM) {
        struct x86_place place;

        error = x86_rm_read(e, insn, X86_ACCESS_READ, &place, &value);
        if (unlikely(error))
            return error;
        x86_gpr_write(e, insn, insn->reg, size, value);
    } else {
        if (insn->form == X86_FORM_RM_REG) /* what is above the operand size is not written */
            value = likely(!x86_is_high_byte(insn, insn->reg, size)) ? e->gpr[insn->reg]
                                                                     : e->gpr[insn->reg & 3] >> 8;
        error = x86_rm_write(e, insn, value);
        if (unlikely(error))
            return error;
    }
    return x86_done(e, insn);
}

/* To memory always 2 bytes, to a register as many as the operand size. */
static int emulate_mov_from_seg(struct x86_emulator *e, const struct x86_insn *insn)
{
    struct x86_insn store = *insn;
    struct x86_segment segment;
    int error;

    e->ops->segment(e, insn->modrm >> 3 & 7, &segment);
    if (insn->memory)
        store.rm_size = 2;
    error = x86_rm_write(e, &store, segment.selector);
    return error ? error : x86_done(e, insn);
}

/* MOVZX, MOVSX, CMOVcc: a register from rm. */
static int emulate_load(struct x86_emulator *e, const struct x86_insn *insn)
{
    struct x86_place place;
    uint64_t value;
    int error = x86_rm_read(e, insn, X86_ACCESS_READ, &place, &value);

    if (error)
        return error;
    if (insn->op == X86_OP_MOVSX)
        value = x86_sign_extend(value, insn->rm_size);
    /* A CMOVcc that does not move has read all the same, and clears the upper half. */
    if (insn->op == X86_OP_CMOV && !x86_condition(insn->opcode, e->rflags))
        value = e->gpr[insn->reg];
    x86_gpr_write(e, insn, insn->reg, insn->operand_size, value);
    return x86_done(e, insn);
}

static int emulate_movbe(struct x86_emulator *e, const struct x86_insn *insn)
{
    unsigned size = insn->operand_size, shift = 64 - 8 * size;
    struct x86_place place;
    uint64_t value;
    int error;

    if (insn->form == X86_FORM_RM_REG) {
        error = x86_rm_write(e, insn, __builtin_bswap64(e->gpr[insn->reg] << shift));
        return error ? error : x86_done(e, insn);
    }
    error = x86_rm_read(e, insn, X86_ACCESS_READ, &place, &value);
    if (error)
        return error;
    x86_gpr_write(e, insn, insn->reg, size, __builtin_bswap64(value << shift));
    return x86_done(e, insn);
}

static int emulate_set(struct x86_emulator *e, const struct x86_insn *insn)
{
    int error = x86_rm_write(e, insn, x86_condition(insn->opcode, e->rflags));

    return error ? error : x86_done(e, insn);
}

/* CMP and TEST: flags alone. */
static int emulate_compare(struct x86_emulator *e, const struct x86_insn *insn)
{
    struct x86_place place;
    uint64_t value;
    int error = x86_rm_read(e, insn, X86_ACCESS_READ, &place, &value);

    if (error)
        return error;
    if (insn->form == X86_FORM_REG_RM)
        x86_arithmetic(insn->op, insn->operand_size, x86_gpr_read(e, insn, insn->reg, insn->operand_size),
                       value, &e->rflags);
    else
        x86_arithmetic(insn->op, insn->operand_size, value, x86_source(e, insn), &e->rflags);
    return x86_done(e, insn);
}

/* Arithmetic with a register as destination. */
static int emulate_to_register(struct x86_emulator *e, const struct x86_insn *insn)
{
    unsigned size = insn->operand_size;
    struct x86_place place;
    uint64_t value;
    int error = x86_rm_read(e, insn, X86_ACCESS_READ, &place, &value);

    if (error)
        return error;
    value = x86_arithmetic(insn->op, size, x86_gpr_read(e, insn, insn->reg, size), value, &e->rflags);
    x86_gpr_write(e, insn, insn->reg, size, value);
    return x86_done(e, insn);
}

static uint64_t compute(const struct x86_emulator *e, const struct x86_insn *insn, uint64_t value,
                        uint64_t *flags)
{
    unsigned size = insn->operand_size;

    if (insn->op == X86_OP_NOT)
        return ~value & x86_mask(size);
    if (insn->op == X86_OP_NEG)
        return x86_arithmetic(X86_OP_SUB, size, 0, value, flags);
    if (insn->op >= X86_OP_ROL && insn->op <= X86_OP_SAR)
        return x86_shift(insn->op, size, value, x86_source(e, insn), flags);
    return x86_arithmetic(insn->op, size, value, x86_source(e, insn), flags);
}

/* Arithmetic, shifts, NOT, NEG, INC, DEC: rm is read, changed, written; then the flags change. */
static int emulate_modify(struct x86_emulator *e, const struct x86_insn *insn)
{
    uint64_t flags = e->rflags, value;
    struct x86_place place;
    int error;

    if (insn->form == X86_FORM_REG_RM)
        return emulate_to_register(e, insn);
    error = x86_rm_read(e, insn, X86_ACCESS_READ_WRITE, &place, &value);
    if (error)
        return error;
    value = compute(e, insn, value, &flags);
    error = x86_rm_update(e, insn, &place, value);
    if (error)
        return error;
    e->rflags = flags;
    return x86_done(e, insn);
}

static int emulate_port(struct x86_emulator *e, const struct x86_insn *insn)
{
    uint16_t port = insn->form == X86_FORM_IMM ? insn->immediate : e->gpr[X86_RDX];
    unsigned size = insn->operand_size;
    uint32_t value = 0;
    int error;

    if (insn->op == X86_OP_OUT) {
        error = e->ops->port_write(e, port, size, e->gpr[X86_RAX] & x86_mask(size));
        return error ? error : x86_done(e, insn);
    }
    error = e->ops->port_read(e, port, size, &value);
    if (error)
        return error;
    x86_gpr_write(e, insn, X86_RAX, size, value);
    return x86_done(e, insn);
}

/* LOCK goes with these, and with memory as the destination: APM vol. 3, 1.2.5. */
static bool lock_allowed(const struct x86_insn *insn)
{
    if (!insn->memory || insn->form == X86_FORM_REG_RM)
        return false;
    switch (insn->op) {
    case X86_OP_ADD ... X86_OP_XOR:
    case X86_OP_NOT ... X86_OP_DEC:
    case X86_OP_XCHG ... X86_OP_CMPXCHG_PAIR:
    case X86_OP_BTS ... X86_OP_BTC:
        return true;
    default:
        return false;
    }
}

static no_inline int emulate_other(struct x86_emulator *e, const struct x86_insn *insn)
{
    switch (insn->op) {
    case X86_OP_MOVS ... X86_OP_OUTS:
        return x86_emulate_string(e, insn);
    case X86_OP_XCHG ... X86_OP_CMPXCHG_PAIR:
        return x86_emulate_exchange(e, insn);
    case X86_OP_BT ... X86_OP_BTC:
        return x86_emulate_bit(e, insn);
    case X86_OP_PUSH ... X86_OP_JMP:
        return x86_emulate_stack(e, insn);
    case X86_OP_XMM_LOAD ... X86_OP_XMM_STORE:
        return x86_emulate_xmm(e, insn);
    case X86_OP_IN ... X86_OP_OUT:
        return emulate_port(e, insn);
    case X86_OP_MOV_FROM_SEG:
        return emulate_mov_from_seg(e, insn);
    case X86_OP_MOVBE:
        return emulate_movbe(e, insn);
    case X86_OP_SET:
        return emulate_set(e, insn);
    case X86_OP_HINT:
        return x86_done(e, insn);
    default:
        return -ENOTSUP;
    }
}

int x86_emulate(struct x86_emulator *e, const struct x86_insn *insn)
{
    if (unlikely(insn->prefixes & X86_PREFIX_LOCK) && !lock_allowed(insn))
        return insn->op > X86_OP_EMULATED_LAST ? -ENOTSUP : x86_emulator_raise(e, X86_VECTOR_UD, 0);
    if (likely(insn->op == X86_OP_MOV))
        return emulate_mov(e, insn);
    switch (insn->op) {
    case X86_OP_ADD ... X86_OP_XOR:
    case X86_OP_ROL ... X86_OP_SAR:
    case X86_OP_NOT ... X86_OP_DEC:
        return emulate_modify(e, insn);
    case X86_OP_CMP:
    case X86_OP_TEST:
        return emulate_compare(e, insn);
    case X86_OP_MOVZX:
    case X86_OP_MOVSX:
    case X86_OP_CMOV:
        return emulate_load(e, insn);
    default:
        return emulate_other(e, insn);
    }
}
