/* SPDX-License-Identifier: BSD-2-Clause */
#include "../irqchip/x86.h"
#include "../vm/vm.h"
#include "machine.h"
#include "pvclock.h"
#include "steal.h"
#include "x86.h"
#include <arch/clock.h>
#include <arch/msr.h>
#include <errno.h>

/*
 * MSRs that exit, by number, sorted: what is not here faults. The system-call and segment-base MSRs never
 * exit.
 */
struct msr_rule {
    uint32_t first, last;
    int (*read)(struct vcpu *vcpu, uint32_t msr, uint64_t *value);
    int (*write)(struct vcpu *vcpu, uint32_t msr, uint64_t value);
    const char *reason;
};

#define MTRR_VARIABLE_FIRST 0x200
#define MTRR_VARIABLES      8
#define MTRR_CAP_VALUE      (MTRR_VARIABLES | BIT(8) | BIT(10)) /* fixed ranges, write-combining */

static int zero_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
    *value = 0;
    return 0;
}

static int ignore_write(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
    return 0;
}

static int no_write(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
    return -EPERM;
}

static int tsc_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
    *value = arch_clock_cycles() + vcpu->arch.tsc_offset;
    return 0;
}

static int tsc_write(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
    uint64_t delta = value - (arch_clock_cycles() + vcpu->arch.tsc_offset);

    vcpu->arch.tsc_adjust += delta; /* SDM vol. 3B, 18.17.3 */
    vcpu->arch.tsc_offset += delta;
    x86_clock_update(vcpu);
    return 0;
}

static int tsc_adjust_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
    *value = vcpu->arch.tsc_adjust;
    return 0;
}

static int tsc_adjust_write(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
    vcpu->arch.tsc_offset += value - vcpu->arch.tsc_adjust;
    vcpu->arch.tsc_adjust = value;
    x86_clock_update(vcpu);
    return 0;
}

static int lapic_read_rule(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
    return lapic_msr_read(vcpu->arch.lapic, msr, value);
}

static int lapic_write_rule(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
    return lapic_msr_write(vcpu->arch.lapic, msr, value);
}

static int mtrr_cap_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
    *value = MTRR_CAP_VALUE;
    return 0;
}

/* Kept for the guest to read back: with nested paging and no assigned devices the memory type is ours. */
static uint64_t *mtrr_slot(struct vcpu *vcpu, uint32_t msr)
{
    if (msr >= MTRR_VARIABLE_FIRST && msr < MTRR_VARIABLE_FIRST + 2 * MTRR_VARIABLES)
        return &vcpu->arch.mtrr[msr - MTRR_VARIABLE_FIRST];
    switch (msr) {
    case 0x250:
        return &vcpu->arch.mtrr[16];
    case 0x258:
    case 0x259:
        return &vcpu->arch.mtrr[17 + msr - 0x258];
    case 0x2ff:
        return &vcpu->arch.mtrr[27];
    default:
        return msr >= 0x268 && msr <= 0x26f ? &vcpu->arch.mtrr[19 + msr - 0x268] : NULL;
    }
}

static bool memory_type_valid(unsigned type)
{
    return type == 0 || type == 1 || (type >= 4 && type <= 6);
}

static int mtrr_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
    const uint64_t *slot = mtrr_slot(vcpu, msr);

    if (slot == NULL)
        return -ENOENT;
    *value = *slot;
    return 0;
}

/* SDM vol. 3A, 12.11.2: reserved bits and types fault. */
static int mtrr_write(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
    uint64_t *slot = mtrr_slot(vcpu, msr);
    bool is_fixed = msr >= 0x250 && msr <= 0x26f;

    if (slot == NULL)
        return -ENOENT;
    for (unsigned i = 0; is_fixed && i < 8; i++)
        if (!memory_type_valid(value >> 8 * i & 0xff))
            return -EINVAL;
    if (msr == 0x2ff && ((value & ~0xcffULL) || !memory_type_valid(value & 0xff)))
        return -EINVAL;
    if (!is_fixed && msr != 0x2ff && !(msr & 1) && (!memory_type_valid(value & 0xff) || (value & 0xf00)))
        return -EINVAL;
    *slot = value;
    return 0;
}

