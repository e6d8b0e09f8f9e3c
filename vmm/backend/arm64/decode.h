/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_DECODE_H
#define ARM64_DECODE_H

#include "../../arm64/esr.h"
#include "../../arm64/include/guest/exit.h"

/* What ESR_EL2 says: Arm ARM (DDI 0487), D24.2.39. Pure. */

/* MSR, MRS and system instructions, class 0x18. */
static inline struct exit_sysreg arm64_sysreg_decode(uint64_t esr)
{
    return (struct exit_sysreg){
        .reg = (uint32_t)ARM64_SYSREG(FIELD(esr, 21, 20), FIELD(esr, 16, 14), FIELD(esr, 13, 10),
                                      FIELD(esr, 4, 1), FIELD(esr, 19, 17)),
        .rt = (uint8_t)FIELD(esr, 9, 5),
        .is_read = (esr & 1) != 0,
    };
}

enum arm64_abort {
    ARM64_ABORT_STAGE2,       /* address size, translation, access flag, permission: stage 2 made it */
    ARM64_ABORT_TLB_CONFLICT, /* two entries of a TLB say different things */
    ARM64_ABORT_DEVICE, /* behind stage 2 is a device: it wants alignment, or has no exclusives or atomics */
    ARM64_ABORT_EXTERNAL, /* everything else: memory or what is behind it */
};

#define ESR_FSC_STAGE2_END   0x10
#define ESR_FSC_ALIGNMENT    0x21
#define ESR_FSC_TLB_CONFLICT 0x30
#define ESR_FSC_EXCLUSIVE    0x35

static inline enum arm64_abort arm64_abort_kind(uint64_t esr)
{
    unsigned fsc = esr_fsc(esr);

    if (fsc < ESR_FSC_STAGE2_END)
        return ARM64_ABORT_STAGE2;
    if (fsc == ESR_FSC_ALIGNMENT || fsc == ESR_FSC_EXCLUSIVE)
        return ARM64_ABORT_DEVICE;
    return fsc == ESR_FSC_TLB_CONFLICT ? ARM64_ABORT_TLB_CONFLICT : ARM64_ABORT_EXTERNAL;
}

static inline bool arm64_abort_is_permission(uint64_t esr)
{
    return esr_fsc(esr) >> 2 == ESR_FAULT_PERMISSION;
}

/* Of the access itself, not of a walk of the guest's tables. */
static inline bool arm64_abort_is_final(uint64_t esr)
{
    return (esr & ESR_S1PTW) == 0;
}

/* A walk that may not write wants to set an access flag or dirty state. */
static inline bool arm64_abort_is_write(uint64_t esr, bool is_fetch)
{
    return arm64_abort_is_final(esr) ? !is_fetch && (esr & ESR_WNR) != 0 : arm64_abort_is_permission(esr);
}

/* HPFAR_EL2 names the page only if it is valid: not after a permission fault of the access itself (D24.2.58).
 */
static inline bool arm64_abort_has_page(uint64_t esr)
{
    return !arm64_abort_is_permission(esr) || !arm64_abort_is_final(esr);
}

#define ARM64_HPFAR_PAGE(hpfar) (((hpfar) & MASK(43, 4)) << 8)

static inline uint64_t arm64_abort_address(uint64_t esr, uint64_t page, uint64_t far)
{
    return page | (arm64_abort_is_final(esr) ? far & (PAGE_SIZE - 1) : 0);
}

#endif
