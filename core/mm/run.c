/* SPDX-License-Identifier: BSD-2-Clause */
#include "page.h"
#include "page_tag.h"
#include <core/panic.h>

static hpa_t pfn_hpa(uint64_t pfn)
{
    return hpa(pfn << PAGE_SHIFT);
}

/* Tag of a block of a run. */
static unsigned run_tag(uint64_t pfn)
{
    unsigned tag = page_tag_get(pfn);

    if (TAG_KIND(tag) != TAG_ALLOCATED && TAG_KIND(tag) != TAG_CHAINED)
        panic("page %#llx is not in a run (tag %#x)", (unsigned long long)pfn << PAGE_SHIFT, tag);
    return tag;
}

/* Splits an allocated block into a chain that covers its first `pages` pages, and frees the rest. */
static void block_trim(uint64_t pfn, unsigned order, uint64_t pages)
{
    while (pages < 1ULL << order) {
        uint64_t upper;

        order--;
        upper = pfn + (1ULL << order);
        page_tag_set(upper, TAG_ALLOCATED | order);
        if (pages > 1ULL << order) {
            page_tag_set(pfn, TAG_CHAINED | order);
            pages -= 1ULL << order;
            pfn = upper;
        } else {
            page_tag_set(pfn, TAG_ALLOCATED | order);
            page_free(pfn_hpa(upper), order);
        }
    }
}

hpa_t run_alloc(uint64_t pages, unsigned align_order)
{
    unsigned order = pages > 1 ? 64 - (unsigned)__builtin_clzll(pages - 1) : 0;
    hpa_t block;

    order = MAX(order, align_order);
    block = page_alloc(order, 0, NODE_ANY);
    if (hpa_valid(block))
        block_trim(block.v >> PAGE_SHIFT, order, pages);
    return block;
}

uint64_t run_pages(hpa_t run)
{
    uint64_t pfn = run.v >> PAGE_SHIFT, pages = 0;
    unsigned tag;

    do {
        tag = run_tag(pfn + pages);
        pages += 1ULL << TAG_ORDER(tag);
    } while (TAG_KIND(tag) == TAG_CHAINED);
    return pages;
}

void run_shrink(hpa_t run, uint64_t pages)
{
    uint64_t pfn = run.v >> PAGE_SHIFT;
    unsigned tag = run_tag(pfn);

    while (pages > 1ULL << TAG_ORDER(tag)) {
        ASSERT(TAG_KIND(tag) == TAG_CHAINED);
        pages -= 1ULL << TAG_ORDER(tag);
        pfn += 1ULL << TAG_ORDER(tag);
        tag = run_tag(pfn);
    }
    page_tag_set(pfn, TAG_ALLOCATED | TAG_ORDER(tag));
    if (TAG_KIND(tag) == TAG_CHAINED)
        run_free(pfn_hpa(pfn + (1ULL << TAG_ORDER(tag))));
    block_trim(pfn, TAG_ORDER(tag), pages);
}

void run_free(hpa_t run)
{
    uint64_t pfn = run.v >> PAGE_SHIFT;
    unsigned tag;

    do {
        tag = run_tag(pfn);
        page_tag_set(pfn, TAG_ALLOCATED | TAG_ORDER(tag));
        page_free(pfn_hpa(pfn), TAG_ORDER(tag));
        pfn += 1ULL << TAG_ORDER(tag);
    } while (TAG_KIND(tag) == TAG_CHAINED);
}
