/* SPDX-License-Identifier: BSD-2-Clause */
#include "../vm/vm.h"
#include "arm64.h"
#include "psci.h"
#include <core/random.h>

/* HVC and SMC: what smccc.c makes of a call, done. Both mean the same here. */

static const struct smccc_config config = {
    .workaround = arm64_host.workaround,
    .has_random = true,
    .has_stolen_time = true,
};

static void random_give(struct vcpu *vcpu, const struct smccc_action *action)
{
    uint8_t entropy[24];

    random_bytes(entropy, sizeof(entropy));
    smccc_random_return(action, entropy, vcpu->arch.x);
}

static no_inline void call_do(struct vcpu *vcpu, enum smccc_action_kind kind,
                              const struct smccc_action *action)
{
    uint64_t *x = vcpu->arch.x;

    switch (kind) {
    case SMCCC_CPU_ON:
        x[0] = (uint64_t)vcpu_power_start(vcpu->vm, action->target, action->entry, action->context);
        break;
    case SMCCC_CPU_OFF:
        vcpu_power_off(vcpu);
        break;
    case SMCCC_SUSPEND:
        x[0] = PSCI_SUCCESS;
        vcpu_wait(vcpu);
        break;
    case SMCCC_AFFINITY_INFO:
        x[0] = (uint64_t)vcpu_power_get(vcpu->vm, action->target);
        break;
    case SMCCC_SYSTEM_OFF:
        vm_end(vcpu->vm, VM_END_POWEROFF);
        break;
    case SMCCC_SYSTEM_RESET:
        vm_end(vcpu->vm, VM_END_RESET);
        break;
    case SMCCC_RANDOM:
        random_give(vcpu, action);
        break;
    case SMCCC_PREDICTORS:
        backend_predictors_clear();
        (void)smccc_answer(x, 0);
        break;
    case SMCCC_STOLEN_TIME:
        x[0] = stolen_time_enable(vcpu);
        break;
    case SMCCC_RETURN:
        break;
    }
}

void call_exit(struct vcpu *vcpu)
{
    struct smccc_action action;
    uint64_t *x = vcpu->arch.x;
    enum smccc_action_kind kind =
        likely(psci_owns(x[0])) ? psci_handle(x, &action) : smccc_handle(&config, x, &action);

    if (unlikely(kind != SMCCC_RETURN))
        call_do(vcpu, kind, &action);
}
