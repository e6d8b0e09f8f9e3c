/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BACKEND_STATE_H
#define BACKEND_STATE_H

#include <guest/el1.h>
#include <stdbool.h>
#include <stdint.h>

/* A backend that runs nothing: what it was asked for, for tests (../../arm64_vcpu.h). */
struct backend_vcpu {
    uint64_t el1[ARM64_EL1_REGS];
    unsigned skips, undefined, aborts, resets, fp_uses;
    bool is_watched;
    bool is_fetch; /* of the last abort, and the rest of it */
    uint64_t iss, far;
    uint64_t midr, mpidr;
};

#endif
