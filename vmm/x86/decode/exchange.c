/* SPDX-License-Identifier: BSD-2-Clause */
/* XCHG, XADD and the compare-and-exchange family: AMD APM vol. 3. */
#include "internal.h"

static int emulate_xchg(struct x86_emulator *e, const struct x86_insn *insn)
{
    uint64_t mine = x86_gpr_read(e, insn, insn->reg, insn->operand_size), value;
    struct x86_place place;
    int error = x86_rm_read(e, insn, X86_ACCESS_READ_WRITE, &place, &value);

    if (error)
        return error;
    error = x86_rm_update(e, insn, &place, mine);
    if (error)
        return error;
    x86_gpr_write(e, insn, insn->reg, insn->operand_size, value);
    return x86_done(e, insn);
}

static int emulate_xadd(struct x86_emulator *e, const struct x86_insn *insn)
{
    uint64_t mine = x86_gpr_read(e, insn, insn->reg, insn->operand_size), flags = e->rflags, value, sum;
    struct x86_place place;
    int error = x86_rm_read(e, insn, X86_ACCESS_READ_WRITE, &place, &value);

    if (error)
        return error;
    sum = x86_arithmetic(X86_OP_XADD, insn->operand_size, value, mine, &flags);
    /* When both are one register, the sum stays. */
    if (!insn->memory)
        x86_gpr_write(e, insn, insn->reg, insn->operand_size, value);
    error = x86_rm_update(e, insn, &place, sum);
    if (error)
        return error;
    if (insn->memory)
        x86_gpr_write(e, insn, insn->reg, insn->operand_size, value);
    e->rflags = flags;
    return x86_done(e, insn);
}

/* An unequal compare writes nothing here; hardware writes the old value back, which only the access rights
 * show. */
static int emulate_cmpxchg(struct x86_emulator *e, const struct x86_insn *insn)
{
    uint64_t accumulator = x86_gpr_read(e, insn, X86_RAX, insn->operand_size), flags = e->rflags, value;
    struct x86_place place;
    int error = x86_rm_read(e, insn, X86_ACCESS_READ_WRITE, &place, &value);

    if (error)
        return error;
    x86_arithmetic(X86_OP_CMP, insn->operand_size, accumulator, value, &flags);
    if (flags & X86_FLAG_ZF) {
        error = x86_rm_update(e, insn, &place, x86_gpr_read(e, insn, insn->reg, insn->operand_size));
        if (error)
            return error;
    } else {
        x86_gpr_write(e, insn, X86_RAX, insn->operand_size, value);
    }
    e->rflags = flags;
    return x86_done(e, insn);
}

static void pair_read(const struct x86_emulator *e, unsigned low, unsigned high, unsigned size,
                      uint64_t pair[2])
{
    if (size == 16) {
        pair[0] = e->gpr[low];
        pair[1] = e->gpr[high];
    } else {
        pair[0] = (e->gpr[low] & UINT32_MAX) | e->gpr[high] << 32;
        pair[1] = 0;
    }
}

/* rDX:rAX against memory, rCX:rBX into it. */
static int emulate_cmpxchg_pair(struct x86_emulator *e, const struct x86_insn *insn)
{
    uint64_t expected[2], next[2], found[2] = {0, 0}, linear;
    unsigned size = insn->rm_size;
    int error = x86_operand_linear(e, insn, size, X86_ACCESS_READ_WRITE, &linear);

    if (error)
        return error;
    if (size == 16 && (linear & 15))
        return x86_emulator_raise(e, X86_VECTOR_GP, 0);
    error = e->ops->read(e, linear, found, size, X86_ACCESS_READ_WRITE);
    if (error)
        return error;
    pair_read(e, X86_RAX, X86_RDX, size, expected);
    pair_read(e, X86_RBX, X86_RCX, size, next);
    if (found[0] == expected[0] && found[1] == expected[1]) {
        error = insn->prefixes & X86_PREFIX_LOCK ? e->ops->compare_exchange(e, linear, found, next, size)
                                                 : e->ops->write(e, linear, next, size);
        if (error)
            return error;
        e->rflags |= X86_FLAG_ZF;
    } else {
        e->gpr[X86_RAX] = size == 16 ? found[0] : (uint32_t)found[0];
        e->gpr[X86_RDX] = size == 16 ? found[1] : found[0] >> 32;
        e->rflags &= ~X86_FLAG_ZF;
    }
    return x86_done(e, insn);
}

int x86_emulate_exchange(struct x86_emulator *e, const struct x86_insn *insn)
{
    switch (insn->op) {
    case X86_OP_XCHG:
        return emulate_xchg(e, insn);
    case X86_OP_XADD:
        return emulate_xadd(e, insn);
    case X86_OP_CMPXCHG:
        return emulate_cmpxchg(e, insn);
    default:
        return emulate_cmpxchg_pair(e, insn);
    }
}
