/* SPDX-License-Identifier: BSD-2-Clause */
#include "steal.h"
#include "x86.h"

#include "../irqchip/x86.h"
#include "../vm/vm.h"
#include "caches.h"
#include <arch/msr.h>
#include <arch/thread.h>
#include <errno.h>
#include <guest/events.h>
#include <stdlib.h>

/* An x86 CPU between two entries: reset, start-up, and which event is next. */

void vcpu_signal_init(struct vcpu *vcpu)
{
    vcpu_request(vcpu, VCPU_REQ_INIT);
}

void vcpu_signal_sipi(struct vcpu *vcpu, uint8_t vector)
{
    atomic_store(&vcpu->arch.sipi_vector, vector);
    vcpu_request(vcpu, VCPU_REQ_SIPI);
}

void vcpu_signal_nmi(struct vcpu *vcpu)
{
    vcpu_request(vcpu, VCPU_REQ_NMI);
}

int vcpu_arch_init(struct vcpu *vcpu)
{
    vcpu->arch.xcr0_host = arch_fpu_guest_components();
    vcpu->arch.caches = aligned_alloc(_Alignof(struct x86_caches), sizeof(*vcpu->arch.caches));
    return vcpu->arch.caches ? 0 : -ENOMEM;
}

void vcpu_arch_fini(struct vcpu *vcpu)
{
    free(vcpu->arch.caches);
}

static void events_forget(struct vcpu *vcpu)
{
    vcpu->arch.is_nmi_pending = false;
    vcpu->arch.is_window_open = false;
    vcpu->arch.is_event_waiting = false;
    vcpu->arch.replaced_irq = -1;
}

void vcpu_arch_reset(struct vcpu *vcpu)
{
    struct x86_regs regs;

    x86_regs_reset(&regs);
    x86_msrs_reset(vcpu);
    x86_caches_clear(vcpu->arch.caches);
    for (unsigned i = 0; i < X86_FETCH_KINDS * X86_FETCHES; i++)
        vcpu->arch.fetches[i / X86_FETCHES][i % X86_FETCHES].rip = ~0ULL;
    vcpu->arch.device_page = ~0ULL;
    backend_regs_set(vcpu, &regs);
    events_forget(vcpu);
    vcpu->activity = vcpu->id == 0 ? VCPU_RUNNING : VCPU_OFF;
}

/*
 * INIT (SDM vol. 3A, table 10-1): CD and NW stay as they were, and so do FPU, MSRs and the TSC. The boot CPU
 * would go on in firmware at the reset vector, which resets the machine for want of a better idea.
 */
static void init_receive(struct vcpu *vcpu)
{
    uint64_t cache_bits = backend_cr_get(vcpu, 0) & (CR0_CD | CR0_NW);
    struct x86_regs regs;

    if (vcpu->id == 0) {
        vm_end(vcpu->vm, VM_END_RESET);
        return;
    }
    x86_regs_reset(&regs);
    regs.cr0 = (regs.cr0 & ~(CR0_CD | CR0_NW)) | cache_bits;
    backend_regs_set(vcpu, &regs);
    lapic_init_reset(vcpu->arch.lapic);
    events_forget(vcpu);
    vcpu->activity = VCPU_OFF;
}

/* SDM vol. 3A, 10.4.4.1: the start-up vector is a page number. */
static void start_at(struct vcpu *vcpu, uint8_t vector)
{
    struct x86_regs regs;

    backend_regs_get(vcpu, &regs);
    regs.rip = 0;
    regs.seg[X86_SEG_CS].selector = (uint16_t)(vector << 8);
    regs.seg[X86_SEG_CS].base = (uint64_t)vector << 12;
    backend_regs_set(vcpu, &regs);
    vcpu->activity = VCPU_RUNNING;
}

void vcpu_arch_requests(struct vcpu *vcpu, unsigned requests)
{
    if (requests & VCPU_REQ_CLOCK)
        x86_clock_update(vcpu);
    if (requests & VCPU_REQ_STEAL)
        steal_update(vcpu);
    if (requests & VCPU_REQ_INIT)
        init_receive(vcpu);
    if ((requests & VCPU_REQ_SIPI) && vcpu->activity == VCPU_OFF)
        start_at(vcpu, atomic_load(&vcpu->arch.sipi_vector));
    /* A CPU that waits for its start-up IPI keeps the NMI for later (SDM vol. 3A, 9.4.1). */
    if (requests & VCPU_REQ_NMI) {
        vcpu->arch.is_nmi_pending = vcpu->arch.is_event_waiting = true;
        if (vcpu->activity == VCPU_HALTED)
            vcpu->activity = VCPU_RUNNING;
    }
}

void vcpu_arch_resumed(struct vcpu *vcpu)
{
    x86_clock_update(vcpu);
}

/* Nothing of it is in hardware only. */
void vcpu_arch_parked(struct vcpu *vcpu)
{
    (void)vcpu;
}

bool vcpu_arch_halt_ends(struct vcpu *vcpu)
{
    uint8_t vector;

    return vcpu->arch.is_nmi_pending || backend_event_pending(vcpu, &vector) != BACKEND_EVENT_NONE ||
           (backend_irq_allowed(vcpu) && lapic_pending_vector(vcpu->arch.lapic) >= 0);
}

/* The vector to inject: one that an exception has come before, else the local APIC's. -1: none. */
static int vector_next(struct vcpu *vcpu)
{
    return unlikely(vcpu->arch.replaced_irq >= 0) ? vcpu->arch.replaced_irq
                                                  : lapic_pending_vector(vcpu->arch.lapic);
}

