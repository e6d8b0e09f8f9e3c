/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../mem/stage2.h"

#include "../../mem/mapped.h"
#include "../../vm/vm.h"
#include "arm64.h"
#include "stage2_layout.h"
#include <arch/cpu.h>
#include <arch/sysreg.h>
#include <core/cpu.h>
#include <core/mm.h>
#include <core/thread.h>
#include <errno.h>

#define PT_NAME(x) s2_##x
#include <core/pt/fmt_arm64_stage2.h>
#include <core/pt/walk.h>
#include <core/pt/walk_parallel.h>

/*
 * Stage 2 of translation. A valid entry is never replaced by one that maps by pages of another size without
 * being invalid, and out of the TLBs, in between (break-before-make: Arm ARM, D8.16.1). CPUs with FEAT_BBM,
 * level 2, could do without, but may report a TLB conflict abort instead, and which of them report it to EL1,
 * to a guest that has done nothing, is IMPLEMENTATION DEFINED. Whoever comes by meanwhile finds the entry
 * marked, and tries again; whoever marks it is not preempted until it is replaced, because who tries again
 * may be more urgent.
 */
_Static_assert(PT_TOP == STAGE2_LEVEL_MAX + 1, "pages of every level but the manual's 0");

static uint64_t vtcr; /* what VTCR_EL2 has for all VMs. Immutable. */

/* VTCR_EL2: Arm ARM, D24.2.180. Walks go through the caches, inner shareable. */
#define VTCR_IRGN_WB BIT(8)
#define VTCR_ORGN_WB BIT(10)
#define VTCR_INNER   (3ULL << 12)
#define VTCR_PS(n)   ((uint64_t)(n) << 16)
#define VTCR_VS      BIT(19) /* VMIDs have 16 bits */
#define VTCR_RES1    BIT(31)
#define PS_48BITS    5

void arm64_stage2_cpu_enable(void)
{
    uint64_t range = arm64_host.id[ID_INDEX(SYSREG_ID_AA64MMFR0)] & 15;

    vtcr = VTCR_RES1 | VTCR_IRGN_WB | VTCR_ORGN_WB | VTCR_INNER | VTCR_PS(MIN(range, (uint64_t)PS_48BITS)) |
           (arm64_host.vmid_bits == 16 ? VTCR_VS : 0);
    /* Until a VM's is loaded: TLB maintenance by other CPUs goes by the width of VMIDs. */
    arch_sysreg_write(vtcr_el2, vtcr);
}

uint64_t arm64_vttbr(const struct stage2 *s2, uint32_t vmid)
{
    return s2->tree.root.v | (uint64_t)vmid << 48;
}

static uint64_t leaf_flags(unsigned flags)
{
    if (unlikely((flags & STAGE2_DEVICE) != 0))
        return S2_PTE_VALID | S2_PTE_AF | S2_PTE_READ | S2_PTE_WRITE | S2_PTE_XN_ALL |
               S2_PTE_ATTR(S2_ATTR_DEVICE);
    return S2_PTE_VALID | S2_PTE_AF | S2_PTE_INNER | S2_PTE_READ |
           S2_PTE_ATTR(arm64_host.has_fwb ? S2_ATTR_FORCED_WRITE_BACK : S2_ATTR_WRITE_BACK) |
           (flags & STAGE2_READ_ONLY ? 0 : S2_PTE_WRITE);
}

/* --- the tree --- */

int stage2_shape_set(struct stage2 *s2, unsigned address_bits)
{
    struct arm64_stage2_layout layout;
    int error = arm64_stage2_layout_make(address_bits, arm64_host.ipa_bits, &layout);

    if (error)
        return error;
    s2->tree.max_leaf_level = STAGE2_LEVEL_MAX;
    s2->tree.top = layout.top;
    s2->tree.root_tables = layout.tables;
    s2->control = vtcr | layout.vtcr;
    return 0;
}

static void forget(void *arg)
{
    struct stage2 *s2 = arg;
    arch_irq_state_t state = arch_irq_save();

    arm64_stage2_forget(this_cpu_ptr(arm64_cpu), s2);
    arch_irq_restore(state);
}

void stage2_tree_free(struct stage2 *s2)
{
    cpu_call_all(forget, s2);
    s2_destroy(&s2->tree);
}

