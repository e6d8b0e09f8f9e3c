/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../vmm/load/inflate.h"
#include <stdlib.h>
#include <string.h>

struct bytes {
    const uint8_t *at;
    size_t left;
};

static int input(void *context, uint8_t *to, size_t max)
{
    struct bytes *b = context;
    size_t n = b->left < max ? b->left : max;

    memcpy(to, b->at, n);
    b->at += n;
    b->left -= n;
    return (int)n;
}

/* Any file, read in pieces of any size, at most 1 MiB of it. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct inflate s;
    static uint8_t out[4096];
    struct bytes b;
    size_t piece;
    int64_t n = 1;

    if (size < 2)
        return 0;
    piece = 1 + (bytes[0] | bytes[1] << 8) % sizeof(out);
    b = (struct bytes){bytes + 2, size - 2};
    if (inflate_begin(&s, input, &b) != 0)
        return 0;
    while (n > 0 && s.total < 1 << 20)
        n = inflate_read(&s, out, piece);
    if (n > (int64_t)piece || (n < 0 && s.error != n))
        abort();
    return 0;
}
