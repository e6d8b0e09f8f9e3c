/* SPDX-License-Identifier: BSD-2-Clause */

/* Paths, queries, ranges, lists and tags; a decoded segment is never one that could mean another path. */

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include <net/http.h>

static void fuzz_path(struct http_str path)
{
    struct http_str segments[HTTP_SEGMENTS_MAX];
    char *scratch = malloc(path.len + 1);
    int n = http_uri_split(path, scratch, segments);

    assert(n <= HTTP_SEGMENTS_MAX);
    for (int i = 0; i < n; i++) {
        struct http_str s = segments[i];

        assert(s.len <= path.len);
        assert(!http_str_eq(s, HTTP_STR(".")) && !http_str_eq(s, HTTP_STR("..")));
        assert(s.len == 0 || !memchr(s.ptr, '/', s.len));
        /* What was decoded holds no NUL; what was not is as the request line's parser let it pass. */
        if (s.len > 0 && s.ptr >= scratch && s.ptr <= scratch + path.len)
            assert(!memchr(s.ptr, '\0', s.len));
    }
    n = http_uri_decode(path, scratch, true);
    assert(n <= (int)path.len);
    free(scratch);
}

static void fuzz_query(struct http_str query)
{
    struct http_str rest = query;
    struct http_str name;
    struct http_str value;
    char out[24];

    while (http_query_next(&rest, &name, &value)) {
        assert(name.len + value.len <= query.len);
        assert(rest.len < query.len);
    }
    for (size_t size = 0; size <= sizeof(out); size += 8) {
        int n = http_query_get(query, "a", out, size);

        assert(n < (int)size || size == 0);
        assert(n < 0 || (size_t)n == strlen(out));
    }
}

static void fuzz_fields(struct http_str value)
{
    struct http_str list = value;
    struct http_str element;
    unsigned long long number;
    uint64_t first;
    uint64_t length;

    while (http_list_next(&list, &element))
        assert(element.len > 0 && element.len <= value.len);
    if (http_range_parse(value, 1000, &first, &length) == 0)
        assert(first < 1000 && length > 0 && length <= 1000 - first);
    http_etag_match(value, "\"a\"", true);
    if (http_str_to_u64(value, &number))
        assert(value.len > 0);
    assert(http_str_trim(value).len <= value.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct http_str input = {(const char *)data, size};

    fuzz_path(input);
    fuzz_query(input);
    fuzz_fields(input);
    return 0;
}
