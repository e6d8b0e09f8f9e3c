/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_ARM64_WORKAROUND_H
#define VMM_ARM64_WORKAROUND_H

#include "smccc.h"
#include "sysreg.h"

/*
 * What CPUs need against speculation, and what guests are told of that: Arm DEN 0028 (SMCCC),
 * "SMCCC_ARCH_WORKAROUND_1" to "_3". Pure.
 */
#define WORKAROUNDS 3

/* Of a CPU. */
struct workaround_facts {
    const uint64_t *id;            /* its ID registers, by ID_INDEX() */
    uint64_t midr;                 /* MIDR_EL1 */
    int32_t firmware[WORKAROUNDS]; /* what SMCCC_ARCH_FEATURES answers there; -1: nothing does */
};

/* `n`: 0 for SMCCC_ARCH_WORKAROUND_1. */
enum smccc_workaround workaround_decide(const struct workaround_facts *facts, unsigned n);

/* Of CPUs that a vCPU may run on: the worse. */
enum smccc_workaround workaround_merge(enum smccc_workaround a, enum smccc_workaround b);

/* The call of firmware that makes a CPU forget what it has learnt of branches; 0: none is needed, or known.
 */
uint32_t workaround_barrier(const enum smccc_workaround decided[WORKAROUNDS]);

#endif
