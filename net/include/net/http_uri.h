/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_HTTP_URI_H
#define NET_HTTP_URI_H

/* Paths and queries of request targets (RFC 3986). Pure: no allocation, no globals. Context: any. */

#include <stdbool.h>
#include <stddef.h>

#include <core/compiler.h>
#include <net/http_str.h>

/* More segments than any resource has; a longer path names nothing. */
#define HTTP_SEGMENTS_MAX 16

/*
 * Decodes %XX escapes of in to out, which has room for in.len bytes; out may be in.ptr itself. Returns the
 * decoded length, or -EINVAL for an incomplete escape, a NUL (raw or as %00) or another control character.
 * plus_is_space: '+' means a space (query strings of HTML forms), not itself.
 */
int must_check http_uri_decode(struct http_str in, char *out, bool plus_is_space);

/*
 * Splits an absolute path ("/v1/images/a%20b") into decoded segments. scratch has room for path.len bytes and
 * is only written where a segment holds an escape; the other segments point into path. "/" has no segments; a
 * trailing or doubled slash yields an empty segment, which no resource matches. Returns the number of
 * segments, -EINVAL for a bad or dangerous escape (%00, control characters, an encoded slash or backslash)
 * and for "." and ".." however they are written, -E2BIG above HTTP_SEGMENTS_MAX segments.
 */
int must_check http_uri_split(struct http_str path, char *scratch,
                              struct http_str segments[HTTP_SEGMENTS_MAX]);

/*
 * Takes the next "name=value" off the front of *query (without the '?'), undecoded; a name alone has an empty
 * value. Empty pairs ("a=1&&b=2") are skipped. Returns false at the end.
 */
bool http_query_next(struct http_str *query, struct http_str *name, struct http_str *value);

/*
 * Finds the first parameter whose decoded name is name and copies its decoded value to out, NUL-terminated.
 * Returns the value's length, -ENOENT if there is no such parameter, -EINVAL for a bad escape in it, -ENOSPC
 * if it does not fit into size bytes.
 */
int must_check http_query_get(struct http_str query, const char *name, char *out, size_t size);

#endif
