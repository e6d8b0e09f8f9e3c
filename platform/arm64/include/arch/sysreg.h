/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_SYSREG_H
#define ARCH_SYSREG_H

/* HCR_EL2: what the host runs with. Physical interrupts and SErrors come to EL2; EL1 is 64-bit. */
#define HCR_FMO  0x8
#define HCR_IMO  0x10
#define HCR_AMO  0x20
#define HCR_RW   0x80000000
#define HCR_E2H  0x400000000
#define HCR_HOST (HCR_RW | HCR_AMO | HCR_IMO | HCR_FMO)

#ifndef __ASSEMBLER__

#include <stdint.h>

/*
 * System registers, by the name the assembler knows or by encoding (S<op0>_<op1>_C<CRn>_C<CRm>_<op2>); Arm
 * ARM (DDI 0487), chapter D24. A write takes effect for later instructions after arch_isb() only.
 */
#define arch_sysreg_read(name)                                       \
    ({                                                               \
        uint64_t value_;                                             \
        __asm__ volatile("mrs %0, " #name : "=r"(value_)::"memory"); \
        value_;                                                      \
    })

#define arch_sysreg_write(name, value) \
    __asm__ volatile("msr " #name ", %x0" : : "rZ"((uint64_t)(value)) : "memory")

static inline void arch_isb(void)
{
    __asm__ volatile("isb" ::: "memory");
}

/* GICv3 CPU interface (GIC specification, IHI 0069, 12.2). */
#define ICC_PMR_EL1                     s3_0_c4_c6_0
#define ICC_IAR1_EL1                    s3_0_c12_c12_0
#define ICC_EOIR1_EL1                   s3_0_c12_c12_1
#define ICC_BPR1_EL1                    s3_0_c12_c12_3
#define ICC_DIR_EL1                     s3_0_c12_c11_1
#define ICC_CTLR_EL1                    s3_0_c12_c12_4
#define ICC_SRE_EL2                     s3_4_c12_c9_5
#define ICC_IGRPEN1_EL1                 s3_0_c12_c12_7
#define ICC_SGI1R_EL1                   s3_0_c12_c11_5
#define arch_gicreg_read(name)          ARCH_GICREG_READ_(name)
#define arch_gicreg_write(name, value)  ARCH_GICREG_WRITE_(name, value)
#define ARCH_GICREG_READ_(name)         arch_sysreg_read(name)
#define ARCH_GICREG_WRITE_(name, value) arch_sysreg_write(name, value)

/* Affinity fields of MPIDR_EL1: what the GIC, PSCI and firmware's tables name a CPU by. */
#define MPIDR_AFFINITY_MASK 0xff00ffffffULL

#endif
#endif
