/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../vm/vm.h"
#include "arm64.h"
#include "pstate.h"
#include <arch/sysreg.h>
#include <arch/tlb.h>
#include <core/cpu.h>
#include <core/panic.h>

/*
 * Registers of EL1 and EL0, and what EL2 tells the CPU about a guest: loaded when the vCPU's thread comes to
 * a CPU, saved when it leaves it. The host runs with them in place, HCR_EL2 included: nothing of them has a
 * meaning at EL2.
 */
DEFINE_PERCPU(struct arm64_cpu, arm64_cpu);

const char *const arm64_el1_names[ARM64_EL1_REGS] = {
#define EL1_NAME(name, reset, nvhe, vhe) #nvhe,
    ARM64_EL1_LIST(EL1_NAME)
#undef EL1_NAME
};

static void el1_save(uint64_t *el1)
{
#define EL1_SAVE(name, reset, nvhe, vhe) el1[ARM64_##name] = arch_sysreg_read(nvhe);
    ARM64_EL1_LIST(EL1_SAVE)
#undef EL1_SAVE
}

static void el1_load(const uint64_t *el1)
{
#define EL1_LOAD(name, reset, nvhe, vhe) arch_sysreg_write(nvhe, el1[ARM64_##name]);
    ARM64_EL1_LIST(EL1_LOAD)
#undef EL1_LOAD
}

static void el1_save_vhe(uint64_t *el1)
{
#define EL1_SAVE(name, reset, nvhe, vhe) el1[ARM64_##name] = arch_sysreg_read(vhe);
    ARM64_EL1_LIST(EL1_SAVE)
#undef EL1_SAVE
}

static void el1_load_vhe(const uint64_t *el1)
{
#define EL1_LOAD(name, reset, nvhe, vhe) arch_sysreg_write(vhe, el1[ARM64_##name]);
    ARM64_EL1_LIST(EL1_LOAD)
#undef EL1_LOAD
}

/* APIA, APIB, APDA, APDB, APGA: low and high halves. FEAT_PAuth. */
#define KEY_LIST(X)    \
    X(0, s3_0_c2_c1_0) \
    X(1, s3_0_c2_c1_1) \
    X(2, s3_0_c2_c1_2) \
    X(3, s3_0_c2_c1_3) \
    X(4, s3_0_c2_c2_0) \
    X(5, s3_0_c2_c2_1) \
    X(6, s3_0_c2_c2_2) \
    X(7, s3_0_c2_c2_3) \
    X(8, s3_0_c2_c3_0) \
    X(9, s3_0_c2_c3_1)

static void keys_save(uint64_t keys[ARM64_PAUTH_KEYS])
{
#define KEY_SAVE(n, name) keys[n] = arch_sysreg_read(name);
    KEY_LIST(KEY_SAVE)
#undef KEY_SAVE
}

static void keys_load(const uint64_t keys[ARM64_PAUTH_KEYS])
{
#define KEY_LOAD(n, name) arch_sysreg_write(name, keys[n]);
    KEY_LIST(KEY_LOAD)
#undef KEY_LOAD
}

/* TCR_EL1: walks by TTBR0 and TTBR1 are off, as far as there are any: SCTLR_EL1.M. */
#define TCR_EPD0     BIT(7)
#define TCR_EPD1     BIT(23)
#define SCTLR_MMU_ON BIT(0)

/*
 * With the registers of two guests mixed, no walk may begin: some CPUs do so by speculation even at EL2 (Arm
 * errata 1319367, 1319537, 1165522, 1530923: speculative AT instructions). Walks of stage 1 are off until the
 * new guest's TCR_EL1 is loaded, last. That counts only with the MMU on: with it off, every address would go
 * straight into stage 2. The guest's own SCTLR_EL1 comes when stage 2 is that guest's already.
 */
