/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../vmm/arm64/smccc.h"
#include <stdlib.h>
#include <string.h>

/* Any call: the answer is one of those that the interface has, with what it promises. */
static void check(uint64_t function, enum smccc_action_kind kind, const struct smccc_action *action)
{
    bool is_32bit = !(function & SMCCC_64BIT);
    static const uint8_t entropy[24];
    uint64_t x[4];

    if (kind > SMCCC_STOLEN_TIME)
        abort();
    if (kind == SMCCC_RANDOM) {
        if (action->bits == 0 || action->bits > (is_32bit ? 96 : 192) || action->is_32bit != is_32bit)
            abort();
        smccc_random_return(action, entropy, x);
    }
    if (kind != SMCCC_CPU_ON)
        return;
    if (action->entry & 3)
        abort();
    if (is_32bit && ((action->entry | action->context) >> 32 != 0 || action->target >> 24 != 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    enum smccc_workaround workaround[3];
    struct smccc_config config = {.workaround = workaround};
    struct smccc_action action;
    uint64_t x[4], function;

    if (size < 1 + sizeof(x))
        return 0;
    for (unsigned i = 0; i < 3; i++)
        workaround[i] = (enum smccc_workaround)((bytes[0] >> i & 1) - (bytes[0] >> (i + 3) & 1));
    config.has_random = bytes[0] >> 6 & 1;
    config.has_stolen_time = bytes[0] >> 7;
    memcpy(x, bytes + 1, sizeof(x));
    function = x[0];
    memset(&action, 0xa5, sizeof(action));
    check(function, smccc_handle(&config, x, &action), &action);
    return 0;
}
