/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../vmm/arm64/smccc.h"
#include <stdlib.h>
#include <string.h>

/* Any call: the answer is one of those that the interface has, with what it promises. */
static void check(const struct smccc_call *call, const struct smccc_action *action)
{
    static const uint8_t entropy[24];
    uint64_t x[4];

    if (action->kind > SMCCC_STOLEN_TIME || action->is_32bit != !(call->x[0] & BIT(30)))
        abort();
    if (action->kind == SMCCC_RANDOM) {
        if (action->bits == 0 || action->bits > (action->is_32bit ? 96 : 192))
            abort();
        smccc_random_return(action, entropy, x);
    }
    if (action->kind == SMCCC_CPU_ON && (action->entry & 3))
        abort();
    if (action->is_32bit && ((action->entry | action->context) >> 32 != 0 || action->target >> 24 != 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct smccc_config config = {.workaround = {-1, -1, -1}};
    struct smccc_call call;
    struct smccc_action action;

    if (size < 1 + sizeof(call))
        return 0;
    for (unsigned i = 0; i < 3; i++)
        config.workaround[i] = (enum smccc_workaround)((bytes[0] >> i & 1) - (bytes[0] >> (i + 3) & 1));
    config.has_random = bytes[0] >> 6 & 1;
    config.has_stolen_time = bytes[0] >> 7;
    memcpy(&call, bytes + 1, sizeof(call));
    memset(&action, 0xa5, sizeof(action));
    smccc_handle(&config, &call, &action);
    check(&call, &action);
    return 0;
}
