/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_FETCH_H
#define VMM_X86_FETCH_H

#include "../vm/vcpu.h"

/* The guest's own translation, done by us for the instructions that we emulate: SDM vol. 3A, chapter 5. */

enum guest_access { GUEST_READ = 0, GUEST_WRITE = 1 << 1, GUEST_FETCH = 1 << 4 }; /* page-fault error bits */

/*
 * Linear to guest-physical by the guest's page tables, with accessed and dirty bits. 0; -EFAULT: the guest's
 * translation faults, *error is the page-fault error code (CR2 is the caller's to set). Context: vCPU thread.
 */
must_check int guest_translate(struct vcpu *vcpu, uint64_t linear, unsigned access, gpa_t *out,
                               uint32_t *error);

/*
 * Copies the up to 15 instruction bytes at CS:RIP; returns how many could be read (0: not even the first; a
 * fault of the guest's translation is then in *error).
 */
size_t guest_fetch(struct vcpu *vcpu, uint8_t bytes[15], uint32_t *error);

/* Whether the first `size` (1 to 4) bytes at RIP are those of `pattern`, little-endian: a quick look where
 * they were last time. */
bool guest_fetch_is(struct vcpu *vcpu, uint32_t pattern, unsigned size);

#endif
