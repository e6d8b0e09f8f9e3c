/* SPDX-License-Identifier: BSD-2-Clause */
#include "../backend/backend.h"
#include "arch.h"
#include "run.h"
#include "vm.h"
#include <contract/arch.h>
#include <core/event.h>
#include <core/log.h>
#include <core/sched.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A VM's life: threads of vCPUs park and run as its state wants. Whoever changes the state holds the VM's
 * lock, asks the vCPUs to park, and waits until the last one has.
 */

static const char *const state_names[VM_STATES] = {"created", "running", "paused", "stopped", "crashed"};

const char *vm_state_name(enum vm_state state)
{
    return state_names[state];
}

static void state_set(struct vm *vm, enum vm_state state)
{
    atomic_store(&vm->state, (uint8_t)state);
    event_publish("vm.state", "{\"vm\":\"%s\",\"state\":\"%s\"}", vm->config.name, state_names[state]);
}

void vm_vcpu_started(struct vcpu *vcpu)
{
    if (!vcpu->is_started) {
        vcpu->is_started = true;
        thread_fpu_reset();
    }
    vcpu_arch_resumed(vcpu);
}

void vm_vcpu_parked(struct vcpu *vcpu)
{
    struct vm *vm = vcpu->vm;

    vcpu_arch_parked(vcpu);
    if (atomic_load(&vcpu->requests) & VCPU_REQ_TLB_FLUSH)
        waitq_wake_all(&vm->flushed);
    if (atomic_fetch_sub(&vm->running, 1) == 1)
        waitq_wake_all(&vm->parked);
}

/* Lets all vCPUs run. Lock held. */
static void vcpus_run(struct vm *vm)
{
    atomic_store(&vm->running, vm->vcpu_count);
    vm_clock_resume(&vm->clock);
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        atomic_fetch_and(&vm->vcpus[i]->requests, ~(unsigned)VCPU_REQ_PARK);
        atomic_store(&vm->vcpus[i]->is_in_loop, true);
        thread_wake(vm->vcpus[i]->thread);
    }
}

static void vcpus_ask_to_park(struct vm *vm)
{
    for (unsigned i = 0; i < vm->vcpu_count; i++)
        vcpu_request(vm->vcpus[i], VCPU_REQ_PARK);
}

/* Stops all vCPUs and the VM's clock. Lock held. */
static void vcpus_park(struct vm *vm)
{
    vcpus_ask_to_park(vm);
    wait_event(&vm->parked, atomic_load(&vm->running) == 0);
    vm_clock_pause(&vm->clock);
}

void vm_end(struct vm *vm, enum vm_end reason)
{
    uint32_t none = VM_END_NONE;

    if (!atomic_compare_exchange_strong(&vm->end_reason, &none, (uint32_t)reason))
        return;
    vcpus_ask_to_park(vm);
    vm_ended(vm);
}

void vm_crash(struct vcpu *vcpu, const char *format, ...)
{
    struct vm *vm = vcpu->vm;
    va_list args;

    if (!atomic_exchange(&vm->has_crash, true)) {
        va_start(args, format);
        vsnprintf(vm->crash.reason, sizeof(vm->crash.reason), format, args);
        va_end(args);
        vm->crash.exit = vm_exit_name(vcpu->exit.kind);
        vm->crash.vcpu = vcpu->id;
        vm->crash.pc = vcpu_arch_pc(vcpu, &vm->crash.pc_name);
        vm->crash.register_count = vcpu_arch_registers(vcpu, vm->crash.registers);
    }
    vm_end(vm, VM_END_CRASH);
}

static int wrong_state(struct vm *vm, struct vm_error *error, const char *action)
{
    return vm_refuse(error, -EPERM, "state", "VM \"%s\" cannot be %s while it is %s", vm->config.name, action,
                     state_names[atomic_load(&vm->state)]);
}

/* Lock held; no vCPU runs. */
static int power_on(struct vm *vm, struct vm_error *error)
{
    struct device *device;
    int result;

    atomic_store(&vm->restart_at_ns, 0);
    vm->powered_on_ns = vm_clock_now_ns(&vm->clock);
    atomic_store(&vm->end_reason, VM_END_NONE);
    atomic_store(&vm->has_crash, false);
    TAILQ_FOREACH (device, &vm->devices, link)
        device->ops->reset(device);
    machine_reset(vm);
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        /* A flush that it owes is not forgotten: who asked for it takes a parked vCPU's for done. */
        atomic_store(&vm->vcpus[i]->requests, VCPU_REQ_PARK | VCPU_REQ_TLB_FLUSH);
        vm->vcpus[i]->is_started = false;
        vcpu_arch_reset(vm->vcpus[i]);
    }
    result = machine_boot(vm, error);
    if (result != 0)
        return result;
    state_set(vm, VM_RUNNING);
    vcpus_run(vm);
    return 0;
}

int vm_start(struct vm *vm, struct vm_error *error)
{
    enum vm_state state;
    int result;

    mutex_lock(&vm->lock);
    state = (enum vm_state)atomic_load(&vm->state);
    if (state == VM_RUNNING || state == VM_PAUSED || vm->is_deleted)
        result = wrong_state(vm, error, "started");
    else
        result = power_on(vm, error);
    atomic_store(&vm->restarts, 0); /* an operator has looked at it */
    mutex_unlock(&vm->lock);
    return result;
}

