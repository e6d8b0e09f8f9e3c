/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_HTTP_CHARS_H
#define NET_HTTP_CHARS_H

/* Character classes of HTTP and URIs: one look into a table for each byte of a request. */

#include <stdbool.h>
#include <stdint.h>

#define CHAR_VALUE     0x1 /* field-content, RFC 9110 section 5.5: visible, obs-text, space, tab */
#define CHAR_TOKEN     0x2 /* tchar, RFC 9110 section 5.6.2: methods and field names */
#define CHAR_TARGET    0x4 /* unreserved, reserved without '#', and '%', RFC 3986 section 2 */
#define CHAR_AUTHORITY 0x8 /* of these, what does not end an authority; no '@': no user information */

extern const uint8_t http_char_class[256];

static inline bool char_is_token(unsigned char c)
{
    return http_char_class[c] & CHAR_TOKEN;
}

static inline bool char_is_target(unsigned char c)
{
    return http_char_class[c] & CHAR_TARGET;
}

static inline bool char_is_authority(unsigned char c)
{
    return http_char_class[c] & CHAR_AUTHORITY;
}

static inline bool char_is_value(unsigned char c)
{
    return http_char_class[c] & CHAR_VALUE;
}

static inline char char_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* 0..15, or -1. */
static inline int char_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = char_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
