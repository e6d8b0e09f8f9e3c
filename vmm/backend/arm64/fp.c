/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../arm64/esr.h"
#include "../../vm/vm.h"
#include "arm64.h"
#include <arch/cpu.h>
#include <arch/sysreg.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * FP, SIMD and SVE registers of guests. A vCPU's are loaded when it uses them and the CPU has somebody
 * else's, which CPTR_EL2 has it trap for, and saved when its thread leaves the CPU or parks: so what is in
 * memory is what counts wherever it goes on. One that comes back before anybody else has used the registers
 * finds its own in them, and no trap. Guests that use none cost nothing.
 *
 * Z, P and FFR are the vCPU's from its first SVE instruction on; until then it has V registers, whose
 * upper parts, as SVE sees them, are zero.
 */

/* CPTR_EL2 (Arm ARM, D24.2): one of the layouts has traps, the other, with E2H, permissions. */
#define CPTR_TZ   BIT(8)
#define CPTR_TFP  BIT(10)
#define CPTR_ZEN  MASK(17, 16)
#define CPTR_FPEN MASK(21, 20)

#define ZCR_LENGTHS 16 /* ZCR_ELx.LEN */

/* sve.S */
void arm64_sve_save(void *state);
void arm64_sve_restore(const void *state);
unsigned arm64_sve_length(void);

/* Who may use what on this CPU, EL2 included. Interrupts off. */
static void access_set(struct arm64_cpu *cpu, bool may_use_fp, bool may_use_sve)
{
    bool vhe = arm64_host.has_vhe;
    uint64_t value = cpu->cptr_traps ^ (may_use_fp ? (vhe ? CPTR_FPEN : CPTR_TFP) : 0) ^
                     (may_use_sve ? (vhe ? CPTR_ZEN : CPTR_TZ) : 0);

    if (cpu->cptr == value)
        return;
    cpu->cptr = value;
    arch_sysreg_write(cptr_el2, value);
    arch_isb();
}

/* Lengths that there are not are rounded down: Arm ARM, D24.2, "ZCR_EL2". */
uint32_t arm64_sve_lengths(bool has_vhe)
{
    uint64_t cptr = arch_sysreg_read(cptr_el2);
    uint32_t lengths = 0;

    arch_sysreg_write(cptr_el2, has_vhe ? cptr | CPTR_ZEN : cptr & ~CPTR_TZ);
    arch_isb();
    for (unsigned n = 0; n < ZCR_LENGTHS; n++) {
        arch_sysreg_write(s3_4_c1_c2_0, n); /* ZCR_EL2 */
        arch_isb();
        lengths |= 1U << (arm64_sve_length() / 16 - 1);
    }
    arch_sysreg_write(cptr_el2, cptr);
    arch_isb();
    return lengths;
}

void arm64_fp_cpu_enable(uint64_t cptr)
{
    struct arm64_cpu *cpu = this_cpu_ptr(arm64_cpu);

    cpu->cptr_traps = arm64_host.has_vhe ? cptr & ~(CPTR_FPEN | CPTR_ZEN) : cptr | CPTR_TFP | CPTR_TZ;
    cpu->cptr = 0; /* both layouts have other bits */
    if (arm64_host.sve_length != 0) {
        /* As long as all CPUs can: for EL2, which saves and loads them, and so for guests. */
        access_set(cpu, true, true);
        arch_sysreg_write(s3_4_c1_c2_0, arm64_host.sve_length / 16 - 1);
    }
    access_set(cpu, true, false);
}

/* --- the registers: interrupts off, accesses allowed --- */

/* Without the names, which the assembler knows only together with FP: FPCR, FPSR; ZCR_EL1, which E2H renames.
 */
static void controls_save(struct backend_vcpu *b)
{
    b->fp.fpcr = arch_sysreg_read(s3_3_c4_c4_0);
    b->fp.fpsr = arch_sysreg_read(s3_3_c4_c4_1);
    b->zcr = arm64_host.has_vhe ? arch_sysreg_read(s3_5_c1_c2_0) : arch_sysreg_read(s3_0_c1_c2_0);
}

