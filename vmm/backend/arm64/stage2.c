/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../mem/stage2.h"

#include "../../vm/vm.h"
#include "arm64.h"
#include <arch/cpu.h>
#include <arch/sysreg.h>
#include <core/mm.h>
#include <errno.h>
#include <stdlib.h>

#define PT_NAME(x) s2_##x
#include <core/pt/fmt_arm64_stage2.h>
#include <core/pt/walk.h>
#include <core/pt/walk_parallel.h>

/*
 * Stage 2 of translation. A valid entry is never replaced by one that maps by pages of another size without
 * being invalid, and out of the TLBs, in between (break-before-make: Arm ARM, D8.16.1); whoever comes by
 * meanwhile finds it marked.
 */
#define S2_BUSY BIT(55) /* in an invalid entry: another will be here at once */

_Static_assert(PT_TOP == STAGE2_LEVEL_MAX, "the root can map pages, too");

/* Input address bits of a root of one table. */
#define ROOT_TABLE_BITS 39U

static bool can_resize; /* FEAT_BBM, level 2: blocks may change their size in one step. Immutable. */

/* VTCR_EL2: Arm ARM, D24.2.180. Walks begin at level 1, and go through the caches, inner shareable. */
#define VTCR_SL0_1   BIT(6)
#define VTCR_IRGN_WB BIT(8)
#define VTCR_ORGN_WB BIT(10)
#define VTCR_INNER   (3ULL << 12)
#define VTCR_PS(n)   ((uint64_t)(n) << 16)
#define VTCR_VS      BIT(19) /* VMIDs have 16 bits */
#define VTCR_RES1    BIT(31)
#define PS_48BITS    5

void arm64_stage2_cpu_enable(void)
{
    uint64_t range = arch_sysreg_read(id_aa64mmfr0_el1) & 15;

    can_resize = arm64_id_field(arch_sysreg_read(id_aa64mmfr2_el1), 52) >= 2;
    arch_sysreg_write(vtcr_el2, VTCR_RES1 | VTCR_SL0_1 | VTCR_IRGN_WB | VTCR_ORGN_WB | VTCR_INNER |
                                    VTCR_PS(MIN(range, (uint64_t)PS_48BITS)) |
                                    (arm64_host.vmid_bits == 16 ? VTCR_VS : 0) | (64U - arm64_host.ipa_bits));
}

uint64_t arm64_vttbr(const struct stage2 *s2, uint32_t vmid)
{
    return s2->tree.root.v | (uint64_t)vmid << 48;
}

static uint64_t leaf_flags(unsigned flags)
{
    return S2_PTE_VALID | S2_PTE_AF | S2_PTE_INNER | S2_PTE_READ |
           S2_PTE_ATTR(arm64_host.has_fwb ? S2_ATTR_FORCED_WRITE_BACK : S2_ATTR_WRITE_BACK) |
           (flags & STAGE2_READ_ONLY ? 0 : S2_PTE_WRITE);
}

/* --- tables --- */

static unsigned root_tables(void)
{
    return arm64_host.ipa_bits <= ROOT_TABLE_BITS ? 1 : 1U << (arm64_host.ipa_bits - ROOT_TABLE_BITS);
}

static hpa_t table_alloc(struct pt_tree *tree)
{
    struct stage2 *s2 = container_of(tree, struct stage2, tree);
    hpa_t table = page_alloc(PAGE_ORDER_4K, PAGE_ZERO, s2->node);

    if (hpa_valid(table))
        atomic_fetch_add_explicit(&s2->table_bytes, PAGE_SIZE, memory_order_relaxed);
    return table;
}

static void table_free(struct pt_tree *tree, hpa_t table)
{
    struct stage2 *s2 = container_of(tree, struct stage2, tree);

    atomic_fetch_sub_explicit(&s2->table_bytes, PAGE_SIZE, memory_order_relaxed);
    page_free(table, PAGE_ORDER_4K);
}

