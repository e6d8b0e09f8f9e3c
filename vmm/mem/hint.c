/* SPDX-License-Identifier: BSD-2-Clause */
#include "hint.h"

const void *gmem_hint_set(struct gmem *gmem, struct gmem_hint *hint, gpa_t addr, size_t size)
{
    /* Slots and chunks consist of whole pages. */
    gpa_t page = gpa(ALIGN_DOWN(addr.v, PAGE_SIZE));
    size_t length = GMEM_CHUNK_SIZE;
    const char *host = gmem_ptr(gmem, page, &length, false);
    uint64_t offset = addr.v - page.v;

    *hint = (struct gmem_hint){0};
    if (host == NULL || size > length || offset > length - size)
        return NULL;
    *hint = (struct gmem_hint){.base = page.v, .size = length, .host = host, .generation = gmem->generation};
    return host + offset;
}