static void controls_load(const struct backend_vcpu *b)
{
    arch_sysreg_write(s3_3_c4_c4_0, b->fp.fpcr);
    arch_sysreg_write(s3_3_c4_c4_1, b->fp.fpsr);
    if (arm64_host.has_vhe)
        arch_sysreg_write(s3_5_c1_c2_0, b->zcr);
    else
        arch_sysreg_write(s3_0_c1_c2_0, b->zcr);
}

static void registers_save(struct backend_vcpu *b)
{
    if (b->has_sve) {
        arm64_sve_save(b->sve);
        controls_save(b);
    } else {
        arch_fpu_save(&b->fp);
    }
}

static void registers_load(const struct backend_vcpu *b)
{
    if (b->has_sve) {
        arm64_sve_restore(b->sve);
        controls_load(b);
    } else {
        arch_fpu_restore(&b->fp);
    }
}

/* The first SVE instruction: what there was becomes the beginning of each Z. */
static void sve_begin(struct backend_vcpu *b)
{
    char *z = b->sve;

    if (b->is_fp_live)
        registers_save(b);
    b->is_fp_live = false;
    memset(b->sve, 0, arm64_host.sve_bytes);
    for (unsigned i = 0; i < ARRAY_SIZE(b->fp.v); i++)
        memcpy(z + (size_t)i * arm64_host.sve_length, &b->fp.v[i], sizeof(b->fp.v[i]));
    b->zcr = 0;
    b->has_sve = true;
}

/* --- a vCPU and its CPU --- */

void arm64_fp_load(struct arm64_cpu *cpu, struct vcpu *vcpu)
{
    struct backend_vcpu *b = &vcpu->backend;

    if (!b->is_fp_live)
        b->is_fp_live = fpu_is_home(&b->fp_home);
    access_set(cpu, b->is_fp_live, b->is_fp_live && b->has_sve);
}

void arm64_fp_leave(struct vcpu *vcpu)
{
    if (vcpu->backend.is_fp_live)
        registers_save(&vcpu->backend);
    vcpu->backend.is_fp_live = false;
    access_set(this_cpu_ptr(arm64_cpu), true, false);
}

bool backend_fp_use(struct vcpu *vcpu)
{
    struct arm64_cpu *cpu;
    struct backend_vcpu *b = &vcpu->backend;
    bool is_sve = esr_class(vcpu->arch.esr) == ESR_SVE;
    arch_irq_state_t state;

    if (is_sve && b->sve == NULL)
        return false;
    state = arch_irq_save();
    backend_prepare(vcpu);
    cpu = this_cpu_ptr(arm64_cpu);
    if (is_sve && !b->has_sve)
        sve_begin(b);
    access_set(cpu, true, b->has_sve);
    if (!b->is_fp_live)
        registers_load(b);
    b->is_fp_live = true;
    fpu_home_set(&b->fp_home);
    arch_irq_restore(state);
    return true;
}

int arm64_fp_vcpu_init(struct vcpu *vcpu)
{
    if (arm64_host.sve_bytes == 0)
        return 0;
    vcpu->backend.sve = aligned_alloc(16, arm64_host.sve_bytes);
    return vcpu->backend.sve != NULL ? 0 : -ENOMEM;
}

void arm64_fp_vcpu_fini(struct vcpu *vcpu)
{
    free(vcpu->backend.sve);
}

void arm64_fp_reset(struct vcpu *vcpu)
{
    struct backend_vcpu *b = &vcpu->backend;
    arch_irq_state_t state = arch_irq_save();

    b->is_fp_live = false;
    b->has_sve = false;
    fpu_home_clear(&b->fp_home);
    memset(&b->fp, 0, sizeof(b->fp));
    arch_irq_restore(state);
}
