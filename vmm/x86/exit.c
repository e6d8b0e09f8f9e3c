/* SPDX-License-Identifier: BSD-2-Clause */
#include "../irqchip/x86.h"
#include "../vm/vm.h"
#include "breakpoint.h"
#include "mmio.h"
#include "skip.h"
#include "x86.h"
#include <errno.h>

/*
 * Neutral exits of x86 guests. The common ones are a straight line: no lock, no allocation. Handlers are not
 * inline, so that each saves the registers that it uses and no other's.
 */
#define NO_KVM_HYPERCALL (-1000LL) /* KVM_ENOSYS: what Linux guests expect of unknown calls */

static void handle_in(struct vcpu *vcpu, const struct exit_io *io)
{
    const struct bus *bus = &vcpu->vm->pio;
    uint64_t offset, value, mask = bus_mask(io->size);
    struct bus_region *region = bus_glance(bus, io->port, io->size, &offset);

    if (likely(region != NULL))
        value = region->read(region->device, offset, io->size) & mask;
    else
        bus_read(bus, io->port, io->size, &value);
    /* A 32-bit result clears the upper half, smaller ones leave the rest (SDM vol. 1, 3.4.1.1). */
    vcpu->arch.gpr[X86_RAX] = io->size == 4 ? value : (vcpu->arch.gpr[X86_RAX] & ~mask) | value;
}

static void handle_out(struct vcpu *vcpu, const struct exit_io *io)
{
    const struct bus *bus = &vcpu->vm->pio;
    uint64_t offset, value = vcpu->arch.gpr[X86_RAX];
    struct bus_region *region = bus_glance(bus, io->port, io->size, &offset);

    if (likely(region != NULL))
        region->write(region->device, offset, io->size, value & bus_mask(io->size));
    else
        bus_write(bus, io->port, io->size, value);
}

static no_inline void handle_io(struct vcpu *vcpu)
{
    struct exit_io io = backend_io(vcpu);

    if (unlikely(io.is_string || (backend_dr7(vcpu) & X86_DR7_ENABLES))) {
        x86_emulate_current(vcpu);
        return;
    }
    if (io.is_in)
        handle_in(vcpu, &io);
    else
        handle_out(vcpu, &io);
    x86_continue_at(vcpu, io.next_rip);
}

static no_inline void handle_msr_read(struct vcpu *vcpu)
{
    uint64_t value;

    if (x86_msr_read(vcpu, (uint32_t)vcpu->arch.gpr[X86_RCX], &value) != 0) {
        x86_fault(vcpu, X86_GP, 0);
        return;
    }
    vcpu->arch.gpr[X86_RAX] = (uint32_t)value;
    vcpu->arch.gpr[X86_RDX] = value >> 32;
    skip_plain(vcpu, INSN_RDMSR);
}

/* The registers of the local APIC first: they are the ones that a running guest writes. */
static inline int msr_write(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
    if (likely(msr - LAPIC_MSR_FIRST < LAPIC_MSR_COUNT))
        return lapic_x2apic_write(vcpu->arch.lapic, msr - LAPIC_MSR_FIRST, value);
    return x86_msr_write(vcpu, msr, value);
}

static no_inline void handle_msr_write(struct vcpu *vcpu)
{
    uint64_t value = (uint32_t)vcpu->arch.gpr[X86_RAX] | vcpu->arch.gpr[X86_RDX] << 32;

    if (unlikely(msr_write(vcpu, (uint32_t)vcpu->arch.gpr[X86_RCX], value) != 0)) {
        x86_fault(vcpu, X86_GP, 0);
        return;
    }
    skip_plain(vcpu, INSN_WRMSR);
}

static no_inline void handle_hypercall(struct vcpu *vcpu)
{
    vcpu->arch.gpr[X86_RAX] = (uint64_t)NO_KVM_HYPERCALL;
    skip_plain(vcpu, INSN_VMMCALL);
}

static no_inline void handle_halt(struct vcpu *vcpu)
{
    vcpu->activity = VCPU_HALTED;
    skip_plain(vcpu, INSN_HLT);
}

static void handle_xsetbv(struct vcpu *vcpu)
{
    uint64_t value = (uint32_t)vcpu->arch.gpr[X86_RAX] | vcpu->arch.gpr[X86_RDX] << 32;

    if (backend_cpl(vcpu) != 0 || x86_xcr_write(vcpu, (uint32_t)vcpu->arch.gpr[X86_RCX], value) != 0) {
        x86_fault(vcpu, X86_GP, 0);
        return;
    }
    skip_plain(vcpu, INSN_XSETBV);
}

