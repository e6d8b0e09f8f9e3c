/* SPDX-License-Identifier: BSD-2-Clause */
#include "mmio.h"

#include "../irqchip/lapic.h"
#include "../vm/vm.h"
#include "breakpoint.h"
#include "fetch.h"
#include "x86.h"
#include <string.h>

/* Accesses to guest-physical addresses where there is no RAM. */

/* At most 8 bytes within a page. */
static inline uint64_t read_one(struct vcpu *vcpu, gpa_t at, unsigned size)
{
    uint64_t value;

    if (lapic_has_page(vcpu->arch.lapic, at.v))
        return lapic_mmio_read(vcpu->arch.lapic, (uint32_t)(at.v & (PAGE_SIZE - 1)));
    bus_read(&vcpu->vm->mmio, at.v, size, &value);
    return value;
}

static inline void write_one(struct vcpu *vcpu, gpa_t at, uint64_t value, unsigned size)
{
    if (lapic_has_page(vcpu->arch.lapic, at.v))
        lapic_mmio_write(vcpu->arch.lapic, (uint32_t)(at.v & (PAGE_SIZE - 1)), (uint32_t)value);
    else
        bus_write(&vcpu->vm->mmio, at.v, size, value);
}

void device_read(struct vcpu *vcpu, gpa_t at, void *data, unsigned size)
{
    for (unsigned done = 0; done < size; done += 8) {
        unsigned n = MIN(size - done, 8);
        uint64_t value = read_one(vcpu, gpa_add(at, done), n);

        memcpy((char *)data + done, &value, n);
    }
}

void device_write(struct vcpu *vcpu, gpa_t at, const void *data, unsigned size)
{
    for (unsigned done = 0; done < size; done += 8) {
        unsigned n = MIN(size - done, 8);
        uint64_t value = 0;

        memcpy(&value, (const char *)data + done, n);
        write_one(vcpu, gpa_add(at, done), value, n);
    }
}

/* A MOV of 1, 2, 4 or 8 bytes that touches memory once, in 64-bit code and without FS or GS. */
static inline bool is_plain_move(const struct vcpu *vcpu, const struct x86_insn *insn)
{
    return insn->op == X86_OP_MOV && insn->memory && insn->mem.segment < X86_SEG_FS &&
           insn->address_size == 8 && !(insn->prefixes & X86_PREFIX_LOCK) &&
           /* AH and its like */
           (insn->operand_size > 1 || insn->reg < X86_RSP || (insn->prefixes & X86_PREFIX_REX)) &&
           guest_mode(vcpu) == X86_MODE_64;
}

static inline uint64_t operand_offset(const struct vcpu *vcpu, const struct x86_insn *insn)
{
    uint64_t offset = insn->mem.displacement;

    if (insn->mem.base < X86_GPRS)
        offset += vcpu->arch.gpr[insn->mem.base];
    else if (insn->mem.base == X86_REG_RIP)
        offset += backend_rip(vcpu) + insn->length;
    if (insn->mem.index < X86_GPRS)
        offset += vcpu->arch.gpr[insn->mem.index] << insn->mem.scale;
    return offset;
}

static inline void load(struct vcpu *vcpu, const struct x86_insn *insn, gpa_t at)
{
    unsigned size = insn->operand_size;
    uint64_t value = read_one(vcpu, at, size), mask = ~0ULL >> (64 - 8 * size);
    uint64_t *to = &vcpu->arch.gpr[insn->reg];

    /* 4 bytes clear the upper half, 1 and 2 leave the rest (SDM vol. 1, 3.4.1.1). */
    *to = size >= 4 ? value & mask : (*to & ~mask) | (value & mask);
}

static inline void store(struct vcpu *vcpu, const struct x86_insn *insn, gpa_t at)
{
    uint64_t value = insn->form == X86_FORM_RM_IMM ? insn->immediate : vcpu->arch.gpr[insn->reg];

    write_one(vcpu, at, value, insn->operand_size);
}

/*
 * The CPU has translated and checked the access before it exited, and has told where it leads. Another vCPU
 * may have changed the instruction since; then another is done at an address that this guest may access so.
 */
void mmio_handle(struct vcpu *vcpu)
{
    gpa_t at = gpa(vcpu->exit.fault.gpa);
    const struct x86_insn *insn;
    struct guest_fault fault;
    unsigned in_page = at.v & (PAGE_SIZE - 1);

    if (unlikely(!vcpu->exit.fault.is_final || (backend_dr7(vcpu) & X86_DR7_ENABLES) ||
                 guest_decode(vcpu, &insn, &fault) != 0 || !is_plain_move(vcpu, insn) ||
                 in_page + insn->rm_size > PAGE_SIZE ||
                 (operand_offset(vcpu, insn) & (PAGE_SIZE - 1)) != in_page ||
                 vcpu->exit.fault.is_write != (insn->form != X86_FORM_REG_RM))) {
        x86_emulate_current(vcpu);
        return;
    }
    if (insn->form == X86_FORM_REG_RM)
        load(vcpu, insn, at);
    else
        store(vcpu, insn, at);
    x86_continue_at(vcpu, backend_rip(vcpu) + insn->length);
}
