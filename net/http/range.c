/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>

#include <net/http.h>

/* The last n bytes: "-n". */
static int suffix_range(struct http_str digits, uint64_t size, uint64_t *first, uint64_t *length)
{
    unsigned long long n;

    if (!http_str_to_u64(digits, &n))
        return -EINVAL;
    if (n == 0 || size == 0)
        return -ERANGE;
    *length = MIN((uint64_t)n, size);
    *first = size - *length;
    return 0;
}

int http_range_parse(struct http_str value, uint64_t size, uint64_t *first, uint64_t *length)
{
    const struct http_str unit = HTTP_STR("bytes=");
    struct http_str spec;
    unsigned long long from;
    unsigned long long to = UINT64_MAX;
    const char *dash;
    struct http_str end;

    if (value.len <= unit.len || !http_str_eq_nocase((struct http_str){value.ptr, unit.len}, unit))
        return -EINVAL;
    spec = http_str_trim((struct http_str){value.ptr + unit.len, value.len - unit.len});
    dash = spec.len > 0 ? memchr(spec.ptr, '-', spec.len) : NULL;
    if (!dash)
        return -EINVAL;
    end = (struct http_str){dash + 1, (size_t)(spec.ptr + spec.len - dash - 1)};
    if (dash == spec.ptr)
        return suffix_range(end, size, first, length);
    if (!http_str_to_u64((struct http_str){spec.ptr, (size_t)(dash - spec.ptr)}, &from))
        return -EINVAL;
    if (end.len > 0 && (!http_str_to_u64(end, &to) || to < from))
        return -EINVAL;
    if (from >= size)
        return -ERANGE;
    *first = from;
    *length = MIN((uint64_t)to, size - 1) - from + 1;
    return 0;
}

bool http_etag_match(struct http_str value, const char *etag, bool weak)
{
    const struct http_str wanted = {etag, strlen(etag)};
    struct http_str tag;

    if (http_str_eq(http_str_trim(value), HTTP_STR("*")))
        return true;
    while (http_list_next(&value, &tag)) {
        if (weak && tag.len > 2 && tag.ptr[0] == 'W' && tag.ptr[1] == '/') {
            tag.ptr += 2;
            tag.len -= 2;
        }
        if (http_str_eq(tag, wanted))
            return true;
    }
    return false;
}
