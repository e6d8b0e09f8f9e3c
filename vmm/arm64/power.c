/* SPDX-License-Identifier: BSD-2-Clause */
#include "../irqchip/gic/gic.h"
#include "../vm/vm.h"
#include "arm64.h"
#include "sysreg.h"

/*
 * Which vCPUs are on: PSCI (DEN 0022D), 5.4 to 5.7 and 6.4.3 "Initial core configuration". Whoever takes a
 * vCPU from "off" to "on pending" owns its entry point until the vCPU itself has started, so of two callers
 * one is told ON_PENDING.
 */
#define MPIDR_RES1 BIT(31)

static uint64_t mpidr_of(unsigned id)
{
    uint32_t affinity = gic_affinity(id);

    return MPIDR_RES1 | (uint64_t)(affinity >> 24) << 32 | (affinity & 0xffffff);
}

void vcpu_power_on(struct vcpu *vcpu, uint64_t entry, uint64_t context)
{
    sysreg_file_reset(&vcpu->arch.sysregs);
    caches_reset(vcpu);
    backend_reset(vcpu, arm64_host.midr, mpidr_of(vcpu->id));
    vcpu->arch.pc = entry;
    vcpu->arch.x[0] = context;
    vcpu->activity = VCPU_RUNNING;
    atomic_store(&vcpu->arch.power, VCPU_POWER_ON);
}

void vcpu_power_requested(struct vcpu *vcpu)
{
    if (atomic_load(&vcpu->arch.power) != VCPU_POWER_ON_PENDING)
        return;
    gic_interface_reset(vcpu->arch.gic);
    vcpu_power_on(vcpu, vcpu->arch.on_entry, vcpu->arch.on_context);
}

void vcpu_power_off(struct vcpu *vcpu)
{
    gic_leave(vcpu->arch.gic);
    vcpu->activity = VCPU_OFF;
    /* Last: from here on another may start it again. */
    atomic_store(&vcpu->arch.power, VCPU_POWER_OFF);
}

void vcpu_wait(struct vcpu *vcpu)
{
    vcpu->activity = VCPU_HALTED;
    gic_wait(vcpu->arch.gic);
}

/* NULL: nobody has it. */
static struct vcpu *find(struct vm *vm, uint32_t affinity)
{
    uint32_t id = (affinity & 0xf) | (affinity >> 8 & 0xff) << 4 | (affinity >> 16 & 0xff) << 12;

    return id < vm->vcpu_count && gic_affinity(id) == affinity ? vm->vcpus[id] : NULL;
}

int64_t vcpu_power_start(struct vm *vm, uint32_t affinity, uint64_t entry, uint64_t context)
{
    struct vcpu *target = find(vm, affinity);
    uint32_t before = VCPU_POWER_OFF;

    if (target == NULL)
        return PSCI_INVALID_PARAMETERS;
    if (!atomic_compare_exchange_strong(&target->arch.power, &before, VCPU_POWER_ON_PENDING))
        return before == VCPU_POWER_ON ? PSCI_ALREADY_ON : PSCI_ON_PENDING;
    target->arch.on_entry = entry;
    target->arch.on_context = context;
    vcpu_request(target, VCPU_REQ_ON); /* publishes the two */
    return PSCI_SUCCESS;
}

/* 5.7.1: 0 on, 1 off, 2 on pending. */
int64_t vcpu_power_get(struct vm *vm, uint32_t affinity)
{
    struct vcpu *target = find(vm, affinity);

    if (target == NULL)
        return PSCI_INVALID_PARAMETERS;
    switch (atomic_load(&target->arch.power)) {
    case VCPU_POWER_ON:
        return 0;
    case VCPU_POWER_OFF:
        return 1;
    default:
        return 2;
    }
}
