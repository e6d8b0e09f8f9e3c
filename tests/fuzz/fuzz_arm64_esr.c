/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../vmm/backend/arm64/decode.h"
#include "../../vmm/backend/arm64/pstate.h"
#include <stdlib.h>
#include <string.h>

/* A syndrome, an address, what HPFAR_EL2 has and a PSTATE: whatever they are, what is made of them is in
 * bounds.
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    uint64_t w[4];
    struct exit_sysreg e;
    bool is_fetch;

    if (size < sizeof(w))
        return 0;
    memcpy(w, bytes, sizeof(w));
    is_fetch = esr_class(w[0]) == ESR_IABT_LOWER;
    e = arm64_sysreg_decode(w[0]);
    if (e.reg > 0xffff || e.rt > 31)
        abort();
    if (arm64_abort_address(w[0], ARM64_HPFAR_PAGE(w[2]), w[1]) >> 52)
        abort();
    if (is_fetch && arm64_abort_is_final(w[0]) && arm64_abort_is_write(w[0], is_fetch))
        abort();
    if (esr_access_size(w[0]) > 8 || esr_access_register(w[0]) > 31)
        abort();
    if (!(w[0] & ESR_SF) && esr_load_value(w[0], w[1]) >> 32)
        abort();
    /* An exception goes to EL1 in AArch64, with interrupts masked and nothing illegal. */
    if ((arm64_pstate_exception(w[3], w[1]) & (0x3dfULL | PSTATE_IL | PSTATE_SS)) != 0x3c5)
        abort();
    if (arm64_vector_offset(w[3]) > 0x600 || (arm64_pstate_skip_a32(w[3]) & ~(MASK(15, 10) | MASK(26, 25))) !=
                                                 (w[3] & ~(MASK(15, 10) | MASK(26, 25))))
        abort();
    return 0;
}
