/* SPDX-License-Identifier: BSD-2-Clause */
#include "fetch.h"

#include "../vm/vm.h"
#include <arch/msr.h>
#include <errno.h>
#include <string.h>

#define PTE_P  BIT(0)
#define PTE_W  BIT(1)
#define PTE_U  BIT(2)
#define PTE_A  BIT(5)
#define PTE_D  BIT(6)
#define PTE_PS BIT(7)
#define PTE_NX BIT(63)

#define PF_P    BIT(0)
#define PF_USER BIT(2)

/* How the guest pages: SDM vol. 3A, 5.1.1. */
struct paging {
    unsigned levels;      /* 0: off */
    unsigned entry_bytes; /* 4 or 8 */
    unsigned index_bits;
    bool has_nx, has_pse;
};

static struct paging paging_of(const struct vcpu *vcpu)
{
    uint64_t cr0 = backend_cr_get(vcpu, 0), cr4 = backend_cr_get(vcpu, 4), efer = backend_efer_get(vcpu);

    if (!(cr0 & CR0_PG))
        return (struct paging){0};
    if (efer & EFER_LMA)
        return (struct paging){4, 8, 9, efer & EFER_NXE, true};
    if (cr4 & CR4_PAE)
        return (struct paging){3, 8, 9, efer & EFER_NXE, true};
    return (struct paging){2, 4, 10, false, cr4 & BIT(4)};
}

/* Sets accessed (and dirty) bits in the guest's entry, against other CPUs that change it. False: it changed,
 * walk again. */
