/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdint.h>

#include <net/http_uri.h>

#include "chars.h"

/* Reads the escape at the front of s, which starts with '%'. Returns the byte or -EINVAL. */
static int escape_decode(struct http_str s)
{
    int high = s.len > 2 ? char_hex(s.ptr[1]) : -1;
    int low = s.len > 2 ? char_hex(s.ptr[2]) : -1;

    return high < 0 || low < 0 ? -EINVAL : high << 4 | low;
}

int http_uri_decode(struct http_str in, char *out, bool plus_is_space)
{
    size_t n = 0;

    for (size_t i = 0; i < in.len; n++) {
        int c = (unsigned char)in.ptr[i];

        if (c == '%') {
            c = escape_decode((struct http_str){in.ptr + i, in.len - i});
            i += 3;
        } else {
            i++;
            if (c == '+' && plus_is_space)
                c = ' ';
        }
        if (c < 0x20 || c == 0x7f)
            return -EINVAL;
        out[n] = (char)c;
    }
    return (int)n;
}

/* "." and ".." would let a path mean another one than it looks like; nothing here needs them. */
static bool segment_is_dots(struct http_str s)
{
    return http_str_eq(s, HTTP_STR(".")) || http_str_eq(s, HTTP_STR(".."));
}

/* Decodes one segment, to scratch if it needs decoding. A separator that comes out of an escape is refused.
 */
static int segment_decode(struct http_str *segment, char *scratch)
{
    if (segment->len > 0 && memchr(segment->ptr, '%', segment->len)) {
        int len = http_uri_decode(*segment, scratch, false);

        if (len < 0)
            return len;
        if (memchr(scratch, '/', (size_t)len) || memchr(scratch, '\\', (size_t)len))
            return -EINVAL;
        *segment = (struct http_str){scratch, (size_t)len};
    }
    return segment_is_dots(*segment) ? -EINVAL : 0;
}

int http_uri_split(struct http_str path, char *scratch, struct http_str segments[HTTP_SEGMENTS_MAX])
{
    int n = 0;
    size_t start = 1;

    if (path.len == 0 || path.ptr[0] != '/')
        return -EINVAL;
    if (path.len == 1)
        return 0;
    for (;;) {
        const char *slash = start < path.len ? memchr(path.ptr + start, '/', path.len - start) : NULL;
        size_t end = slash ? (size_t)(slash - path.ptr) : path.len;
        struct http_str segment = {path.ptr + start, end - start};
        int err = segment_decode(&segment, scratch + start);

        if (err)
            return err;
        if (n == HTTP_SEGMENTS_MAX)
            return -E2BIG;
        segments[n++] = segment;
        if (!slash)
            return n;
        start = end + 1;
    }
}

bool http_query_next(struct http_str *query, struct http_str *name, struct http_str *value)
{
    while (query->len > 0) {
        const char *amp = memchr(query->ptr, '&', query->len);
        size_t len = amp ? (size_t)(amp - query->ptr) : query->len;
        const char *equals = len > 0 ? memchr(query->ptr, '=', len) : NULL;

        *name = (struct http_str){query->ptr, equals ? (size_t)(equals - query->ptr) : len};
        *value = (struct http_str){query->ptr + len, 0};
        if (equals)
            *value = (struct http_str){equals + 1, len - name->len - 1};
        query->ptr += amp ? len + 1 : len;
        query->len -= amp ? len + 1 : len;
        if (len > 0)
            return true;
    }
    return false;
}

/* Does the undecoded s decode to name? Compared on the fly, so that no buffer limits the length. */
static bool query_name_is(struct http_str s, const char *name)
{
    for (size_t i = 0; i < s.len; name++) {
        int c = (unsigned char)s.ptr[i];

        if (c == '%') {
            c = escape_decode((struct http_str){s.ptr + i, s.len - i});
            i += 3;
        } else {
            i++;
            if (c == '+')
                c = ' ';
        }
        if (c <= 0 || c != (unsigned char)*name)
            return false;
    }
    return *name == '\0';
}

/* As http_uri_decode(), into a buffer that may be too small. */
static int value_decode(struct http_str in, char *out, size_t size)
{
    size_t n = 0;

    while (in.len > 0) {
        size_t step = in.ptr[0] == '%' ? MIN(in.len, (size_t)3) : 1;
        char c;
        int len = http_uri_decode((struct http_str){in.ptr, step}, &c, true);

        if (len < 0)
            return len;
        if (n + 1 >= size)
            return -ENOSPC;
        out[n++] = c;
        in.ptr += step;
        in.len -= step;
    }
    if (n >= size)
        return -ENOSPC;
    out[n] = '\0';
    return (int)n;
}

int http_query_get(struct http_str query, const char *name, char *out, size_t size)
{
    struct http_str key;
    struct http_str value;

    while (http_query_next(&query, &key, &value)) {
        if (query_name_is(key, name))
            return value_decode(value, out, size);
    }
    return -ENOENT;
}
