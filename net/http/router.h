/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_HTTP_ROUTER_H
#define NET_HTTP_ROUTER_H

/*
 * Finds the resource that a path names. The patterns are sorted once, so that those which share a prefix are
 * neighbours; a lookup narrows that range by binary search, segment by segment.
 */

#include <stddef.h>
#include <stdint.h>

#include <core/compiler.h>
#include <net/http_route.h>
#include <net/http_uri.h>

#define HTTP_PATTERN_SEGMENTS_MAX 8
#define HTTP_ALLOW_MAX            64 /* bytes that hold every Allow value, with its NUL */

/* One pattern. All members immutable after http_router_init(). */
struct http_router_entry {
    const char *pattern;
    const struct http_route *by_method[HTTP_METHOD_COUNT];
    uint8_t n_segments;
    struct {
        uint8_t start;
        uint8_t len;
    } segments[HTTP_PATTERN_SEGMENTS_MAX];
};

struct http_router {
    struct http_router_entry *entries; /* sorted */
    size_t n;
};

/*
 * Sorts n routes. Returns -ENOMEM, or -EINVAL for a malformed pattern (not absolute, longer than 255 bytes or
 * HTTP_PATTERN_SEGMENTS_MAX segments, more than HTTP_PARAMS_MAX parameters), a route without handler or
 * method, or two routes that claim one method of one pattern; *offender then is the route (if not NULL).
 * Context: any.
 */
int must_check http_router_init(struct http_router *router, const struct http_route *const *routes, size_t n,
                                const struct http_route **offender);

void http_router_fini(struct http_router *router);

/* The entry that the decoded segments of a path match, or NULL. Literal segments win over parameters. */
const struct http_router_entry *http_router_find(const struct http_router *router,
                                                 const struct http_str *segments, unsigned n);

/* Copies the segments that stand where the pattern has parameters. Returns how many. */
unsigned http_router_params(const struct http_router_entry *entry, const struct http_str *segments,
                            struct http_str *params);

/* The route that serves method; HEAD falls back to GET. NULL: 405, or an OPTIONS that the engine answers. */
const struct http_route *http_router_method(const struct http_router_entry *entry, enum http_method method);

/* Writes the Allow field's value for an entry (NULL: every method there is), NUL-terminated. */
void http_router_allow(const struct http_router_entry *entry, char out[HTTP_ALLOW_MAX]);

#endif
