/* SPDX-License-Identifier: BSD-2-Clause */
#include "decode/emulate.h"
#include "../irqchip/x86.h"
#include "../vm/vm.h"
#include "fetch.h"
#include "x86.h"
#include <arch/msr.h>
#include <errno.h>
#include <string.h>

/* The emulator's memory, ports and registers are this vCPU's. */
struct emulation {
    struct x86_emulator e;
    struct vcpu *vcpu;
};

/* Elements of a string instruction per exit: then interrupts get their turn. */
#define REPEAT_MAX 64

static struct vcpu *vcpu_of(struct x86_emulator *e)
{
    return container_of(e, struct emulation, e)->vcpu;
}

/* One part of an access that lies within a page. */
static int translate(struct x86_emulator *e, uint64_t linear, unsigned access, gpa_t *out)
{
    uint32_t error = 0;

    if (guest_translate(vcpu_of(e), linear, access, out, &error) != 0)
        return x86_emulator_raise_pf(e, linear, error);
    return 0;
}

/* RAM or, where there is none, a device; `size` bytes within a page. The local APIC's page is this vCPU's
 * own. */
static void physical_read(struct vcpu *vcpu, gpa_t at, void *data, unsigned size)
{
    uint64_t apic_base, value;

    if (gmem_read(&vcpu->vm->gmem, at, data, size) == 0)
        return;
    if (lapic_mmio_enabled(vcpu->lapic, &apic_base) && at.v - apic_base < PAGE_SIZE) {
        value = lapic_mmio_read(vcpu->lapic, (uint32_t)(at.v - apic_base));
        memcpy(data, &value, MIN(size, sizeof(value)));
        return;
    }
    for (unsigned done = 0; done < size; done += 8) {
        unsigned n = MIN(size - done, 8);

        bus_read(&vcpu->vm->mmio, at.v + done, n, &value);
        memcpy((char *)data + done, &value, n);
    }
}

static void physical_write(struct vcpu *vcpu, gpa_t at, const void *data, unsigned size)
{
    uint64_t apic_base, value = 0;

    if (gmem_write(&vcpu->vm->gmem, at, data, size) == 0)
        return;
    memcpy(&value, data, MIN(size, sizeof(value)));
    if (lapic_mmio_enabled(vcpu->lapic, &apic_base) && at.v - apic_base < PAGE_SIZE) {
        lapic_mmio_write(vcpu->lapic, (uint32_t)(at.v - apic_base), (uint32_t)value);
        return;
    }
    for (unsigned done = 0; done < size; done += 8) {
        unsigned n = MIN(size - done, 8);

        value = 0;
        memcpy(&value, (const char *)data + done, n);
        bus_write(&vcpu->vm->mmio, at.v + done, n, value);
    }
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
    gpa_t at, second = {0};
    int error = translate(e, linear, rights, &at);

    if (!error && first < size)
        error = translate(e, linear + first, rights, &second);
    if (error)
        return error;
    physical_read(vcpu_of(e), at, data, first);
    if (first < size)
        physical_read(vcpu_of(e), second, (char *)data + first, size - first);
    return 0;
}

static int memory_write(struct x86_emulator *e, uint64_t linear, const void *data, unsigned size)
{
    unsigned first = first_part(linear, size);
    gpa_t at, second = {0};
    int error = translate(e, linear, GUEST_WRITE, &at);

    if (!error && first < size)
        error = translate(e, linear + first, GUEST_WRITE, &second);
    if (error)
        return error;
    physical_write(vcpu_of(e), at, data, first);
    if (first < size)
        physical_write(vcpu_of(e), second, (const char *)data + first, size - first);
    return 0;
}

