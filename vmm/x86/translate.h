/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_TRANSLATE_H
#define VMM_X86_TRANSLATE_H

#include <core/compiler.h>
#include <core/types.h>

/* The guest's own translation, done by us for the instructions that we emulate: SDM vol. 3A, chapter 5. */
struct vcpu;

enum guest_access { GUEST_READ = 0, GUEST_WRITE = 1 << 1, GUEST_FETCH = 1 << 4 }; /* page-fault error bits */

struct guest_fault {
    uint64_t linear;
    uint32_t error; /* page-fault error code */
};

/* Where a linear address leads: the rest of a 4K page at most. */
struct guest_place {
    gpa_t gpa;
    const uint8_t *host; /* the same in the host, to be read only; NULL: no RAM, but maybe a device */
};

/*
 * Linear to guest-physical by the guest's page tables, with accessed and dirty bits. 0; -EFAULT: the guest's
 * translation faults, with *fault filled (CR2 is the caller's to set). Context: vCPU thread.
 */
must_check int guest_translate(struct vcpu *vcpu, uint64_t linear, unsigned access, struct guest_place *place,
                               struct guest_fault *fault);

#endif
