/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_RANDOM_H
#define ARCH_RANDOM_H

#include <arch/sysreg.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A number from the processor's generator (FEAT_RNG); false if it has none or none ready: RNDR sets the flags
 * to Z then (Arm ARM, D24.2.143). Context: any.
 */
static inline bool arch_random_u64(uint64_t *out)
{
    bool is_valid;

    if ((arch_sysreg_read(id_aa64isar0_el1) >> 60 & 15) == 0)
        return false;
    __asm__ volatile("mrs %0, s3_3_c2_c4_0; cset %w1, ne" : "=r"(*out), "=r"(is_valid)::"cc");
    return is_valid;
}

#endif
