/* SPDX-License-Identifier: BSD-2-Clause */
#include "magazine.h"

DEFINE_PERCPU(struct magazine_pages, magazine_pages);

/* A bit per id in use. */
static uint64_t ids[MAGAZINE_IDS / 64];

struct magazine *magazine_make(unsigned id)
{
    struct magazine *magazine = magazine_get(id);
    hpa_t page;

    if (magazine != NULL || id >= MAGAZINE_IDS)
        return magazine;
    page = page_alloc(0, PAGE_ZERO, NODE_ANY);
    if (!hpa_valid(page))
        return NULL;
    atomic_store_explicit(&this_cpu_ptr(magazine_pages)->pages[id / MAGAZINES_PER_PAGE], hpa_to_ptr(page),
                          memory_order_release);
    return magazine_get(id);
}

struct magazine *magazine_of_cpu(unsigned id, unsigned cpu)
{
    return magazine_in(percpu_ptr(magazine_pages, cpu), id);
}

unsigned magazine_id_alloc(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(ids); i++) {
        if (~ids[i] != 0) {
            unsigned bit = (unsigned)__builtin_ctzll(~ids[i]);

            ids[i] |= BIT(bit);
            return i * 64 + bit;
        }
    }
    return MAGAZINE_ID_NONE;
}

void magazine_id_free(unsigned id)
{
    if (id < MAGAZINE_IDS)
        ids[id / 64] &= ~BIT(id % 64);
}
