/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Part of the template in walk.h, for trees that several CPUs change at once (stage 2): included behind it.
 * Everything here and map_page() may run in parallel on one tree, because entries change by compare-and-swap
 * only and a table that is taken out of the tree stays intact until its owner knows that nobody walks it. Of
 * the format it wants besides: pt_fmt_is_writable(e), pt_fmt_with_write(e, bool).
 *
 * A page that is split or merged is replaced in one step. Hardware that demands an invalid entry in between
 * (break-before-make, Arm ARM D8.16) needs another way: PT_BUSY.
 */

/* The entry of the page that maps `va`, its level and its value; NULL if there is none. */
static inline _Atomic uint64_t *PT_NAME(leaf_find)(const struct pt_tree *tree, uint64_t va, unsigned *level,
                                                   uint64_t *value)
{
    hpa_t table = tree->root;

    for (*level = PT_TREE_TOP(tree);; (*level)--) {
        _Atomic uint64_t *entry = &PT_NAME(table)(table)[PT_NAME(index)(tree, va, *level)];

        *value = atomic_load_explicit(entry, memory_order_acquire);
        if (!pt_fmt_present(*value))
            return NULL;
        if (pt_fmt_is_leaf(*value, *level))
            return entry;
        table = pt_fmt_table_addr(*value);
    }
}

/* False: the entry is not what it was. */
static inline bool PT_NAME(entry_swap)(_Atomic uint64_t *entry, uint64_t old, uint64_t fresh)
{
    return atomic_compare_exchange_strong_explicit(entry, &old, fresh, memory_order_acq_rel,
                                                   memory_order_acquire);
}

/*
 * Takes write access from whatever maps [va, va + size); pages that reach beyond lose it whole. The caller
 * flushes TLBs.
 */
static inline void PT_NAME(write_protect)(const struct pt_tree *tree, uint64_t va, uint64_t size)
{
    while (size > 0) {
        unsigned level;
        uint64_t e, step;
        _Atomic uint64_t *entry = PT_NAME(leaf_find)(tree, va, &level, &e);

        if (entry != NULL && pt_fmt_is_writable(e) &&
            !PT_NAME(entry_swap)(entry, e, pt_fmt_with_write(e, false)))
            continue; /* look again */
        step = pt_slot_rest(va, size, level);
        va += step;
        size -= step;
    }
}

/* Replaces the page by a table of pages of the next level, if it still is what `e` says. -ENOMEM. */
static inline int PT_NAME(leaf_split)(struct pt_tree *tree, _Atomic uint64_t *entry, uint64_t e,
                                      unsigned level)
{
    _Atomic uint64_t copy = e;
    int error = PT_NAME(split)(tree, &copy, level);

    if (error)
        return error;
    if (!PT_NAME(entry_swap)(entry, e, PT_NAME(load)(&copy)))
        tree->table_free(tree, pt_fmt_table_addr(PT_NAME(load)(&copy)));
    return 0;
}

/*
 * Gives write access to the page that maps `va`, and only to so much of it as a page of `level` is: larger
 * ones are split first. *size: of the page that is writable then. -ENOENT: nothing is mapped; -ENOMEM: no
 * memory to split.
 */
static inline must_check int PT_NAME(write_allow)(struct pt_tree *tree, uint64_t va, unsigned level,
                                                  uint64_t *size)
{
    for (;;) {
        unsigned at;
        uint64_t e;
        _Atomic uint64_t *entry = PT_NAME(leaf_find)(tree, va, &at, &e);
        int error;

        if (entry == NULL)
            return -ENOENT;
        if (pt_fmt_is_writable(e) || at <= level) {
            *size = BIT(pt_shift(at));
            if (pt_fmt_is_writable(e) || PT_NAME(entry_swap)(entry, e, pt_fmt_with_write(e, true)))
                return 0;
            continue;
        }
        error = PT_NAME(leaf_split)(tree, entry, e, at);
        if (error)
            return error;
    }
}

/* The entry of `level` that points to a table, and its value; NULL if there is none. */
static inline _Atomic uint64_t *PT_NAME(table_find)(const struct pt_tree *tree, uint64_t va, unsigned level,
                                                    uint64_t *value)
{
    hpa_t at = tree->root;

    for (unsigned i = PT_TREE_TOP(tree);; i--) {
        _Atomic uint64_t *entry = &PT_NAME(table)(at)[PT_NAME(index)(tree, va, i)];

        *value = atomic_load_explicit(entry, memory_order_acquire);
        if (!pt_fmt_present(*value) || pt_fmt_is_leaf(*value, i))
            return NULL;
        if (i == level)
            return entry;
        at = pt_fmt_table_addr(*value);
    }
}

/*
 * Puts one page of `level` where a table is, which comes back in *table: whoever walks the tree may still be
 * in it, and in tables below it; later tables_free() takes them all. False: there is no table.
 */
static inline must_check bool PT_NAME(merge)(const struct pt_tree *tree, uint64_t va, hpa_t pa,
                                             unsigned level, uint64_t flags, hpa_t *table)
{
    uint64_t e;
    _Atomic uint64_t *entry = PT_NAME(table_find)(tree, va, level, &e);

    if (entry == NULL || !PT_NAME(entry_swap)(entry, e, pt_fmt_leaf(pa, level, flags)))
        return false;
    *table = pt_fmt_table_addr(e);
    return true;
}

/*
 * How far, of [va, va + size), what is at `va` goes on: the page that maps it, whose memory there comes back
 * in *page, or what is not mapped: HPA_NONE.
 */
static inline uint64_t PT_NAME(look)(const struct pt_tree *tree, uint64_t va, uint64_t size, hpa_t *page)
{
    for (;;) {
        unsigned level;
        uint64_t e;
        bool is_mapped = PT_NAME(leaf_find)(tree, va, &level, &e) != NULL;

        if (!is_mapped && (e & PT_BUSY))
            continue;
        *page = is_mapped ? hpa_add(pt_fmt_leaf_addr(e, level), va & (BIT(pt_shift(level)) - 1)) : HPA_NONE;
        return pt_slot_rest(va, size, level);
    }
}

/* Counts the pages of each size below the largest level. Tables must not be freed meanwhile. */
static inline void PT_NAME(count)(const struct pt_tree *tree, uint64_t pages[PT_TOP])
{
    hpa_t path[PT_TOP + 1];
    unsigned index[PT_TOP + 1] = {0}, level = PT_TREE_TOP(tree);

    for (unsigned i = 0; i < PT_TOP; i++)
        pages[i] = 0;
    path[level] = tree->root;
    while (level <= PT_TREE_TOP(tree)) {
        uint64_t e;

        if (index[level] == PT_NAME(entries)(tree, level)) {
            level++;
            continue;
        }
        e = atomic_load_explicit(&PT_NAME(table)(path[level])[index[level]++], memory_order_acquire);
        if (!pt_fmt_present(e))
            continue;
        if (pt_fmt_is_leaf(e, level)) {
            pages[level]++;
        } else {
            path[--level] = pt_fmt_table_addr(e);
            index[level] = 0;
        }
    }
}
