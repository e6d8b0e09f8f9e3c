/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_HTTP_STR_H
#define NET_HTTP_STR_H

/* A view of bytes that somebody else owns: not NUL-terminated, never freed through the view. */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct http_str {
    const char *ptr;
    size_t len;
};

/* A view of a string literal, its length known at compile time. */
#define HTTP_STR(literal) ((struct http_str){(literal), sizeof(literal) - 1})

/* The same bytes? Context: any. */
static inline bool http_str_eq(struct http_str a, struct http_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* The same bytes when ASCII letters compare without case (field names, tokens)? Context: any. */
bool http_str_eq_nocase(struct http_str a, struct http_str b);

/* s without spaces and tabs at both ends (OWS, RFC 9110 section 5.6.3). Context: any. */
struct http_str http_str_trim(struct http_str s);

/*
 * Reads a decimal number that is nothing but digits. Returns false, and leaves *value alone, if s is empty,
 * holds anything else or does not fit. Context: any.
 */
bool http_str_to_u64(struct http_str s, unsigned long long *value);

/*
 * Takes the next element of a comma-separated field value (RFC 9110 section 5.6.1) off the front of *list:
 * quoted strings may hold commas, empty elements are skipped. Returns false at the end. Context: any.
 */
bool http_list_next(struct http_str *list, struct http_str *element);

#endif
