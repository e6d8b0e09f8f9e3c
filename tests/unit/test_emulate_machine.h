/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TEST_EMULATE_MACHINE_H
#define TEST_EMULATE_MACHINE_H

/* A machine for the emulator: one piece of memory, flat or other segments, ports and XMM registers that
 * remember. */

#include <core/compiler.h>
#include <errno.h>
#include <string.h>

#include "emulate.h"

#define MEMORY_SIZE 16384
#define LOG_SIZE    64

struct machine {
    struct x86_emulator e;
    uint64_t gpr[X86_GPRS];
    struct x86_segment segments[X86_SEGS];
    uint64_t xmm[16][2];
    bool xmm_cleared;     /* by the last write */
    uint64_t memory_base; /* linear address of memory[0] */
    uint8_t memory[MEMORY_SIZE];
    uint64_t read_only_from; /* linear addresses in memory from which writes fault */
    bool contended;          /* another CPU always comes first */
    int port_error;
    uint32_t port_input; /* what ports give; counts up */
    struct {
        uint16_t port;
        uint8_t size;
        bool write;
        uint32_t value;
    } ports[LOG_SIZE];
    unsigned port_count, accesses;
};

static struct machine *machine_of(struct x86_emulator *e)
{
    return container_of(e, struct machine, e);
}

/* #PF error code: bit 0 present, bit 1 write, bit 2 user. */
static int machine_access(struct machine *m, uint64_t linear, unsigned size, bool write)
{
    uint64_t offset = linear - m->memory_base, mask = m->e.mode == X86_MODE_64 ? ~0ULL : UINT32_MAX;

    m->accesses++;
    if ((offset & mask) >= MEMORY_SIZE || (offset & mask) + size > MEMORY_SIZE)
        return x86_emulator_raise_pf(&m->e, linear, write ? 2 : 0);
    if (write && linear + size > m->read_only_from)
        return x86_emulator_raise_pf(&m->e, linear, 3);
    return 0;
}

static int machine_read(struct x86_emulator *e, uint64_t linear, void *data, unsigned size,
                        enum x86_access access)
{
    struct machine *m = machine_of(e);
    int error = machine_access(m, linear, size, access == X86_ACCESS_READ_WRITE);

    if (!error)
        memcpy(data, m->memory + (linear - m->memory_base), size);
    return error;
}

static int machine_write(struct x86_emulator *e, uint64_t linear, const void *data, unsigned size)
{
    struct machine *m = machine_of(e);
    int error = machine_access(m, linear, size, true);

    if (!error)
        memcpy(m->memory + (linear - m->memory_base), data, size);
    return error;
}

static int machine_compare_exchange(struct x86_emulator *e, uint64_t linear, const void *expected,
                                    const void *next, unsigned size)
{
    struct machine *m = machine_of(e);
    int error = machine_access(m, linear, size, true);

    if (error)
        return error;
    if (m->contended || memcmp(m->memory + (linear - m->memory_base), expected, size) != 0)
        return -EAGAIN;
    memcpy(m->memory + (linear - m->memory_base), next, size);
    return 0;
}

static int machine_check_write(struct x86_emulator *e, uint64_t linear, unsigned size)
{
    return machine_access(machine_of(e), linear, size, true);
}

static void machine_port_log(struct machine *m, uint16_t port, unsigned size, bool write, uint32_t value)
{
    unsigned slot = m->port_count++ % LOG_SIZE;

    m->ports[slot].port = port;
    m->ports[slot].size = size;
    m->ports[slot].write = write;
    m->ports[slot].value = value;
}

static int machine_port_read(struct x86_emulator *e, uint16_t port, unsigned size, uint32_t *value)
{
    struct machine *m = machine_of(e);

    if (m->port_error)
        return m->port_error;
    *value = m->port_input++;
    machine_port_log(m, port, size, false, *value);
    return 0;
}

static int machine_port_write(struct x86_emulator *e, uint16_t port, unsigned size, uint32_t value)
{
    struct machine *m = machine_of(e);

    if (m->port_error)
        return m->port_error;
    machine_port_log(m, port, size, true, value);
    return 0;
}

static void machine_segment(struct x86_emulator *e, enum x86_seg number, struct x86_segment *segment)
{
    *segment = machine_of(e)->segments[number];
}

static int machine_xmm_read(struct x86_emulator *e, unsigned number, uint64_t value[2])
{
    memcpy(value, machine_of(e)->xmm[number], 16);
    return 0;
}

static int machine_xmm_write(struct x86_emulator *e, unsigned number, const uint64_t value[2],
                             bool clear_upper)
{
    memcpy(machine_of(e)->xmm[number], value, 16);
    machine_of(e)->xmm_cleared = clear_upper;
    return 0;
}

static const struct x86_emulator_ops machine_ops = {
    .read = machine_read,
    .write = machine_write,
    .compare_exchange = machine_compare_exchange,
    .check_write = machine_check_write,
    .port_read = machine_port_read,
    .port_write = machine_port_write,
    .segment = machine_segment,
    .xmm_read = machine_xmm_read,
    .xmm_write = machine_xmm_write,
};

/* Protected mode (the 64-bit one too) with flat segments, or real mode with segments at 0. */
static inline void machine_init(struct machine *m, enum x86_mode mode)
{
    memset(m, 0, sizeof(*m));
    m->e.ops = &machine_ops;
    m->e.gpr = m->gpr;
    m->e.mode = mode;
    m->e.rip = 0x1000;
    m->e.rflags = 2;
    m->e.cr0 = mode != X86_MODE_16;
    m->e.repeat_max = 1000;
    m->memory_base = mode == X86_MODE_64 ? 0xffff800000000000 : 0x10000;
    m->read_only_from = ~0ULL;
    for (unsigned i = 0; i < X86_SEGS; i++) {
        m->segments[i].limit = mode == X86_MODE_16 ? 0xffff : UINT32_MAX;
        m->segments[i].attributes = i == X86_SEG_CS ? 0x9b : 0x93;
        m->segments[i].attributes |= mode == X86_MODE_32 ? X86_SEGMENT_BIG : 0;
        m->segments[i].selector = 8 * i + 8;
    }
}

static inline int machine_run(struct machine *m, const uint8_t *bytes, size_t size)
{
    struct x86_insn insn;
    int error = x86_decode(bytes, size, m->e.mode, &insn);

    return error ? error : x86_emulate(&m->e, &insn);
}

#define RUN(m, ...) machine_run(m, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

#endif