int stage2_init(struct stage2 *s2, unsigned node)
{
    unsigned order = (unsigned)__builtin_ctz(root_tables());

    *s2 = (struct stage2){
        .node = node,
        .tree = {.max_leaf_level = STAGE2_LEVEL_MAX, .table_alloc = table_alloc, .table_free = table_free}};
    spin_init(&s2->lock, LOCK_RANK_VM);
    s2->tree.root = page_alloc(order, PAGE_ZERO, node);
    if (!hpa_valid(s2->tree.root))
        return -ENOMEM;
    if (order > 0)
        page_split(s2->tree.root, order, PAGE_ORDER_4K);
    atomic_store(&s2->table_bytes, (uint64_t)root_tables() << PAGE_SHIFT);
    return 0;
}

void stage2_fini(struct stage2 *s2)
{
    stage2_retired_free(s2, stage2_retired_take(s2));
    if (!hpa_valid(s2->tree.root)) /* stage2_init() may have failed */
        return;
    for (unsigned i = 0; i < root_tables(); i++)
        s2_tables_free(&s2->tree, hpa_add(s2->tree.root, (uint64_t)i << PAGE_SHIFT), PT_TOP);
}

hpa_t stage2_root(const struct stage2 *s2)
{
    return s2->tree.root;
}

unsigned stage2_max_level(const struct stage2 *s2)
{
    return s2->tree.max_leaf_level;
}

/* --- caches --- */

/*
 * What the host has written through its caches reaches a guest that runs without its own, and one that
 * executes it: to the point of coherency, then out of the instruction caches. CTR_EL0 says what is not
 * needed. Nothing stays in the data caches: what such a guest writes past them would be hidden by it later.
 */
#define CTR_IDC BIT(28)
#define CTR_DIC BIT(29)

static void memory_clean(hpa_t start, uint64_t size)
{
    uint64_t ctr = arch_sysreg_read(ctr_el0), line = 4ULL << FIELD(ctr, 19, 16);

    if (!arm64_host.has_fwb || !(ctr & CTR_IDC))
        for (uint64_t at = 0; at < size; at += line)
            __asm__ volatile("dc civac, %0" ::"r"((char *)hpa_to_ptr(start) + at) : "memory");
    __asm__ volatile("dsb ish" ::: "memory");
    if (!(ctr & CTR_DIC))
        __asm__ volatile("ic ialluis; dsb ish; isb" ::: "memory");
}

static void table_clean(hpa_t table, unsigned level)
{
    _Atomic uint64_t *entries = s2_table(table);

    for (unsigned i = 0; i < PT_ENTRIES; i++) {
        uint64_t e = s2_load(&entries[i]);

        if (pt_fmt_present(e) && pt_fmt_is_leaf(e, level))
            memory_clean(pt_fmt_leaf_addr(e, level), BIT(pt_shift(level)));
    }
}

void backend_memory_written(struct vm *vm)
{
    hpa_t root = stage2_root(&vm->stage2);

    for (unsigned i = 0; i < root_tables() * PT_ENTRIES; i++) {
        uint64_t e = s2_load(&s2_table(root)[i]);
        hpa_t table = pt_fmt_table_addr(e);

        if (!pt_fmt_present(e))
            continue;
        if (pt_fmt_is_leaf(e, PT_TOP)) {
            memory_clean(pt_fmt_leaf_addr(e, PT_TOP), BIT(pt_shift(PT_TOP)));
            continue;
        }
        table_clean(table, 1);
        for (unsigned j = 0; j < PT_ENTRIES; j++) {
            e = s2_load(&s2_table(table)[j]);
            if (pt_fmt_present(e) && !pt_fmt_is_leaf(e, 1))
                table_clean(pt_fmt_table_addr(e), 0);
        }
    }
}

/* --- mapping --- */

/* Whether something could be mapped there now: faults try from the largest page on, and cleaning one costs.
 */
static bool is_free(struct stage2 *s2, uint64_t va, unsigned level)
{
    hpa_t table = s2->tree.root;

    for (unsigned at = PT_TOP;; at--) {
        uint64_t e = s2_load(&s2_table(table)[s2_index(va, at)]);

        if (!pt_fmt_present(e))
            return true;
        if (at == level || pt_fmt_is_leaf(e, at))
            return false;
        table = pt_fmt_table_addr(e);
    }
}

