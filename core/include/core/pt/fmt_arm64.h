/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_PT_FMT_ARM64_H
#define CORE_PT_FMT_ARM64_H

#include <core/compiler.h>
#include <core/types.h>

/* VMSAv8-64 descriptors of stage 1, four levels: Arm ARM (DDI 0487), D8.3. */
#define PT_TOP 3

#define ARM64_PTE_VALID   BIT(0)
#define ARM64_PTE_ATTR(n) ((n) * BIT(2)) /* index into MAIR */
#define ARM64_PTE_ATTRS   MASK(4, 2)
#define ARM64_PTE_EL0     BIT(6)     /* AP[1]: unprivileged access; RES1 where a regime has no EL0 */
#define ARM64_PTE_RO      BIT(7)     /* AP[2] */
#define ARM64_PTE_INNER   MASK(9, 8) /* SH: inner shareable */
#define ARM64_PTE_AF      BIT(10)
#define ARM64_PTE_PXN     BIT(53) /* RES0 where a regime has no EL0 */
#define ARM64_PTE_XN      BIT(54) /* UXN where it has one */
#define ARM64_PTE_FLAGS                                                                                  \
    (ARM64_PTE_VALID | ARM64_PTE_ATTRS | ARM64_PTE_EL0 | ARM64_PTE_RO | ARM64_PTE_INNER | ARM64_PTE_AF | \
     ARM64_PTE_PXN | ARM64_PTE_XN)

#define PT_FMT_FLAGS ARM64_PTE_FLAGS
#include <core/pt/fmt_vmsa64.h>

#endif
