/* SPDX-License-Identifier: BSD-2-Clause */
#include "cpuid.h"

#include "../vm/vm.h"
#include "machine.h"
#include "skip.h"
#include <arch/msr.h>

/* Leaf 0xb, extended topology: one thread per core, all cores in one package (SDM vol. 2, CPUID). */
static struct cpuid topology(const struct vcpu *vcpu, const struct guest_cpuid *table, uint32_t subleaf)
{
    unsigned bits = table->vcpus > 1 ? 32 - (unsigned)__builtin_clz(table->vcpus - 1) : 0;

    switch (subleaf) {
    case 0:
        return (struct cpuid){0, 1, 0x100, vcpu->id};
    case 1:
        return (struct cpuid){bits, table->vcpus, 0x201, vcpu->id};
    default:
        return (struct cpuid){0, 0, subleaf & 0xff, vcpu->id};
    }
}

static struct cpuid xsave(const struct vcpu *vcpu, const struct guest_cpuid *table, uint32_t subleaf)
{
    struct cpuid r = {0};

    if (subleaf < ARRAY_SIZE(table->xsave))
        r = table->xsave[subleaf];
    if (subleaf == 0) /* the size for what is enabled now */
        r.ebx = vcpu->arch.xcr0 & 4 ? r.ecx : 576;
    return r;
}

/* Leaves whose answer depends on the vCPU, its state or the sub-leaf. */
#define DYNAMIC_LEAVES (BIT(1) | BIT(7) | BIT(0xb) | BIT(0xd))

static no_inline struct cpuid dynamic(const struct vcpu *vcpu, const struct guest_cpuid *table, uint32_t leaf,
                                      uint32_t subleaf)
{
    struct cpuid r = {0};

    switch (leaf) {
    case 1:
        r = table->basic[1];
        r.ebx |= vcpu->id << 24;
        r.ecx |= backend_cr_get(vcpu, 4) & CR4_OSXSAVE ? BIT(27) : 0;
        return r;
    case 7:
        return subleaf == 0 ? table->basic[7] : r;
    case 0xb:
        return topology(vcpu, table, subleaf);
    default:
        return xsave(vcpu, table, subleaf);
    }
}

static const struct cpuid *find(const struct guest_cpuid *table, uint32_t leaf)
{
    static const struct cpuid none;

    if (leaf < CPUID_LEAVES)
        return &table->basic[leaf];
    if (leaf - 0x80000000 < CPUID_LEAVES)
        return &table->extended[leaf - 0x80000000];
    if (leaf - 0x40000000 < ARRAY_SIZE(table->hypervisor))
        return &table->hypervisor[leaf - 0x40000000];
    return &none;
}

void x86_cpuid_exit(struct vcpu *vcpu)
{
    const struct guest_cpuid *table = &vcpu->vm->machine->cpuid;
    uint32_t leaf = (uint32_t)vcpu->arch.gpr[X86_RAX];
    const struct cpuid *r = find(table, leaf);
    struct cpuid computed;

    if (unlikely(leaf < CPUID_LEAVES && (DYNAMIC_LEAVES & BIT(leaf)))) {
        computed = dynamic(vcpu, table, leaf, (uint32_t)vcpu->arch.gpr[X86_RCX]);
        r = &computed;
    }
    vcpu->arch.gpr[X86_RAX] = r->eax;
    vcpu->arch.gpr[X86_RBX] = r->ebx;
    vcpu->arch.gpr[X86_RCX] = r->ecx;
    vcpu->arch.gpr[X86_RDX] = r->edx;
    skip_plain(vcpu, INSN_CPUID);
}
