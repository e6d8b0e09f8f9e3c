/* SPDX-License-Identifier: BSD-2-Clause */
#include "id_host.h"

#include "../backend/backend.h"
#include "id_regs.h"
#include <arch/sysreg.h>
#include <string.h>

/* Reserved ones read as zero. */
#define READ(crm, op2) host[(crm) << 3 | (op2)] = arch_sysreg_read(s3_0_c0_c##crm##_##op2)
#define READ_ROW(crm)                             \
    do {                                          \
        READ(crm, 0), READ(crm, 1), READ(crm, 2); \
        READ(crm, 3), READ(crm, 4), READ(crm, 5); \
        READ(crm, 6), READ(crm, 7);               \
    } while (0)

void id_host_read(uint64_t host[ID_REGISTERS])
{
    memset(host, 0, 8 * sizeof(*host)); /* CRm 0 is not about features */
    host[ID_INDEX(SYSREG_CTR_EL0)] = arch_sysreg_read(ctr_el0);
    READ_ROW(1);
    READ_ROW(2);
    READ_ROW(3);
    READ_ROW(4);
    READ_ROW(5);
    READ_ROW(6);
    READ_ROW(7);
}

void id_regs_get(unsigned pa_range, uint64_t guest[ID_REGISTERS])
{
    const struct id_limits limits = {.has_sve = arm64_host.sve_length != 0,
                                     .has_gicv3 = !IS_ENABLED(CONFIG_HOST_GICV2),
                                     .pa_range = pa_range};

    id_regs_make(arm64_host.id, &limits, guest);
}
