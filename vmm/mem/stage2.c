/* SPDX-License-Identifier: BSD-2-Clause */
#include "stage2.h"

#include <core/mm.h>
#include <errno.h>
#include <stdlib.h>

/* What is the same whatever the tables look like: where they come from, and when they go. */

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

/* Tables of the root lie in a row, aligned to their size; each is freed by itself. */
int stage2_init(struct stage2 *s2, unsigned address_bits, unsigned node)
{
    unsigned order;
    int error;

    *s2 = (struct stage2){.node = node,
                          .tree = {.root = HPA_NONE, .table_alloc = table_alloc, .table_free = table_free}};
    error = stage2_shape_set(s2, address_bits);
    if (error)
        return error;
    order = (unsigned)__builtin_ctz(s2->tree.root_tables);
    s2->tree.root = page_alloc(order, PAGE_ZERO, node);
    if (!hpa_valid(s2->tree.root))
        return -ENOMEM;
    if (order > 0)
        page_split(s2->tree.root, order, PAGE_ORDER_4K);
    atomic_store(&s2->table_bytes, (uint64_t)s2->tree.root_tables << PAGE_SHIFT);
    return 0;
}

void stage2_fini(struct stage2 *s2)
{
    stage2_retired_free(s2, stage2_retired_take(s2));
    if (hpa_valid(s2->tree.root)) /* stage2_init() may have failed */
        stage2_tree_free(s2);
}

struct stage2_retired {
    struct stage2_retired *next;
    hpa_t table;
    unsigned level; /* its own */
};

void stage2_merge(struct stage2 *s2, gpa_t addr, hpa_t page, unsigned level, unsigned flags)
{
    struct stage2_retired *r = malloc(sizeof(*r));

    /* Without memory they stay small: that works as well. */
    if (r == NULL || !stage2_table_replace(s2, addr, page, level, flags, &r->table)) {
        free(r);
        return;
    }
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
        stage2_tables_free(s2, r->table, r->level);
        free(r);
    }
}
