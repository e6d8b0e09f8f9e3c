/* SPDX-License-Identifier: BSD-2-Clause */
#include "vcpu.h"

#include "../irqchip/x86.h"
#include "run.h"
#include "vm.h"
#include <arch/cpu.h>
#include <contract/arch.h>
#include <core/cpu.h>
#include <core/sched.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * A vCPU's thread. It parks until the VM runs, then enters the guest again and again. Whoever wants something
 * of it sets a request and interrupts it: the flag is read after `mode` says that the guest is entered, and
 * written before `mode` is read, so one of the two sees the other (both are sequentially consistent).
 */

void vcpu_request(struct vcpu *vcpu, unsigned request)
{
    unsigned cpu;

    atomic_fetch_or(&vcpu->requests, request);
    switch (atomic_load(&vcpu->mode)) {
    case VCPU_IN_GUEST:
        cpu = atomic_load_explicit(&vcpu->cpu, memory_order_relaxed);
        /* On this very CPU it cannot be in the guest while we run. */
        if (cpu != cpu_id())
            arch_cpu_kick(cpu);
        break;
    case VCPU_WAITING:
        waitq_wake_one(&vcpu->wakeup);
        break;
    default:
        break;
    }
}

void vcpu_kick(struct vcpu *vcpu)
{
    vcpu_request(vcpu, VCPU_REQ_EVENT);
}

void vcpu_signal_init(struct vcpu *vcpu)
{
    vcpu_request(vcpu, VCPU_REQ_INIT);
}

void vcpu_signal_sipi(struct vcpu *vcpu, uint8_t vector)
{
    atomic_store(&vcpu->sipi_vector, vector);
    vcpu_request(vcpu, VCPU_REQ_SIPI);
}

void vcpu_signal_nmi(struct vcpu *vcpu)
{
    vcpu_request(vcpu, VCPU_REQ_NMI);
}

