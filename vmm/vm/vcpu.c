/* SPDX-License-Identifier: BSD-2-Clause */
#include "vcpu.h"

#include "../backend/backend.h"
#include "../irqchip/irqchip.h"
#include "arch.h"
#include "run.h"
#include "vm.h"
#include <arch/clock.h>
#include <arch/cpu.h>
#include <arch/percpu.h>
#include <arch/thread.h>
#include <contract/arch.h>
#include <core/cpu.h>
#include <core/sched.h>
#include <errno.h>
#include <guest/events.h>
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
        thread_wake(vcpu->thread);
        break;
    default:
        break;
    }
}

void vcpu_kick(struct vcpu *vcpu)
{
    vcpu_request(vcpu, VCPU_REQ_EVENT);
}

/* Requests that the thread itself handles. Returns false if it is to leave the run loop. */
static bool requests_handle(struct vcpu *vcpu)
{
    unsigned requests = atomic_fetch_and(&vcpu->requests, VCPU_REQ_PARK);

    if (requests & VCPU_REQ_PARK) {
        atomic_fetch_or(&vcpu->requests, requests & ~(unsigned)VCPU_REQ_PARK);
        return false;
    }
    if (requests & VCPU_REQ_TLB_FLUSH) {
        backend_tlb_flush(vcpu);
        waitq_wake_all(&vcpu->vm->flushed);
    }
    if (requests & ~(unsigned)(VCPU_REQ_TLB_FLUSH | VCPU_REQ_EVENT))
        vcpu_arch_requests(vcpu, requests);
    return true;
}

static bool can_wake(struct vcpu *vcpu)
{
    return atomic_load(&vcpu->requests) != 0 || (vcpu->activity == VCPU_HALTED && vcpu_arch_halt_ends(vcpu));
}

/*
 * Time halted is kept in one word, so that others can read it at any moment: the sum, or while the vCPU is
 * halted, with this bit set, when it would have begun if all its halts had been one. The time between the end
 * of a halt and a CPU that is free for its thread is not part of it.
 */
#define HALTED_NOW BIT(63)

uint64_t vcpu_halted_cycles(const struct vcpu *vcpu, uint64_t steal_cycles)
{
    uint64_t halted = __atomic_load_n(&vcpu->stats.halted, __ATOMIC_RELAXED);

    if (halted & HALTED_NOW) {
        halted = arch_clock_cycles() - (halted & ~HALTED_NOW) - steal_cycles;
        /* This CPU's counter may be a trace behind that of where it began. */
        halted = halted & HALTED_NOW ? 0 : halted;
    }
    return halted;
}

static void halted_set(struct vcpu *vcpu, uint64_t value)
{
    __atomic_store_n(&vcpu->stats.halted, value, __ATOMIC_RELAXED);
}

/* The guest halts, or waits for its start-up: so does the thread. */
static void wait_for_work(struct vcpu *vcpu)
{
    /* What ends HLT may be there already. */
    if (vcpu->activity == VCPU_HALTED && vcpu_arch_halt_ends(vcpu)) {
        vcpu->activity = VCPU_RUNNING;
        return;
    }
    halted_set(vcpu, (arch_clock_cycles() - vcpu->stats.halted - thread_own_steal_cycles()) | HALTED_NOW);
    atomic_store(&vcpu->mode, VCPU_WAITING);
    thread_wait(can_wake(vcpu));
    atomic_store(&vcpu->mode, VCPU_OUTSIDE);
    halted_set(vcpu, vcpu_halted_cycles(vcpu, thread_own_steal_cycles()));
    if (vcpu->activity == VCPU_HALTED && vcpu_arch_halt_ends(vcpu))
        vcpu->activity = VCPU_RUNNING;
}

/*
 * One trip into the guest; false if a request has come up before it. Inline, like everything between two
 * entries that is usually nothing but a look. No register survives the guest, so *at is where the way back
 * has found the vCPU instead of a copy on the stack.
 */
static always_inline bool enter(struct vcpu **at)
{
    struct vcpu *vcpu = *at;

    arch_irq_disable();
    atomic_store_explicit(&vcpu->cpu, arch_cpu_id(), memory_order_relaxed);
    atomic_store(&vcpu->mode, VCPU_IN_GUEST);
    if (unlikely(atomic_load(&vcpu->requests) != 0)) {
        atomic_store_explicit(&vcpu->mode, VCPU_OUTSIDE, memory_order_relaxed);
        arch_irq_enable();
        return false;
    }
    /* No way back from here: the entry may owe this CPU's TLB a flush. */
    backend_prepare(vcpu);
    vcpu = *at = backend_enter(vcpu);
    atomic_store_explicit(&vcpu->mode, VCPU_OUTSIDE, memory_order_release);
    return true;
}

static always_inline void audited_end(struct vcpu *vcpu)
{
    if (IS_ENABLED(CONFIG_DEBUG))
        audit_end(&vcpu->stats.audits[vcpu->exit.kind]);
}

static void run(struct vcpu *vcpu)
{
    for (;;) {
        if (unlikely(vcpu->activity != VCPU_RUNNING)) {
            wait_for_work(vcpu);
        } else {
            audit_begin();
            vcpu_events_inject(vcpu);
            audited_end(vcpu);
            if (likely(enter(&vcpu))) {
                vcpu->stats.exits[vcpu->exit.kind]++;
                audit_begin();
                exit_handle(vcpu);
                audited_end(vcpu);
                continue;
            }
        }
        if (atomic_load(&vcpu->requests) != 0 && !requests_handle(vcpu))
            break;
    }
    /* Returns from here on go with calls from before the guest ran. */
    arch_returns_fill();
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
        thread_wait(should_run(vcpu));
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
    vcpu->serial = vm->serial << VCPU_SERIAL_VM_SHIFT | id;
    atomic_init(&vcpu->requests, VCPU_REQ_PARK);
    error = vcpu_arch_init(vcpu);
    if (!error)
        error = backend_vcpu_init(vcpu);
    if (error) {
        vcpu_arch_fini(vcpu);
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
                                                 .arg = vcpu,
                                                 .away = BACKEND_AWAY},
                         &vcpu->thread);
}

void vcpu_thread_end(struct vcpu *vcpu)
{
    atomic_store(&vcpu->is_dying, true);
    if (vcpu->thread != NULL)
        thread_wake(vcpu->thread);
}

void vcpu_destroy(struct vcpu *vcpu)
{
    if (vcpu->thread != NULL)
        thread_join(vcpu->thread);
    backend_vcpu_fini(vcpu);
    vcpu_arch_fini(vcpu);
    free(vcpu);
}
