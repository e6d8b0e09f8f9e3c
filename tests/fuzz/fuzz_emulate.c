/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers and segments out of the input, then instructions that run on them. After an error nothing has
 * changed. */
#include <core/compiler.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emulate.h"

#define MEMORY     4096
#define REPEAT_MAX 8

struct input {
    uint8_t mode, cpl, repeat_max, pages; /* pages: a bit per class of address that faults */
    uint32_t flags, cr0, cr4;
    uint64_t gpr[X86_GPRS];
    struct {
        uint32_t base, limit;
        uint16_t attributes;
    } packed_struct segments[X86_SEGS];
} packed_struct;

static struct {
    struct x86_emulator e;
    struct input input;
    uint64_t gpr[X86_GPRS];
    uint8_t memory[MEMORY];
    unsigned accesses;
} m;

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Memory is everywhere and repeats itself. */
static int access_check(struct x86_emulator *e, uint64_t linear, unsigned size, bool write)
{
    require(size == 1 || size == 2 || size == 4 || size == 8 || size == 16);
    require(e->mode == X86_MODE_64 || linear <= UINT32_MAX);
    require((int64_t)(linear << 7) >> 7 == (int64_t)linear);
    m.accesses++;
    if (m.input.pages >> (linear >> 12 & 7) & 1)
        return x86_emulator_raise_pf(e, linear, write ? 2 : 0);
    return 0;
}

static int memory_read(struct x86_emulator *e, uint64_t linear, void *data, unsigned size,
                       enum x86_access access)
{
    for (unsigned i = 0; i < size; i++)
        ((uint8_t *)data)[i] = m.memory[(linear + i) % MEMORY];
    return access_check(e, linear, size, access != X86_ACCESS_READ);
}

static int memory_write(struct x86_emulator *e, uint64_t linear, const void *data, unsigned size)
{
    int error = access_check(e, linear, size, true);

    for (unsigned i = 0; !error && i < size; i++)
        m.memory[(linear + i) % MEMORY] = ((const uint8_t *)data)[i];
    return error;
}

static int memory_compare_exchange(struct x86_emulator *e, uint64_t linear, const void *expected,
                                   const void *next, unsigned size)
{
    return linear & 1 ? -EAGAIN : memory_write(e, linear, next, size);
}

static int memory_check_write(struct x86_emulator *e, uint64_t linear, unsigned size)
{
    return access_check(e, linear, size, true);
}

static int port_read(struct x86_emulator *e, uint16_t port, unsigned size, uint32_t *value)
{
    require(size == 1 || size == 2 || size == 4);
    *value = port * 0x01010101U;
    return port == 0x666 ? x86_emulator_raise(e, X86_VECTOR_GP, 0) : 0;
}

static int port_write(struct x86_emulator *e, uint16_t port, unsigned size, uint32_t value)
{
    require((size == 1 || size == 2 || size == 4) && (size == 4 || value >> (8 * size) == 0));
    return port == 0x666 ? x86_emulator_raise(e, X86_VECTOR_GP, 0) : 0;
}

static void segment(struct x86_emulator *e, enum x86_seg number, struct x86_segment *out)
{
    require(number < X86_SEGS);
    out->base = e->mode == X86_MODE_64 ? (uint64_t)m.input.segments[number].base << 16
                                       : m.input.segments[number].base;
    out->limit = m.input.segments[number].limit;
    out->attributes = m.input.segments[number].attributes;
    out->selector = number;
}

static int xmm_read(struct x86_emulator *e, unsigned number, uint64_t value[2])
{
    require(number < 16);
    value[0] = value[1] = number;
    return 0;
}

static int xmm_write(struct x86_emulator *e, unsigned number, const uint64_t value[2], bool clear_upper)
{
    require(number < 16);
    return 0;
}

static const struct x86_emulator_ops ops = {
    .read = memory_read,
    .write = memory_write,
    .compare_exchange = memory_compare_exchange,
    .check_write = memory_check_write,
    .port_read = port_read,
    .port_write = port_write,
    .segment = segment,
    .xmm_read = xmm_read,
    .xmm_write = xmm_write,
};

static void insn_run(const struct x86_insn *insn)
{
    const uint64_t fixed = ~(uint64_t)(BIT(0) | BIT(2) | BIT(4) | BIT(6) | BIT(7) | BIT(11) | BIT(16));
    bool repeated = insn->form == X86_FORM_STRING && (insn->prefixes & (X86_PREFIX_REP | X86_PREFIX_REPNE));
    bool branch = insn->op == X86_OP_CALL || insn->op == X86_OP_JMP;
    struct x86_emulator before = m.e;
    uint64_t gpr[X86_GPRS];
    int result;

    memcpy(gpr, m.gpr, sizeof(gpr));
    m.accesses = 0;
    result = x86_emulate(&m.e, insn);
    require(m.accesses <= 3U * (repeated ? MAX(m.e.repeat_max, 1U) : 1));
    require(((m.e.rflags ^ before.rflags) & fixed) == 0);
    switch (result) {
    case X86_EMULATE_DONE:
        require(branch || (uint32_t)(m.e.rip - before.rip) == insn->length);
        return;
    case X86_EMULATE_MORE:
        require(repeated && m.e.rip == before.rip);
        return;
    case -EFAULT:
    case -EAGAIN:
    case -ENOTSUP:
        require(m.e.rip == before.rip);
        require(repeated || (memcmp(gpr, m.gpr, sizeof(gpr)) == 0 && m.e.rflags == before.rflags));
        return;
    default:
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < sizeof(m.input))
        return 0;
    memset(&m, 0, sizeof(m));
    memcpy(&m.input, data, sizeof(m.input));
    data += sizeof(m.input);
    size -= sizeof(m.input);
    memcpy(m.gpr, m.input.gpr, sizeof(m.gpr));
    m.e = (struct x86_emulator){.ops = &ops,
                                .gpr = m.gpr,
                                .rip = 0x1000,
                                .rflags = m.input.flags,
                                .cr0 = m.input.cr0,
                                .cr4 = m.input.cr4,
                                .mode = m.input.mode % 3,
                                .cpl = m.input.cpl & 3,
                                .repeat_max = m.input.repeat_max % REPEAT_MAX};
    for (unsigned i = 0; size > 0 && i < 16; i++) {
        struct x86_insn insn;

        if (x86_decode(data, size, m.e.mode, &insn) != 0)
            return 0;
        insn_run(&insn);
        data += insn.length;
        size -= insn.length;
    }
    return 0;
}
