/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_LOAD_INFLATE_H
#define VMM_LOAD_INFLATE_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * Unpacks gzip (RFC 1952) with one member, which is deflate (RFC 1951), piece by piece. Pure: bytes come from
 * a callback, memory is the caller's. What a piece costs is bounded by its size and that of the input.
 */
#define INFLATE_WINDOW 32768
#define INFLATE_INPUT  1024

/* The number of bytes put at `to` (at most `max`; 0: there are no more), or a negative errno. */
typedef int inflate_input(void *context, uint8_t *to, size_t max);

#define HUFFMAN_FAST_BITS 9

/* A canonical code: how many symbols have each length, the symbols in order, and short codes by their bits.
 */
struct huffman {
    uint16_t count[16];
    uint16_t symbols[288];
    uint16_t fast[1 << HUFFMAN_FAST_BITS]; /* symbol << 4 | length; 0: longer, or none */
};

struct inflate {
    inflate_input *input;
    void *context;
    int error; /* the first that happened; stays */

    uint8_t in[INFLATE_INPUT];
    size_t in_at, in_end;
    uint64_t hold; /* bits that have been read, the next one lowest */
    unsigned bits;

    enum { INFLATE_BETWEEN, INFLATE_STORED, INFLATE_CODED, INFLATE_END } state;
    bool is_last;
    uint32_t stored;           /* INFLATE_STORED: bytes left of the block */
    uint32_t length, distance; /* of a match under way */
    struct huffman literals, distances;

    uint64_t total;
    uint32_t crc, crc_table[256];
    uint8_t window[INFLATE_WINDOW]; /* the last bytes, by their place modulo its size */
};

/* Reads the gzip header. 0, -EINVAL, or what the callback returned. Context: any. */
must_check int inflate_begin(struct inflate *s, inflate_input *input, void *context);

/*
 * The next bytes: `size`, or fewer if these are the last. Checksum and length are looked at by whoever asks
 * for more than there is. -EINVAL: damaged or truncated; or what the callback returned.
 */
must_check int64_t inflate_read(struct inflate *s, void *to, size_t size);

#endif
