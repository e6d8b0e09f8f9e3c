/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../vmm/load/gzip.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t *file;

static int file_read(const struct load_source *source, uint64_t offset, void *to, size_t size)
{
    if (offset > source->size || size > source->size - offset)
        abort(); /* a loader never asks for what is not there */
    memcpy(to, file + offset, size);
    return 0;
}

/* Any file, read in pieces of any size, at most 1 MiB of it, and its beginning once more. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static uint8_t out[4096];
    struct load_source packed = {.read = file_read, .name = "fuzz"};
    const struct load_source *unpacked;
    struct gzip_source *gzip;
    uint64_t at = 0, piece;

    if (size < 2)
        return 0;
    piece = 1 + (bytes[0] | bytes[1] << 8) % sizeof(out);
    file = bytes + 2;
    packed.size = size - 2;
    if (gzip_open(&packed, &gzip) != 0)
        return 0;
    unpacked = gzip_load_source(gzip);
    while (at < unpacked->size && at < 1 << 20) {
        uint64_t n = MIN(piece, unpacked->size - at);

        if (unpacked->read(unpacked, at, out, n) != 0)
            break;
        at += n;
    }
    if (at > 0)
        (void)!unpacked->read(unpacked, 0, out, 1);
    gzip_close(gzip);
    return 0;
}
