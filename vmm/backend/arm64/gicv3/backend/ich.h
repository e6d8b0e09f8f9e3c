/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BACKEND_ICH_H
#define BACKEND_ICH_H

#include "../../../../irqchip/gic/gic.h"
#include <arch/sysreg.h>

/* The virtual CPU interface's registers of a GICv3: IHI 0069H, 12.4. */
#define ICH_HCR   s3_4_c12_c11_0
#define ICH_VTR   s3_4_c12_c11_1
#define ICH_EISR  s3_4_c12_c11_3
#define ICH_ELRSR s3_4_c12_c11_5
#define ICH_VMCR  s3_4_c12_c11_7

#define LR_LIST(X)        \
    X(0, s3_4_c12_c12_0)  \
    X(1, s3_4_c12_c12_1)  \
    X(2, s3_4_c12_c12_2)  \
    X(3, s3_4_c12_c12_3)  \
    X(4, s3_4_c12_c12_4)  \
    X(5, s3_4_c12_c12_5)  \
    X(6, s3_4_c12_c12_6)  \
    X(7, s3_4_c12_c12_7)  \
    X(8, s3_4_c12_c13_0)  \
    X(9, s3_4_c12_c13_1)  \
    X(10, s3_4_c12_c13_2) \
    X(11, s3_4_c12_c13_3) \
    X(12, s3_4_c12_c13_4) \
    X(13, s3_4_c12_c13_5) \
    X(14, s3_4_c12_c13_6) \
    X(15, s3_4_c12_c13_7)

/* `image`: what was written there. */
static inline uint64_t ich_lr_read(unsigned n, uint64_t image)
{
    (void)image;
    switch (n) {
#define LR_READ(number, name) \
    case number:              \
        return arch_sysreg_read(name);
        LR_LIST(LR_READ)
#undef LR_READ
    default:
        return 0;
    }
}

static inline void ich_lr_write(unsigned n, uint64_t value)
{
    switch (n) {
#define LR_WRITE(number, name)          \
    case number:                        \
        arch_sysreg_write(name, value); \
        break;
        LR_LIST(LR_WRITE)
#undef LR_WRITE
    default:
        break;
    }
}

/* Of five bits of priority there is one register of each group, of six two, of seven four. */
static inline unsigned ich_apr_count(const struct gic_lrs *lrs)
{
    return 1U << (lrs->pri_bits - 5);
}

static inline void ich_apr_read(struct gic_lrs *lrs)
{
    lrs->apr[0][0] = (uint32_t)arch_sysreg_read(s3_4_c12_c8_0);
    lrs->apr[1][0] = (uint32_t)arch_sysreg_read(s3_4_c12_c9_0);
    if (ich_apr_count(lrs) < 2)
        return;
    lrs->apr[0][1] = (uint32_t)arch_sysreg_read(s3_4_c12_c8_1);
    lrs->apr[1][1] = (uint32_t)arch_sysreg_read(s3_4_c12_c9_1);
    if (ich_apr_count(lrs) < 4)
        return;
    lrs->apr[0][2] = (uint32_t)arch_sysreg_read(s3_4_c12_c8_2);
    lrs->apr[0][3] = (uint32_t)arch_sysreg_read(s3_4_c12_c8_3);
    lrs->apr[1][2] = (uint32_t)arch_sysreg_read(s3_4_c12_c9_2);
    lrs->apr[1][3] = (uint32_t)arch_sysreg_read(s3_4_c12_c9_3);
}

static inline void ich_apr_write(const struct gic_lrs *lrs)
{
    arch_sysreg_write(s3_4_c12_c8_0, lrs->apr[0][0]);
    arch_sysreg_write(s3_4_c12_c9_0, lrs->apr[1][0]);
    if (ich_apr_count(lrs) < 2)
        return;
    arch_sysreg_write(s3_4_c12_c8_1, lrs->apr[0][1]);
    arch_sysreg_write(s3_4_c12_c9_1, lrs->apr[1][1]);
    if (ich_apr_count(lrs) < 4)
        return;
    arch_sysreg_write(s3_4_c12_c8_2, lrs->apr[0][2]);
    arch_sysreg_write(s3_4_c12_c8_3, lrs->apr[0][3]);
    arch_sysreg_write(s3_4_c12_c9_2, lrs->apr[1][2]);
    arch_sysreg_write(s3_4_c12_c9_3, lrs->apr[1][3]);
}

/* List registers that are neither pending nor active: those with an end to be told of do not count as empty.
 */
static inline uint32_t ich_empty_read(void)
{
    /* List registers that were written since the last exit have other names (Arm ARM, D24.1.2.2). */
    arch_isb();
    return (uint32_t)(arch_gicreg_read(ICH_ELRSR) | arch_gicreg_read(ICH_EISR));
}

static inline uint32_t ich_hcr_read(void)
{
    return (uint32_t)arch_gicreg_read(ICH_HCR);
}

static inline void ich_hcr_write(uint32_t value)
{
    arch_gicreg_write(ICH_HCR, value);
}

static inline uint32_t ich_vmcr_read(void)
{
    return (uint32_t)arch_gicreg_read(ICH_VMCR);
}

static inline void ich_vmcr_write(uint32_t value)
{
    arch_gicreg_write(ICH_VMCR, value);
}

/* What was written has had its effect. */
static inline void ich_sync(void)
{
    arch_isb();
}

/* --- ich.c --- */

/* Once per CPU, before ich_cpu_enable() on any. -ENOMEM. Context: thread. */
must_check int ich_prepare(void);
/* This CPU's are there for guests and hold nothing; or arm64_host.lr_count stays 0. */
void ich_cpu_enable(void);

#endif
