/* SPDX-License-Identifier: BSD-2-Clause */
#include "smccc.h"

#include "psci.h"
#include <string.h>

/* Function identifiers: DEN 0028, 2.5. Bit 31: fast, bit 30: 64-bit, bits 29:24: whose service. */
#define SMCCC_64BIT         BIT(30)
#define SMCCC_VERSION       0x80000000U
#define SMCCC_ARCH_FEATURES 0x80000001U
#define SMCCC_WORKAROUND_1  0x80008000U
#define SMCCC_WORKAROUND_2  0x80007fffU
#define SMCCC_WORKAROUND_3  0x80003fffU
#define TRNG_VERSION        0x84000050U
#define TRNG_FEATURES       0x84000051U
#define TRNG_GET_UUID       0x84000052U
#define TRNG_RND            0x84000053U /* and SMC64 */
#define PV_TIME_FEATURES    0xc5000020U
#define PV_TIME_ST          0xc5000021U

#define VERSION_1_0 0x10000
#define VERSION_1_1 0x10001

#define NOT_SUPPORTED      (-1)
#define INVALID_PARAMETERS (-2) /* TRNG's */

static void answer(struct smccc_action *action, int64_t value)
{
    action->kind = SMCCC_RETURN;
    action->x[0] = (uint64_t)value;
}

/* Field by field: a call is often all that a guest's exit is about, and memset() costs more than the answer.
 */
static always_inline void action_begin(struct smccc_action *action, bool is_32bit)
{
    action->kind = SMCCC_RETURN;
    action->is_32bit = is_32bit;
    action->x[0] = action->x[1] = action->x[2] = action->x[3] = 0;
    action->target = action->bits = 0;
    action->entry = action->context = 0;
}

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

static void random_handle(uint32_t function, const struct smccc_call *call, struct smccc_action *action)
{
    uint64_t bits = call->x[1];

    switch (function) {
    case TRNG_VERSION:
        answer(action, VERSION_1_0);
        break;
    case TRNG_FEATURES:
        answer(action, is_random_call((uint32_t)call->x[1]) ? 0 : NOT_SUPPORTED);
        break;
    case TRNG_GET_UUID: /* 42617361-6c74-4e47-8000-74726e672e31: a name of ours */
        answer(action, 0x42617361);
        action->x[1] = 0x6c744e47;
        action->x[2] = 0x80007472;
        action->x[3] = 0x6e672e31;
        break;
    default:
        if (bits == 0 || bits > (action->is_32bit ? 96 : 192)) {
            answer(action, INVALID_PARAMETERS);
            break;
        }
        action->kind = SMCCC_RANDOM;
        action->bits = (uint32_t)bits;
        break;
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

static void arch_handle(const struct smccc_config *config, uint32_t function, const struct smccc_call *call,
                        struct smccc_action *action)
{
    int workaround = workaround_find(function);

    if (function == SMCCC_VERSION)
        answer(action, VERSION_1_1);
    else if (function == SMCCC_ARCH_FEATURES)
        answer(action, arch_features(config, (uint32_t)call->x[1]));
    else if (workaround >= 0 && config->workaround[workaround] != SMCCC_WORKAROUND_UNKNOWN)
        answer(action, 0);
    else if (function == PV_TIME_FEATURES && config->has_stolen_time)
        answer(action, (uint32_t)call->x[1] == PV_TIME_FEATURES || (uint32_t)call->x[1] == PV_TIME_ST
                           ? 0
                           : NOT_SUPPORTED);
    else if (function == PV_TIME_ST && config->has_stolen_time)
        action->kind = SMCCC_STOLEN_TIME;
    else
        answer(action, NOT_SUPPORTED); /* 5.2: the unknown function identifier */
}

void smccc_handle(const struct smccc_config *config, struct smccc_call *call, struct smccc_action *action)
{
    uint32_t function = (uint32_t)call->x[0];
    bool is_32bit = (function & SMCCC_64BIT) == 0;

    action_begin(action, is_32bit);
    /* SMC32: arguments are W registers (3.1). */
    if (is_32bit) {
        call->x[1] = (uint32_t)call->x[1];
        call->x[2] = (uint32_t)call->x[2];
        call->x[3] = (uint32_t)call->x[3];
    }
    if (psci_handle(function, call, action))
        return;
    if (config->has_random && is_random_call(function))
        random_handle(function, call, action);
    else
        arch_handle(config, function, call, action);
}
