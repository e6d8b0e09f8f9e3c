/* SPDX-License-Identifier: BSD-2-Clause */
#include "router.h"

#include <errno.h>
#include <stdlib.h>

#include <net/http.h>

static struct http_str entry_segment(const struct http_router_entry *e, unsigned i)
{
    return (struct http_str){e->pattern + e->segments[i].start, e->segments[i].len};
}

static bool segment_is_param(struct http_str s)
{
    return s.len > 0 && s.ptr[0] == '{';
}

/* Order of segments at one position: literals by their bytes, then parameters, whose names do not matter. */
static int segment_compare(struct http_str a, struct http_str b)
{
    int diff;

    if (segment_is_param(a) || segment_is_param(b))
        return (int)segment_is_param(a) - (int)segment_is_param(b);
    diff = memcmp(a.ptr, b.ptr, MIN(a.len, b.len));
    if (diff)
        return diff;
    return a.len < b.len ? -1 : a.len > b.len;
}

static int entry_compare(const void *left, const void *right)
{
    const struct http_router_entry *a = left;
    const struct http_router_entry *b = right;

    for (unsigned i = 0; i < a->n_segments && i < b->n_segments; i++) {
        int diff = segment_compare(entry_segment(a, i), entry_segment(b, i));

        if (diff)
            return diff;
    }
    return (int)a->n_segments - (int)b->n_segments;
}

/* "images", or "{name}" with both braces and something in between; nothing else holds a brace. */
static bool segment_valid(struct http_str s)
{
    bool param = segment_is_param(s);
    struct http_str inner = s;

    if (param) {
        if (s.len < 3 || s.ptr[s.len - 1] != '}')
            return false;
        inner = (struct http_str){s.ptr + 1, s.len - 2};
    }
    return inner.len > 0 && !memchr(inner.ptr, '{', inner.len) && !memchr(inner.ptr, '}', inner.len);
}

static int pattern_parse(struct http_router_entry *e, const struct http_route *route)
{
    size_t len = route->pattern ? strlen(route->pattern) : 0;
    unsigned params = 0;

    if (len == 0 || len > UINT8_MAX || route->pattern[0] != '/')
        return -EINVAL;
    e->pattern = route->pattern;
    for (size_t start = 1; start < len || (start == len && len > 1);) {
        struct http_str s = {e->pattern + start, strcspn(e->pattern + start, "/")};

        if (!segment_valid(s) || e->n_segments == HTTP_PATTERN_SEGMENTS_MAX)
            return -EINVAL;
        if (segment_is_param(s) && ++params > HTTP_PARAMS_MAX)
            return -EINVAL;
        e->segments[e->n_segments].start = (uint8_t)start;
        e->segments[e->n_segments].len = (uint8_t)s.len;
        e->n_segments++;
        start += s.len + 1;
    }
    return 0;
}

static int entry_init(struct http_router_entry *e, const struct http_route *route)
{
    unsigned all = HTTP_BIT(HTTP_METHOD_COUNT) - 1;

    *e = (struct http_router_entry){0};
    if (!route->handler || route->methods == 0 || (route->methods & ~all) != 0)
        return -EINVAL;
    for (int m = 0; m < HTTP_METHOD_COUNT; m++) {
        if (route->methods & HTTP_BIT(m))
            e->by_method[m] = route;
    }
    return pattern_parse(e, route);
}

/* Adds the methods of from, which has the same pattern. */
static int entry_merge(struct http_router_entry *e, const struct http_router_entry *from,
                       const struct http_route **offender)
{
    for (int m = 0; m < HTTP_METHOD_COUNT; m++) {
        if (!from->by_method[m])
            continue;
        if (e->by_method[m]) {
            *offender = from->by_method[m];
            return -EINVAL;
        }
        e->by_method[m] = from->by_method[m];
    }
    return 0;
}

static int entries_build(struct http_router *router, const struct http_route *const *routes, size_t n,
                         const struct http_route **offender)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        int err = entry_init(&router->entries[i], routes[i]);

        *offender = routes[i];
        if (err)
            return err;
    }
    if (n > 0)
        qsort(router->entries, n, sizeof(router->entries[0]), entry_compare);
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && entry_compare(&router->entries[kept - 1], &router->entries[i]) == 0) {
            int err = entry_merge(&router->entries[kept - 1], &router->entries[i], offender);

            if (err)
                return err;
        } else {
            router->entries[kept++] = router->entries[i];
        }
    }
    router->n = kept;
    return 0;
}

