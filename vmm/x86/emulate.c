/* SPDX-License-Identifier: BSD-2-Clause */
#include "decode/emulate.h"
#include "../vm/vm.h"
#include "breakpoint.h"
#include "fetch.h"
#include "mmio.h"
#include "x86.h"
#include <arch/msr.h>
#include <errno.h>
#include <string.h>

/* The emulator's memory, ports and registers are this vCPU's. */
struct emulation {
    struct x86_emulator e;
    struct vcpu *vcpu;
    unsigned breakpoints; /* that were hit: B0 to B3 of DR6 */
};

#define CR4_DE BIT(3) /* DR7 knows I/O breakpoints */

/* Elements of a string instruction per exit: then interrupts get their turn. */
#define REPEAT_MAX 64

static struct vcpu *vcpu_of(struct x86_emulator *e)
{
    return container_of(e, struct emulation, e)->vcpu;
}

static no_inline void breakpoints_check(struct x86_emulator *e, enum x86_breakpoint_access access,
                                        uint64_t address, unsigned size)
{
    struct emulation *em = container_of(e, struct emulation, e);
    uint64_t dr[4];

    backend_dr_get(em->vcpu, dr);
    em->breakpoints |= x86_breakpoint_hits(dr, backend_dr7(em->vcpu), access, address, size);
}

static inline void access_note(struct x86_emulator *e, enum x86_breakpoint_access access, uint64_t address,
                               unsigned size)
{
    if (unlikely(backend_dr7(vcpu_of(e)) & X86_DR7_ENABLES))
        breakpoints_check(e, access, address, size);
}

static void port_note(struct x86_emulator *e, uint16_t port, unsigned size)
{
    if (e->cr4 & CR4_DE)
        access_note(e, X86_BREAKPOINT_IO, port, size);
}

/* One part of an access that lies within a page. */
static inline int translate(struct x86_emulator *e, uint64_t linear, unsigned access, struct guest_place *out)
{
    struct guest_fault fault;

    if (likely(guest_translate(vcpu_of(e), linear, access, out, &fault) == 0))
        return 0;
    return x86_emulator_raise_pf(e, fault.linear, fault.error);
}

static inline void place_read(struct vcpu *vcpu, const struct guest_place *place, void *data, unsigned size)
{
    if (likely(place->host == NULL))
        device_read(vcpu, place->gpa, data, size);
    else
        memcpy(data, place->host, size);
}

/* Writes to ROM go nowhere. */
static inline void place_write(struct vcpu *vcpu, const struct guest_place *place, const void *data,
                               unsigned size)
{
    if (likely(place->host == NULL))
        device_write(vcpu, place->gpa, data, size);
    else
        (void)!gmem_write(&vcpu->vm->gmem, place->gpa, data, size);
}

static unsigned first_part(uint64_t linear, unsigned size)
{
    return MIN(size, (unsigned)(PAGE_SIZE - (linear & (PAGE_SIZE - 1))));
}

static int memory_read(struct x86_emulator *e, uint64_t linear, void *data, unsigned size,
                       enum x86_access access)
{
    unsigned first = first_part(linear, size),
             rights = access == X86_ACCESS_READ_WRITE ? GUEST_WRITE : GUEST_READ;
    struct guest_place at, second;
    int error = translate(e, linear, rights, &at);

    if (!error && first < size)
        error = translate(e, linear + first, rights, &second);
    if (error)
        return error;
    access_note(e, X86_BREAKPOINT_READ, linear, size);
    place_read(vcpu_of(e), &at, data, first);
    if (first < size)
        place_read(vcpu_of(e), &second, (char *)data + first, size - first);
    return 0;
}

static int memory_write(struct x86_emulator *e, uint64_t linear, const void *data, unsigned size)
{
    unsigned first = first_part(linear, size);
    struct guest_place at, second;
    int error = translate(e, linear, GUEST_WRITE, &at);

    if (!error && first < size)
        error = translate(e, linear + first, GUEST_WRITE, &second);
    if (error)
        return error;
    access_note(e, X86_BREAKPOINT_WRITE, linear, size);
    place_write(vcpu_of(e), &at, data, first);
    if (first < size)
        place_write(vcpu_of(e), &second, (const char *)data + first, size - first);
    return 0;
}

