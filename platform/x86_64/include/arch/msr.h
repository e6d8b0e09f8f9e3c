/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_MSR_H
#define ARCH_MSR_H

#include <stdint.h>

/* Model-specific and control registers; numbers from SDM vol. 4 and APM vol. 2 appendix A. */
#define MSR_APIC_BASE    0x01b
#define MSR_PRED_CMD     0x049
#define MSR_MISC_ENABLE  0x1a0
#define MSR_PAT          0x277
#define MSR_TSC_DEADLINE 0x6e0
#define MSR_X2APIC(reg)  (0x800 + ((reg) >> 4)) /* reg: offset in the xAPIC page */
#define MSR_EFER         0xc0000080
#define MSR_FS_BASE      0xc0000100
#define MSR_GS_BASE      0xc0000101
#define MSR_TSC_AUX      0xc0000103
#define MSR_AMD_DE_CFG   0xc0011029

#define EFER_SCE  0x001
#define EFER_LME  0x100
#define EFER_LMA  0x400
#define EFER_NXE  0x800
#define EFER_SVME 0x1000
/* Automatic IBRS: APM vol. 2, 3.2.9. */
#define EFER_AIBRSE 0x200000

#define PRED_CMD_IBPB 1

#define CR0_PE 0x00000001ULL
#define CR0_MP 0x00000002ULL
#define CR0_EM 0x00000004ULL
#define CR0_TS 0x00000008ULL
#define CR0_ET 0x00000010ULL
#define CR0_NE 0x00000020ULL
#define CR0_WP 0x00010000ULL
#define CR0_AM 0x00040000ULL
#define CR0_NW 0x20000000ULL
#define CR0_CD 0x40000000ULL
#define CR0_PG 0x80000000ULL

#define CR4_PAE        0x00000020ULL
#define CR4_MCE        0x00000040ULL
#define CR4_PGE        0x00000080ULL
#define CR4_OSFXSR     0x00000200ULL
#define CR4_OSXMMEXCPT 0x00000400ULL
#define CR4_UMIP       0x00000800ULL
#define CR4_LA57       0x00001000ULL
#define CR4_FSGSBASE   0x00010000ULL
#define CR4_OSXSAVE    0x00040000ULL
#define CR4_SMEP       0x00100000ULL
#define CR4_SMAP       0x00200000ULL

static inline uint64_t arch_rdmsr(uint32_t msr)
{
    uint32_t lo, hi;

    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
    return ((uint64_t)hi << 32) | lo;
}

static inline void arch_wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

#define ARCH_CR_ACCESSORS(n)                                            \
    static inline uint64_t arch_read_cr##n(void)                        \
    {                                                                   \
        uint64_t value;                                                 \
        __asm__ volatile("mov %%cr" #n ", %0" : "=r"(value)::"memory"); \
        return value;                                                   \
    }                                                                   \
    static inline void arch_write_cr##n(uint64_t value)                 \
    {                                                                   \
        __asm__ volatile("mov %0, %%cr" #n ::"r"(value) : "memory");    \
    }

ARCH_CR_ACCESSORS(0)
ARCH_CR_ACCESSORS(2)
ARCH_CR_ACCESSORS(3)
ARCH_CR_ACCESSORS(4)

#endif
