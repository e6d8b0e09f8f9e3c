/* SPDX-License-Identifier: BSD-2-Clause */
#include "../vm/vm.h"
#include "arm64.h"
#include "esr.h"
#include "machine.h"
#include "stage1.h"
#include <errno.h>

/* Faults of stage 2. */

static bool table_read(void *context, uint64_t at, uint64_t *entry)
{
    struct vcpu *vcpu = context;

    return gmem_read(&vcpu->vm->gmem, gpa(at), entry, sizeof(*entry)) == 0;
}

/* Nobody answers: what a bus would report (Arm ARM, D8.16.6, synchronous external abort). */
static no_inline void abort_access(struct vcpu *vcpu)
{
    uint64_t pc = vcpu->arch.pc;

    backend_inject_abort(vcpu, vcpu->exit.fault.is_fetch,
                         ESR_FSC_EXTERNAL | (vcpu->arch.esr & (ESR_WNR | ESR_CM)), vcpu->arch.far);
    /* The vector of aborts is what cannot be fetched: the vCPU would do nothing else for ever. */
    if (vcpu->exit.fault.is_fetch && vcpu->arch.pc == pc)
        vm_crash(vcpu, "no memory at the vector of its exceptions, %#llx", (unsigned long long)pc);
}

/*
 * The same to the walk of the guest's own tables. The syndrome has to say at which level, which the CPU has
 * not told: what it gave is about stage 2. If there is no such level any more, the access is done again.
 */
static no_inline void abort_walk(struct vcpu *vcpu)
{
    const struct stage1 tables = {.tcr = backend_el1_get(vcpu, ARM64_TCR_EL1),
                                  .ttbr0 = backend_el1_get(vcpu, ARM64_TTBR0_EL1),
                                  .ttbr1 = backend_el1_get(vcpu, ARM64_TTBR1_EL1)};
    int level = stage1_hole_level(&tables, vcpu->arch.far, table_read, vcpu);

    if (level >= 0)
        backend_inject_abort(vcpu, vcpu->exit.fault.is_fetch,
                             (ESR_FSC_EXTERNAL_WALK + (unsigned)level) |
                                 (vcpu->arch.esr & (ESR_WNR | ESR_CM)),
                             vcpu->arch.far);
}

/*
 * An access to a device that the syndrome does not describe: pairs, writeback, SIMD registers, exclusives,
 * which devices need not support. Maintenance of caches, which devices do not have, does nothing.
 */
static no_inline void access_undescribed(struct vcpu *vcpu)
{
    if (!vcpu->exit.fault.is_fetch && (vcpu->arch.esr & ESR_CM))
        backend_skip(vcpu);
    else
        abort_access(vcpu);
}

static always_inline bool device_load(struct vcpu *vcpu, uint64_t at, uint64_t esr)
{
    unsigned rt = esr_access_register(esr);
    uint64_t value;

    if (unlikely(!bus_read_hinted(&vcpu->vm->mmio, &vcpu->arch.device, at, esr_access_size(esr), &value)))
        return false;
    if (likely(rt < ARRAY_SIZE(vcpu->arch.x)))
        vcpu->arch.x[rt] = esr_load_value(esr, value);
    return true;
}

static always_inline bool device_store(struct vcpu *vcpu, uint64_t at, uint64_t esr)
{
    unsigned rt = esr_access_register(esr), size = esr_access_size(esr);
    uint64_t value = rt < ARRAY_SIZE(vcpu->arch.x) ? vcpu->arch.x[rt] : 0;

    return bus_write_hinted(&vcpu->vm->mmio, &vcpu->arch.device, at, size, value);
}

static always_inline void device_access(struct vcpu *vcpu)
{
    uint64_t esr = vcpu->arch.esr, at = vcpu->exit.fault.gpa;

    if (unlikely(!(esr & ESR_ISV)))
        access_undescribed(vcpu);
    else if (likely(esr & ESR_WNR ? device_store(vcpu, at, esr) : device_load(vcpu, at, esr)))
        backend_skip(vcpu);
    else
        abort_access(vcpu);
}

/* RAM behind the address, or registers that are the guest's: map it. */
static no_inline void fault_slowly(struct vcpu *vcpu)
{
    gpa_t addr = gpa(vcpu->exit.fault.gpa);
    int error = vm_memory_fault(vcpu->vm, addr, vcpu->exit.fault.is_write);

    if (error == -ENOENT && vcpu->exit.fault.is_final && !vcpu->exit.fault.is_fetch)
        error = machine_gic_map(vcpu->vm, addr);
    if (likely(error == 0))
        return;
    if (error == -ENOMEM) {
        vm_crash(vcpu, "the host has no memory left for page tables");
    } else if (!vcpu->exit.fault.is_final) {
        abort_walk(vcpu);
    } else if (vcpu->exit.fault.is_fetch) {
        abort_access(vcpu);
    } else if (error == -EACCES) {
        backend_skip(vcpu); /* read-only memory does not change */
    } else {
        vcpu->arch.device_page = addr.v >> PAGE_SHIFT;
        device_access(vcpu);
    }
}

/* The page of the last access to a device most likely is the next one's; slots do not change under vCPUs. */
void fault_exit(struct vcpu *vcpu)
{
    if (likely(vcpu->exit.fault.gpa >> PAGE_SHIFT == vcpu->arch.device_page && !vcpu->exit.fault.is_fetch &&
               vcpu->exit.fault.is_final))
        device_access(vcpu);
    else
        fault_slowly(vcpu);
}
