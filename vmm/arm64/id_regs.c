/* SPDX-License-Identifier: BSD-2-Clause */
#include "id_regs.h"

#include <string.h>

/* SVE's, of which ID_AA64PFR0_EL1 says whether they count. */
#define VECTORS(shift, max, reason) {ZFR0, shift, 4, ID_UP_TO, max, "SVE: " reason}

#define CTR   SYSREG_CTR_EL0
#define PFR0  SYSREG_ID_AA64PFR0
#define PFR1  SYSREG_ID_AA64PFR1
#define ZFR0  SYSREG_ID_AA64ZFR0
#define DFR0  SYSREG_ID_AA64DFR0
#define ISAR0 SYSREG_ID_AA64ISAR0
#define ISAR1 SYSREG_ID_AA64ISAR1
#define ISAR2 SYSREG_ID_AA64ISAR2
#define MMFR0 SYSREG_ID_AA64MMFR0
#define MMFR1 SYSREG_ID_AA64MMFR1
#define MMFR2 SYSREG_ID_AA64MMFR2

/* AArch32's registers have 32 bits that are all about instructions of programs; one line takes all of them.
 */
#define AARCH32(crm, op2, reason) {SYSREG(3, 0, 0, crm, op2), 0, 32, ID_UP_TO, ~0U, reason}
#define ANY                       15

/* register, bit, width, how, limit, reason. Not here, thus hidden: RAS, MPAM, AMU, MTE, SME, nested
 * virtualization, PMU, SPE, trace, big-endian data (emulated accesses know one order), LORegions, ECV,
 * fine-grained traps, WFxT, and what comes with HCRX_EL2. */