int vm_stop(struct vm *vm, struct vm_error *error)
{
    int result = 0;
    enum vm_state state;

    mutex_lock(&vm->lock);
    state = atomic_load(&vm->state);
    if (state == VM_RUNNING)
        vcpus_park(vm);
    if (state == VM_RUNNING || state == VM_PAUSED)
        state_set(vm, VM_STOPPED);
    else if (atomic_exchange(&vm->restart_at_ns, 0) == 0)
        result = wrong_state(vm, error, "stopped");
    mutex_unlock(&vm->lock);
    return result;
}

int vm_pause(struct vm *vm, struct vm_error *error)
{
    int result = 0;

    mutex_lock(&vm->lock);
    if (atomic_load(&vm->state) == VM_RUNNING) {
        vcpus_park(vm);
        /* A guest that ended itself meanwhile stays as it is until vm_settle(): there is nothing to resume.
         */
        if (atomic_load(&vm->end_reason) == VM_END_NONE)
            state_set(vm, VM_PAUSED);
        else
            result = vm_refuse(error, -EPERM, "state", "VM \"%s\" has just ended", vm->config.name);
    } else {
        result = wrong_state(vm, error, "paused");
    }
    mutex_unlock(&vm->lock);
    return result;
}

int vm_resume(struct vm *vm, struct vm_error *error)
{
    int result = 0;

    mutex_lock(&vm->lock);
    if (atomic_load(&vm->state) == VM_PAUSED) {
        state_set(vm, VM_RUNNING);
        vcpus_run(vm);
    } else {
        result = wrong_state(vm, error, "resumed");
    }
    mutex_unlock(&vm->lock);
    return result;
}

int vm_reset(struct vm *vm, struct vm_error *error)
{
    int result;
    enum vm_state state;

    mutex_lock(&vm->lock);
    state = atomic_load(&vm->state);
    if (state == VM_RUNNING)
        vcpus_park(vm);
    result =
        state == VM_RUNNING || state == VM_PAUSED ? power_on(vm, error) : wrong_state(vm, error, "reset");
    mutex_unlock(&vm->lock);
    return result;
}

int vm_nmi(struct vm *vm, struct vm_error *error)
{
    if (atomic_load(&vm->state) != VM_RUNNING)
        return wrong_state(vm, error, "sent an NMI");
    machine_nmi(vm);
    return 0;
}

#define RESTART_FIRST_NS  NSEC_PER_SEC
#define RESTART_DOUBLINGS 6
#define RESTART_STABLE_NS (60 * NSEC_PER_SEC)

/* The restart policy: at once would let a guest that crashes at boot eat a CPU, so the pauses grow. Lock
 * held. */
static void restart_plan(struct vm *vm)
{
    unsigned before = atomic_fetch_add(&vm->restarts, 1);
    uint64_t at_ns = clock_now_ns() + (RESTART_FIRST_NS << MIN(before, RESTART_DOUBLINGS));

    atomic_store(&vm->restart_at_ns, at_ns);
    timer_arm(&vm->restart_timer, at_ns);
}

/* Lock held; the guest has ended its run. */
static void settle_ended(struct vm *vm, enum vm_end reason)
{
    struct vm_error error;

    vcpus_park(vm);
    if (reason == VM_END_RESET) {
        if (power_on(vm, &error) != 0) {
            log_warning("vm %s: cannot start again: %s", vm->config.name, error.detail);
            state_set(vm, VM_CRASHED);
        }
        return;
    }
    if (reason == VM_END_CRASH)
        log_warning("vm %s: crashed: %s (vCPU %u, %s %#llx)", vm->config.name, vm->crash.reason,
                    vm->crash.vcpu, vm->crash.pc_name, (unsigned long long)vm->crash.pc);
    state_set(vm, reason == VM_END_CRASH ? VM_CRASHED : VM_STOPPED);
    if (vm_clock_now_ns(&vm->clock) - vm->powered_on_ns >= RESTART_STABLE_NS)
        atomic_store(&vm->restarts, 0);
    if (vm->config.restart == VM_RESTART_ALWAYS ||
        (vm->config.restart == VM_RESTART_ON_CRASH && reason == VM_END_CRASH))
        restart_plan(vm);
}

/* Lock held; it has ended, and its pause may be over. */
static void settle_restart(struct vm *vm)
{
    struct vm_error error;

    /* Called for something else that happened before the pause began: the timer calls again. */
    if (clock_now_ns() < atomic_load(&vm->restart_at_ns))
        return;
    log_info("vm %s: is started again (%u in a row)", vm->config.name, atomic_load(&vm->restarts));
    if (power_on(vm, &error) != 0) {
        log_warning("vm %s: cannot start again: %s", vm->config.name, error.detail);
        restart_plan(vm);
    }
}

void vm_settle(struct vm *vm)
{
    enum vm_state state;
    enum vm_end reason;

    mutex_lock(&vm->lock);
    state = (enum vm_state)atomic_load(&vm->state);
    reason = (enum vm_end)atomic_load(&vm->end_reason);
    if (state == VM_RUNNING && reason != VM_END_NONE) {
        settle_ended(vm, reason);
    } else if ((state == VM_STOPPED || state == VM_CRASHED) && atomic_load(&vm->restart_at_ns)) {
        settle_restart(vm);
    }
    mutex_unlock(&vm->lock);
}
