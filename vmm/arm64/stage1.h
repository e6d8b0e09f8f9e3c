/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_ARM64_STAGE1_H
#define VMM_ARM64_STAGE1_H

#include <core/compiler.h>
#include <core/types.h>

/* The guest's own tables, as its CPU walks them: Arm ARM (DDI 0487), D8.2 and D8.3. Pure. */
struct stage1 {
    uint64_t tcr, ttbr0, ttbr1;
};

/* Reads the 8 bytes at guest-physical `at`; false: there is no memory. */
typedef bool stage1_read(void *context, uint64_t at, uint64_t *entry);

/* The level, 0 to 3, of the table whose entry for `va` cannot be read; -1: none is like that (now). */
int stage1_hole_level(const struct stage1 *s, uint64_t va, stage1_read *read, void *context);

#endif