static int check_write(struct x86_emulator *e, uint64_t linear, unsigned size)
{
    unsigned first = first_part(linear, size);
    struct guest_place at;
    int error = translate(e, linear, GUEST_WRITE, &at);

    return error || first == size ? error : translate(e, linear + first, GUEST_WRITE, &at);
}

static bool exchange_in_ram(void *p, const void *expected, const void *next, unsigned size)
{
    uint64_t old = 0, new = 0;

    memcpy(&old, expected, size);
    memcpy(&new, next, size);
    switch (size) {
    case 1:
        return __sync_bool_compare_and_swap((uint8_t *)p, (uint8_t)old, (uint8_t)new);
    case 2:
        return __sync_bool_compare_and_swap((uint16_t *)p, (uint16_t)old, (uint16_t)new);
    case 4:
        return __sync_bool_compare_and_swap((uint32_t *)p, (uint32_t)old, (uint32_t)new);
    default:
        return __sync_bool_compare_and_swap((uint64_t *)p, old, new);
    }
}

static int compare_exchange(struct x86_emulator *e, uint64_t linear, const void *expected, const void *next,
                            unsigned size)
{
    struct guest_place at;
    size_t length = size;
    void *p;
    int error;

    if (size > 8 || first_part(linear, size) != size)
        return -ENOTSUP;
    error = translate(e, linear, GUEST_WRITE, &at);
    if (error)
        return error;
    access_note(e, X86_BREAKPOINT_WRITE, linear, size);
    p = gmem_ptr(&vcpu_of(e)->vm->gmem, at.gpa, &length, true);
    if (p == NULL) {
        place_write(vcpu_of(e), &at, next, size);
        return 0;
    }
    return exchange_in_ram(p, expected, next, size) ? 0 : -EAGAIN;
}

/*
 * IOPL and the I/O permission map (SDM vol. 1, 19.5). The CPU looks at them before an IOIO exit, but only for
 * that port; and another vCPU may have put an IN or OUT in the place of an instruction that exited for
 * something else.
 */
static bool port_allowed(const struct vcpu *vcpu, uint16_t port)
{
    bool is_v86 = backend_rflags(vcpu) & BIT(17);

    if (!(backend_cr_get(vcpu, 0) & CR0_PE) ||
        (!is_v86 && backend_cpl(vcpu) <= FIELD(backend_rflags(vcpu), 13, 12)))
        return true;
    return vcpu->exit.kind == EXIT_IO && backend_io(vcpu).port == port;
}

static int port_read(struct x86_emulator *e, uint16_t port, unsigned size, uint32_t *value)
{
    uint64_t wide;

    if (!port_allowed(vcpu_of(e), port))
        return x86_emulator_raise(e, X86_GP, 0);
    port_note(e, port, size);
    bus_read(&vcpu_of(e)->vm->pio, port, size, &wide);
    *value = (uint32_t)wide;
    return 0;
}

static int port_write(struct x86_emulator *e, uint16_t port, unsigned size, uint32_t value)
{
    if (!port_allowed(vcpu_of(e), port))
        return x86_emulator_raise(e, X86_GP, 0);
    port_note(e, port, size);
    bus_write(&vcpu_of(e)->vm->pio, port, size, value);
    return 0;
}

static void segment(struct x86_emulator *e, enum x86_seg number, struct x86_segment *out)
{
    backend_segment_get(vcpu_of(e), number, out);
}

static const struct x86_emulator_ops ops = {
    .read = memory_read,
    .write = memory_write,
    .compare_exchange = compare_exchange,
    .check_write = check_write,
    .port_read = port_read,
    .port_write = port_write,
    .segment = segment,
};