void vcpu_reset(struct vcpu *vcpu, bool is_init)
{
    struct x86_regs regs;

    x86_regs_reset(&regs);
    if (is_init) {
        /* INIT leaves CD and NW as they were and the FPU alone: SDM vol. 3A, table 10-1. */
        regs.cr0 = (regs.cr0 & ~0x60000000ULL) | (backend_cr_get(vcpu, 0) & 0x60000000ULL);
        lapic_init_reset(vcpu->lapic);
    } else {
        x86_msrs_reset(vcpu);
    }
    backend_regs_set(vcpu, &regs);
    vcpu->is_nmi_pending = false;
    vcpu->activity = vcpu->id == 0 && !is_init ? VCPU_RUNNING : VCPU_WAIT_SIPI;
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

/* Requests that the thread itself handles. Returns false if it is to leave the run loop. */
static bool requests_handle(struct vcpu *vcpu)
{
    unsigned requests = atomic_fetch_and(&vcpu->requests, VCPU_REQ_PARK);

    if (requests & VCPU_REQ_PARK)
        atomic_fetch_or(&vcpu->requests, requests & ~(unsigned)VCPU_REQ_PARK);
    if (requests & VCPU_REQ_PARK)
        return false;
    if (requests & VCPU_REQ_TLB_FLUSH)
        backend_tlb_flush(vcpu);
    if (requests & VCPU_REQ_CLOCK)
        x86_clock_update(vcpu);
    if (requests & VCPU_REQ_INIT)
        vcpu_reset(vcpu, true);
    if ((requests & VCPU_REQ_SIPI) && vcpu->activity == VCPU_WAIT_SIPI)
        start_at(vcpu, atomic_load(&vcpu->sipi_vector));
    if (requests & VCPU_REQ_NMI)
        vcpu->is_nmi_pending = true;
    return true;
}

/* Gives the guest what it can take now, and asks to be told when it can take the rest. */
static void events_inject(struct vcpu *vcpu)
{
    int vector;

    if (unlikely(vcpu->is_nmi_pending) && backend_nmi_allowed(vcpu)) {
        vcpu->is_nmi_pending = false;
        backend_inject_nmi(vcpu);
    }
    vector = lapic_pending_vector(vcpu->lapic);
    if (likely(vector < 0)) {
        backend_irq_window(vcpu, false);
    } else if (backend_irq_allowed(vcpu)) {
        backend_irq_window(vcpu, false);
        backend_inject_irq(vcpu, (uint8_t)lapic_acknowledge(vcpu->lapic));
    } else {
        backend_irq_window(vcpu, true);
    }
    /* Last: the two windows may share what closing one takes away. */
    if (unlikely(vcpu->is_nmi_pending))
        backend_nmi_window(vcpu, true);
}

/* What ends HLT: an NMI, or an interrupt that the guest has not masked (SDM vol. 2, HLT). */
static bool halt_ends(struct vcpu *vcpu)
{
    return vcpu->is_nmi_pending || (backend_irq_allowed(vcpu) && lapic_pending_vector(vcpu->lapic) >= 0);
}

static bool can_wake(struct vcpu *vcpu)
{
    return atomic_load(&vcpu->requests) != 0 || (vcpu->activity == VCPU_HALTED && halt_ends(vcpu));
}

/* The guest halts, or waits for its start-up: so does the thread. */
static void wait_for_work(struct vcpu *vcpu)
{
    uint64_t from = clock_now_ns();

    atomic_store(&vcpu->mode, VCPU_WAITING);
    wait_event(&vcpu->wakeup, can_wake(vcpu));
    atomic_store(&vcpu->mode, VCPU_OUTSIDE);
    vcpu->stats.halted_ns += clock_now_ns() - from;
    if (vcpu->activity == VCPU_HALTED && (halt_ends(vcpu) || (atomic_load(&vcpu->requests) & VCPU_REQ_NMI)))
        vcpu->activity = VCPU_RUNNING;
}

/* One trip into the guest; false if something has come up before it. */
static bool enter(struct vcpu *vcpu)
{
    arch_irq_disable();
    atomic_store_explicit(&vcpu->cpu, cpu_id(), memory_order_relaxed);
    atomic_store(&vcpu->mode, VCPU_IN_GUEST);
    if (unlikely(atomic_load(&vcpu->requests) != 0)) {
        atomic_store_explicit(&vcpu->mode, VCPU_OUTSIDE, memory_order_relaxed);
        arch_irq_enable();
        return false;
    }
    backend_enter(vcpu, &vcpu->exit);
    atomic_store_explicit(&vcpu->mode, VCPU_OUTSIDE, memory_order_release);
    return true;
}

static void run(struct vcpu *vcpu)
{
    for (;;) {
        if (unlikely(atomic_load_explicit(&vcpu->requests, memory_order_relaxed) != 0) &&
            !requests_handle(vcpu))
            return;
        if (unlikely(vcpu->activity != VCPU_RUNNING)) {
            wait_for_work(vcpu);
            continue;
        }
        events_inject(vcpu);
        if (enter(vcpu)) {
            vcpu->stats.exits[vcpu->exit.kind]++;
            exit_handle(vcpu);
        }
    }
}

/*
 * Not the park request: it may be back before this thread has seen that it was gone, and whoever asks waits
 * for every vCPU that was told to run.
 */
static bool should_run(struct vcpu *vcpu)
{
    return atomic_load(&vcpu->is_in_loop) || atomic_load(&vcpu->is_dying);
}

static void vcpu_main(void *arg)
{
    struct vcpu *vcpu = arg;

    for (;;) {
        atomic_store(&vcpu->mode, VCPU_WAITING);
        wait_event(&vcpu->wakeup, should_run(vcpu));
        atomic_store(&vcpu->mode, VCPU_OUTSIDE);
        if (vcpu->is_dying)
            return;
        vm_vcpu_started(vcpu);
        run(vcpu);
        atomic_store(&vcpu->is_in_loop, false);
        vm_vcpu_parked(vcpu);
    }
}

int vcpu_create(struct vm *vm, unsigned id, struct vcpu **out)
{
    struct vcpu *vcpu = calloc(1, sizeof(*vcpu));
    int error;

    if (vcpu == NULL)
        return -ENOMEM;
    vcpu->vm = vm;
    vcpu->id = id;
    waitq_init(&vcpu->wakeup);
    atomic_init(&vcpu->requests, VCPU_REQ_PARK);
    error = backend_vcpu_init(vcpu);
    if (error) {
        free(vcpu);
        return error;
    }
    *out = vcpu;
    return 0;
}

int vcpu_thread_start(struct vcpu *vcpu)
{
    char name[16];

    snprintf(name, sizeof(name), "vcpu/%u", vcpu->id);
    return thread_create(&(struct thread_params){.name = name,
                                                 .prio = THREAD_PRIO_VCPU,
                                                 .flags = THREAD_GUEST_FPU,
                                                 .cpu = THREAD_CPU_ANY,
                                                 .fn = vcpu_main,
                                                 .arg = vcpu},
                         &vcpu->thread);
}

void vcpu_destroy(struct vcpu *vcpu)
{
    if (vcpu->thread != NULL) {
        atomic_store(&vcpu->is_dying, true);
        waitq_wake_one(&vcpu->wakeup);
        thread_join(vcpu->thread);
    }
    backend_vcpu_fini(vcpu);
    free(vcpu);
}
