/* SPDX-License-Identifier: BSD-2-Clause */
#include "workaround.h"

#define FIRMWARE_NEEDED         0
#define FIRMWARE_NOT_NEEDED     1
#define FIRMWARE_NOT_NEEDED_ANY (-2) /* of WORKAROUND_2: by no CPU of the system */

/* Those without variant and revision that do not speculate as far as any of the three needs: Arm, "Cache
 * Speculation Side-channels"; Cortex-A35, A53, A55. */
static bool is_plain(uint64_t midr)
{
    static const uint32_t plain[] = {0x410fd040, 0x410fd030, 0x410fd050};

    for (unsigned i = 0; i < ARRAY_SIZE(plain); i++)
        if ((midr & 0xff0ffff0) == plain[i])
            return true;
    return false;
}

/* ID_AA64PFR0_EL1.CSV2: branches are not predicted by those of other contexts; 3: nor by the history of them.
 * ID_AA64MMFR1_EL1.ECBHB: nor by that of other exception levels. */
static bool says_itself(const uint64_t *id, unsigned n)
{
    unsigned csv2 = FIELD(id[ID_INDEX(SYSREG_ID_AA64PFR0)], 59, 56);

    if (n == 0)
        return csv2 >= 1;
    return n == 2 && (csv2 >= 3 || FIELD(id[ID_INDEX(SYSREG_ID_AA64MMFR1)], 63, 60) >= 1);
}

enum smccc_workaround workaround_decide(const struct workaround_facts *facts, unsigned n)
{
    int32_t firmware = facts->firmware[n];

    if (is_plain(facts->midr) || says_itself(facts->id, n))
        return SMCCC_WORKAROUND_NOT_NEEDED;
    if (firmware == FIRMWARE_NOT_NEEDED)
        return SMCCC_WORKAROUND_NOT_NEEDED;
    if (n == 1) /* it is on from boot, and stays so for everybody */
        return firmware == FIRMWARE_NEEDED || firmware == FIRMWARE_NOT_NEEDED_ANY
                   ? SMCCC_WORKAROUND_NOT_NEEDED
                   : SMCCC_WORKAROUND_UNKNOWN;
    return firmware == FIRMWARE_NEEDED ? SMCCC_WORKAROUND_CALL : SMCCC_WORKAROUND_UNKNOWN;
}

/* In the order of their values, as it happens. */
enum smccc_workaround workaround_merge(enum smccc_workaround a, enum smccc_workaround b)
{
    return MIN(a, b);
}

/* The third does what the first does, and more. */
uint32_t workaround_barrier(const enum smccc_workaround decided[WORKAROUNDS])
{
    if (decided[2] == SMCCC_WORKAROUND_CALL)
        return SMCCC_WORKAROUND_3;
    return decided[0] == SMCCC_WORKAROUND_CALL ? SMCCC_WORKAROUND_1 : 0;
}
