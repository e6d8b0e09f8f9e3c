/* SPDX-License-Identifier: BSD-2-Clause */
/* String instructions, one element after another: AMD APM vol. 3, 1.2.6 (repeat prefixes) and their pages. */
#include "internal.h"

static int source_linear(struct x86_emulator *e, const struct x86_insn *insn, uint64_t *linear)
{
    return x86_linear(e, insn->mem.segment, e->gpr[X86_RSI] & x86_mask(insn->address_size),
                      insn->operand_size, X86_ACCESS_READ, linear);
}

/* ES cannot be overridden. */
static int destination_linear(struct x86_emulator *e, const struct x86_insn *insn, enum x86_access access,
                              uint64_t *linear)
{
    return x86_linear(e, X86_SEG_ES, e->gpr[X86_RDI] & x86_mask(insn->address_size), insn->operand_size,
                      access, linear);
}

static int source_read(struct x86_emulator *e, const struct x86_insn *insn, uint64_t *value)
{
    uint64_t linear;
    int error = source_linear(e, insn, &linear);

    return error ? error : x86_memory_read(e, linear, insn->operand_size, X86_ACCESS_READ, value);
}

static int destination_read(struct x86_emulator *e, const struct x86_insn *insn, uint64_t *value)
{
    uint64_t linear;
    int error = destination_linear(e, insn, X86_ACCESS_READ, &linear);

    return error ? error : x86_memory_read(e, linear, insn->operand_size, X86_ACCESS_READ, value);
}

static int destination_write(struct x86_emulator *e, const struct x86_insn *insn, uint64_t value)
{
    uint64_t linear;
    int error = destination_linear(e, insn, X86_ACCESS_WRITE, &linear);

    return error ? error : x86_memory_write(e, linear, insn->operand_size, value);
}

static int element_movs(struct x86_emulator *e, const struct x86_insn *insn)
{
    uint64_t value;
    int error = source_read(e, insn, &value);

    return error ? error : destination_write(e, insn, value);
}

static int element_cmps(struct x86_emulator *e, const struct x86_insn *insn)
{
    uint64_t left, right;
    int error = source_read(e, insn, &left);

    if (error)
        return error;
    error = destination_read(e, insn, &right);
    if (error)
        return error;
    x86_arithmetic(X86_OP_CMP, insn->operand_size, left, right, &e->rflags);
    return 0;
}

static int element_scas(struct x86_emulator *e, const struct x86_insn *insn)
{
    unsigned size = insn->operand_size;
    uint64_t value;
    int error = destination_read(e, insn, &value);

    if (error)
        return error;
    x86_arithmetic(X86_OP_CMP, size, e->gpr[X86_RAX] & x86_mask(size), value, &e->rflags);
    return 0;
}

static int element_lods(struct x86_emulator *e, const struct x86_insn *insn)
{
    uint64_t value;
    int error = source_read(e, insn, &value);

    if (error)
        return error;
    x86_gpr_write(e, insn, X86_RAX, insn->operand_size, value);
    return 0;
}

/* A port gives a value once, so everything that can fault comes first. */
static int element_ins(struct x86_emulator *e, const struct x86_insn *insn)
{
    unsigned size = insn->operand_size;
    uint32_t value = 0;
    uint64_t linear;
    int error = destination_linear(e, insn, X86_ACCESS_WRITE, &linear);

    if (error)
        return error;
    if (e->ops->check_write) {
        error = e->ops->check_write(e, linear, size);
        if (error)
            return error;
    }
    error = e->ops->port_read(e, e->gpr[X86_RDX], size, &value);
    return error ? error : x86_memory_write(e, linear, size, value);
}

static int element_outs(struct x86_emulator *e, const struct x86_insn *insn)
{
    uint64_t value;
    int error = source_read(e, insn, &value);

    return error ? error : e->ops->port_write(e, e->gpr[X86_RDX], insn->operand_size, value);
}

static int element(struct x86_emulator *e, const struct x86_insn *insn)
{
    switch (insn->op) {
    case X86_OP_MOVS:
        return element_movs(e, insn);
    case X86_OP_CMPS:
        return element_cmps(e, insn);
    case X86_OP_STOS:
        return destination_write(e, insn, e->gpr[X86_RAX]);
    case X86_OP_LODS:
        return element_lods(e, insn);
    case X86_OP_SCAS:
        return element_scas(e, insn);
    case X86_OP_INS:
        return element_ins(e, insn);
    default:
        return element_outs(e, insn);
    }
}

static void pointers_advance(struct x86_emulator *e, const struct x86_insn *insn)
{
    bool source = insn->op == X86_OP_MOVS || insn->op == X86_OP_CMPS || insn->op == X86_OP_LODS ||
                  insn->op == X86_OP_OUTS;
    bool destination = insn->op != X86_OP_LODS && insn->op != X86_OP_OUTS;
    uint64_t step = e->rflags & X86_FLAG_DF ? -(uint64_t)insn->operand_size : insn->operand_size;

    if (source)
        x86_pointer_write(e, X86_RSI, insn->address_size, e->gpr[X86_RSI] + step);
    if (destination)
        x86_pointer_write(e, X86_RDI, insn->address_size, e->gpr[X86_RDI] + step);
}

/* CMPS and SCAS also end on a difference (REPE) or on a match (REPNE); others take both prefixes for REP. */
static bool comparison_ends(const struct x86_emulator *e, const struct x86_insn *insn)
{
    bool equal = e->rflags & X86_FLAG_ZF;

    if (insn->op != X86_OP_CMPS && insn->op != X86_OP_SCAS)
        return false;
    return equal == !!(insn->prefixes & X86_PREFIX_REPNE);
}

int x86_emulate_string(struct x86_emulator *e, const struct x86_insn *insn)
{
    bool repeated = insn->prefixes & (X86_PREFIX_REP | X86_PREFIX_REPNE);
    uint64_t count_mask = x86_mask(insn->address_size), left = e->gpr[X86_RCX] & count_mask;
    uint32_t elements = 0;
    int error;

    if (!repeated) {
        error = element(e, insn);
        if (error)
            return error;
        pointers_advance(e, insn);
        return x86_done(e, insn);
    }
    while (left > 0) {
        if (elements++ >= MAX(e->repeat_max, 1U)) {
            /* As after an interrupt between elements: an instruction breakpoint does not hit again. */
            e->rflags |= X86_FLAG_RF;
            return X86_EMULATE_MORE;
        }
        error = element(e, insn);
        if (error)
            return error;
        pointers_advance(e, insn);
        left--;
        x86_pointer_write(e, X86_RCX, insn->address_size, left);
        if (comparison_ends(e, insn))
            break;
    }
    return x86_done(e, insn);
}
