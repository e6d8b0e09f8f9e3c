/* SPDX-License-Identifier: BSD-2-Clause */
#include <backend/ich.h>

#include "../arm64.h"

#define ICC_SRE s3_0_c12_c12_5

/* ICH_HCR_EL2, ICH_VTR_EL2, ICC_CTLR_EL1: IHI 0069H, 12.4 and 12.2. */
#define HCR_TC    BIT(10)
#define HCR_TDIR  BIT(14)
#define VTR_TDS   BIT(19) /* writes of ICC_DIR_EL1 trap by themselves: ICH_HCR_EL2.TDIR */
#define VTR_A3V   BIT(21)
#define VTR_SEIS  BIT(22)
#define CTLR_SEIS BIT(14)
#define CTLR_A3V  BIT(15)

int ich_prepare(void)
{
    arm64_host.dir_trap = HCR_TDIR;
    return 0;
}

static uint32_t icc_ctlr(uint64_t vtr)
{
    return (uint32_t)(FIELD(vtr, 31, 29) << 8 | FIELD(vtr, 25, 23) << 11 | (vtr & VTR_SEIS ? CTLR_SEIS : 0) |
                      (vtr & VTR_A3V ? CTLR_A3V : 0));
}

/* Guests use system registers, too: ICC_SRE_EL1.SRE. List registers hold nothing after reset only by luck. */
void ich_cpu_enable(void)
{
    uint64_t vtr;

    if (arm64_id_field(arch_sysreg_read(id_aa64pfr0_el1), 24) == 0)
        return;
    vtr = arch_gicreg_read(ICH_VTR);
    arm64_host.lr_count = (uint8_t)((vtr & 31) + 1);
    arm64_host.lr_pri_bits = (uint8_t)(FIELD(vtr, 28, 26) + 1);
    arm64_host.icc_ctlr = icc_ctlr(vtr);
    /* What all of them can do. Cortex-A53 to A73 have no TDIR. */
    if (!(vtr & VTR_TDS))
        arm64_host.dir_trap = HCR_TC;
    arch_gicreg_write(ICC_SRE, arch_gicreg_read(ICC_SRE) | 1);
    arch_isb();
    /* And no guest changes that for the next one: ICC_SRE_EL2.Enable. */
    arch_gicreg_write(ICC_SRE_EL2, arch_gicreg_read(ICC_SRE_EL2) & ~8ULL);
    ich_hcr_write(0);
    for (unsigned i = 0; i < arm64_host.lr_count; i++)
        ich_lr_write(i, 0);
    arch_isb();
}
