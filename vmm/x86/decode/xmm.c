/* SPDX-License-Identifier: BSD-2-Clause */
/* Moves between memory and XMM registers: AMD APM vol. 4. Whether SSE is on, the CPU has checked before the
 * exit. */
#include "internal.h"

static int emulate_load(struct x86_emulator *e, const struct x86_insn *insn, uint64_t linear)
{
    uint64_t value[2] = {0, 0}; /* what a shorter load does not bring is zero */
    int error = e->ops->read(e, linear, value, insn->rm_size, X86_ACCESS_READ);

    if (error)
        return error;
    return e->ops->xmm_write(e, insn->reg, value, insn->prefixes & X86_PREFIX_EXTENDED);
}

static int emulate_store(struct x86_emulator *e, const struct x86_insn *insn, uint64_t linear)
{
    uint64_t value[2];
    int error = e->ops->xmm_read(e, insn->reg, value);

    return error ? error : e->ops->write(e, linear, value, insn->rm_size);
}

int x86_emulate_xmm(struct x86_emulator *e, const struct x86_insn *insn)
{
    bool load = insn->op == X86_OP_XMM_LOAD;
    uint64_t linear;
    int error;

    if (!e->ops->xmm_read || !e->ops->xmm_write)
        return -ENOTSUP;
    error = x86_operand_linear(e, insn, insn->rm_size, load ? X86_ACCESS_READ : X86_ACCESS_WRITE, &linear);
    if (error)
        return error;
    if (insn->aligned && (linear & (insn->rm_size - 1)))
        return x86_emulator_raise(e, X86_VECTOR_GP, 0);
    error = load ? emulate_load(e, insn, linear) : emulate_store(e, insn, linear);
    return error ? error : x86_done(e, insn);
}