void stage2_tables_free(struct stage2 *s2, hpa_t table, unsigned level)
{
    s2_tables_free(&s2->tree, table, level);
}

void stage2_count(const struct stage2 *s2, uint64_t pages[STAGE2_LEVEL_MAX + 1])
{
    s2_count(&s2->tree, pages);
}

uint64_t stage2_look(const struct stage2 *s2, gpa_t addr, uint64_t size, hpa_t *page)
{
    return s2_look(&s2->tree, addr.v, size, page);
}

/* --- caches --- */

/* CTR_EL0: a thread may move from one CPU to another while it cleans, so it goes by what is right on all. */
#define CTR_IDC       BIT(28)
#define CTR_DIC       BIT(29)
#define CTR_LINE(ctr) FIELD(ctr, 19, 16) /* of data caches: log2 of 4 bytes */

static uint64_t ctr(void)
{
    return arm64_host.id[ID_INDEX(SYSREG_CTR_EL0)];
}

/*
 * What the host has written through its caches reaches a guest that runs without its own, and one that
 * executes it: to the point of coherency, then out of the instruction caches. CTR_EL0 says what is not
 * needed. Nothing stays in the data caches: what such a guest writes past them would be hidden by it later.
 */
static bool is_clean_always(void)
{
    return arm64_host.has_fwb && (ctr() & CTR_IDC);
}

static void data_clean(hpa_t start, uint64_t size)
{
    uint64_t line = 4ULL << CTR_LINE(ctr());

    for (uint64_t at = 0; at < size; at += line)
        __asm__ volatile("dc civac, %0" ::"r"((char *)hpa_to_ptr(start) + at) : "memory");
}

/* Ends what data_clean() has begun: for observers without caches as well, so it is the whole system's. */
static void data_settle(void)
{
    __asm__ volatile("dsb sy" ::: "memory");
}

/* After that, so that what is fetched from now on is what is in memory. */
static void fetches_clean(void)
{
    data_settle();
    if (!(ctr() & CTR_DIC))
        __asm__ volatile("ic ialluis; dsb ish; isb" ::: "memory");
}

static void memory_clean(hpa_t start, uint64_t size)
{
    if (!is_clean_always())
        data_clean(start, size);
    fetches_clean();
}

/* A batch at a time: so many bytes. Preemption may happen at any time: switching threads is a barrier. */
#define CLEAN_BATCH MIB(2)

bool backend_memory_clean(struct vm *vm, struct mapped_walk *walk)
{
    bool is_more = !is_clean_always() && mapped_walk(vm, walk, CLEAN_BATCH, data_clean);

    /* The caches of instructions are everybody's: once for all steps. */
    if (is_more)
        data_settle();
    else
        fetches_clean();
    return is_more;
}

/* --- mapping --- */

/* Whether something could be mapped there now: faults try from the largest page on, and cleaning one costs.
 */
static bool is_free(struct stage2 *s2, uint64_t va, unsigned level)
{
    hpa_t table = s2->tree.root;

    for (unsigned at = s2->tree.top;; at--) {
        uint64_t e = s2_load(&s2_table(table)[s2_index(&s2->tree, va, at)]);

        if (!pt_fmt_present(e))
            return !(e & PT_BUSY);
        if (at == level || pt_fmt_is_leaf(e, at))
            return false;
        table = pt_fmt_table_addr(e);
    }
}

int stage2_map_page(struct stage2 *s2, gpa_t addr, hpa_t page, unsigned level, unsigned flags)
{
    int error;

    if (!(flags & STAGE2_DEVICE) && is_free(s2, addr.v, level))
        memory_clean(page, BIT(pt_shift(level)));
    error = s2_map_page(&s2->tree, addr.v, page, level, leaf_flags(flags));
    /* Walkers, of every CPU, see it from here on; they do not keep what was invalid. */
    __asm__ volatile("dsb ishst" ::: "memory");
    return error;
}

/* Out of the TLBs of all CPUs, and with it what they have combined with stage 1 (D8.16.3). */
static void page_flush(struct stage2 *s2, uint64_t addr)
{
    arch_irq_state_t state = arch_irq_save();

    arm64_stage2_borrow(this_cpu_ptr(arm64_cpu), s2);
    __asm__ volatile("dsb ishst; tlbi ipas2e1is, %0; dsb ish; tlbi vmalle1is" ::"r"(addr >> PAGE_SHIFT)
                     : "memory");
    arch_tlbi_end();
    arch_irq_restore(state);
}

