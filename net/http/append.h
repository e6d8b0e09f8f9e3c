/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_HTTP_APPEND_H
#define NET_HTTP_APPEND_H

/* Appends text to a buffer; what does not fit is left out as a whole and noted. Not NUL-terminated. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct append {
    char *buf;
    size_t cap;
    size_t len;
    bool overflow;
};

static inline void append_bytes(struct append *a, const char *bytes, size_t n)
{
    if (n > a->cap - a->len) {
        a->overflow = true;
        return;
    }
    memcpy(a->buf + a->len, bytes, n);
    a->len += n;
}

static inline void append_str(struct append *a, const char *s)
{
    append_bytes(a, s, strlen(s));
}

/* A literal, its length known at compile time. */
#define append_lit(a, literal) append_bytes((a), (literal), sizeof(literal) - 1)

static inline void append_u64(struct append *a, uint64_t value)
{
    char digits[20];
    size_t n = sizeof(digits);

    do {
        digits[--n] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    append_bytes(a, digits + n, sizeof(digits) - n);
}

/* Lower case, without leading zeros. */
static inline void append_hex(struct append *a, uint64_t value)
{
    char digits[16];
    size_t n = sizeof(digits);

    do {
        digits[--n] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value);
    append_bytes(a, digits + n, sizeof(digits) - n);
}

#endif
