/* SPDX-License-Identifier: BSD-2-Clause */
/* PUSH, POP, and near indirect CALL and JMP: AMD APM vol. 2, 2.4 (stack), vol. 3. */
#include "internal.h"

/* SS.B decides between SP and ESP. */
static unsigned stack_size(struct x86_emulator *e)
{
    struct x86_segment ss;

    if (e->mode == X86_MODE_64)
        return 8;
    e->ops->segment(e, X86_SEG_SS, &ss);
    return ss.attributes & X86_SEGMENT_BIG ? 4 : 2;
}

static int push(struct x86_emulator *e, unsigned size, uint64_t value)
{
    unsigned width = stack_size(e);
    uint64_t sp = (e->gpr[X86_RSP] - size) & x86_mask(width), linear;
    int error = x86_linear(e, X86_SEG_SS, sp, size, X86_ACCESS_WRITE, &linear);

    if (error)
        return error;
    error = x86_memory_write(e, linear, size, value);
    if (error)
        return error;
    x86_pointer_write(e, X86_RSP, width, sp);
    return 0;
}

static int emulate_push(struct x86_emulator *e, const struct x86_insn *insn)
{
    uint64_t value = insn->immediate;
    struct x86_place place;
    int error;

    if (insn->form != X86_FORM_IMM) {
        error = x86_rm_read(e, insn, X86_ACCESS_READ, &place, &value);
        if (error)
            return error;
    }
    error = push(e, insn->operand_size, value);
    return error ? error : x86_done(e, insn);
}

/* rSP moves first: POP [rSP] and POP rSP see the new one. */
static int emulate_pop(struct x86_emulator *e, const struct x86_insn *insn)
{
    unsigned width = stack_size(e), size = insn->operand_size;
    uint64_t before = e->gpr[X86_RSP], linear, value;
    int error = x86_linear(e, X86_SEG_SS, before & x86_mask(width), size, X86_ACCESS_READ, &linear);

    if (error)
        return error;
    error = x86_memory_read(e, linear, size, X86_ACCESS_READ, &value);
    if (error)
        return error;
    x86_pointer_write(e, X86_RSP, width, before + size);
    error = x86_rm_write(e, insn, value);
    if (error) {
        e->gpr[X86_RSP] = before;
        return error;
    }
    return x86_done(e, insn);
}

/* Whether execution can go on at target: canonical, or within CS. Reading or not does not matter to a fetch.
 */
static int target_check(struct x86_emulator *e, uint64_t target)
{
    uint64_t shifted = (uint64_t)((int64_t)(target << 16) >> 16);
    struct x86_segment cs;

    if (e->mode == X86_MODE_64) {
        if (e->cr4 & X86_CR4_LA57)
            shifted = (uint64_t)((int64_t)(target << 7) >> 7);
        return shifted == target ? 0 : x86_emulator_raise(e, X86_VECTOR_GP, 0);
    }
    e->ops->segment(e, X86_SEG_CS, &cs);
    return target <= cs.limit ? 0 : x86_emulator_raise(e, X86_VECTOR_GP, 0);
}

static int emulate_branch(struct x86_emulator *e, const struct x86_insn *insn)
{
    struct x86_place place;
    uint64_t target;
    int error = x86_rm_read(e, insn, X86_ACCESS_READ, &place, &target);

    if (error)
        return error;
    error = target_check(e, target);
    if (error)
        return error;
    if (insn->op == X86_OP_CALL) {
        error = push(e, insn->operand_size, e->rip + insn->length);
        if (error)
            return error;
    }
    x86_done(e, insn);
    e->rip = target;
    return X86_EMULATE_DONE;
}

int x86_emulate_stack(struct x86_emulator *e, const struct x86_insn *insn)
{
    switch (insn->op) {
    case X86_OP_PUSH:
        return emulate_push(e, insn);
    case X86_OP_POP:
        return emulate_pop(e, insn);
    default:
        return emulate_branch(e, insn);
    }
}