static void walks_stop(void)
{
    if (arm64_host.has_vhe) {
        arch_sysreg_write(s3_5_c2_c0_2, TCR_EPD0 | TCR_EPD1);
        arch_isb();
        arch_sysreg_write(s3_5_c1_c0_0, SCTLR_MMU_ON);
    } else {
        arch_sysreg_write(tcr_el1, TCR_EPD0 | TCR_EPD1);
        arch_isb();
        arch_sysreg_write(sctlr_el1, SCTLR_MMU_ON);
    }
    arch_isb();
}

static void tcr_load(uint64_t value)
{
    arch_isb();
    if (arm64_host.has_vhe)
        arch_sysreg_write(s3_5_c2_c0_2, value);
    else
        arch_sysreg_write(tcr_el1, value);
}

/* FEAT_RAS: the syndrome of a virtual SError; one that an ESB has deferred, which the guest sees as DISR_EL1.
 */
#define VSESR_EL2 s3_4_c5_c2_3
#define VDISR_EL2 s3_4_c12_c1_1

static struct vmid_pool vmids;

/* Every VM's translations, on every CPU. */
static void flush_all(void)
{
    __asm__ volatile("dsb ishst; tlbi alle1is" ::: "memory");
    arch_tlbi_end();
}

int backend_init(void)
{
    int error = arm64_timer_init();

    arm64_names_make();
    if (!error)
        error = arm64_interface_init();
    if (!error)
        error = vmid_pool_init(&vmids, arm64_host.vmid_bits, cpu_count(), flush_all);
    return error;
}

static void stage2_load(struct arm64_cpu *cpu, struct stage2 *s2)
{
    uint64_t vttbr = arm64_vttbr(s2, vmid_use(&vmids, cpu_id(), &s2->tag));

    if (cpu->vttbr == vttbr && cpu->vtcr == s2->control)
        return;
    cpu->vttbr = vttbr;
    cpu->vtcr = s2->control;
    arch_sysreg_write(vtcr_el2, s2->control);
    arch_sysreg_write(vttbr_el2, vttbr);
    arch_isb();
}

/* As after arm64_stage2_borrow(): walks are off, and the next vCPU loads everything. */
void arm64_stage2_forget(struct arm64_cpu *cpu, const struct stage2 *s2)
{
    if (cpu->vttbr << 16 >> 16 != stage2_root(s2).v)
        return;
    walks_stop();
    cpu->last = 0;
    cpu->vttbr = 0;
    arch_sysreg_write(vttbr_el2, 0);
    arch_isb();
}

/* If a vCPU is live here it is the calling thread's own. Otherwise the next one loads everything. */
void arm64_stage2_borrow(struct arm64_cpu *cpu, struct stage2 *s2)
{
    if (cpu->live != NULL) {
        ASSERT(&cpu->live->vm->stage2 == s2);
        return;
    }
    walks_stop();
    cpu->last = 0;
    stage2_load(cpu, s2);
}

/*
 * A CPU without AArch32 cannot return to it: that would be an illegal return, of EL2. The guest has come by
 * it on a CPU of another kind, without having been told of it.
 */
static void state_check(struct vcpu *vcpu)
{
    if (unlikely((vcpu->arch.pstate & PSTATE_NRW) != 0) &&
        arm64_id_field(arm64_host.id[ID_INDEX(SYSREG_ID_AA64PFR0)], 0) < 2)
        vcpu->arch.pstate = (vcpu->arch.pstate & ~0x1fULL) | PSTATE_IL;
}

/*
 * Another vCPU may have been here. If it is one of this VM's, its translations have this VMID, too, though
 * its address space identifiers may mean something else (Arm ARM, D8.16.2).
 */