static int pat_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
    return backend_msr_get(vcpu, msr, value);
}

static int pat_write(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        if (!memory_type_valid(value >> 8 * i & 0xff) && (value >> 8 * i & 0xff) != 7)
            return -EINVAL;
    return backend_msr_set(vcpu, msr, value);
}

static int efer_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
    *value = backend_efer_get(vcpu);
    return 0;
}

static int efer_write(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
    uint64_t old = backend_efer_get(vcpu);

    if (value & ~x86_efer_allowed())
        return -EINVAL;
    if (((value ^ old) & EFER_LME) && (backend_cr_get(vcpu, 0) & CR0_PG))
        return -EINVAL;
    /* LMA is the processor's (SDM vol. 3A, 2.2.1). */
    backend_efer_set(vcpu, (value & ~(uint64_t)EFER_LMA) | (old & EFER_LMA));
    if ((value ^ old) & EFER_NXE)
        backend_tlb_flush(vcpu);
    return 0;
}

static int misc_enable_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
    *value = vcpu->arch.misc_enable;
    return 0;
}

static int misc_enable_write(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
    vcpu->arch.misc_enable = value;
    return 0;
}

/* APM vol. 2, 3.2.10: the TSC counts at the P0 frequency, whatever the core does. */
static int hwcr_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
    *value = BIT(24);
    return 0;
}

static bool has_tsc_aux(const struct vcpu *vcpu)
{
    const struct guest_cpuid *table = &vcpu->vm->machine->cpuid;

    return table->extended[1].edx & CPUID_EXT1_EDX_RDTSCP;
}

static int tsc_aux_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
    *value = vcpu->arch.tsc_aux;
    return has_tsc_aux(vcpu) ? 0 : -ENOENT;
}

/* The upper half is reserved: Intel's processors fault, AMD's ignore it. */
static int tsc_aux_write(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
    bool is_intel = vcpu->vm->machine->cpuid.basic[0].ecx == CPUID_VENDOR_ECX_INTEL;

    if (!has_tsc_aux(vcpu))
        return -ENOENT;
    if (is_intel && value >> 32)
        return -EINVAL;
    vcpu->arch.tsc_aux = (uint32_t)value;
    backend_tsc_aux_set(vcpu, vcpu->arch.tsc_aux);
    return 0;
}

static const struct msr_rule rules[] = {
    {0x00000010, 0x00000010, tsc_read, tsc_write, "time stamp counter"},
    {0x0000001b, 0x0000001b, lapic_read_rule, lapic_write_rule, "APIC base: the local APIC's"},
    {0x0000003b, 0x0000003b, tsc_adjust_read, tsc_adjust_write, "TSC adjust"},
    {0x0000008b, 0x0000008b, zero_read, ignore_write, "microcode level: none is offered"},
    {0x000000fe, 0x000000fe, mtrr_cap_read, no_write, "MTRR capabilities"},
    {0x00000179, 0x0000017b, zero_read, ignore_write, "machine check: no banks"},
    {0x000001a0, 0x000001a0, misc_enable_read, misc_enable_write, "misc enable: kept"},
    {0x000001d9, 0x000001d9, zero_read, ignore_write, "debug control: no branch records"},
    {0x00000200, 0x0000020f, mtrr_read, mtrr_write, "variable MTRRs: kept"},
    {0x00000250, 0x0000026f, mtrr_read, mtrr_write, "fixed MTRRs: kept"},
    {0x00000277, 0x00000277, pat_read, pat_write, "page attribute table"},
    {0x000002ff, 0x000002ff, mtrr_read, mtrr_write, "MTRR default type: kept"},
    {0x4b564d00, 0x4b564d01, pvclock_msr_read, pvclock_msr_write, "KVM's paravirtual clock"},
    {0x4b564d03, 0x4b564d03, steal_msr_read, steal_msr_write, "KVM's steal time"},
    {0xc0000080, 0xc0000080, efer_read, efer_write, "EFER"},
    {0xc0000103, 0xc0000103, tsc_aux_read, tsc_aux_write, "TSC_AUX, for RDTSCP and RDPID"},
    {0xc0010010, 0xc0010010, zero_read, ignore_write, "SYSCFG: no memory encryption, no MTRR extensions"},
    {0xc0010015, 0xc0010015, hwcr_read, ignore_write, "HWCR: nothing that a guest may change"},
    {0xc001001f, 0xc001001f, zero_read, ignore_write, "NB_CFG: likewise"},
    {0xc0011029, 0xc0011029, zero_read, ignore_write, "DE_CFG: LFENCE is serialising already"},
};

