/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings out of physical memory. Pure. */

#include "phys.h"

char *text_copy(struct arena *arena, const char *text, size_t length)
{
    char *copy = ARENA_NEW(arena, char, length + 1);

    if (copy)
        memcpy(copy, text, length);
    return copy;
}

/* Reads never cross a page boundary before the bytes of this page are known to hold no NUL. */
char *phys_string(const struct phys_reader *reader, struct arena *arena, uint64_t address)
{
    uint64_t length = 0;
    const char *text;
    char *copy;

    while (length < PHYS_STRING_MAX) {
        uint64_t at = address + length;
        uint64_t chunk = PAGE_SIZE - (at & (PAGE_SIZE - 1));
        const char *piece;
        const char *end;

        /* The last readable piece may be shorter than its page. */
        while ((piece = phys_map(reader, at, chunk)) == NULL && chunk > 1)
            chunk /= 2;
        if (piece == NULL)
            break;
        end = memchr(piece, '\0', chunk);
        length += end ? (uint64_t)(end - piece) : chunk;
        if (end)
            break;
    }
    if (length == 0)
        return phys_map(reader, address, 1) ? text_copy(arena, "", 0) : NULL;
    length = MIN(length, (uint64_t)PHYS_STRING_MAX);
    text = phys_map(reader, address, length);
    copy = text ? text_copy(arena, text, (size_t)length) : NULL;
    return copy;
}
