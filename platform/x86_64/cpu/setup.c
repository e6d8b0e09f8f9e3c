/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpuid.h>
#include <arch/msr.h>
#include <arch/thread.h>

#include "cpu.h"

/*
 * Page attribute table (SDM vol. 3A, 12.12): the reset value, with entry 1 (PWT) changed from write-through
 * to write-combining. Entries: 0 WB, 1 WC, 2 UC-, 3 UC.
 */
#define PAT_VALUE 0x0007040600070106ULL

/* LFENCE waits for all earlier instructions (AMD "Software techniques for managing speculation", G-2). */
#define DE_CFG_LFENCE_SERIALISE 0x2

static bool vendor_is_amd(void)
{
    struct cpuid r = arch_cpuid(0, 0);

    return r.ebx == 0x68747541 && r.edx == 0x69746e65 && r.ecx == 0x444d4163; /* "AuthenticAMD" */
}

static unsigned cpu_family(void)
{
    uint32_t eax = arch_cpuid(1, 0).eax;
    unsigned family = eax >> 8 & 0xf;

    return family == 0xf ? family + (eax >> 20 & 0xff) : family;
}

void cpu_setup(void)
{
    uint64_t cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
    uint64_t efer = EFER_LME | EFER_LMA;

    if (cpu_has(CPU_FEATURE_PGE))
        cr4 |= CR4_PGE;
    if (cpu_has(CPU_FEATURE_MCE))
        cr4 |= CR4_MCE;
    if (cpu_has(CPU_FEATURE_SMEP))
        cr4 |= CR4_SMEP;
    if (cpu_has(CPU_FEATURE_SMAP))
        cr4 |= CR4_SMAP;
    if (cpu_has(CPU_FEATURE_UMIP))
        cr4 |= CR4_UMIP;
    if (cpu_has(CPU_FEATURE_FSGSBASE))
        cr4 |= CR4_FSGSBASE;
    if (cpu_has(CPU_FEATURE_NX))
        efer |= EFER_NXE;

    if (cpu_has(CPU_FEATURE_XSAVE))
        cr4 |= CR4_OSXSAVE;

    arch_wrmsr(MSR_EFER, efer);
    arch_write_cr0(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE);
    /* A firmware may have left five-level paging on; it cannot be changed while paging is. */
    arch_write_cr4(cr4 | (arch_read_cr4() & CR4_LA57));
    if (cpu_has(CPU_FEATURE_PAT))
        arch_wrmsr(MSR_PAT, PAT_VALUE);
    if (vendor_is_amd() && cpu_family() >= 0x10 && !cpu_has(CPU_FEATURE_HYPERVISOR))
        arch_wrmsr(MSR_AMD_DE_CFG, arch_rdmsr(MSR_AMD_DE_CFG) | DE_CFG_LFENCE_SERIALISE);
    __asm__ volatile("fninit");
    if (cpu_has(CPU_FEATURE_XSAVE))
        arch_xcr0_set(arch_fpu_guest_components());
}