static const struct msr_rule *rule_of(uint32_t msr)
{
    unsigned low = 0, high = ARRAY_SIZE(rules);

    while (low < high) {
        unsigned mid = low + (high - low) / 2;

        if (msr < rules[mid].first)
            high = mid;
        else if (msr > rules[mid].last)
            low = mid + 1;
        else
            return &rules[mid];
    }
    return NULL;
}

static no_inline int read_by_rule(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
    const struct msr_rule *rule = rule_of(msr);

    return rule ? rule->read(vcpu, msr, value) : -ENOENT;
}

static no_inline int write_by_rule(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
    const struct msr_rule *rule = rule_of(msr);

    return rule ? rule->write(vcpu, msr, value) : -ENOENT;
}

/* The local APIC's first: they are the ones that a running guest uses. */
static inline bool is_lapic(uint32_t msr)
{
    return msr - LAPIC_MSR_FIRST < LAPIC_MSR_COUNT || msr == MSR_TSC_DEADLINE;
}

int x86_msr_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
    if (likely(is_lapic(msr)))
        return lapic_msr_read(vcpu->arch.lapic, msr, value);
    return read_by_rule(vcpu, msr, value);
}

int x86_msr_write(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
    if (likely(is_lapic(msr)))
        return lapic_msr_write(vcpu->arch.lapic, msr, value);
    return write_by_rule(vcpu, msr, value);
}

/* SDM vol. 3A, table 13-10. */
#define PAT_RESET 0x0007040600070406ULL

void x86_msrs_reset(struct vcpu *vcpu)
{
    /* SYSENTER, SYSCALL, kernel GS base, debug control: VMs keep their control block over a power-on. */
    static const uint32_t cleared[] = {0x174,      0x175,      0x176,      0x1d9,     0xc0000081,
                                       0xc0000082, 0xc0000083, 0xc0000084, 0xc0000102};

    for (unsigned i = 0; i < ARRAY_SIZE(cleared); i++)
        (void)!backend_msr_set(vcpu, cleared[i], 0);
    for (unsigned i = 0; i < ARRAY_SIZE(vcpu->arch.mtrr); i++)
        vcpu->arch.mtrr[i] = 0;
    vcpu->arch.mtrr[27] = BIT(11) | 6; /* enabled, write-back, as firmware leaves them */
    (void)!backend_msr_set(vcpu, MSR_PAT, PAT_RESET);
    vcpu->arch.misc_enable = 1; /* fast strings */
    vcpu->arch.xcr0 = 1;
    backend_xcr0_changed(vcpu);
    vcpu->arch.tsc_adjust = vcpu->arch.tsc_offset = 0; /* the same on all vCPUs again */
    vcpu->arch.pvclock_msr = vcpu->arch.steal_msr = 0;
    vcpu->arch.tsc_aux = 0;
    backend_tsc_aux_set(vcpu, 0);
}
