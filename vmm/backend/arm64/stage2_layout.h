/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_STAGE2_LAYOUT_H
#define ARM64_STAGE2_LAYOUT_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * Where walks of stage 2 begin, for guest-physical addresses of any size: Arm ARM (DDI 0487), D8.2
 * ("Concatenated translation tables", 4K granule). 52 bits are out: they need
 * descriptors of another format (FEAT_LPA2). Pure.
 */
#define ARM64_IPA_BITS_MIN 32
#define ARM64_IPA_BITS_MAX 48

struct arm64_stage2_layout {
    unsigned top;    /* level of the root as the walker counts: 2 is the manual's 1, 3 its 0 */
    unsigned tables; /* of it, in a row: 1 to 16, a power of 2 */
    uint64_t vtcr;   /* VTCR_EL2.T0SZ and SL0 */
};

/* -EINVAL: more bits than the CPU has (`pa_bits`) or this format, or fewer than ARM64_IPA_BITS_MIN. */
must_check int arm64_stage2_layout_make(unsigned ipa_bits, unsigned pa_bits, struct arm64_stage2_layout *out);

/* Address bits by ID_AA64MMFR0_EL1.PARange (D24.2.64), as far as this format has them. */
unsigned arm64_pa_bits_of(unsigned pa_range);

#endif
