/* SPDX-License-Identifier: BSD-2-Clause */
#include "stage2_layout.h"

#include <errno.h>

/* Input address bits that one table resolves together with all levels below it: the manual's level 1 and 0.
 */
#define LEVEL1_BITS     39
#define LEVEL0_BITS     48
#define CONCATENATE_MAX 16 /* tables of the first level */

#define VTCR_SL0_LEVEL1 BIT(6)
#define VTCR_SL0_LEVEL0 BIT(7)
#define VTCR_T0SZ(bits) (64U - (bits))

_Static_assert(1U << (43 - LEVEL1_BITS) == CONCATENATE_MAX, "level 1 reaches up to 43 bits");
_Static_assert(LEVEL0_BITS == ARM64_IPA_BITS_MAX, "one table of level 0 is enough for all others");

/*
 * From level 1 if concatenated tables reach far enough: a level less than from 0, and blocks of 1 GiB are
 * found in the first step. Level 2 would save one more for up to 34 bits, but would have no such blocks.
 * Level 0 wants a CPU of 44 bits or more, which 44 input bits mean anyway.
 */
int arm64_stage2_layout_make(unsigned ipa_bits, unsigned pa_bits, struct arm64_stage2_layout *out)
{
    if (ipa_bits < ARM64_IPA_BITS_MIN || ipa_bits > ARM64_IPA_BITS_MAX || ipa_bits > pa_bits)
        return -EINVAL;
    if (ipa_bits <= LEVEL1_BITS)
        *out = (struct arm64_stage2_layout){2, 1, VTCR_SL0_LEVEL1 | VTCR_T0SZ(ipa_bits)};
    else if (1U << (ipa_bits - LEVEL1_BITS) <= CONCATENATE_MAX)
        *out = (struct arm64_stage2_layout){2, 1U << (ipa_bits - LEVEL1_BITS),
                                            VTCR_SL0_LEVEL1 | VTCR_T0SZ(ipa_bits)};
    else
        *out = (struct arm64_stage2_layout){3, 1, VTCR_SL0_LEVEL0 | VTCR_T0SZ(ipa_bits)};
    return 0;
}

unsigned arm64_pa_bits_of(unsigned pa_range)
{
    static const uint8_t bits[] = {32, 36, 40, 42, 44, ARM64_IPA_BITS_MAX};

    return bits[MIN(pa_range, ARRAY_SIZE(bits) - 1)];
}