static bool mark_entry(struct vcpu *vcpu, gpa_t at, unsigned bytes, uint64_t old, uint64_t bits)
{
    size_t length = bytes;
    void *p;

    if ((old & bits) == bits)
        return true;
    p = gmem_ptr(&vcpu->vm->gmem, at, &length, true);
    if (p == NULL || length < bytes)
        return true; /* page tables in ROM: nothing to set */
    if (bytes == 8)
        return __atomic_compare_exchange_n((uint64_t *)p, &old, old | bits, false, __ATOMIC_ACQ_REL,
                                           __ATOMIC_ACQUIRE);
    else {
        uint32_t expected = (uint32_t)old;

        return __atomic_compare_exchange_n((uint32_t *)p, &expected, (uint32_t)(old | bits), false,
                                           __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    }
}

struct walk {
    gpa_t page;
    uint64_t page_mask;
    uint64_t rights; /* and of W and U over the levels; NX ored */
    gpa_t leaf_at;
    uint64_t leaf;
    unsigned levels_done;
};

/* -EFAULT: not present (or tables outside memory). -EAGAIN: an entry changed under us. */
static int walk_tables(struct vcpu *vcpu, const struct paging *p, uint64_t linear, struct walk *w)
{
    gpa_t table = gpa(backend_cr_get(vcpu, 3) & (p->levels == 3   ? MASK(31, 5)
                                                 : p->levels == 2 ? MASK(31, 12)
                                                                  : MASK(51, 12)));

    w->rights = PTE_W | PTE_U;
    for (unsigned level = p->levels; level-- > 0;) {
        unsigned shift = 12 + p->index_bits * level;
        uint64_t index = linear >> shift & (BIT(p->levels == 3 && level == 2 ? 2 : p->index_bits) - 1), e = 0;
        gpa_t at = gpa_add(table, index * p->entry_bytes);
        bool is_pdpte = p->levels == 3 && level == 2;

        if (gmem_read(&vcpu->vm->gmem, at, &e, p->entry_bytes) != 0 || !(e & PTE_P))
            return -EFAULT;
        /* The four PDPTEs of PAE paging carry no rights (SDM vol. 3A, table 5-8). */
        if (!is_pdpte) {
            w->rights = ((w->rights & e) & (PTE_W | PTE_U)) | ((w->rights | e) & (p->has_nx ? PTE_NX : 0));
            if (!mark_entry(vcpu, at, p->entry_bytes, e, PTE_A))
                return -EAGAIN;
        }
        if (level == 0 || (!is_pdpte && (e & PTE_PS) && p->has_pse && level <= 2)) {
            w->page_mask = BIT(shift) - 1;
            w->page = gpa(e & MASK(51, 12) & ~w->page_mask);
            if (p->entry_bytes == 4 && level == 1) /* PSE-36: SDM vol. 3A, table 5-4 */
                w->page = gpa((e & MASK(31, 22)) | FIELD(e, 20, 13) << 32);
            w->leaf_at = at;
            w->leaf = e | PTE_A;
            return 0;
        }
        table = gpa(e & MASK(51, 12));
    }
    return -EFAULT;
}

static bool access_allowed(const struct vcpu *vcpu, uint64_t rights, unsigned access)
{
    bool is_user = backend_cpl(vcpu) == 3, wp = backend_cr_get(vcpu, 0) & CR0_WP;
    uint64_t cr4 = backend_cr_get(vcpu, 4);

    if (is_user && !(rights & PTE_U))
        return false;
    if ((access & GUEST_WRITE) && !(rights & PTE_W) && (is_user || wp))
        return false;
    if ((access & GUEST_FETCH) && ((rights & PTE_NX) || (!is_user && (rights & PTE_U) && (cr4 & CR4_SMEP))))
        return false;
    /* SMAP: data accesses of the kernel to user pages, unless RFLAGS.AC says that it means it. */
    if (!(access & GUEST_FETCH) && !is_user && (rights & PTE_U) && (cr4 & CR4_SMAP) &&
        !(vcpu->rflags & BIT(18)))
        return false;
    return true;
}

#define WALK_TRIES 8

int guest_translate(struct vcpu *vcpu, uint64_t linear, unsigned access, gpa_t *out, uint32_t *error)
{
    struct paging p = paging_of(vcpu);
    struct walk w = {0};
    int result = -EAGAIN;

    if (p.levels == 0) {
        *out = gpa((uint32_t)linear);
        return 0;
    }
    *error = access | (backend_cpl(vcpu) == 3 ? PF_USER : 0);
    if (!p.has_nx)
        *error &= ~(uint32_t)GUEST_FETCH;
    for (unsigned tries = 0; result == -EAGAIN && tries < WALK_TRIES; tries++) {
        result = walk_tables(vcpu, &p, linear, &w);
        if (result != 0)
            continue;
        if (!access_allowed(vcpu, w.rights, access)) {
            *error |= PF_P;
            return -EFAULT;
        }
        if ((access & GUEST_WRITE) && !mark_entry(vcpu, w.leaf_at, p.entry_bytes, w.leaf, PTE_A | PTE_D))
            result = -EAGAIN;
    }
    if (result != 0)
        return -EFAULT;
    *out = gpa_add(w.page, linear & w.page_mask);
    return 0;
}

static uint64_t linear_rip(const struct vcpu *vcpu)
{
    struct x86_segment cs;

    backend_segment_get(vcpu, X86_SEG_CS, &cs);
    if ((backend_efer_get(vcpu) & EFER_LMA) && (cs.attributes & X86_SEGMENT_LONG))
        return vcpu->rip;
    return (uint32_t)(cs.base + (uint32_t)vcpu->rip);
}

/* Bytes from `linear` to the end of its page or of what is wanted. */
static size_t fetch_part(struct vcpu *vcpu, uint64_t linear, uint8_t *to, size_t wanted, uint32_t *error,
                         const uint8_t **where)
{
    size_t length = MIN(wanted, PAGE_SIZE - (linear & (PAGE_SIZE - 1)));
    const uint8_t *from;
    gpa_t at;

    if (guest_translate(vcpu, linear, GUEST_FETCH, &at, error) != 0)
        return 0;
    from = gmem_ptr(&vcpu->vm->gmem, at, &length, false);
    if (from == NULL)
        return 0;
    memcpy(to, from, length);
    *where = from;
    return length;
}

size_t guest_fetch(struct vcpu *vcpu, uint8_t bytes[15], uint32_t *error)
{
    uint64_t linear = linear_rip(vcpu);
    const uint8_t *where = NULL, *ignored;
    size_t n;

    *error = 0;
    n = fetch_part(vcpu, linear, bytes, 15, error, &where);
    if (n > 0) {
        vcpu->fetch_cache.rip = vcpu->rip;
        vcpu->fetch_cache.bytes = where;
        vcpu->fetch_cache.size = n;
    }
    if (n > 0 && n < 15) {
        uint32_t second;

        n += fetch_part(vcpu, linear + n, bytes + n, 15 - n, &second, &ignored);
    }
    return n;
}

/*
 * The cached place may no longer be what RIP translates to; then the worst that happens is that this guest's
 * RIP moves on by the length of an instruction that stood there before.
 */
bool guest_fetch_is(struct vcpu *vcpu, uint32_t pattern, unsigned size)
{
    uint32_t mask = 0xffffffffU >> (32 - 8 * size), bytes = 0, error;
    uint8_t fetched[15];

    if (likely(vcpu->fetch_cache.rip == vcpu->rip && vcpu->fetch_cache.size >= sizeof(bytes))) {
        memcpy(&bytes, vcpu->fetch_cache.bytes, sizeof(bytes));
        return (bytes & mask) == pattern;
    }
    if (guest_fetch(vcpu, fetched, &error) < size)
        return false;
    memcpy(&bytes, fetched, size);
    return bytes == pattern;
}
