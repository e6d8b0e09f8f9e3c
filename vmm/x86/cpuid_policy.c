/* SPDX-License-Identifier: BSD-2-Clause */
#include "cpuid.h"

#include "x86.h"
#include <string.h>

/* Bits of a host answer that reach the guest. SDM vol. 2, CPUID; APM vol. 3, appendix E. */
struct pass {
    uint32_t leaf;
    uint8_t reg; /* 0 EAX .. 3 EDX */
    uint32_t mask;
    const char *reason;
};

static const struct pass passes[] = {
    {0x00000001, 0, ~0U, "family, model, stepping: what the guest's errata and mitigations go by"},
    {0x00000001, 1, 0x0000ff00, "cache-line size of CLFLUSH; the APIC id and count are the VM's own"},
    {0x00000001, 2, BIT(0) | BIT(1) | BIT(9) | BIT(12) | BIT(13),
     "SSE3 PCLMUL SSSE3 FMA CX16: no state beyond XSAVE's"},
    {0x00000001, 2, BIT(17), "PCID: the guest's own tables"},
    {0x00000001, 2, BIT(19) | BIT(20) | BIT(22) | BIT(23) | BIT(25), "SSE4.1 SSE4.2 MOVBE POPCNT AES"},
    {0x00000001, 2, BIT(26) | BIT(28) | BIT(29) | BIT(30), "XSAVE AVX F16C RDRAND; OSXSAVE follows CR4"},
    {0x00000001, 3, 0x0003fbff,
     "FPU to PSE36; machine checks, too, with MCG_CAP saying that there are no banks"},
    {0x00000001, 3, BIT(19) | BIT(23) | BIT(24) | BIT(25) | BIT(26), "CLFLUSH MMX FXSR SSE SSE2"},
    {0x00000007, 1, BIT(0) | BIT(3) | BIT(5) | BIT(7) | BIT(8) | BIT(9), "FSGSBASE BMI1 AVX2 SMEP BMI2 ERMS"},
    {0x00000007, 1, BIT(18) | BIT(19) | BIT(20) | BIT(23) | BIT(24) | BIT(29),
     "RDSEED ADX SMAP CLFLUSHOPT CLWB SHA"},
    {0x00000007, 2, BIT(2) | BIT(8) | BIT(9) | BIT(10) | CPUID_7_ECX_RDPID,
     "UMIP GFNI VAES VPCLMULQDQ RDPID; no PKU and LA57: state and levels we do not have"},
    {0x00000007, 3, BIT(4), "fast short REP MOVSB"},
    {0x80000001, 0, ~0U, "extended family and model"},
    {0x80000001, 2, BIT(0) | BIT(5) | BIT(6) | BIT(7) | BIT(8),
     "LAHF ABM SSE4A misaligned-SSE PREFETCHW; no SVM, IBS, LWP, TOPOEXT"},
    {0x80000001, 3, 0x0183f3ff, "as leaf 1"},
    {0x80000001, 3, BIT(11) | BIT(20) | BIT(22) | BIT(26) | CPUID_EXT1_EDX_RDTSCP | BIT(29),
     "SYSCALL NX MMXEXT 1G pages, RDTSCP, long mode; no FFXSR: EFER does not take it"},
    {0x80000008, 0, 0x0000ffff, "physical and linear address widths"},
};

/* Descriptions that say nothing of features: passed whole. */
static const uint32_t whole[] = {
    0x80000002, 0x80000003, 0x80000004, /* brand string */
    0x80000005, 0x80000006,             /* caches and TLBs (AMD) */
};

#define MAX_BASIC    0xd
#define MAX_EXTENDED 0x80000008

static struct cpuid *slot(struct guest_cpuid *table, uint32_t leaf)
{
    return leaf >= 0x80000000 ? &table->extended[leaf - 0x80000000] : &table->basic[leaf];
}

static bool host_has_leaf(uint32_t leaf)
{
    return leaf <= arch_cpuid(leaf & 0x80000000, 0).eax;
}

static void xsave_leaves(struct guest_cpuid *table)
{
    uint64_t components = x86_xcr0_allowed();

    if (!host_has_leaf(0xd) || components == 0)
        return;
    table->xsave[0] = (struct cpuid){.eax = (uint32_t)components, .edx = (uint32_t)(components >> 32)};
    table->xsave[0].ecx = 576; /* legacy area and header: SDM vol. 1, 13.4 */
    if (components & 4) {
        table->xsave[2] = arch_cpuid(0xd, 2);
        table->xsave[0].ecx = table->xsave[2].ebx + table->xsave[2].eax;
    }
    table->xsave[0].ebx = table->xsave[0].ecx;
    table->xsave[1].eax = arch_cpuid(0xd, 1).eax & 1; /* XSAVEOPT; no compacted or supervisor state */
}

static void fixed_leaves(struct guest_cpuid *table)
{
    struct cpuid vendor = arch_cpuid(0, 0);

    table->basic[0] = (struct cpuid){MAX_BASIC, vendor.ebx, vendor.ecx, vendor.edx};
    table->extended[0] = (struct cpuid){MAX_EXTENDED, vendor.ebx, vendor.ecx, vendor.edx};
    /* x2APIC and TSC-deadline timer are ours, whatever the host has; bit 31 says that there is a hypervisor.
     */
    table->basic[1].ecx |= BIT(21) | BIT(24) | (uint32_t)BIT(31);
    table->basic[1].edx |= table->vcpus > 1 ? BIT(28) : 0;
    table->basic[1].ebx |= (uint32_t)MIN(table->vcpus, 255) << 16;
    table->basic[6].eax = BIT(2);                          /* ARAT: our APIC timers never stop */
    if (!(table->extended[1].edx & CPUID_EXT1_EDX_RDTSCP)) /* no TSC_AUX, then */
        table->basic[7].ecx &= ~(uint32_t)CPUID_7_ECX_RDPID;
    /* The TSC never changes its rate under a guest: ours is calibrated once, and offsets do the rest. */
    table->extended[7].edx = BIT(8);
    table->extended[8].ecx = MIN(table->vcpus, 256) - 1;
    /* KVM's signature: Linux then uses what leaf 0x40000001 offers (Documentation/virt/kvm/x86/cpuid.rst). */
    table->hypervisor[0] = (struct cpuid){0x40000001, 0x4b4d564b, 0x564b4d56, 0x0000004d};
    table->hypervisor[1].eax =
        BIT(3) | BIT(5) | BIT(24); /* clock source (new MSRs), steal time; the clock is stable across vCPUs */
}

void guest_cpuid_init(struct guest_cpuid *table, unsigned vcpus)
{
    *table = (struct guest_cpuid){.vcpus = vcpus};
    for (unsigned i = 0; i < ARRAY_SIZE(passes); i++) {
        const struct pass *p = &passes[i];
        struct cpuid host = arch_cpuid(p->leaf, 0);

        if (host_has_leaf(p->leaf))
            (&slot(table, p->leaf)->eax)[p->reg] |= (&host.eax)[p->reg] & p->mask;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(whole); i++)
        if (host_has_leaf(whole[i]))
            *slot(table, whole[i]) = arch_cpuid(whole[i], 0);
    fixed_leaves(table);
    xsave_leaves(table);
}