/* The same for all pages below a table: one by one that would take longer than what is lost by this. */
static void all_flush(struct stage2 *s2)
{
    arch_irq_state_t state = arch_irq_save();

    arm64_stage2_borrow(this_cpu_ptr(arm64_cpu), s2);
    arm64_tlbi_vm();
    arch_irq_restore(state);
}

void stage2_write_protect(struct stage2 *s2, gpa_t addr, uint64_t size)
{
    s2_write_protect(&s2->tree, addr.v, size);
    __asm__ volatile("dsb ishst" ::: "memory");
}

/*
 * Has `fresh` follow `old`, where the two map by pages of another size. False: somebody else was first.
 * `is_table`: old is one, so that TLBs may hold 512 pages of it and more.
 */
static bool entry_resize(struct stage2 *s2, uint64_t addr, _Atomic uint64_t *entry, uint64_t old,
                         uint64_t fresh, bool is_table)
{
    bool is_mine;

    preempt_disable();
    is_mine = s2_entry_swap(entry, old, PT_BUSY);
    if (is_mine) {
        if (is_table)
            all_flush(s2);
        else
            page_flush(s2, addr);
        s2_store(entry, fresh);
        __asm__ volatile("dsb ishst" ::: "memory");
    }
    preempt_enable();
    return is_mine;
}

/* Replaces a page by a table of pages of the next level, if it still is what `e` says. -ENOMEM. */
static int leaf_split(struct stage2 *s2, uint64_t addr, _Atomic uint64_t *entry, uint64_t e, unsigned level)
{
    _Atomic uint64_t copy = e;
    int error = s2_split(&s2->tree, &copy, level);

    if (error)
        return error;
    if (!entry_resize(s2, addr, entry, e, s2_load(&copy), false))
        s2->tree.table_free(&s2->tree, pt_fmt_table_addr(s2_load(&copy)));
    return 0;
}

int stage2_write_allow(struct stage2 *s2, gpa_t addr, unsigned level, uint64_t *size)
{
    for (;;) {
        unsigned at;
        uint64_t e;
        _Atomic uint64_t *entry = s2_leaf_find(&s2->tree, addr.v, &at, &e);
        int error;

        if (entry == NULL && !(e & PT_BUSY))
            return -ENOENT;
        if (entry == NULL) {
            arch_relax();
            continue;
        }
        if (pt_fmt_is_writable(e) || at <= level) {
            *size = BIT(pt_shift(at));
            if (!pt_fmt_is_writable(e) && !s2_entry_swap(entry, e, pt_fmt_with_write(e, true)))
                continue;
            /* TLBs may keep the old permission after a fault, too: of whoever comes second as well. */
            page_flush(s2, addr.v);
            return 0;
        }
        error = leaf_split(s2, addr.v, entry, e, at);
        if (error)
            return error;
    }
}

/* What was never mapped has never been cleaned, and becomes part of a page all of which the guest reads. */
static void unmapped_clean(hpa_t table, hpa_t page, unsigned level)
{
    uint64_t size = BIT(pt_shift(level));

    for (unsigned i = 0; i < 512; i++, page.v += size) {
        uint64_t e = s2_load(&s2_table(table)[i]);

        if (!pt_fmt_present(e))
            data_clean(page, size);
        else if (!pt_fmt_is_leaf(e, level))
            unmapped_clean(pt_fmt_table_addr(e), page, level - 1);
    }
}

bool stage2_table_replace(struct stage2 *s2, gpa_t addr, hpa_t page, unsigned level, unsigned flags,
                          hpa_t *table)
{
    uint64_t e;
    _Atomic uint64_t *entry = s2_table_find(&s2->tree, addr.v, level, &e);

    if (entry == NULL)
        return false;
    if (!is_clean_always())
        unmapped_clean(pt_fmt_table_addr(e), page, level - 1);
    fetches_clean();
    if (!entry_resize(s2, addr.v, entry, e, pt_fmt_leaf(page, level, leaf_flags(flags)), true))
        return false;
    *table = pt_fmt_table_addr(e);
    return true;
}
