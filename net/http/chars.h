/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_HTTP_CHARS_H
#define NET_HTTP_CHARS_H

/* Character classes of HTTP and URIs, as bit maps of 256 bits. Bytes from 0x80 on belong to field values
 * only. */

#include <stdbool.h>
#include <stdint.h>

#define CHAR_BIT_(c)  (1U << ((c) & 31))
#define CHAR_DIGITS_  0x03ff0000U /* 0-9, in the word of 0x20..0x3f */
#define CHAR_LETTERS_ 0x07fffffeU /* A-Z in the word of 0x40..0x5f, a-z in that of 0x60..0x7f */

static inline bool char_in(const uint32_t map[8], unsigned char c)
{
    return (map[c >> 5] >> (c & 31)) & 1;
}

/* tchar, RFC 9110 section 5.6.2: methods and field names. */
static inline bool char_is_token(unsigned char c)
{
    static const uint32_t map[8] = {
        0,
        CHAR_DIGITS_ | CHAR_BIT_('!') | CHAR_BIT_('#') | CHAR_BIT_('$') | CHAR_BIT_('%') | CHAR_BIT_('&') |
            CHAR_BIT_('\'') | CHAR_BIT_('*') | CHAR_BIT_('+') | CHAR_BIT_('-') | CHAR_BIT_('.'),
        CHAR_LETTERS_ | CHAR_BIT_('^') | CHAR_BIT_('_'),
        CHAR_LETTERS_ | CHAR_BIT_('`') | CHAR_BIT_('|') | CHAR_BIT_('~'),
    };
    return char_in(map, c);
}

/* unreserved, reserved without '#', and '%', RFC 3986 section 2: request targets. */
static inline bool char_is_target(unsigned char c)
{
    static const uint32_t map[8] = {
        0,
        CHAR_DIGITS_ | CHAR_BIT_('!') | CHAR_BIT_('$') | CHAR_BIT_('%') | CHAR_BIT_('&') | CHAR_BIT_('\'') |
            CHAR_BIT_('(') | CHAR_BIT_(')') | CHAR_BIT_('*') | CHAR_BIT_('+') | CHAR_BIT_(',') |
            CHAR_BIT_('-') | CHAR_BIT_('.') | CHAR_BIT_('/') | CHAR_BIT_(':') | CHAR_BIT_(';') |
            CHAR_BIT_('=') | CHAR_BIT_('?'),
        CHAR_LETTERS_ | CHAR_BIT_('@') | CHAR_BIT_('[') | CHAR_BIT_(']') | CHAR_BIT_('_'),
        CHAR_LETTERS_ | CHAR_BIT_('~'),
    };
    return char_in(map, c);
}

/* What may stand in an authority: a target character that does not end it. '@' is left out: no user
 * information. */
static inline bool char_is_authority(unsigned char c)
{
    return char_is_target(c) && c != '/' && c != '?' && c != '@';
}

/* field-content, RFC 9110 section 5.5: visible characters, obs-text, space and tab. */
static inline bool char_is_value(unsigned char c)
{
    return (c >= 0x20 && c != 0x7f) || c == '\t';
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
