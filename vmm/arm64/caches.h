/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_ARM64_CACHES_H
#define VMM_ARM64_CACHES_H

#include "include/guest/el1.h"
#include "sysreg.h"

/*
 * Maintenance of caches by set and way: Arm ARM (DDI 0487), D7.5. A guest means by it all that it has
 * cached, because it is about to switch its caches off or has just done so (firmware before it starts a
 * kernel). The instructions themselves reach one CPU's caches, in which others' lines are and from which its
 * own may have wandered off, so they trap (HCR_EL2.TSW) and do nothing. Instead, all of the guest's memory is
 * cleaned and invalidated by address: at the first of them, and again whenever caches are switched on or off
 * after that, which the host sees by trapping writes of the registers of stage 1 (HCR_EL2.TVM) until they are
 * on. CPUs with FEAT_S2FWB need none of that: there, caches are never off. Pure.
 */
enum caches_steps {
    CACHES_CLEAN = 1 << 0,   /* all that is mapped */
    CACHES_WATCH = 1 << 1,   /* registers of stage 1 from now on */
    CACHES_UNWATCH = 1 << 2, /* no longer */
};

/* SCTLR_EL1.M and C: whether data accesses are cached. */
#define SCTLR_CACHED (BIT(0) | BIT(2))

static inline bool caches_are_on(uint64_t sctlr)
{
    return (sctlr & SCTLR_CACHED) == SCTLR_CACHED;
}

/* DC ISW, CSW or CISW: there are thousands in a row, one for each set and way. */
static inline unsigned caches_set_way_steps(bool has_fwb, bool is_watched)
{
    return has_fwb || is_watched ? 0 : CACHES_CLEAN | CACHES_WATCH;
}

/* A write that is being watched has changed SCTLR_EL1 so, or not at all. */
static inline unsigned caches_write_steps(uint64_t sctlr_before, uint64_t sctlr_after)
{
    bool is_on = caches_are_on(sctlr_after);

    return (caches_are_on(sctlr_before) != is_on ? CACHES_CLEAN : 0) | (is_on ? CACHES_UNWATCH : 0);
}

/*
 * CCSIDR_EL1 where CSSELR_EL1 is so: of each cache of the one level that CLIDR_EL1 tells of a set and a way,
 * lines being as short as `ctr` says. The same in both formats (FEAT_CCIDX): D24.2.26.
 */
static inline uint64_t caches_size(uint64_t ctr, uint64_t csselr)
{
    uint64_t line = csselr & 1 ? FIELD(ctr, 3, 0) : FIELD(ctr, 19, 16); /* log2 of 4 bytes */

    return (csselr >> 1 & 7) != 0 ? 0 : MAX(line, 2ULL) - 2; /* log2 of 16 bytes */
}

/* Those whose writes HCR_EL2.TVM traps (D24.2.47). False: `key` is another. */
static inline bool caches_watched_register(unsigned key, enum arm64_el1_reg *reg)
{
    static const struct {
        uint16_t key;
        uint8_t reg;
    } watched[] = {
        {SYSREG_SCTLR_EL1, ARM64_SCTLR_EL1},
        {SYSREG_TTBR0_EL1, ARM64_TTBR0_EL1},
        {SYSREG_TTBR1_EL1, ARM64_TTBR1_EL1},
        {SYSREG_TCR_EL1, ARM64_TCR_EL1},
        {SYSREG_AFSR0_EL1, ARM64_AFSR0_EL1},
        {SYSREG_AFSR1_EL1, ARM64_AFSR1_EL1},
        {SYSREG_ESR_EL1, ARM64_ESR_EL1},
        {SYSREG_FAR_EL1, ARM64_FAR_EL1},
        {SYSREG_MAIR_EL1, ARM64_MAIR_EL1},
        {SYSREG_AMAIR_EL1, ARM64_AMAIR_EL1},
        {SYSREG_CONTEXTIDR_EL1, ARM64_CONTEXTIDR_EL1},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(watched); i++) {
        if (watched[i].key == key) {
            *reg = (enum arm64_el1_reg)watched[i].reg;
            return true;
        }
    }
    return false;
}

#endif
