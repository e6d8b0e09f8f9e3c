/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_CPUID_H
#define VMM_X86_CPUID_H

#include <arch/cpuid.h>
#include <core/compiler.h>
#include <core/types.h>

/*
 * What CPUID tells a guest: the host's answers through a policy with a reason on each line (cpuid_policy.c),
 * resolved once per VM. Leaves 0..31 of the basic, the extended and the hypervisor range are found by index.
 */
#define CPUID_LEAVES 32

#define CPUID_VENDOR_ECX_INTEL 0x6c65746e /* "ntel" */
#define CPUID_EXT1_EDX_RDTSCP  BIT(27)
#define CPUID_7_ECX_RDPID      BIT(22)

struct guest_cpuid {
    struct cpuid basic[CPUID_LEAVES];    /* sub-leaf 0 */
    struct cpuid hypervisor[2];          /* 0x40000000 */
    struct cpuid extended[CPUID_LEAVES]; /* 0x80000000 */
    struct cpuid xsave[3];               /* leaf 0xd: sub-leaves 0 to 2 */
    unsigned vcpus;
};

/* Context: thread. */
void guest_cpuid_init(struct guest_cpuid *table, unsigned vcpus);

/* Bits of a physical address, as the guest is told: AMD APM vol. 3, E.4.7 (leaf 8000_0008h). */
static inline unsigned guest_cpuid_phys_bits(const struct guest_cpuid *table)
{
    return table->extended[8].eax & 0xff;
}

#endif
