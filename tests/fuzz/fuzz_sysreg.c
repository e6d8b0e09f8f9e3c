/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../vmm/arm64/id_regs.h"
#include <stdlib.h>
#include <string.h>

/* A row of accesses on a vCPU of any CPU: 4 bytes each. */
static void access_any(struct sysreg_file *file, const uint8_t *bytes)
{
    unsigned key = bytes[0] | bytes[1] << 8;
    uint64_t value = bytes[3] * 0x0101010101010101ULL, before = value;
    enum sysreg_outcome outcome = sysreg_access(file, key, bytes[2] & 1, bytes[2] & 2, &value);
    const struct sysreg *reg = sysreg_find((uint16_t)key);

    if ((bytes[2] & 1) && value != before)
        abort();
    if (reg == NULL && !sysreg_is_id(key) && outcome != SYSREG_UNDEFINED)
        abort();
    if (outcome != SYSREG_DONE && value != before)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    uint64_t host[ID_REGISTERS], guest[ID_REGISTERS];
    struct sysreg_file file = {.id = guest};
    struct id_limits limits;

    if (size < 2 + sizeof(host))
        return 0;
    limits =
        (struct id_limits){.has_sve = bytes[0] & 1, .has_gicv3 = bytes[0] & 2, .pa_range = bytes[1] & 15};
    memcpy(host, bytes + 2, sizeof(host));
    id_regs_make(host, &limits, guest);
    if (FIELD(guest[ID_INDEX(SYSREG(3, 0, 0, 7, 0))], 3, 0) > limits.pa_range)
        abort();
    sysreg_file_reset(&file);
    for (size_t at = 2 + sizeof(host); at + 4 <= size; at += 4)
        access_any(&file, bytes + at);
    return 0;
}