const struct id_field id_fields[] = {
    {CTR, 0, 4, ID_UP_TO, ANY, "IminLine: by such steps no line is missed"},
    {CTR, 14, 2, ID_L1IP, 3, "L1Ip: what an instruction cache goes by"},
    {CTR, 16, 4, ID_UP_TO, ANY, "DminLine: by such steps no line is missed"},
    {CTR, 20, 4, ID_REACH, ANY, "ERG: what lies further apart is reserved by itself"},
    {CTR, 24, 4, ID_REACH, ANY, "CWG: what lies further apart is written back by itself"},
    {CTR, 28, 1, ID_UP_TO, 1, "IDC: a property"},
    {CTR, 29, 1, ID_UP_TO, 1, "DIC: a property"},
    {CTR, 31, 1, ID_EQUAL, 1, "RES1"},
    {PFR0, 0, 4, ID_UP_TO, 2, "EL0: 64-bit programs, 32-bit ones where the CPU has them"},
    {PFR0, 4, 4, ID_EQUAL, 1, "EL1: 64-bit only, HCR_EL2.RW"},
    {PFR0, 16, 4, ID_SIGNED, ANY, "FP: switched"},
    {PFR0, 20, 4, ID_SIGNED, ANY, "AdvSIMD: switched"},
    {PFR0, 24, 4, ID_EQUAL, 1, "GIC: its system registers, if the guest's is a GICv3"},
    {PFR0, 32, 4, ID_UP_TO, 1, "SVE: if the backend switches it"},
    {PFR0, 48, 4, ID_UP_TO, 1, "DIT: in PSTATE"},
    {PFR0, 56, 4, ID_UP_TO, 1, "CSV2: a property; 2 would bring SCXTNUM_EL1"},
    {PFR0, 60, 4, ID_UP_TO, 1, "CSV3: a property"},
    {PFR1, 0, 4, ID_UP_TO, 1, "BT: in the page tables and PSTATE"},
    {PFR1, 4, 4, ID_UP_TO, 2, "SSBS: in PSTATE"},
    VECTORS(0, 2, "SVEver: SVE2.1"),
    VECTORS(4, 2, "AES"),
    VECTORS(16, 1, "BitPerm"),
    VECTORS(20, 2, "BF16"),
    VECTORS(24, 1, "B16B16"),
    VECTORS(32, 1, "SHA3"),
    VECTORS(40, 1, "SM4"),
    VECTORS(44, 1, "I8MM"),
    VECTORS(52, 1, "F32MM"),
    VECTORS(56, 1, "F64MM"),
    {DFR0, 0, 4, ID_EQUAL, 6, "DebugVer: Armv8.0's, the least there is"},
    {DFR0, 12, 4, ID_EQUAL, 1, "BRPs: two, the fewest there can be"},
    {DFR0, 20, 4, ID_EQUAL, 1, "WRPs: two, the fewest there can be"},
    {DFR0, 36, 4, ID_EQUAL, 15, "DoubleLock: none"},
    {ISAR0, 4, 20, ID_UP_TO, ~0U, "instructions: AES, SHA1, SHA2, CRC32, Atomic"},
    {ISAR0, 28, 4, ID_UP_TO, ANY, "instructions: RDM"},
    {ISAR0, 32, 4, ID_UP_TO, ANY, "instructions: SHA3"},
    {ISAR0, 36, 4, ID_UP_TO, ANY, "instructions: SM3"},
    {ISAR0, 40, 4, ID_UP_TO, ANY, "instructions: SM4"},
    {ISAR0, 44, 4, ID_UP_TO, ANY, "instructions: DP"},
    {ISAR0, 48, 4, ID_UP_TO, ANY, "instructions: FHM"},
    {ISAR0, 52, 4, ID_UP_TO, 2, "TS: flags"},
    {ISAR0, 56, 4, ID_UP_TO, 2, "TLB: by range, and outer shareable"},
    {ISAR0, 60, 4, ID_UP_TO, 1, "RNDR"},
    {ISAR1, 0, 4, ID_UP_TO, 2, "DPB: cleaning to persistence"},
    {ISAR1, 4, 4, ID_SAME, 5, "APA: keys are switched"},
    {ISAR1, 8, 4, ID_SAME_MODEL, 5, "API: keys are switched"},
    {ISAR1, 12, 4, ID_UP_TO, ANY, "instructions: JSCVT"},
    {ISAR1, 16, 4, ID_UP_TO, ANY, "instructions: FCMA"},
    {ISAR1, 20, 4, ID_UP_TO, ANY, "instructions: LRCPC"},
    {ISAR1, 24, 4, ID_SAME, 1, "GPA: keys are switched"},
    {ISAR1, 28, 4, ID_SAME_MODEL, 1, "GPI: keys are switched"},
    {ISAR1, 32, 4, ID_UP_TO, ANY, "instructions: FRINTTS"},
    {ISAR1, 36, 4, ID_UP_TO, 1, "SB: a barrier"},
    {ISAR1, 40, 4, ID_UP_TO, 1, "SPECRES: of the own context"},
    {ISAR1, 44, 4, ID_UP_TO, ANY, "instructions: BF16"},
    {ISAR1, 48, 4, ID_UP_TO, 1, "DGH: a hint"},
    {ISAR1, 52, 4, ID_UP_TO, ANY, "instructions: I8MM"},
    {ISAR2, 4, 4, ID_UP_TO, 1, "RPRES: in FPCR"},
    {ISAR2, 8, 4, ID_SAME, 1, "GPA3: keys are switched"},
    {ISAR2, 12, 4, ID_SAME, 5, "APA3: keys are switched"},
    {ISAR2, 20, 4, ID_UP_TO, 1, "instructions: BC"},
    {ISAR2, 24, 4, ID_SAME, 1, "PAC_frac: how keys work"},
    {ISAR2, 28, 4, ID_UP_TO, 1, "CLRBHB: a barrier of the own context"},
    {ISAR2, 52, 4, ID_UP_TO, 1, "instructions: CSSC"},
    {MMFR0, 0, 4, ID_UP_TO, ANY, "PARange: what stage 2 maps"},
    {MMFR0, 4, 4, ID_UP_TO, 2, "ASIDBits: tagged with the VMID as well"},
    {MMFR0, 20, 4, ID_UP_TO, 1, "TGran16: stage 1 is the guest's; 52 bits would be more than stage 2 has"},
    {MMFR0, 24, 4, ID_SIGNED, 0, "TGran64: stage 1 is the guest's"},
    {MMFR0, 28, 4, ID_SIGNED, 0, "TGran4: stage 1 is the guest's; 52 bits would be more than stage 2 has"},
    {MMFR0, 44, 4, ID_UP_TO, 1, "ExS: in SCTLR_EL1"},
    {MMFR1, 0, 4, ID_UP_TO, 2, "HAFDBS: flags in the guest's own tables"},
    {MMFR1, 12, 4, ID_UP_TO, 2, "HPDS: in TCR_EL1"},
    {MMFR1, 20, 4, ID_UP_TO, 3, "PAN: in PSTATE"},
    {MMFR1, 24, 4, ID_MAY, 1, "SpecSEI: a property"},
    {MMFR1, 36, 4, ID_UP_TO, 1, "ETS: a property"},
    {MMFR1, 44, 4, ID_UP_TO, 1, "AFP: in FPCR"},
    {MMFR1, 48, 4, ID_UP_TO, 1, "nTLBPA: a property"},
    {MMFR1, 60, 4, ID_UP_TO, 1, "ECBHB: a property"},
    {MMFR2, 0, 4, ID_UP_TO, 1, "CnP: tagged with the VMID"},
    {MMFR2, 4, 4, ID_UP_TO, 1, "UAO: in PSTATE"},
    {MMFR2, 16, 4, ID_UP_TO, 1, "VARange: stage 1 is the guest's"},
    {MMFR2, 20, 4, ID_UP_TO, 1, "CCIDX: the format of CCSIDR_EL1, which is the CPU's"},
    {MMFR2, 28, 4, ID_UP_TO, 1, "ST: small tables in TCR_EL1"},
    {MMFR2, 32, 4, ID_UP_TO, 1, "AT: single-copy atomicity"},
    {MMFR2, 36, 4, ID_UP_TO, 1, "IDS: how programs' reads of these registers are reported"},
    {MMFR2, 48, 4, ID_UP_TO, 1, "TTL: a hint"},
    {MMFR2, 52, 4, ID_UP_TO, 2, "BBM: the guest's own tables"},
    {MMFR2, 60, 4, ID_UP_TO, 1, "E0PD: in TCR_EL1"},
    AARCH32(1, 0, "ID_PFR0: states of 32-bit programs"),
    AARCH32(2, 0, "ID_ISAR0: instructions of 32-bit programs"),
    AARCH32(2, 1, "ID_ISAR1: instructions of 32-bit programs"),
    AARCH32(2, 2, "ID_ISAR2: instructions of 32-bit programs"),
    AARCH32(2, 3, "ID_ISAR3: instructions of 32-bit programs"),
    AARCH32(2, 4, "ID_ISAR4: instructions of 32-bit programs"),
    AARCH32(2, 5, "ID_ISAR5: instructions of 32-bit programs"),
    AARCH32(2, 7, "ID_ISAR6: instructions of 32-bit programs"),
    AARCH32(1, 4, "ID_MMFR0: memory of 32-bit programs"),
    AARCH32(1, 5, "ID_MMFR1: memory of 32-bit programs"),
    AARCH32(1, 6, "ID_MMFR2: memory of 32-bit programs"),
    AARCH32(1, 7, "ID_MMFR3: memory of 32-bit programs"),
    AARCH32(3, 0, "MVFR0: FP and SIMD of 32-bit programs"),
    AARCH32(3, 1, "MVFR1: FP and SIMD of 32-bit programs"),
    AARCH32(3, 2, "MVFR2: FP and SIMD of 32-bit programs"),
};

