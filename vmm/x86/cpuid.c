/* SPDX-License-Identifier: BSD-2-Clause */
#include "cpuid.h"

#include "../vm/vm.h"
#include "machine.h"
#include "x86.h"
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

static struct cpuid answer(const struct vcpu *vcpu, const struct guest_cpuid *table, uint32_t leaf,
                           uint32_t subleaf)
{
    struct cpuid r = {0};

    if (leaf >= 0x80000000 && leaf - 0x80000000 < CPUID_LEAVES)
        return table->extended[leaf - 0x80000000];
    if (leaf >= 0x40000000 && leaf - 0x40000000 < ARRAY_SIZE(table->hypervisor))
        return table->hypervisor[leaf - 0x40000000];
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
    case 0xd:
        return xsave(vcpu, table, subleaf);
    default:
        return leaf < CPUID_LEAVES ? table->basic[leaf] : r;
    }
}

void x86_cpuid(struct vcpu *vcpu)
{
    struct cpuid r = answer(vcpu, &vcpu->vm->machine->cpuid, (uint32_t)vcpu->arch.gpr[X86_RAX],
                            (uint32_t)vcpu->arch.gpr[X86_RCX]);

    vcpu->arch.gpr[X86_RAX] = r.eax;
    vcpu->arch.gpr[X86_RBX] = r.ebx;
    vcpu->arch.gpr[X86_RCX] = r.ecx;
    vcpu->arch.gpr[X86_RDX] = r.edx;
}