static void irq_inject(struct vcpu *vcpu)
{
    int vector = vcpu->arch.replaced_irq;

    vcpu->arch.replaced_irq = -1;
    if (likely(vector < 0))
        vector = lapic_acknowledge(vcpu->arch.lapic);
    backend_inject_irq(vcpu, (uint8_t)vector);
}

static void window_set(struct vcpu *vcpu, bool wanted)
{
    if (vcpu->arch.is_window_open == wanted)
        return;
    vcpu->arch.is_window_open = wanted;
    backend_irq_window(vcpu, wanted);
}

/*
 * An interrupt that the guest has not got to yet gives way to what is more urgent, as it would in a local
 * APIC: the hardware's next entry can hold one.
 */
static void irq_give_way(struct vcpu *vcpu)
{
    uint8_t vector;

    if (likely(backend_event_pending(vcpu, &vector) != BACKEND_EVENT_IRQ) || vcpu->arch.replaced_irq >= 0)
        return;
    if (!vcpu->arch.is_nmi_pending && lapic_pending_vector(vcpu->arch.lapic) < 0)
        return;
    if (lapic_put_back(vcpu->arch.lapic, vector))
        backend_take_back_irq(vcpu);
}

void x86_events_inject(struct vcpu *vcpu)
{
    bool has_irq;

    irq_give_way(vcpu);
    if (unlikely(vcpu->arch.is_nmi_pending) && backend_nmi_allowed(vcpu)) {
        vcpu->arch.is_nmi_pending = false;
        backend_inject_nmi(vcpu);
    }
    has_irq = vector_next(vcpu) >= 0;
    if (has_irq && backend_irq_allowed(vcpu)) {
        irq_inject(vcpu);
        has_irq = false;
    }
    window_set(vcpu, has_irq);
    /* Last: the two windows may share what closing one takes away. */
    if (unlikely(vcpu->arch.is_nmi_pending)) {
        backend_nmi_window(vcpu, true);
        vcpu->arch.is_window_open = true;
    }
    vcpu->arch.is_event_waiting =
        vcpu->arch.is_nmi_pending || vcpu->arch.is_window_open || vcpu->arch.replaced_irq >= 0;
}

/* --- exceptions --- */

/* Vectors that push an error code: SDM vol. 3A, table 7-1. */
static bool has_error_code(uint8_t vector)
{
    return vector == X86_DF || (vector >= X86_TS && vector <= X86_PF) || vector == X86_AC;
}

/* SDM vol. 3A, table 7-4. */
static bool is_contributory(uint8_t vector)
{
    return vector == X86_DE || (vector >= X86_TS && vector <= X86_GP);
}

static bool is_double_fault(uint8_t first, uint8_t second)
{
    return (is_contributory(first) && is_contributory(second)) ||
           (first == X86_PF && (second == X86_PF || is_contributory(second)));
}

/*
 * An exception comes while another event's delivery waits to be repeated (SDM vol. 3A, table 7-5). Interrupts
 * that it keeps away come after it: they have left the local APIC. Returns the vector to inject; -1: none,
 * the CPU has shut down.
 */
static int combine(struct vcpu *vcpu, uint8_t vector)
{
    uint8_t first = 0;

    switch (backend_event_pending(vcpu, &first)) {
    case BACKEND_EVENT_IRQ:
        vcpu->arch.replaced_irq = first;
        vcpu->arch.is_event_waiting = true;
        return vector;
    case BACKEND_EVENT_NMI:
        vcpu->arch.is_nmi_pending = vcpu->arch.is_event_waiting = true;
        backend_nmi_forget(vcpu);
        return vector;
    case BACKEND_EVENT_EXCEPTION:
        if (first == X86_DF) {
            vm_crash(vcpu, "triple fault");
            return -1;
        }
        return is_double_fault(first, vector) ? X86_DF : vector;
    default:
        return vector;
    }
}

void x86_fault(struct vcpu *vcpu, enum x86_vector vector, uint32_t error)
{
    int combined = combine(vcpu, (uint8_t)vector);

    if (combined < 0)
        return;
    /* Faults are delivered with RF set, so that the handler's return does not hit a breakpoint at the same
     * place again (SDM vol. 3B, 19.3.1.1); #DB is a trap where we raise it. */
    if (combined != X86_DB)
        backend_rflags_set(vcpu, backend_rflags(vcpu) | X86_RFLAGS_RF);
    else /* its handler may use the registers (SDM vol. 3B, 18.2.4) */
        backend_dr7_unguard(vcpu);
    backend_inject_exception(vcpu, (uint8_t)combined, has_error_code((uint8_t)combined),
                             combined == X86_DF ? 0 : error);
}

void x86_page_fault(struct vcpu *vcpu, uint64_t linear, uint32_t error)
{
    backend_cr_set(vcpu, 2, linear);
    x86_fault(vcpu, X86_PF, error);
}

#define DR6_BS BIT(14)

void x86_instruction_done(struct vcpu *vcpu)
{
    uint64_t rflags = backend_rflags(vcpu);

    backend_rflags_set(vcpu, rflags & ~(uint64_t)X86_RFLAGS_RF);
    if (rflags & X86_RFLAGS_TF) {
        backend_dr6_or(vcpu, DR6_BS);
        x86_fault(vcpu, X86_DB, 0);
    }
}