static int check_write(struct x86_emulator *e, uint64_t linear, unsigned size)
{
    unsigned first = first_part(linear, size);
    gpa_t at;
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
    size_t length = size;
    gpa_t at;
    void *p;
    int error;

    if (size > 8 || first_part(linear, size) != size)
        return -ENOTSUP;
    error = translate(e, linear, GUEST_WRITE, &at);
    if (error)
        return error;
    p = gmem_ptr(&vcpu_of(e)->vm->gmem, at, &length, true);
    if (p == NULL) {
        physical_write(vcpu_of(e), at, next, size);
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
    bool is_v86 = vcpu->rflags & BIT(17);

    if (!(backend_cr_get(vcpu, 0) & CR0_PE) || (!is_v86 && backend_cpl(vcpu) <= FIELD(vcpu->rflags, 13, 12)))
        return true;
    return vcpu->exit.kind == EXIT_IO && vcpu->exit.io.port == port;
}

static int port_read(struct x86_emulator *e, uint16_t port, unsigned size, uint32_t *value)
{
    uint64_t wide;

    if (!port_allowed(vcpu_of(e), port))
        return x86_emulator_raise(e, X86_GP, 0);
    bus_read(&vcpu_of(e)->vm->pio, port, size, &wide);
    *value = (uint32_t)wide;
    return 0;
}

static int port_write(struct x86_emulator *e, uint16_t port, unsigned size, uint32_t value)
{
    if (!port_allowed(vcpu_of(e), port))
        return x86_emulator_raise(e, X86_GP, 0);
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

static enum x86_mode mode_of(const struct vcpu *vcpu)
{
    struct x86_segment cs;

    if (!(backend_cr_get(vcpu, 0) & CR0_PE) || (vcpu->rflags & BIT(17))) /* VM: virtual 8086 */
        return X86_MODE_16;
    backend_segment_get(vcpu, X86_SEG_CS, &cs);
    if ((backend_efer_get(vcpu) & EFER_LMA) && (cs.attributes & X86_SEGMENT_LONG))
        return X86_MODE_64;
    return cs.attributes & X86_SEGMENT_BIG ? X86_MODE_32 : X86_MODE_16;
}

/* 0; otherwise the guest has been given a fault or the VM has ended. */
static int fetch_and_decode(struct vcpu *vcpu, struct x86_insn *insn)
{
    uint8_t bytes[X86_INSN_MAX];
    uint32_t error;
    size_t n = guest_fetch(vcpu, bytes, &error);
    int result;

    if (n == 0 && error != 0) {
        x86_page_fault(vcpu, vcpu->rip, error);
        return -EFAULT;
    }
    if (n == 0) {
        vm_crash(vcpu, "the instruction at %#llx is not in memory", (unsigned long long)vcpu->rip);
        return -EFAULT;
    }
    result = x86_decode(bytes, n, mode_of(vcpu), insn);
    if (result == -EAGAIN) {
        /* The rest lies on a page that the guest's tables do not map: fetching it faults. */
        x86_page_fault(vcpu, vcpu->rip + n, GUEST_FETCH);
        return -EFAULT;
    }
    if (result != 0)
        x86_fault(vcpu, X86_UD, 0);
    return result;
}

uint64_t x86_next_rip(struct vcpu *vcpu)
{
    struct x86_insn insn;
    uint8_t bytes[X86_INSN_MAX];
    uint32_t error;
    size_t n = guest_fetch(vcpu, bytes, &error);

    return n > 0 && x86_decode(bytes, n, mode_of(vcpu), &insn) == 0 ? vcpu->rip + insn.length : 0;
}

/* Control registers and the like, which the emulator leaves to us. True if it was one. */
static bool system_instruction(struct vcpu *vcpu, const struct x86_insn *insn)
{
    /* The operand is 64 bits in 64-bit mode and 32 elsewhere, whatever the prefixes (APM vol. 3, MOV CRn). */
    uint64_t mask = mode_of(vcpu) == X86_MODE_64 ? ~0ULL : 0xffffffff;
    int error = 0;

    switch (insn->op) {
    case X86_OP_MOV_TO_CR:
        error = backend_cpl(vcpu) != 0 || x86_cr_write(vcpu, insn->reg, vcpu->gpr[insn->rm] & mask);
        break;
    case X86_OP_MOV_FROM_CR:
        error = backend_cpl(vcpu) != 0;
        if (!error)
            vcpu->gpr[insn->rm] = x86_cr_read(vcpu, insn->reg) & mask;
        break;
    case X86_OP_WBINVD:
    case X86_OP_INVD:
        break;
    default:
        return false;
    }
    if (error) {
        x86_fault(vcpu, X86_GP, 0);
        return true;
    }
    vcpu->exit.next_rip = 0;
    x86_skip(vcpu, insn->length);
    return true;
}

static void run_emulator(struct vcpu *vcpu, const struct x86_insn *insn)
{
    struct emulation em = {.vcpu = vcpu,
                           .e = {.ops = &ops,
                                 .gpr = vcpu->gpr,
                                 .rip = vcpu->rip,
                                 .rflags = vcpu->rflags,
                                 .cr0 = backend_cr_get(vcpu, 0),
                                 .cr4 = backend_cr_get(vcpu, 4),
                                 .mode = mode_of(vcpu),
                                 .cpl = (uint8_t)backend_cpl(vcpu),
                                 .repeat_max = REPEAT_MAX}};
    int result = x86_emulate(&em.e, insn);

    vcpu->rip = em.e.rip;
    vcpu->rflags = em.e.rflags;
    switch (result) {
    case X86_EMULATE_DONE:
        backend_clear_shadow(vcpu);
        if (vcpu->rflags & X86_RFLAGS_TF)
            x86_fault(vcpu, X86_DB, 0);
        break;
    case X86_EMULATE_MORE:
    case -EAGAIN:
        break;
    case -EFAULT:
        if (em.e.exception.vector == X86_PF)
            backend_cr_set(vcpu, 2, em.e.exception.address);
        backend_inject_exception(vcpu, em.e.exception.vector, em.e.exception.has_error_code,
                                 em.e.exception.error_code);
        break;
    default:
        /* A program that has a device mapped must not be able to end the whole VM. */
        if (result == -ENOTSUP && backend_cpl(vcpu) != 0)
            x86_fault(vcpu, X86_UD, 0);
        else
            vm_crash(vcpu, "the instruction at %#llx cannot be emulated (error %d)",
                     (unsigned long long)vcpu->rip, -result);
        break;
    }
}

void x86_emulate_current(struct vcpu *vcpu)
{
    struct x86_insn insn;

    if (fetch_and_decode(vcpu, &insn) == 0 && !system_instruction(vcpu, &insn))
        run_emulator(vcpu, &insn);
}