static struct emulation emulation_of(struct vcpu *vcpu)
{
    return (struct emulation){.vcpu = vcpu,
                              .e = {.ops = &ops,
                                    .gpr = vcpu->arch.gpr,
                                    .rip = backend_rip(vcpu),
                                    .rflags = backend_rflags(vcpu),
                                    .cr0 = backend_cr_get(vcpu, 0),
                                    .cr4 = backend_cr_get(vcpu, 4),
                                    .mode = guest_mode(vcpu),
                                    .cpl = (uint8_t)backend_cpl(vcpu),
                                    .repeat_max = backend_dr7(vcpu) & X86_DR7_ENABLES ? 1 : REPEAT_MAX}};
}

/* What the emulator raised, for the guest. */
static void exception_pass_on(struct vcpu *vcpu, const struct x86_exception *exception)
{
    if (exception->vector == X86_PF)
        x86_page_fault(vcpu, exception->address, exception->error_code);
    else
        x86_fault(vcpu, (enum x86_vector)exception->vector, exception->error_code);
}

/* 0; otherwise the guest has been given a fault or the VM has ended. */
static int decode_current(struct vcpu *vcpu, const struct x86_insn **insn)
{
    struct guest_fault fault;
    int result = guest_decode(vcpu, insn, &fault);

    if (likely(result == 0))
        return 0;
    if (result == -EFAULT)
        x86_page_fault(vcpu, fault.linear, fault.error);
    else if (result == -ENXIO)
        vm_crash(vcpu, "the instruction at %#llx is not in memory", (unsigned long long)fault.linear);
    else
        x86_fault(vcpu, X86_UD, 0);
    return result;
}

uint64_t x86_next_rip(struct vcpu *vcpu)
{
    const struct x86_insn *insn;
    struct guest_fault fault;

    return guest_decode(vcpu, &insn, &fault) == 0 ? backend_rip(vcpu) + insn->length : 0;
}

/*
 * LMSW and SMSW are moves between rm and the low half of CR0, wherever rm is: done as such, with a register
 * that the operand does not use in CR0's place.
 */
static int machine_status_word(struct vcpu *vcpu, struct emulation *em, const struct x86_insn *insn)
{
    uint64_t gpr[X86_GPRS], cr0 = backend_cr_get(vcpu, 0);
    bool is_load = insn->op == X86_OP_LMSW;
    struct x86_insn move = *insn;
    unsigned spare = 0;
    int result;

    if (backend_cpl(vcpu) != 0 && (is_load || (backend_cr_get(vcpu, 4) & CR4_UMIP)))
        return x86_emulator_raise(&em->e, X86_GP, 0);
    while (insn->memory ? spare == insn->mem.base || spare == insn->mem.index : spare == insn->rm)
        spare++;
    memcpy(gpr, vcpu->arch.gpr, sizeof(gpr));
    gpr[spare] = cr0;
    em->e.gpr = gpr;
    move.op = X86_OP_MOV;
    move.form = is_load ? X86_FORM_REG_RM : X86_FORM_RM_REG;
    move.reg = (uint8_t)spare;
    if (is_load || insn->memory)
        move.operand_size = move.rm_size = 2;
    result = x86_emulate(&em->e, &move);
    if (result != X86_EMULATE_DONE)
        return result;
    if (!is_load && !insn->memory)
        vcpu->arch.gpr[insn->rm] = gpr[insn->rm];
    /* PE can be set and not cleared. */
    if (is_load && x86_cr_write(vcpu, 0, (cr0 & ~0xeULL) | (gpr[spare] & 0xf)) != 0)
        return x86_emulator_raise(&em->e, X86_GP, 0);
    return X86_EMULATE_DONE;
}

