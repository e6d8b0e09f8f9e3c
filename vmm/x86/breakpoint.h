/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_BREAKPOINT_H
#define VMM_X86_BREAKPOINT_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * The guest's data and I/O breakpoints, for accesses that we do in its place: hardware looks at those that it
 * does itself. Pure. SDM vol. 3B, 18.2 "Debug registers"; APM vol. 2, 13.1.1.
 */
#define X86_DR7_ENABLES 0xff /* L0, G0 to L3, G3 */

enum x86_breakpoint_access {
    X86_BREAKPOINT_READ,
    X86_BREAKPOINT_WRITE,
    X86_BREAKPOINT_IO, /* either way; the guest's CR4.DE is set */
};

/* B0 to B3 of DR6: which of the enabled breakpoints an access to [address, address + size) hits. `address` is
 * linear, or a port. */
unsigned x86_breakpoint_hits(const uint64_t dr[4], uint64_t dr7, enum x86_breakpoint_access access,
                             uint64_t address, unsigned size);

#endif