const unsigned id_field_count = ARRAY_SIZE(id_fields);

static uint64_t field_mask(const struct id_field *f)
{
    return BIT(f->width) - 1;
}

static uint64_t field_make(const struct id_field *f, uint64_t host)
{
    uint64_t mask = field_mask(f);

    host = host >> f->shift & mask;
    switch ((enum id_kind)f->kind) {
    case ID_EQUAL:
        return f->max;
    case ID_SIGNED:
        /* "Not implemented" is less than 0. */
        return host == mask || host <= (f->max & mask) ? host : f->max & mask;
    default:
        /* Several fields in one, if there is no limit. */
        return f->max == ~0U || host <= f->max ? host : f->max;
    }
}

/* What a number in the table cannot say. */
static void limit(uint64_t guest[ID_REGISTERS], const struct id_limits *limits)
{
    uint64_t *pfr0 = &guest[ID_INDEX(PFR0)], *mmfr0 = &guest[ID_INDEX(MMFR0)];

    if (!limits->has_sve)
        *pfr0 &= ~MASK(35, 32);
    if (FIELD(*pfr0, 35, 32) == 0)
        guest[ID_INDEX(ZFR0)] = 0;
    if (!limits->has_gicv3)
        *pfr0 &= ~MASK(27, 24);
    if (FIELD(*mmfr0, 3, 0) > limits->pa_range)
        *mmfr0 = (*mmfr0 & ~MASK(3, 0)) | limits->pa_range;
    /* No 32-bit programs: these registers are UNKNOWN then, and say nothing here. */
    if (FIELD(*pfr0, 3, 0) < 2)
        memset(&guest[ID_INDEX(SYSREG(3, 0, 0, 1, 0))], 0, 3 * 8 * sizeof(*guest));
}

void id_regs_make(const uint64_t host[ID_REGISTERS], const struct id_limits *limits,
                  uint64_t guest[ID_REGISTERS])
{
    memset(guest, 0, ID_REGISTERS * sizeof(*guest));
    for (unsigned i = 0; i < id_field_count; i++) {
        const struct id_field *f = &id_fields[i];

        guest[ID_INDEX(f->key)] |= field_make(f, host[ID_INDEX(f->key)]) << f->shift;
    }
    limit(guest, limits);
}
