/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../arm64/workaround.h"
#include "../../vm/vm.h"
#include "arm64.h"
#include <arch/firmware.h>

/*
 * CPUs whose branch predictors one VM could train against the next forget what they have learnt when a CPU
 * goes on with another VM's vCPU, by a call of firmware. Arm DEN 0028 (SMCCC), "Arm Architecture
 * Calls".
 */
#define PSCI_VERSION  0x84000000U
#define PSCI_FEATURES 0x8400000aU
#define PSCI_1_0      0x10000
#define SMCCC_1_1     0x10001

/* Before PSCI 1.0 and SMCCC 1.1 nothing could be asked: DEN 0028, "Discovery". */
static bool can_be_asked(void)
{
    return arch_firmware_call(PSCI_VERSION, 0) >= PSCI_1_0 &&
           arch_firmware_call(PSCI_FEATURES, SMCCC_VERSION) >= 0 &&
           arch_firmware_call(SMCCC_VERSION, 0) >= SMCCC_1_1;
}

void arm64_workarounds_read(const uint64_t *id, uint64_t midr, enum smccc_workaround decided[])
{
    static const uint32_t functions[WORKAROUNDS] = {SMCCC_WORKAROUND_1, SMCCC_WORKAROUND_2,
                                                    SMCCC_WORKAROUND_3};
    struct workaround_facts facts = {.id = id, .midr = midr};
    bool answers = can_be_asked();

    for (unsigned i = 0; i < WORKAROUNDS; i++)
        facts.firmware[i] = answers ? arch_firmware_call(SMCCC_ARCH_FEATURES, functions[i]) : -1;
    for (unsigned i = 0; i < WORKAROUNDS; i++)
        decided[i] = workaround_decide(&facts, i);
    this_cpu_ptr(arm64_cpu)->barrier = workaround_barrier(decided);
}

void arm64_predictors_switch(struct arm64_cpu *cpu, const struct vcpu *vcpu)
{
    uint64_t vm = VCPU_SERIAL_VM(vcpu->serial);

    if (unlikely(cpu->barrier != 0 && cpu->predictors_vm != vm))
        (void)arch_firmware_call(cpu->barrier, 0);
    cpu->predictors_vm = vm;
}

/* Whichever CPU it is on when the guest's call gets here is the one that it goes on with, or else its thread
 * has moved, and with it the guest to predictors that it has not trained. */
void backend_predictors_clear(void)
{
    arch_irq_state_t state = arch_irq_save();
    uint32_t barrier = this_cpu_ptr(arm64_cpu)->barrier;

    if (barrier != 0)
        (void)arch_firmware_call(barrier, 0);
    arch_irq_restore(state);
}
