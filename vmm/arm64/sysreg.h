/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_ARM64_SYSREG_H
#define VMM_ARM64_SYSREG_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * The guest's system registers, in one table: who has each, why, and what an access does that traps to EL2.
 * What is not in the table does not exist: UNDEFINED, as the architecture has it. Pure. Arm ARM (DDI 0487),
 * chapter D24; 5.1 of C5 for encodings.
 */

/* A register's encoding in one number, in the order of the manual's tables. */
#define SYSREG(op0, op1, crn, crm, op2) ((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define SYSREG_OP0(key)                 ((unsigned)(key) >> 14)
#define SYSREG_OP1(key)                 ((unsigned)(key) >> 11 & 7)
#define SYSREG_CRM(key)                 ((unsigned)(key) >> 3 & 15)
#define SYSREG_OP2(key)                 ((unsigned)(key) & 7)

/* Those that code speaks of. */
#define SYSREG_MDSCR_EL1      SYSREG(2, 0, 0, 2, 2)
#define SYSREG_MIDR_EL1       SYSREG(3, 0, 0, 0, 0)
#define SYSREG_MPIDR_EL1      SYSREG(3, 0, 0, 0, 5)
#define SYSREG_ID_AA64PFR0    SYSREG(3, 0, 0, 4, 0)
#define SYSREG_ID_AA64PFR1    SYSREG(3, 0, 0, 4, 1)
#define SYSREG_ID_AA64ZFR0    SYSREG(3, 0, 0, 4, 4)
#define SYSREG_ID_AA64DFR0    SYSREG(3, 0, 0, 5, 0)
#define SYSREG_ID_AA64ISAR0   SYSREG(3, 0, 0, 6, 0)
#define SYSREG_ID_AA64ISAR1   SYSREG(3, 0, 0, 6, 1)
#define SYSREG_ID_AA64ISAR2   SYSREG(3, 0, 0, 6, 2)
#define SYSREG_ID_AA64MMFR0   SYSREG(3, 0, 0, 7, 0)
#define SYSREG_ID_AA64MMFR1   SYSREG(3, 0, 0, 7, 1)
#define SYSREG_ID_AA64MMFR2   SYSREG(3, 0, 0, 7, 2)
#define SYSREG_SCTLR_EL1      SYSREG(3, 0, 1, 0, 0)
#define SYSREG_CPACR_EL1      SYSREG(3, 0, 1, 0, 2)
#define SYSREG_TTBR0_EL1      SYSREG(3, 0, 2, 0, 0)
#define SYSREG_TTBR1_EL1      SYSREG(3, 0, 2, 0, 1)
#define SYSREG_TCR_EL1        SYSREG(3, 0, 2, 0, 2)
#define SYSREG_SPSR_EL1       SYSREG(3, 0, 4, 0, 0)
#define SYSREG_ELR_EL1        SYSREG(3, 0, 4, 0, 1)
#define SYSREG_SP_EL0         SYSREG(3, 0, 4, 1, 0)
#define SYSREG_AFSR0_EL1      SYSREG(3, 0, 5, 1, 0)
#define SYSREG_AFSR1_EL1      SYSREG(3, 0, 5, 1, 1)
#define SYSREG_ESR_EL1        SYSREG(3, 0, 5, 2, 0)
#define SYSREG_ICC_PMR_EL1    SYSREG(3, 0, 4, 6, 0)
#define SYSREG_FAR_EL1        SYSREG(3, 0, 6, 0, 0)
#define SYSREG_PAR_EL1        SYSREG(3, 0, 7, 4, 0)
#define SYSREG_MAIR_EL1       SYSREG(3, 0, 10, 2, 0)
#define SYSREG_AMAIR_EL1      SYSREG(3, 0, 10, 3, 0)
#define SYSREG_VBAR_EL1       SYSREG(3, 0, 12, 0, 0)
#define SYSREG_ICC_DIR_EL1    SYSREG(3, 0, 12, 11, 1)
#define SYSREG_ICC_RPR_EL1    SYSREG(3, 0, 12, 11, 3)
#define SYSREG_ICC_SGI1R_EL1  SYSREG(3, 0, 12, 11, 5)
#define SYSREG_ICC_ASGI1R_EL1 SYSREG(3, 0, 12, 11, 6)
#define SYSREG_ICC_SGI0R_EL1  SYSREG(3, 0, 12, 11, 7)
#define SYSREG_ICC_CTLR_EL1   SYSREG(3, 0, 12, 12, 4)
#define SYSREG_CONTEXTIDR_EL1 SYSREG(3, 0, 13, 0, 1)
#define SYSREG_TPIDR_EL1      SYSREG(3, 0, 13, 0, 4)
#define SYSREG_CNTKCTL_EL1    SYSREG(3, 0, 14, 1, 0)
#define SYSREG_CCSIDR_EL1     SYSREG(3, 1, 0, 0, 0)
#define SYSREG_CSSELR_EL1     SYSREG(3, 2, 0, 0, 0)
#define SYSREG_CTR_EL0        SYSREG(3, 3, 0, 0, 1)
#define SYSREG_TPIDR_EL0      SYSREG(3, 3, 13, 0, 2)
#define SYSREG_TPIDRRO_EL0    SYSREG(3, 3, 13, 0, 3)
#define SYSREG_CNTPCT_EL0     SYSREG(3, 3, 14, 0, 1)
#define SYSREG_CNTP_TVAL_EL0  SYSREG(3, 3, 14, 2, 0)
#define SYSREG_CNTP_CTL_EL0   SYSREG(3, 3, 14, 2, 1)
#define SYSREG_CNTP_CVAL_EL0  SYSREG(3, 3, 14, 2, 2)
#define SYSREG_CNTV_CTL_EL0   SYSREG(3, 3, 14, 3, 1)
#define SYSREG_CNTV_CVAL_EL0  SYSREG(3, 3, 14, 3, 2)
#define SYSREG_SP_EL1         SYSREG(3, 4, 4, 1, 0)

