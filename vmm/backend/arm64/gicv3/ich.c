/* SPDX-License-Identifier: BSD-2-Clause */
#include <backend/ich.h>

#include "../arm64.h"

#define ICC_SRE s3_0_c12_c12_5

int ich_prepare(void)
{
    return 0;
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
    arch_gicreg_write(ICC_SRE, arch_gicreg_read(ICC_SRE) | 1);
    arch_isb();
    /* And no guest changes that for the next one: ICC_SRE_EL2.Enable. */
    arch_gicreg_write(ICC_SRE_EL2, arch_gicreg_read(ICC_SRE_EL2) & ~8ULL);
    ich_hcr_write(0);
    for (unsigned i = 0; i < arm64_host.lr_count; i++)
        ich_lr_write(i, 0);
    arch_isb();
}
