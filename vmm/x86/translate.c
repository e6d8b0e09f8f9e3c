/* SPDX-License-Identifier: BSD-2-Clause */
#include "translate.h"

#include "../backend/backend.h"
#include "../vm/vm.h"
#include "caches.h"
#include <arch/msr.h>
#include <errno.h>

#define PTE_P  BIT(0)
#define PTE_W  BIT(1)
#define PTE_U  BIT(2)
#define PTE_A  BIT(5)
#define PTE_D  BIT(6)
#define PTE_PS BIT(7)
#define PTE_NX BIT(63)

/* Page-fault error code beside enum guest_access: SDM vol. 3A, 5.7. */
#define PF_P    BIT(0)
#define PF_USER BIT(2)

#define CR4_PSE   BIT(4)
#define EFLAGS_AC BIT(18)

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
    return (struct paging){2, 4, 10, false, cr4 & CR4_PSE};
}

struct walk {
    gpa_t page;
    uint64_t page_mask;
    uint64_t rights; /* W and U: and of all levels; NX: or */
    unsigned levels; /* tables looked at */
    gpa_t at[4];     /* the entries on the way, from the root on */
    uint64_t value[4];
};

/* Sets accessed (and dirty) bits in the guest's entry, against other CPUs that change it. False: it changed,
 * walk again. */