enum sysreg_owner {
    SYSREG_HARDWARE, /* the CPU's own: the backend switches it with the guest; usually no trap */
    SYSREG_ID,       /* what the guest may know of the CPU: vmm/arm64/id_regs.c */
    SYSREG_FIXED,    /* always reads as `value`; writes are ignored. 0: RAZ/WI */
    SYSREG_DEBUG,    /* kept in struct sysreg_file */
    SYSREG_GIC,      /* the guest's interrupt controller */
    SYSREG_CACHES,   /* maintenance by set and way: vmm/arm64/caches.c */
    SYSREG_SIZES,    /* of caches, likewise; no trap if all CPUs have the same */
    SYSREG_TIMER,    /* the physical timer, which the backend plays */
    SYSREG_ABSENT,   /* UNDEFINED; in the table to say why */
};

/* struct sysreg.access */
#define SYSREG_R  1
#define SYSREG_W  2
#define SYSREG_RW 3

struct sysreg {
    uint16_t key;
    uint8_t owner;  /* enum sysreg_owner */
    uint8_t access; /* the other direction is UNDEFINED */
    const char *name;
    uint64_t value; /* SYSREG_FIXED */
    const char *reason;
};

/* Sorted by key. */
extern const struct sysreg sysregs[];
extern const unsigned sysreg_count;

/* NULL: not in the table. Logarithmic. Context: any. */
const struct sysreg *sysreg_find(uint16_t key);

/* Whether it is one of those that tell the CPU's features, reserved ones included. */
static inline bool sysreg_is_id(unsigned key)
{
    return key >= SYSREG(3, 0, 0, 1, 0) && key <= SYSREG(3, 0, 0, 7, 7);
}

/* ID registers by CRm and op2: CRm 1 to 7; and CTR_EL0 by its own, where no other is. */
#define ID_REGISTERS  64
#define ID_INDEX(key) (SYSREG_CRM(key) << 3 | SYSREG_OP2(key))

/* Registers of a vCPU that no hardware keeps. */
struct sysreg_file {
    const uint64_t *id; /* i: [ID_REGISTERS] */
    uint64_t mdscr;     /* MDSCR_EL1 as the guest wrote it */
    bool is_os_locked;  /* OSLSR_EL1.OSLK */
};

/* The part of MDSCR_EL1 that may reach the hardware: single step, and the guest's own trap of the debug
 * channel. Breakpoints stay off: their registers are not the guest's. */
#define MDSCR_IN_HARDWARE (BIT(0) | BIT(12) | BIT(13))

enum sysreg_outcome {
    SYSREG_DONE,        /* *value is what was read */
    SYSREG_UNDEFINED,   /* the guest gets an Undefined Instruction exception */
    SYSREG_IN_HARDWARE, /* the backend has it; caches.c knows why it traps, if it may */
    SYSREG_TO_GIC,      /* the caller passes it on */
    SYSREG_TO_TIMER,
    SYSREG_TO_CACHES,
    SYSREG_TO_SIZES,
    SYSREG_TO_DEBUG, /* done; MDSCR_EL1 may have changed */
};

void sysreg_file_reset(struct sysreg_file *file);

/* An access that trapped, by MRS or MSR or by an instruction that is encoded like one (op0 = 1: cache and
 * TLB maintenance). `from_el0`: by a program. Context: any. */
enum sysreg_outcome sysreg_access(struct sysreg_file *file, unsigned key, bool is_write, bool from_el0,
                                  uint64_t *value);

#endif
