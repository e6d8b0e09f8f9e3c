/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_HTTP_CHUNKED_H
#define NET_HTTP_CHUNKED_H

/* The chunked transfer coding (RFC 9112 section 7.1), from bytes in any portions. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <core/compiler.h>

#define HTTP_CHUNK_EXT_MAX 256  /* bytes of extensions of one chunk (ignored); more: 400 */
#define HTTP_TRAILER_MAX   8192 /* bytes of trailer fields (checked and dropped); more: 431 */

/* All zero at the start of a body. */
struct http_chunked {
    uint64_t data_left; /* body bytes that come next; whoever takes some subtracts them */
    uint64_t size;      /* of the chunk whose header is being read */
    uint16_t extra;     /* bytes of the extension or the trailer so far */
    uint8_t state;
    uint8_t digits; /* of the chunk size so far */
    bool done;      /* the last byte of the body's framing was seen */
};

/*
 * Takes the framing bytes at the front of in, until body bytes follow (data_left > 0),
 * the body is over (done), or len is used up. Returns how many it took, or -status (-400, -413, -431).
 * Call it whenever data_left is 0 and done is not set.
 */
ssize_t must_check http_chunked_frame(struct http_chunked *chunked, const char *in, size_t len);

#endif