static int move_control_register(struct vcpu *vcpu, struct emulation *em, const struct x86_insn *insn)
{
    /* The operand is 64 bits in 64-bit mode and 32 elsewhere, whatever the prefixes (APM vol. 3, MOV CRn). */
    uint64_t mask = em->e.mode == X86_MODE_64 ? ~0ULL : 0xffffffff;

    if (backend_cpl(vcpu) != 0)
        return x86_emulator_raise(&em->e, X86_GP, 0);
    if (insn->op == X86_OP_MOV_FROM_CR)
        vcpu->arch.gpr[insn->rm] = x86_cr_read(vcpu, insn->reg) & mask;
    else if (x86_cr_write(vcpu, insn->reg, vcpu->arch.gpr[insn->rm] & mask) != 0)
        return x86_emulator_raise(&em->e, X86_GP, 0);
    return X86_EMULATE_DONE;
}

/* Control registers and the like, which the emulator leaves to us. */
static no_inline int system_instruction(struct vcpu *vcpu, struct emulation *em, const struct x86_insn *insn)
{
    int result = X86_EMULATE_DONE;

    switch (insn->op) {
    case X86_OP_MOV_TO_CR:
    case X86_OP_MOV_FROM_CR:
        result = move_control_register(vcpu, em, insn);
        break;
    case X86_OP_LMSW:
    case X86_OP_SMSW:
        result = machine_status_word(vcpu, em, insn);
        break;
    case X86_OP_CLTS:
        if (backend_cpl(vcpu) != 0 || x86_cr_write(vcpu, 0, backend_cr_get(vcpu, 0) & ~CR0_TS) != 0)
            result = x86_emulator_raise(&em->e, X86_GP, 0);
        break;
    case X86_OP_WBINVD: /* memory is coherent: nothing to do */
    case X86_OP_INVD:
        if (backend_cpl(vcpu) != 0)
            result = x86_emulator_raise(&em->e, X86_GP, 0);
        break;
    default:
        return -ENOTSUP;
    }
    if (result == X86_EMULATE_DONE) {
        em->e.rip = backend_rip(vcpu) + insn->length;
        em->e.rflags = backend_rflags(vcpu);
    }
    return result;
}

static no_inline void emulation_failed(struct vcpu *vcpu, const struct emulation *em, int result)
{
    if (result == -EAGAIN)
        return;
    if (result == -EFAULT)
        exception_pass_on(vcpu, &em->e.exception);
    /* A program that has a device mapped must not be able to end the whole VM. */
    else if (result == -ENOTSUP && backend_cpl(vcpu) != 0)
        x86_fault(vcpu, X86_UD, 0);
    else
        vm_crash(vcpu, "the instruction at %#llx cannot be emulated (error %d)",
                 (unsigned long long)backend_rip(vcpu), -result);
}

/*
 * A trap behind the instruction, or behind the element of a string instruction that hit (SDM vol.
 * 3B, 18.3.1.2). What single steps have to say, they have said: one #DB for both.
 */
static no_inline void breakpoints_raise(struct vcpu *vcpu, const struct emulation *em, bool is_done)
{
    backend_dr6_or(vcpu, em->breakpoints);
    if (!is_done || !(em->e.rflags & X86_RFLAGS_TF))
        x86_fault(vcpu, X86_DB, 0);
}

void x86_emulate_current(struct vcpu *vcpu)
{
    const struct x86_insn *insn;
    struct emulation em;
    int result;

    if (unlikely(decode_current(vcpu, &insn) != 0))
        return;
    em = emulation_of(vcpu);
    if (likely(insn->op <= X86_OP_EMULATED_LAST))
        result = x86_emulate(&em.e, insn);
    else
        result = system_instruction(vcpu, &em, insn);
    if (unlikely(result < 0)) {
        backend_rip_set(vcpu, em.e.rip);
        backend_rflags_set(vcpu, em.e.rflags);
        emulation_failed(vcpu, &em, result);
        return;
    }
    backend_rflags_set(vcpu, em.e.rflags);
    if (likely(result == X86_EMULATE_DONE))
        x86_continue_at(vcpu, em.e.rip);
    else
        backend_rip_set(vcpu, em.e.rip);
    if (unlikely(em.breakpoints != 0))
        breakpoints_raise(vcpu, &em, result == X86_EMULATE_DONE);
}
