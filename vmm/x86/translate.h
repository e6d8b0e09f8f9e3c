/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_TRANSLATE_H
#define VMM_X86_TRANSLATE_H

#include "../backend/backend.h"
#include "caches.h"
#include <core/compiler.h>
#include <core/types.h>

/* The guest's own translation, done by us for the instructions that we emulate: SDM vol. 3A, chapter 5. */
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

/* The walk, when nothing is remembered. */
must_check int guest_translate_slowly(struct vcpu *vcpu, uint64_t linear, unsigned access,
                                      struct guest_place *place, struct guest_fault *fault);

static always_inline struct translation *translation_slot(const struct vcpu *vcpu, uint64_t linear,
                                                          unsigned access)
{
    uint64_t page = linear >> PAGE_SHIFT, slot = (page ^ page >> 4) & (TRANSLATION_ENTRIES - 1);
    enum translation_kind kind = access & GUEST_FETCH   ? TRANSLATION_FETCH
                                 : access & GUEST_WRITE ? TRANSLATION_WRITE
                                                        : TRANSLATION_READ;

    return &vcpu->arch.caches->translations[kind][slot];
}

/* 0 if all entries on the way are what they were. */
static always_inline uint64_t translation_changes(const struct translation *t)
{
    return (__atomic_load_n(t->entry[0], __ATOMIC_RELAXED) ^ t->value[0]) |
           (__atomic_load_n(t->entry[1], __ATOMIC_RELAXED) ^ t->value[1]) |
           (__atomic_load_n(t->entry[2], __ATOMIC_RELAXED) ^ t->value[2]) |
           (__atomic_load_n(t->entry[3], __ATOMIC_RELAXED) ^ t->value[3]);
}

/*
 * Linear to guest-physical by the guest's page tables, with accessed and dirty bits. 0; -EFAULT: the guest's
 * translation faults, with *fault filled (CR2 is the caller's to set). Context: vCPU thread.
 */
static always_inline must_check int guest_translate(struct vcpu *vcpu, uint64_t linear, unsigned access,
                                                    struct guest_place *place, struct guest_fault *fault)
{
    const struct translation *t = translation_slot(vcpu, linear, access);
    uint64_t in_page = linear & (PAGE_SIZE - 1);
    /* Linux toggles WP to write to its code, and PGE to flush the TLB: only writes, or nothing here, mind. */
    uint64_t cr0_used = access & GUEST_WRITE ? ~0ULL : ~(uint64_t)CR0_WP;

    if (unlikely(((t->linear ^ (linear - in_page)) | (t->cr3 ^ backend_cr_get(vcpu, 3)) |
                  ((t->cr0 ^ backend_cr_get(vcpu, 0)) & cr0_used) |
                  ((t->cr4 ^ backend_cr_get(vcpu, 4)) & ~(uint64_t)CR4_PGE) |
                  (t->efer ^ backend_efer_get(vcpu)) | (t->cpl ^ backend_cpl(vcpu)) |
                  translation_changes(t)) != 0))
        return guest_translate_slowly(vcpu, linear, access, place, fault);
    place->gpa = gpa_add(t->gpa, in_page);
    place->host = t->host == NULL ? NULL : t->host + in_page;
    return 0;
}

#endif
