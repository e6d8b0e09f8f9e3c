/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_FETCH_H
#define VMM_X86_FETCH_H

#include "../backend/backend.h"
#include "decode/decode.h"
#include "translate.h"

/* The instruction at CS:RIP. Context: vCPU thread. */

uint64_t guest_linear_rip(const struct vcpu *vcpu);

/* How the CPU decodes now: X86_MODE_16 in real and virtual-8086 mode, else what CS says. */
enum x86_mode guest_mode(const struct vcpu *vcpu);

/*
 * Decodes the instruction. 0: it is in **insn until the next call. -EFAULT: the guest's translation faults,
 * *fault says how. -ENXIO: there is no memory at fault->linear. -EINVAL: nobody defines it (#UD).
 */
must_check int guest_decode(struct vcpu *vcpu, const struct x86_insn **insn, struct guest_fault *fault);

/* Whether the first `size` (1 to 4) bytes at RIP are those of `pattern`, little-endian: a quick look where
 * they were last time. */
bool guest_fetch_is(struct vcpu *vcpu, uint32_t pattern, unsigned size);

#endif
