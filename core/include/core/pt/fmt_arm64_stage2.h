/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_PT_FMT_ARM64_STAGE2_H
#define CORE_PT_FMT_ARM64_STAGE2_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * VMSAv8-64 descriptors of stage 2: Arm ARM (DDI 0487), D8.3. Where walks start, and in how many tables in a
 * row (D8.2.8 "Concatenated translation tables"), is the tree's choice.
 */
#define PT_TOP               3
#define PT_TREE_TOP(tree)    (tree)->top
#define PT_TREE_TABLES(tree) (tree)->root_tables
#define PT_BUSY              BIT(55) /* one of the bits that software may use in any descriptor, D8.3.1 */

#define S2_PTE_VALID   BIT(0)
#define S2_PTE_ATTR(n) ((n) * BIT(2)) /* MemAttr */
#define S2_PTE_ATTRS   MASK(5, 2)
#define S2_PTE_READ    BIT(6) /* S2AP[0] */
#define S2_PTE_WRITE   BIT(7) /* S2AP[1] */
#define S2_PTE_INNER   MASK(9, 8)
#define S2_PTE_AF      BIT(10)
#define S2_PTE_XN      MASK(54, 53)
#define S2_PTE_XN_ALL  BIT(54) /* of it: neither EL1 nor EL0 execute */
#define S2_PTE_FLAGS \
    (S2_PTE_VALID | S2_PTE_ATTRS | S2_PTE_READ | S2_PTE_WRITE | S2_PTE_INNER | S2_PTE_AF | S2_PTE_XN)

/* MemAttr, D8.6.5: inner and outer write-back. With FEAT_S2FWB and HCR_EL2.FWB, D8.6.6: write-back whatever
 * stage 1 says. */
#define S2_ATTR_WRITE_BACK        15
#define S2_ATTR_FORCED_WRITE_BACK 6
#define S2_ATTR_DEVICE            1 /* nGnRE, with FWB and without */

#define PT_FMT_FLAGS S2_PTE_FLAGS
#define PT_FMT_WRITE S2_PTE_WRITE
#include <core/pt/fmt_vmsa64.h>

#endif
