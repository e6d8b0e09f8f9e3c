/* SPDX-License-Identifier: BSD-2-Clause */
/* The multiboot header: Multiboot Specification 0.6.96, 3.1. */

#include "loader.h"

#include <core/bytes.h>

#define MAGIC        0x1badb002
#define SEARCH_SIZE  8192
#define PIECE        512
#define SHORT_HEADER 12
#define LONG_HEADER  32

/* True: a header is at `offset`, checksum included. */
static int header_read(struct loader *l, struct multiboot_header *header, uint64_t offset)
{
    const struct load_source *kernel = l->params->kernel;
    uint8_t bytes[LONG_HEADER];
    int status;

    if (kernel->size - offset < SHORT_HEADER || offset + SHORT_HEADER > SEARCH_SIZE)
        return 0;
    status = load_read(l, "kernel", kernel, offset, bytes, SHORT_HEADER);
    if (status || get_u32(bytes) + get_u32(bytes + 4) + get_u32(bytes + 8) != 0)
        return status;
    header->is_found = true;
    header->offset = offset;
    header->flags = get_u32(bytes + 4);
    if (!(header->flags & MULTIBOOT_HAS_ADDRESSES))
        return 0;
    status = load_read(l, "kernel", kernel, offset, bytes, LONG_HEADER);
    header->header_addr = get_u32(bytes + 12);
    header->load_addr = get_u32(bytes + 16);
    header->load_end_addr = get_u32(bytes + 20);
    header->bss_end_addr = get_u32(bytes + 24);
    header->entry_addr = get_u32(bytes + 28);
    return status;
}

int multiboot_find(struct loader *l, struct multiboot_header *header)
{
    const struct load_source *kernel = l->params->kernel;
    uint64_t end = MIN(kernel->size, SEARCH_SIZE);

    *header = (struct multiboot_header){0};
    for (uint64_t at = 0; at < end; at += PIECE) {
        uint8_t piece[PIECE];
        size_t size = MIN(PIECE, end - at);
        int status = load_read(l, "kernel", kernel, at, piece, size);

        for (size_t i = 0; i + 4 <= size && !status; i += 4) {
            if (get_u32(piece + i) == MAGIC)
                status = header_read(l, header, at + i);
            if (header->is_found)
                return status;
        }
        if (status)
            return status;
    }
    return 0;
}