static void registers_load(struct arm64_cpu *cpu, struct vcpu *vcpu)
{
    struct backend_vcpu *b = &vcpu->backend;
    uint64_t tcr = b->el1[ARM64_TCR_EL1];

    state_check(vcpu);
    arm64_predictors_switch(cpu, vcpu);
    walks_stop();
    stage2_load(cpu, &vcpu->vm->stage2);
    arch_sysreg_write(hcr_el2, b->hcr);
    arch_sysreg_write(vpidr_el2, b->vpidr);
    arch_sysreg_write(vmpidr_el2, b->vmpidr);
    if (arm64_has_ras) {
        arch_gicreg_write(VSESR_EL2, b->vsesr);
        arch_gicreg_write(VDISR_EL2, b->vdisr);
    }
    if (cpu->last != vcpu->serial && vcpu->vm->vcpu_count > 1)
        __asm__ volatile("isb; tlbi vmalle1; dsb nsh" ::: "memory");
    b->el1[ARM64_TCR_EL1] = tcr | TCR_EPD0 | TCR_EPD1;
    if (arm64_host.has_vhe)
        el1_load_vhe(b->el1);
    else
        el1_load(b->el1);
    b->el1[ARM64_TCR_EL1] = tcr;
    if (arm64_host.has_pauth)
        keys_load(b->keys);
    tcr_load(tcr);
}

void arm64_load(struct vcpu *vcpu)
{
    struct arm64_cpu *cpu = this_cpu_ptr(arm64_cpu);
    struct backend_vcpu *b = &vcpu->backend;

    if (b->is_changed || b->last != cpu || cpu->last != vcpu->serial)
        registers_load(cpu, vcpu);
    b->is_changed = false;
    b->last = cpu;
    cpu->last = vcpu->serial;
    cpu->live = vcpu;
    b->is_live = true;
    arm64_fp_load(cpu, vcpu);
    arm64_timer_load(vcpu);
    arm64_interface_load(vcpu);
}

static void save(struct vcpu *vcpu)
{
    struct backend_vcpu *b = &vcpu->backend;

    ASSERT(this_cpu_ptr(arm64_cpu)->live == vcpu);
    arm64_interface_save(vcpu);
    arm64_timer_save(vcpu);
    if (arm64_host.has_vhe)
        el1_save_vhe(b->el1);
    else
        el1_save(b->el1);
    if (arm64_host.has_pauth)
        keys_save(b->keys);
    /* A virtual SError that the guest has taken is no longer pending. */
    b->hcr = (b->hcr & ~(uint64_t)HCR_VSE) | (arch_sysreg_read(hcr_el2) & HCR_VSE);
    if (arm64_has_ras)
        b->vdisr = arch_gicreg_read(VDISR_EL2);
    b->is_live = false;
    this_cpu_ptr(arm64_cpu)->live = NULL;
}

void arm64_away(void *arg)
{
    struct vcpu *vcpu = arg;

    if (vcpu->backend.is_live)
        save(vcpu);
    arm64_fp_leave(vcpu);
}

void arm64_sync(struct vcpu *vcpu)
{
    arch_irq_state_t state = arch_irq_save();

    if (vcpu->backend.is_live)
        save(vcpu);
    arch_irq_restore(state);
}

void backend_leave(struct vcpu *vcpu)
{
    arch_irq_state_t state = arch_irq_save();

    arm64_away(vcpu);
    arch_irq_restore(state);
    arm64_timer_stop(vcpu);
}

uint64_t backend_el1_get(struct vcpu *vcpu, enum arm64_el1_reg reg)
{
    arm64_sync(vcpu);
    return vcpu->backend.el1[reg];
}

void backend_el1_set(struct vcpu *vcpu, enum arm64_el1_reg reg, uint64_t value)
{
    arm64_sync(vcpu);
    vcpu->backend.el1[reg] = value;
    vcpu->backend.is_changed = true;
}

void backend_stage1_watch(struct vcpu *vcpu, bool is_on)
{
    struct backend_vcpu *b = &vcpu->backend;

    arm64_sync(vcpu);
    b->hcr = is_on ? b->hcr | HCR_TVM : b->hcr & ~(uint64_t)HCR_TVM;
    b->is_changed = true;
}

/* Own thread: only so does the flush come before the next entry. */
void backend_tlb_flush(struct vcpu *vcpu)
{
    arch_irq_state_t state = arch_irq_save();

    /* Loading it loads the VM's VTTBR_EL2 only when nobody's registers are mixed with it. */
    backend_prepare(vcpu);
    arm64_tlbi_vm();
    arch_irq_restore(state);
}
