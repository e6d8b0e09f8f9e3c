/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_ARM64_ID_REGS_H
#define VMM_ARM64_ID_REGS_H

#include "sysreg.h"

/*
 * What a guest may know of its CPU: Arm ARM (DDI 0487), D24.2, ID_*_EL1. A field is shown if the table in
 * id_regs.c has a line for it, and then at most up to the value there; all others say "not implemented", so
 * that a feature of a CPU that we have never heard of is not offered. Pure.
 */
struct id_limits {
    bool has_sve;      /* the backend switches SVE's state */
    unsigned pa_range; /* ID_AA64MMFR0_EL1.PARange at most: what stage 2 can map */
};

/* From the host's registers, by ID_INDEX(). Context: any. */
void id_regs_make(const uint64_t host[ID_REGISTERS], const struct id_limits *limits,
                  uint64_t guest[ID_REGISTERS]);

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
};

extern const struct id_field id_fields[];
extern const unsigned id_field_count;

#endif
