/* SPDX-License-Identifier: BSD-2-Clause */
#include "caches.h"

#include "../vm/vm.h"
#include "arm64.h"

/*
 * What caches.h says, done. Cleaning takes its time: it is a request of the vCPU's own, so that it runs
 * outside the exit, in steps, and the vCPU can be stopped between them. Until the last step the vCPU is not
 * in the guest, which so finds done what it has asked for.
 */
static void do_steps(struct vcpu *vcpu, unsigned steps)
{
    if (steps & (CACHES_WATCH | CACHES_UNWATCH)) {
        vcpu->arch.are_caches_watched = (steps & CACHES_WATCH) != 0;
        backend_stage1_watch(vcpu, vcpu->arch.are_caches_watched);
    }
    if (steps & CACHES_CLEAN) {
        vcpu->arch.is_cleaning = true;
        vcpu->arch.cleaned = (struct mapped_walk){0};
        atomic_fetch_or(&vcpu->requests, VCPU_REQ_CLEAN);
    }
}

void caches_set_way(struct vcpu *vcpu)
{
    do_steps(vcpu, caches_set_way_steps(arm64_host.has_fwb, vcpu->arch.are_caches_watched));
}

bool caches_register_write(struct vcpu *vcpu, unsigned key, uint64_t value)
{
    uint64_t before;
    enum arm64_el1_reg reg;

    if (!vcpu->arch.are_caches_watched || !caches_watched_register(key, &reg))
        return false;
    before = backend_el1_get(vcpu, ARM64_SCTLR_EL1);
    backend_el1_set(vcpu, reg, value);
    do_steps(vcpu, caches_write_steps(before, reg == ARM64_SCTLR_EL1 ? value : before));
    return true;
}

/* CSSELR_EL1's Level and InD. */
#define CSSELR_MASK 0xfULL

void caches_size_access(struct vcpu *vcpu, unsigned key, bool is_read, uint64_t *value)
{
    if (!is_read) {
        backend_el1_set(vcpu, ARM64_CSSELR_EL1, *value & CSSELR_MASK);
        return;
    }
    *value = backend_el1_get(vcpu, ARM64_CSSELR_EL1);
    if (key == SYSREG_CCSIDR_EL1)
        *value = caches_size(vcpu->arch.sysregs.id[ID_INDEX(SYSREG_CTR_EL0)], *value);
}

void caches_clean_requested(struct vcpu *vcpu)
{
    if (!vcpu->arch.is_cleaning)
        return;
    vcpu->arch.is_cleaning = backend_memory_clean(vcpu->vm, &vcpu->arch.cleaned);
    if (vcpu->arch.is_cleaning)
        atomic_fetch_or(&vcpu->requests, VCPU_REQ_CLEAN);
}

void caches_reset(struct vcpu *vcpu)
{
    vcpu->arch.are_caches_watched = false;
    vcpu->arch.is_cleaning = false;
}

/*
 * The loader has written through the host's caches, and a life before this one through its own, where the
 * guest begins with its caches off. All of it leaves them before the first instruction of the vCPU that
 * boots; the others are off until that one starts them. On its thread, not on that of whoever starts VMs:
 * large ones take their time. A VM that is paused meanwhile goes on with it when it goes on; one that is
 * reset begins anew.
 */
void caches_boot(struct vcpu *vcpu)
{
    do_steps(vcpu, CACHES_CLEAN);
}