int http_router_init(struct http_router *router, const struct http_route *const *routes, size_t n,
                     const struct http_route **offender)
{
    const struct http_route *bad = NULL;
    int err;

    *router = (struct http_router){0};
    router->entries = calloc(n + 1, sizeof(router->entries[0]));
    if (!router->entries)
        return -ENOMEM;
    err = entries_build(router, routes, n, &bad);
    if (err)
        http_router_fini(router);
    if (offender)
        *offender = err ? bad : NULL;
    return err;
}

void http_router_fini(struct http_router *router)
{
    free(router->entries);
    *router = (struct http_router){0};
}

/*
 * The first entry of [lo, hi) whose segment at depth is not below key (or, with above set, is above it). All
 * entries of the range have the same segments before depth; one that ends there sorts before the others.
 */
static size_t range_bound(const struct http_router *r, size_t lo, size_t hi, unsigned depth,
                          struct http_str key, bool above)
{
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct http_router_entry *e = &r->entries[mid];
        int diff = e->n_segments == depth ? -1 : segment_compare(entry_segment(e, depth), key);

        if (diff < 0 || (above && diff == 0))
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* Recursion ends at HTTP_PATTERN_SEGMENTS_MAX, because no entry is longer. */
static const struct http_router_entry *range_find(const struct http_router *r, size_t lo, size_t hi,
                                                  unsigned depth, const struct http_str *segments, unsigned n)
{
    size_t first;
    size_t end;

    if (lo >= hi)
        return NULL;
    if (depth == n)
        return r->entries[lo].n_segments == n ? &r->entries[lo] : NULL;
    /* An empty segment matches nothing, and a brace that came from the client is not a parameter of ours. */
    if (segments[depth].len == 0)
        return NULL;
    if (!segment_is_param(segments[depth])) {
        const struct http_router_entry *e;

        first = range_bound(r, lo, hi, depth, segments[depth], false);
        end = range_bound(r, first, hi, depth, segments[depth], true);
        e = range_find(r, first, end, depth + 1, segments, n);
        if (e)
            return e;
    }
    first = range_bound(r, lo, hi, depth, HTTP_STR("{}"), false);
    return range_find(r, first, hi, depth + 1, segments, n);
}

const struct http_router_entry *http_router_find(const struct http_router *router,
                                                 const struct http_str *segments, unsigned n)
{
    return range_find(router, 0, router->n, 0, segments, n);
}

unsigned http_router_params(const struct http_router_entry *entry, const struct http_str *segments,
                            struct http_str *params)
{
    unsigned n = 0;

    for (unsigned i = 0; i < entry->n_segments; i++) {
        if (segment_is_param(entry_segment(entry, i)))
            params[n++] = segments[i];
    }
    return n;
}

const struct http_route *http_router_method(const struct http_router_entry *entry, enum http_method method)
{
    if (method == HTTP_HEAD && !entry->by_method[HTTP_HEAD])
        method = HTTP_GET;
    return entry->by_method[method];
}

void http_router_allow(const struct http_router_entry *entry, char out[HTTP_ALLOW_MAX])
{
    static const char *const names[HTTP_METHOD_COUNT] = {
        [HTTP_GET] = "GET",     [HTTP_HEAD] = "HEAD",     [HTTP_POST] = "POST",       [HTTP_PUT] = "PUT",
        [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE", [HTTP_OPTIONS] = "OPTIONS",
    };
    size_t at = 0;

    for (int m = 0; m < HTTP_METHOD_COUNT; m++) {
        size_t len = strlen(names[m]);

        if (entry && m != HTTP_OPTIONS && !http_router_method(entry, (enum http_method)m))
            continue;
        if (at > 0) {
            out[at++] = ',';
            out[at++] = ' ';
        }
        memcpy(out + at, names[m], len);
        at += len;
    }
    out[at] = '\0';
}
