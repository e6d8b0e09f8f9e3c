/* SPDX-License-Identifier: BSD-2-Clause */
#include "magazine.h"

DEFINE_PERCPU(struct magazine_pages, magazine_pages);

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
    static unsigned next;

    return next < MAGAZINE_IDS ? next++ : MAGAZINE_ID_NONE;
}
