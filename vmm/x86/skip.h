/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_SKIP_H
#define VMM_X86_SKIP_H

#include "fetch.h"
#include "x86.h"

/* Past the instruction that exited, when its length is known but for prefixes. */

/* Instructions without prefixes: which, their bytes, little-endian, and length (APM vol. 3). */
#define INSN_CPUID   X86_FETCH_CPUID, 0xa20f, 2
#define INSN_RDMSR   X86_FETCH_RDMSR, 0x320f, 2
#define INSN_WRMSR   X86_FETCH_WRMSR, 0x300f, 2
#define INSN_VMMCALL X86_FETCH_VMMCALL, 0xd9010f, 3
#define INSN_XSETBV  X86_FETCH_XSETBV, 0xd1010f, 3
#define INSN_HLT     X86_FETCH_HLT, 0xf4, 1

/*
 * Instructions of a fixed length may carry prefixes. Where the hardware does not tell the length, the bytes
 * are compared with the plain form, and only if they differ is the instruction decoded.
 */
static always_inline void skip_plain(struct vcpu *vcpu, enum x86_fetch which, uint32_t plain, unsigned length)
{
    uint64_t next = backend_next_rip(vcpu);

    if (next == 0 && unlikely(!guest_fetch_is(vcpu, which, plain, length)))
        next = x86_next_rip(vcpu);
    x86_continue_at(vcpu, next ? next : backend_rip(vcpu) + length);
}

#endif
