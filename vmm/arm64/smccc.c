/* SPDX-License-Identifier: BSD-2-Clause */
#include "smccc.h"

#include "psci.h"
#include <string.h>

/* Function identifiers: DEN 0028, "Function Identifiers". Bit 31: fast, bit 30: 64-bit, bits 29:24: whose
 * service. */
#define TRNG_VERSION     0x84000050U
#define TRNG_FEATURES    0x84000051U
#define TRNG_GET_UUID    0x84000052U
#define TRNG_RND         0x84000053U /* and SMC64 */
#define PV_TIME_FEATURES 0xc5000020U
#define PV_TIME_ST       0xc5000021U

#define VERSION_1_0 0x10000
#define VERSION_1_1 0x10001

#define NOT_SUPPORTED      (-1)
#define INVALID_PARAMETERS (-2) /* TRNG's */

/* --- the architecture's own --- */

static int workaround_find(uint32_t function)
{
    static const uint32_t ids[] = {SMCCC_WORKAROUND_1, SMCCC_WORKAROUND_2, SMCCC_WORKAROUND_3};

    for (unsigned i = 0; i < ARRAY_SIZE(ids); i++)
        if (ids[i] == function)
            return (int)i;
    return -1;
}

static int64_t arch_features(const struct smccc_config *config, uint32_t function)
{
    int workaround = workaround_find(function);

    if (workaround >= 0)
        return config->workaround[workaround];
    if (function == PV_TIME_FEATURES && config->has_stolen_time)
        return 0;
    return function == SMCCC_VERSION || function == SMCCC_ARCH_FEATURES ? 0 : NOT_SUPPORTED;
}

/* --- TRNG --- */

static bool is_random_call(uint32_t function)
{
    switch (function) {
    case TRNG_VERSION:
    case TRNG_FEATURES:
    case TRNG_GET_UUID:
    case TRNG_RND:
    case TRNG_RND | SMCCC_64BIT:
        return true;
    default:
        return false;
    }
}

static enum smccc_action_kind random_handle(uint32_t function, uint64_t x[4], struct smccc_action *action)
{
    uint64_t bits = smccc_argument(x, 1);

    switch (function) {
    case TRNG_VERSION:
        return smccc_answer(x, VERSION_1_0);
    case TRNG_FEATURES:
        return smccc_answer(x, is_random_call((uint32_t)bits) ? 0 : NOT_SUPPORTED);
    case TRNG_GET_UUID: /* 42617361-6c74-4e47-8000-74726e672e31: a name of ours */
        x[0] = 0x42617361;
        x[1] = 0x6c744e47;
        x[2] = 0x80007472;
        x[3] = 0x6e672e31;
        return SMCCC_RETURN;
    default:
        action->is_32bit = (function & SMCCC_64BIT) == 0;
        if (bits == 0 || bits > (action->is_32bit ? 96 : 192))
            return smccc_answer(x, INVALID_PARAMETERS);
        action->bits = (uint32_t)bits;
        return SMCCC_RANDOM;
    }
}

void smccc_random_return(const struct smccc_action *action, const uint8_t entropy[24], uint64_t x[4])
{
    unsigned width = action->is_32bit ? 32 : 64, left = action->bits;

    x[0] = 0;
    /* The least significant bits are in x3, then x2, x1; bits beyond are zero. */
    for (unsigned i = 3; i > 0; i--) {
        uint64_t word = 0;

        memcpy(&word, entropy + (3 - i) * (width / 8), width / 8);
        if (left < width)
            word &= BIT(left) - 1;
        x[i] = word;
        left -= MIN(left, width);
    }
}

/* --- all --- */

static enum smccc_action_kind arch_handle(const struct smccc_config *config, uint32_t function, uint64_t x[4])
{
    int workaround = workaround_find(function);
    uint32_t asked = (uint32_t)x[1];

    if (function == SMCCC_VERSION)
        return smccc_answer(x, VERSION_1_1);
    if (function == SMCCC_ARCH_FEATURES)
        return smccc_answer(x, arch_features(config, asked));
    if (workaround >= 0 && config->workaround[workaround] == SMCCC_WORKAROUND_CALL)
        return SMCCC_PREDICTORS;
    if (workaround >= 0 && config->workaround[workaround] == SMCCC_WORKAROUND_NOT_NEEDED)
        return smccc_answer(x, 0);
    if (function == PV_TIME_FEATURES && config->has_stolen_time)
        return smccc_answer(x, asked == PV_TIME_FEATURES || asked == PV_TIME_ST ? 0 : NOT_SUPPORTED);
    if (function == PV_TIME_ST && config->has_stolen_time)
        return SMCCC_STOLEN_TIME;
    return smccc_answer(x, NOT_SUPPORTED); /* 5.2: the unknown function identifier */
}

enum smccc_action_kind smccc_handle(const struct smccc_config *config, uint64_t x[4],
                                    struct smccc_action *action)
{
    uint32_t function = (uint32_t)x[0];

    if (psci_owns(function))
        return psci_handle(x, action);
    if (config->has_random && is_random_call(function))
        return random_handle(function, x, action);
    return arch_handle(config, function, x);
}