static bool mark_entry(struct vcpu *vcpu, const struct paging *p, gpa_t at, uint64_t *value, uint64_t bits)
{
    size_t length = p->entry_bytes;
    uint64_t old = *value;
    uint32_t old_half = (uint32_t)old;
    bool is_done;
    void *entry;

    if ((old & bits) == bits)
        return true;
    entry = gmem_ptr(&vcpu->vm->gmem, at, &length, true);
    if (entry == NULL || length < p->entry_bytes)
        return true; /* page tables in ROM: nothing to set */
    if (p->entry_bytes == 8)
        is_done = __atomic_compare_exchange_n((uint64_t *)entry, &old, old | bits, false, __ATOMIC_ACQ_REL,
                                              __ATOMIC_ACQUIRE);
    else
        is_done = __atomic_compare_exchange_n((uint32_t *)entry, &old_half, (uint32_t)(old | bits), false,
                                              __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    *value |= bits;
    return is_done;
}

/* The root table's address: SDM vol. 3A, tables 5-3, 5-7 and 5-12. */
static gpa_t root_of(const struct vcpu *vcpu, const struct paging *p)
{
    uint64_t cr3 = backend_cr_get(vcpu, 3);

    switch (p->levels) {
    case 2:
        return gpa(cr3 & MASK(31, 12));
    case 3:
        return gpa(cr3 & MASK(31, 5));
    default:
        return gpa(cr3 & MASK(51, 12));
    }
}

static void leaf_found(struct walk *w, const struct paging *p, unsigned level, unsigned shift, uint64_t entry)
{
    w->page_mask = BIT(shift) - 1;
    w->page = gpa(entry & MASK(51, 12) & ~w->page_mask);
    if (p->entry_bytes == 4 && level == 1) /* PSE-36: SDM vol. 3A, table 5-4 */
        w->page = gpa((entry & MASK(31, 22)) | FIELD(entry, 20, 13) << 32);
}

/* -EFAULT: not present (or tables outside memory). -EAGAIN: an entry changed under us. */
static int walk_tables(struct vcpu *vcpu, const struct paging *p, uint64_t linear, struct walk *w)
{
    gpa_t table = root_of(vcpu, p);

    w->rights = PTE_W | PTE_U;
    w->levels = 0;
    for (unsigned level = p->levels; level-- > 0;) {
        /* The four PDPTEs of PAE paging carry no rights (SDM vol. 3A, table 5-8). */
        bool is_pdpte = p->levels == 3 && level == 2;
        unsigned shift = 12 + p->index_bits * level;
        uint64_t index = linear >> shift & (BIT(is_pdpte ? 2 : p->index_bits) - 1), entry = 0;
        gpa_t at = gpa_add(table, index * p->entry_bytes);

        if (gmem_read(&vcpu->vm->gmem, at, &entry, p->entry_bytes) != 0 || !(entry & PTE_P))
            return -EFAULT;
        if (!is_pdpte) {
            w->rights =
                (w->rights & entry & (PTE_W | PTE_U)) | ((w->rights | entry) & (p->has_nx ? PTE_NX : 0));
            if (!mark_entry(vcpu, p, at, &entry, PTE_A))
                return -EAGAIN;
        }
        w->at[w->levels] = at;
        w->value[w->levels++] = entry;
        if (level == 0 || (!is_pdpte && (entry & PTE_PS) && p->has_pse && level <= 2)) {
            leaf_found(w, p, level, shift, entry);
            return 0;
        }
        table = gpa(entry & MASK(51, 12));
    }
    return -EFAULT;
}

/* SDM vol. 3A, 5.6.1. */
static bool access_allowed(const struct vcpu *vcpu, uint64_t rights, unsigned access)
{
    if (backend_cpl(vcpu) == 3)
        return (rights & PTE_U) && !((access & GUEST_WRITE) && !(rights & PTE_W)) &&
               !((access & GUEST_FETCH) && (rights & PTE_NX));
    if ((access & GUEST_WRITE) && !(rights & PTE_W) && (backend_cr_get(vcpu, 0) & CR0_WP))
        return false;
    if ((access & GUEST_FETCH) && (rights & PTE_NX))
        return false;
    if (likely(!(rights & PTE_U)))
        return true;
    /* The kernel with pages of programs: SMEP and SMAP, unless RFLAGS.AC says that it means it. */
    if (access & GUEST_FETCH)
        return !(backend_cr_get(vcpu, 4) & CR4_SMEP);
    return !(backend_cr_get(vcpu, 4) & CR4_SMAP) || (backend_rflags(vcpu) & EFLAGS_AC);
}

static const uint8_t *host_of(struct vcpu *vcpu, gpa_t at, size_t size)
{
    size_t length = size;
    const uint8_t *host = gmem_ptr(&vcpu->vm->gmem, at, &length, false);

    return length == size ? host : NULL;
}

/*
 * Long mode alone: there the tables and a few registers say everything. Where SMAP decides, so does
 * RFLAGS.AC, which changes often: not remembered.
 */
static void remember(struct vcpu *vcpu, uint64_t linear, unsigned access, const struct walk *w,
                     const struct guest_place *place)
{
    struct translation *t = translation_slot(vcpu, linear, access);
    uint64_t in_page = linear & (PAGE_SIZE - 1);
    const uint64_t *entry;

    t->linear = 1;
    if ((w->rights & PTE_U) && backend_cpl(vcpu) != 3 && (backend_cr_get(vcpu, 4) & CR4_SMAP))
        return;
    for (unsigned i = 0; i < ARRAY_SIZE(t->entry); i++) {
        unsigned from = MIN(i, w->levels - 1);

        entry = (const uint64_t *)host_of(vcpu, w->at[from], sizeof(*entry));
        if (entry == NULL)
            return;
        t->entry[i] = entry;
        t->value[i] = w->value[from];
    }
    t->cr0 = backend_cr_get(vcpu, 0);
    t->cr3 = backend_cr_get(vcpu, 3);
    t->cr4 = backend_cr_get(vcpu, 4);
    t->efer = backend_efer_get(vcpu);
    t->cpl = backend_cpl(vcpu);
    t->gpa = gpa(place->gpa.v - in_page);
    t->host = place->host ? place->host - in_page : NULL;
    t->linear = linear - in_page;
}

#define WALK_TRIES 8

static int walk(struct vcpu *vcpu, const struct paging *p, uint64_t linear, unsigned access, struct walk *w,
                uint32_t *error)
{
    for (unsigned tries = 0; tries < WALK_TRIES; tries++) {
        int result = walk_tables(vcpu, p, linear, w);

        if (result == 0 && !access_allowed(vcpu, w->rights, access)) {
            *error |= PF_P;
            return -EFAULT;
        }
        if (result == 0 && (access & GUEST_WRITE) &&
            !mark_entry(vcpu, p, w->at[w->levels - 1], &w->value[w->levels - 1], PTE_D))
            result = -EAGAIN;
        if (result != -EAGAIN)
            return result;
    }
    return -EFAULT; /* somebody changes them faster than we look: the guest may try again */
}

int guest_translate_slowly(struct vcpu *vcpu, uint64_t linear, unsigned access, struct guest_place *place,
                           struct guest_fault *fault)
{
    struct paging p = paging_of(vcpu);
    struct walk w = {0};

    if (p.levels == 0) {
        place->gpa = gpa((uint32_t)linear);
    } else {
        /* Whether it was a fetch is only told with NX or SMEP: SDM vol. 3A, 5.7. */
        bool tells_fetch = p.has_nx || (backend_cr_get(vcpu, 4) & CR4_SMEP);

        *fault =
            (struct guest_fault){linear, (access & (tells_fetch ? GUEST_WRITE | GUEST_FETCH : GUEST_WRITE)) |
                                             (backend_cpl(vcpu) == 3 ? PF_USER : 0)};
        if (walk(vcpu, &p, linear, access, &w, &fault->error) != 0)
            return -EFAULT;
        place->gpa = gpa_add(w.page, linear & w.page_mask);
    }
    place->host = host_of(vcpu, place->gpa, PAGE_SIZE - (place->gpa.v & (PAGE_SIZE - 1)));
    if (p.levels == 4)
        remember(vcpu, linear, access, &w, place);
    return 0;
}

static const uint64_t no_entry;

void x86_caches_clear(struct x86_caches *caches)
{
    struct translation *t = caches->translations[0];

    for (unsigned i = 0; i < TRANSLATION_KINDS * TRANSLATION_ENTRIES; i++) {
        t[i].linear = 1;
        for (unsigned level = 0; level < ARRAY_SIZE(t[i].entry); level++)
            t[i].entry[level] = &no_entry;
    }
    for (unsigned i = 0; i < DECODED_ENTRIES; i++)
        caches->decoded[i].insn.length = 0;
}