/* RAM behind the address: map it. Nothing behind it: a device, so the instruction is emulated. */
static no_inline void handle_fault_slowly(struct vcpu *vcpu)
{
    gpa_t addr = gpa(vcpu->exit.fault.gpa);
    int error = vm_memory_fault(vcpu->vm, addr, vcpu->exit.fault.is_write);
    uint8_t vector;

    if (likely(error == 0))
        return;
    if (error == -ENOMEM) {
        vm_crash(vcpu, "the host has no memory left for page tables");
    } else if (backend_event_pending(vcpu, &vector) != BACKEND_EVENT_NONE) {
        vm_crash(vcpu, "vector %u cannot be delivered: there is no memory at %#llx", vector,
                 (unsigned long long)addr.v);
    } else if (vcpu->exit.fault.is_fetch) {
        vm_crash(vcpu, "execution at %#llx, where there is no memory", (unsigned long long)addr.v);
    } else {
        if (error == -ENOENT)
            vcpu->arch.device_page = addr.v >> PAGE_SHIFT;
        mmio_handle(vcpu);
    }
}

/* The page of the last access to a device most likely is the next one's; slots do not change under vCPUs. */
static no_inline void handle_fault(struct vcpu *vcpu)
{
    uint8_t vector;

    if (likely(vcpu->exit.fault.gpa >> PAGE_SHIFT == vcpu->arch.device_page && !vcpu->exit.fault.is_fetch &&
               backend_event_pending(vcpu, &vector) == BACKEND_EVENT_NONE))
        mmio_handle(vcpu);
    else
        handle_fault_slowly(vcpu);
}

static void handle_exception(struct vcpu *vcpu)
{
    const struct vmexit *e = &vcpu->exit;

    if (e->exception.vector == X86_MC)
        vm_crash(vcpu, "machine check");
    else
        x86_fault(vcpu, (enum x86_vector)e->exception.vector, e->exception.error);
}

static no_inline void handle_rare(struct vcpu *vcpu)
{
    const struct vmexit *e = &vcpu->exit;

    switch (e->kind) {
    case EXIT_XSETBV:
        handle_xsetbv(vcpu);
        break;
    case EXIT_WBINVD:
        x86_emulate_current(vcpu); /* memory is coherent: only its length counts */
        break;
    case EXIT_CR_ACCESS:
        x86_emulate_current(vcpu);
        break;
    case EXIT_UNDEFINED:
        x86_fault(vcpu, X86_UD, 0);
        break;
    case EXIT_EXCEPTION:
        handle_exception(vcpu);
        break;
    case EXIT_SHUTDOWN:
        vm_crash(vcpu, "triple fault");
        break;
    case EXIT_TASK_SWITCH:
        vm_crash(vcpu, "hardware task switch, which is not supported");
        break;
    case EXIT_FAIL_ENTRY:
        vm_crash(vcpu, "the CPU refuses the guest's state (code %llx)", (unsigned long long)e->raw.code);
        break;
    default:
        vm_crash(vcpu, "unexpected exit %llx, %llx, %llx", (unsigned long long)e->raw.code,
                 (unsigned long long)e->raw.info1, (unsigned long long)e->raw.info2);
        break;
    }
}

static void handle_nothing(struct vcpu *vcpu)
{
    (void)vcpu;
}

static void (*const handlers[EXIT_KINDS])(struct vcpu *vcpu) = {
    [EXIT_UNKNOWN] = handle_rare,
    [EXIT_HOST_IRQ] = handle_nothing,
    [EXIT_NOTHING] = handle_nothing,
    [EXIT_HALT] = handle_halt,
    [EXIT_STAGE2_FAULT] = handle_fault,
    [EXIT_HYPERCALL] = handle_hypercall,
    [EXIT_UNDEFINED] = handle_rare,
    [EXIT_PAUSE] = handle_nothing,
    [EXIT_FAIL_ENTRY] = handle_rare,
    [EXIT_IRQ_WINDOW] = handle_nothing,
    [EXIT_NMI_WINDOW] = handle_nothing,
    [EXIT_CPUID] = x86_cpuid_exit,
    [EXIT_IO] = handle_io,
    [EXIT_MSR_READ] = handle_msr_read,
    [EXIT_MSR_WRITE] = handle_msr_write,
    [EXIT_CR_ACCESS] = handle_rare,
    [EXIT_XSETBV] = handle_rare,
    [EXIT_WBINVD] = handle_rare,
    [EXIT_EXCEPTION] = handle_rare,
    [EXIT_TASK_SWITCH] = handle_rare,
    [EXIT_SHUTDOWN] = handle_rare,
};
_Static_assert(EXIT_KINDS == 21, "a handler for each");

void exit_handle(struct vcpu *vcpu)
{
    handlers[vcpu->exit.kind](vcpu);
}
