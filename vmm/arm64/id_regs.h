/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_ARM64_ID_REGS_H
#define VMM_ARM64_ID_REGS_H

#include "sysreg.h"

/*
 * What a guest may know of its CPU: Arm ARM (DDI 0487), D24.2, ID_*_EL1 and CTR_EL0. A field is shown if the
 * table in id_regs.c has a line for it, and then at most up to the value there; all others say "not
 * implemented", so that a feature of a CPU that we have never heard of is not offered. Pure.
 */
struct id_limits {
    bool has_sve;      /* the backend switches SVE's state */
    bool has_gicv3;    /* the guest's GIC is one, with system registers */
    unsigned pa_range; /* ID_AA64MMFR0_EL1.PARange at most: what stage 2 can map */
};

/* From the host's registers, by ID_INDEX(). Context: any. */
void id_regs_make(const uint64_t host[ID_REGISTERS], const struct id_limits *limits,
                  uint64_t guest[ID_REGISTERS]);

/*
 * What one CPU has is taken into `all`, which others are in already: of each field what a guest can rely on
 * wherever it runs. `is_same_model`: its MIDR_EL1 is theirs.
 */
void id_merge(uint64_t all[ID_REGISTERS], const uint64_t cpu[ID_REGISTERS], bool is_same_model);

/*
 * The longest SVE vector, in bytes, up to which all CPUs have the same lengths; 0: none. Bit n of `every`:
 * all of them have vectors of n + 1 times 128 bits; of `any`: some have.
 */
unsigned id_vector_bytes(uint32_t every, uint32_t any);

/* A line of the table, for tests. */
struct id_field {
    uint16_t key;
    uint8_t shift, width;
    uint8_t kind; /* enum id_kind */
    uint32_t max;
    const char *reason;
};

enum id_kind {
    ID_UP_TO,  /* as the host has it, at most `max` */
    ID_SIGNED, /* the same of a signed field: all ones is "not implemented" */
    ID_EQUAL,  /* always `max` */
    /* At most `max`, and of CPUs that differ: */
    ID_MAY,        /* the greatest: a guest has to expect it */
    ID_REACH,      /* likewise, 0 being more than any */
    ID_L1IP,       /* VIPT, of which software expects least */
    ID_SAME,       /* nothing, as what one makes the other does not understand */
    ID_SAME_MODEL, /* nor if both are of a kind that each maker has his own of */
};

extern const struct id_field id_fields[];
extern const unsigned id_field_count;

#endif