int stage2_map_page(struct stage2 *s2, gpa_t addr, hpa_t page, unsigned level, unsigned flags)
{
    int error;

    if (is_free(s2, addr.v, level))
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
    struct arm64_cpu *cpu = this_cpu_ptr(arm64_cpu);

    arm64_stage2_borrow(cpu, s2);
    __asm__ volatile(
        "dsb ishst; tlbi ipas2e1is, %0; dsb ish; tlbi vmalle1is; dsb ish; isb" ::"r"(addr >> PAGE_SHIFT)
        : "memory");
    arch_irq_restore(state);
}

void stage2_write_protect(struct stage2 *s2, gpa_t addr, uint64_t size)
{
    s2_write_protect(&s2->tree, addr.v, size);
    __asm__ volatile("dsb ishst" ::: "memory");
}

/* Replaces a page by a table of pages of the next level, if it still is what `e` says. -ENOMEM. */
static int leaf_split(struct stage2 *s2, uint64_t addr, _Atomic uint64_t *entry, uint64_t e, unsigned level)
{
    _Atomic uint64_t copy = e;
    int error = s2_split(&s2->tree, &copy, level);
    uint64_t old = e;

    if (error)
        return error;
    if (!can_resize && s2_entry_swap(entry, e, S2_BUSY)) {
        page_flush(s2, addr);
        old = S2_BUSY;
    }
    if ((old == e && !can_resize) || !s2_entry_swap(entry, old, s2_load(&copy)))
        table_free(&s2->tree, pt_fmt_table_addr(s2_load(&copy)));
    return 0;
}

int stage2_write_allow(struct stage2 *s2, gpa_t addr, unsigned level, uint64_t *size)
{
    for (;;) {
        unsigned at;
        uint64_t e;
        _Atomic uint64_t *entry = s2_leaf_find(&s2->tree, addr.v, &at, &e);
        int error;

        if (entry == NULL && !(e & S2_BUSY))
            return -ENOENT;
        if (entry == NULL)
            continue;
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

struct stage2_retired {
    struct stage2_retired *next;
    hpa_t table;
    unsigned level; /* its own */
};

/* Only where the CPU can: what is gained is not worth unmapping a GiB under running vCPUs. */
void stage2_merge(struct stage2 *s2, gpa_t addr, hpa_t page, unsigned level, unsigned flags)
{
    struct stage2_retired *r = can_resize ? malloc(sizeof(*r)) : NULL;

    /* Without memory they stay small: that works as well. */
    if (r == NULL || !s2_merge(&s2->tree, addr.v, page, level, leaf_flags(flags), &r->table)) {
        free(r);
        return;
    }
    page_flush(s2, addr.v);
    r->level = level - 1;
    r->next = atomic_load(&s2->retired);
    while (!atomic_compare_exchange_weak(&s2->retired, &r->next, r))
        ;
}

struct stage2_retired *stage2_retired_take(struct stage2 *s2)
{
    return atomic_exchange(&s2->retired, NULL);
}

void stage2_retired_free(struct stage2 *s2, struct stage2_retired *list)
{
    for (struct stage2_retired *r = list, *next; r != NULL; r = next) {
        next = r->next;
        s2_tables_free(&s2->tree, r->table, r->level);
        free(r);
    }
}

void stage2_count(const struct stage2 *s2, uint64_t pages[STAGE2_LEVEL_MAX + 1])
{
    for (unsigned i = 0; i <= STAGE2_LEVEL_MAX; i++)
        pages[i] = 0;
    for (unsigned i = 0; i < root_tables(); i++) {
        const struct pt_tree part = {.root = hpa_add(s2->tree.root, (uint64_t)i << PAGE_SHIFT)};
        uint64_t counts[PT_TOP + 1] = {0};

        s2_count(&part, counts);
        for (unsigned level = 0; level <= STAGE2_LEVEL_MAX; level++)
            pages[level] += counts[level];
    }
}

/* Whole pages only, as they were mapped: none is split. */
int stage2_unmap(struct stage2 *s2, gpa_t addr, uint64_t size)
{
    int error;

    spin_lock(&s2->lock);
    error = s2_unmap(&s2->tree, addr.v, size);
    spin_unlock(&s2->lock);
    return error;
}

bool stage2_query(const struct stage2 *s2, gpa_t addr, struct pt_mapping *out)
{
    return s2_query(&s2->tree, addr.v, out);
}
