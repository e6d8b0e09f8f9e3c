/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The radix-tree walker of all page tables. Not a module but a template: a file defines PT_NAME(x), includes
 * a format (core/pt/fmt_*.h) and then this, and gets static functions for that format with no indirect call
 * but for memory. A format is pure bit arithmetic:
 *
 *   PT_TOP            the top level's number; level 0 holds 4K leaves, level n maps 4K << 9n
 *   PT_TREE_TOP(tree), PT_TREE_TABLES(tree)
 *                     if defined, trees differ: the level of this one's root, at most PT_TOP, and of how many
 * tables in a row that consists, a power of 2; else PT_TOP and one PT_BUSY           if defined: bit of an
 * entry that is not present, but will be at once: somebody replaces it pt_fmt_table(hpa) entry that points to
 * a table pt_fmt_leaf(hpa, level, flags)    entry that maps a page pt_fmt_present(e), pt_fmt_is_leaf(e,
 * level) pt_fmt_table_addr(e), pt_fmt_leaf_addr(e, level), pt_fmt_flags(e)
 *
 * All functions: `va` (the tree's input address), `pa` and `size` are multiples of 4K and do not wrap; the
 * caller serialises changes to a tree. Entries are written with single 64-bit stores, a table before the
 * entry that points to it, so the hardware may walk meanwhile.
 */
#include <core/compiler.h>
#include <core/mm.h>
#include <core/pt/walk_types.h>
#include <core/types.h>
#include <errno.h>
#include <stdatomic.h>

#ifndef PT_TREE_TOP
#define PT_TREE_TOP(tree)    PT_TOP
#define PT_TREE_TABLES(tree) 1U
#endif
#ifndef PT_BUSY
#define PT_BUSY 0ULL
#endif

/* How many entries the table has that a walk meets at this level. */
static inline unsigned PT_NAME(entries)(const struct pt_tree *tree, unsigned level)
{
    (void)tree;
    return level == PT_TREE_TOP(tree) ? PT_ENTRIES * PT_TREE_TABLES(tree) : PT_ENTRIES;
}

static inline unsigned PT_NAME(index)(const struct pt_tree *tree, uint64_t va, unsigned level)
{
    return (unsigned)(va >> pt_shift(level)) & (PT_NAME(entries)(tree, level) - 1);
}

static inline _Atomic uint64_t *PT_NAME(table)(hpa_t table)
{
    return hpa_to_ptr(table);
}

static inline uint64_t PT_NAME(load)(_Atomic uint64_t *entry)
{
    return atomic_load_explicit(entry, memory_order_relaxed);
}

static inline void PT_NAME(store)(_Atomic uint64_t *entry, uint64_t value)
{
    atomic_store_explicit(entry, value, memory_order_release);
}

/* The page that maps `va`; false if none does. */
static inline bool PT_NAME(query)(const struct pt_tree *tree, uint64_t va, struct pt_mapping *out)
{
    hpa_t table = tree->root;

    for (unsigned level = PT_TREE_TOP(tree);; level--) {
        uint64_t e = PT_NAME(load)(&PT_NAME(table)(table)[PT_NAME(index)(tree, va, level)]);

        if (!pt_fmt_present(e))
            return false;
        if (pt_fmt_is_leaf(e, level)) {
            uint64_t size = BIT(pt_shift(level));

            *out = (struct pt_mapping){hpa_add(pt_fmt_leaf_addr(e, level), va & (size - 1)), size,
                                       pt_fmt_flags(e)};
            return true;
        }
        table = pt_fmt_table_addr(e);
    }
}

/* Replaces the leaf of `level` by a table of leaves one level lower that map the same. -ENOMEM: nothing
 * changed. */
static inline int PT_NAME(split)(struct pt_tree *tree, _Atomic uint64_t *entry, unsigned level)
{
    uint64_t e = PT_NAME(load)(entry);
    hpa_t base = pt_fmt_leaf_addr(e, level), table = tree->table_alloc(tree);

    if (!hpa_valid(table))
        return -ENOMEM;
    for (unsigned i = 0; i < PT_ENTRIES; i++)
        PT_NAME(store)(
            &PT_NAME(table)(table)[i],
            pt_fmt_leaf(hpa_add(base, (uint64_t)i << pt_shift(level - 1)), level - 1, pt_fmt_flags(e)));
    PT_NAME(store)(entry, pt_fmt_table(table));
    return 0;
}

/* What an operation does with one slot that it covers wholly, or whose table it descends into. */
enum PT_NAME(op) { PT_NAME(OP_MAP), PT_NAME(OP_UNMAP), PT_NAME(OP_PROTECT), PT_NAME(OP_CHECK_EMPTY) };

struct PT_NAME(range) {
    enum PT_NAME(op) op;
    uint64_t va, size;
    hpa_t pa;
    uint64_t flags;
};

static inline bool PT_NAME(fits)(const struct pt_tree *tree, const struct PT_NAME(range) * r, unsigned level)
{
    return level <= tree->max_leaf_level && IS_ALIGNED(r->va | r->pa.v, BIT(pt_shift(level))) &&
           r->size >= BIT(pt_shift(level));
}

/* 1: the slot is done; 0: descend; negative: error. */
static inline int PT_NAME(slot)(struct pt_tree *tree, const struct PT_NAME(range) * r,
                                _Atomic uint64_t *entry, unsigned level)
{
    uint64_t e = PT_NAME(load)(entry);
    bool is_leaf = pt_fmt_present(e) && pt_fmt_is_leaf(e, level);
    hpa_t table;

    switch (r->op) {
    case PT_NAME(OP_CHECK_EMPTY):
        return is_leaf ? -EEXIST : !pt_fmt_present(e);
    case PT_NAME(OP_MAP):
        if (is_leaf)
            return -EEXIST;
        if (pt_fmt_present(e))
            return 0;
        if (PT_NAME(fits)(tree, r, level)) {
            PT_NAME(store)(entry, pt_fmt_leaf(r->pa, level, r->flags));
            return 1;
        }
        table = tree->table_alloc(tree);
        if (!hpa_valid(table))
            return -ENOMEM;
        PT_NAME(store)(entry, pt_fmt_table(table));
        return 0;
    default:
        if (!pt_fmt_present(e))
            return 1;
        if (!is_leaf)
            return 0;
        if (pt_slot_rest(r->va, r->size, level) != BIT(pt_shift(level)))
            return PT_NAME(split)(tree, entry, level);
        PT_NAME(store)(
            entry, r->op == PT_NAME(OP_UNMAP) ? 0 : pt_fmt_leaf(pt_fmt_leaf_addr(e, level), level, r->flags));
        return 1;
    }
}

/* Applies the operation to the range, left to right. */
static inline int PT_NAME(apply)(struct pt_tree *tree, struct PT_NAME(range) r)
{
    while (r.size > 0) {
        hpa_t table = tree->root;
        unsigned level = PT_TREE_TOP(tree);
        uint64_t step;
        int done;

        for (;; level--) {
            _Atomic uint64_t *entry = &PT_NAME(table)(table)[PT_NAME(index)(tree, r.va, level)];

            done = PT_NAME(slot)(tree, &r, entry, level);
            if (done < 0)
                return done;
            if (done > 0)
                break;
            table = pt_fmt_table_addr(PT_NAME(load)(entry));
        }
        step = pt_slot_rest(r.va, r.size, level);
        r.va += step;
        r.pa = hpa_add(r.pa, step);
        r.size -= step;
    }
    return 0;
}

/* Removes [va, va + size); pages that reach beyond are split. The caller flushes TLBs. -ENOMEM: a split
 * failed half-way. */
static inline must_check int PT_NAME(unmap)(struct pt_tree *tree, uint64_t va, uint64_t size)
{
    return PT_NAME(apply)(tree, (struct PT_NAME(range)){PT_NAME(OP_UNMAP), va, size, {0}, 0});
}

/* Gives what is mapped in [va, va + size) new flags. The caller flushes TLBs. */
static inline must_check int PT_NAME(protect)(struct pt_tree *tree, uint64_t va, uint64_t size,
                                              uint64_t flags)
{
    return PT_NAME(apply)(tree, (struct PT_NAME(range)){PT_NAME(OP_PROTECT), va, size, {0}, flags});
}

/*
 * Maps [va, va + size) to pa with the largest pages that fit. -EEXIST if any of it is mapped, -ENOMEM without
 * memory for tables; nothing is mapped then (empty tables may stay).
 */
static inline must_check int PT_NAME(map)(struct pt_tree *tree, uint64_t va, hpa_t pa, uint64_t size,
                                          uint64_t flags)
{
    int error = PT_NAME(apply)(tree, (struct PT_NAME(range)){PT_NAME(OP_CHECK_EMPTY), va, size, pa, flags});

    if (error)
        return error;
    error = PT_NAME(apply)(tree, (struct PT_NAME(range)){PT_NAME(OP_MAP), va, size, pa, flags});
    /* Whole pages only were added inside the range, so taking them out again needs no split. */
    if (error && PT_NAME(unmap)(tree, va, size) != 0)
        return -EIO;
    return error;
}

/*
 * Maps one page of `level` (4K << 9 * level; va and pa aligned to it), in parallel with other calls of itself
 * on the same tree: every entry is put in place by compare-and-swap, and whoever loses frees its table and
 * goes on with the winner's. 0: mapped; 1: a page maps `va` already, and stays,
 * or will at once; -EEXIST: smaller pages may be
 * mapped there: try a lower level; -ENOMEM: no memory for a table.
 */
static inline must_check int PT_NAME(map_page)(struct pt_tree *tree, uint64_t va, hpa_t pa, unsigned level,
                                               uint64_t flags)
{
    hpa_t table = tree->root;

    for (unsigned at = PT_TREE_TOP(tree);; at--) {
        _Atomic uint64_t *entry = &PT_NAME(table)(table)[PT_NAME(index)(tree, va, at)];
        uint64_t e = PT_NAME(load)(entry), fresh;
        hpa_t made = HPA_NONE;

        if (pt_fmt_present(e) && pt_fmt_is_leaf(e, at))
            return 1;
        if (pt_fmt_present(e) && at == level)
            return -EEXIST;
        if (pt_fmt_present(e)) {
            table = pt_fmt_table_addr(e);
            continue;
        }
        if (e & PT_BUSY)
            return 1;
        if (at == level) {
            fresh = pt_fmt_leaf(pa, level, flags);
        } else {
            made = tree->table_alloc(tree);
            if (!hpa_valid(made))
                return -ENOMEM;
            fresh = pt_fmt_table(made);
        }
        if (!atomic_compare_exchange_strong_explicit(entry, &e, fresh, memory_order_acq_rel,
                                                     memory_order_acquire)) {
            if (hpa_valid(made))
                tree->table_free(tree, made);
            at++; /* look at this level again */
            continue;
        }
        if (at == level)
            return 0;
        table = made;
    }
}

/* Frees one table of level `top` and every table below it. Nothing may use them any more. */
static inline void PT_NAME(tables_free)(struct pt_tree *tree, hpa_t root, unsigned top)
{
    hpa_t path[PT_TOP + 1];
    unsigned index[PT_TOP + 1], level = top;

    path[level] = root;
    index[level] = 0;
    for (;;) {
        uint64_t e;

        if (level == 0 || index[level] == PT_ENTRIES) {
            tree->table_free(tree, path[level]);
            if (level++ == top)
                return;
            continue;
        }
        e = PT_NAME(load)(&PT_NAME(table)(path[level])[index[level]++]);
        if (pt_fmt_present(e) && !pt_fmt_is_leaf(e, level)) {
            path[--level] = pt_fmt_table_addr(e);
            index[level] = 0;
        }
    }
}

/* Frees every table of the tree, the root included. Nothing may use it any more. */
static inline void PT_NAME(destroy)(struct pt_tree *tree)
{
    for (unsigned i = 0; i < PT_TREE_TABLES(tree); i++)
        PT_NAME(tables_free)(tree, hpa_add(tree->root, (uint64_t)i << PAGE_SHIFT), PT_TREE_TOP(tree));
}
