/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_FETCH_H
#define VMM_X86_FETCH_H

#include "../backend/backend.h"
#include "decode/decode.h"
#include "translate.h"
#include <arch/msr.h>

/* The instruction at CS:RIP. Context: vCPU thread. */

typedef uint32_t unaligned_u32 __attribute__((aligned(1), may_alias));

/* How the CPU decodes now: X86_MODE_16 in real and virtual-8086 mode, else what CS says. */
static inline enum x86_mode guest_mode(const struct vcpu *vcpu)
{
    uint16_t cs = backend_cs_attributes(vcpu);

    if (likely((backend_efer_get(vcpu) & EFER_LMA) && (cs & X86_SEGMENT_LONG)))
        return X86_MODE_64;
    if (!(backend_cr_get(vcpu, 0) & CR0_PE) || (backend_rflags(vcpu) & X86_RFLAGS_VM))
        return X86_MODE_16;
    return cs & X86_SEGMENT_BIG ? X86_MODE_32 : X86_MODE_16;
}

/*
 * Decodes the instruction. 0: it is in **insn until the next call. -EFAULT: the guest's translation faults,
 * *fault says how. -ENXIO: there is no memory at fault->linear. -EINVAL: nobody defines it (#UD).
 */
must_check int guest_decode(struct vcpu *vcpu, const struct x86_insn **insn, struct guest_fault *fault);

/* Whether the first `size` (1 to 4) bytes at RIP are those of `pattern`, little-endian, as they usually are
 * with `which`. */
bool guest_fetch_is_slow(struct vcpu *vcpu, enum x86_fetch which, uint32_t pattern, unsigned size);

/*
 * A quick look where they were last time. That may no longer be what RIP translates to; then the worst that
 * happens is that this guest's RIP moves on by the length of an instruction that stood there before. Only
 * what ran at CPL 0 is remembered: programs in different address spaces share addresses.
 */
static always_inline bool guest_fetch_is(struct vcpu *vcpu, enum x86_fetch which, uint32_t pattern,
                                         unsigned size)
{
    uint64_t rip = backend_rip(vcpu);
    unsigned slot = rip % X86_FETCHES;

    if (unlikely(vcpu->arch.fetches[which][slot].rip != rip))
        return guest_fetch_is_slow(vcpu, which, pattern, size);
    return (*(const unaligned_u32 *)vcpu->arch.fetches[which][slot].bytes & 0xffffffffU >> (32 - 8 * size)) ==
           pattern;
}

#endif
