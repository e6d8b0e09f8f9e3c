/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>

#include <net/http.h>

#include "chars.h"

static struct http_str str(const char *s)
{
    return (struct http_str){s, strlen(s)};
}

static int split(const char *path, struct http_str segments[HTTP_SEGMENTS_MAX])
{
    static char scratch[256];

    return http_uri_split(str(path), scratch, segments);
}

Test(http_uri, splits_and_decodes)
{
    struct http_str s[HTTP_SEGMENTS_MAX];

    cr_assert_eq(split("/", s), 0);
    cr_assert_eq(split("/v1", s), 1);
    cr_assert(http_str_eq(s[0], HTTP_STR("v1")));
    cr_assert_eq(split("/v1/images/a%20b%C3%a4/content", s), 4);
    cr_assert(http_str_eq(s[2], HTTP_STR("a b\xc3\xa4")));
    cr_assert(http_str_eq(s[3], HTTP_STR("content")));
    cr_assert_eq(split("/v1/", s), 2);
    cr_assert_eq(s[1].len, 0);
    cr_assert_eq(split("//", s), 2);
    cr_assert_eq(split("/...", s), 1);
    cr_assert_eq(split("/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p", s), 16);
    cr_assert_eq(split("/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q", s), -E2BIG);
}

Test(http_uri, refuses_dangerous_paths)
{
    static const char *const bad[] = {
        "",          "a",     "/%",     "/%1",  "/%zz",   "/%1g", "/%00",       "/a%00b", "/%0a",
        "/%7f",      "/%2f",  "/a%2Fb", "/%5c", "/..",    "/.",   "/a/..",      "/a/./b", "/%2e%2e",
        "/a/%2E./b", "/.%2e", "/%2e",   "/a/%", "/a%2/b", "/%1f", "/v1/..%2f.."};
    struct http_str s[HTTP_SEGMENTS_MAX];

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        int r = split(bad[i], s);

        cr_assert_eq(r, -EINVAL, "%s: %d", bad[i], r);
    }
}

Test(http_uri, decodes_in_place)
{
    char text[] = "a%41+b";

    cr_assert_eq(http_uri_decode(str(text), text, true), 4);
    cr_assert_eq(memcmp(text, "aA b", 4), 0);
    cr_assert_eq(http_uri_decode(HTTP_STR("+"), text, false), 1);
    cr_assert_eq(text[0], '+');
    cr_assert_eq(http_uri_decode(HTTP_STR("a\x7f"), text, false), -EINVAL);
    cr_assert_eq(http_uri_decode(HTTP_STR("\t"), text, false), -EINVAL);
}

Test(http_uri, iterates_queries)
{
    struct http_str q = HTTP_STR("&&a=1&b&c=&=d&e=f=g&");
    static const char *const expected[][2] = {{"a", "1"}, {"b", ""}, {"c", ""}, {"", "d"}, {"e", "f=g"}};
    struct http_str name;
    struct http_str value;

    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        cr_assert(http_query_next(&q, &name, &value));
        cr_assert(http_str_eq(name, str(expected[i][0])));
        cr_assert(http_str_eq(value, str(expected[i][1])));
    }
    cr_assert_not(http_query_next(&q, &name, &value));
    q = (struct http_str){NULL, 0};
    cr_assert_not(http_query_next(&q, &name, &value));
}

Test(http_uri, gets_parameters)
{
    struct http_str q = HTTP_STR("limit=10&na%6De=a%20b+c&empty&bad=%4&nul=%00&na=x&p%2=1&%=2&a+b=y");
    char out[8];

    cr_assert_eq(http_query_get(q, "limit", out, sizeof(out)), 2);
    cr_assert_str_eq(out, "10");
    cr_assert_eq(http_query_get(q, "name", out, sizeof(out)), 5);
    cr_assert_str_eq(out, "a b c");
    cr_assert_eq(http_query_get(q, "empty", out, sizeof(out)), 0);
    cr_assert_str_eq(out, "");
    cr_assert_eq(http_query_get(q, "na", out, sizeof(out)), 1);
    cr_assert_eq(http_query_get(q, "a b", out, sizeof(out)), 1);
    cr_assert_eq(http_query_get(q, "bad", out, sizeof(out)), -EINVAL);
    cr_assert_eq(http_query_get(q, "nul", out, sizeof(out)), -EINVAL);
    cr_assert_eq(http_query_get(q, "none", out, sizeof(out)), -ENOENT);
    cr_assert_eq(http_query_get(q, "name", out, 5), -ENOSPC);
    cr_assert_eq(http_query_get(q, "name", out, 6), 5);
    cr_assert_eq(http_query_get(q, "empty", out, 0), -ENOSPC);
}

Test(http_str, compares_trims_and_counts)
{
    unsigned long long n = 7;

    cr_assert(http_str_eq_nocase(HTTP_STR("AbC-1"), HTTP_STR("aBc-1")));
    cr_assert_not(http_str_eq_nocase(HTTP_STR("[a"), HTTP_STR("{a")));
    cr_assert_not(http_str_eq_nocase(HTTP_STR("a"), HTTP_STR("ab")));
    cr_assert_not(http_str_eq(HTTP_STR("a"), HTTP_STR("A")));
    cr_assert(http_str_eq((struct http_str){NULL, 0}, HTTP_STR("")));
    cr_assert(http_str_eq(http_str_trim(HTTP_STR(" \t a b\t ")), HTTP_STR("a b")));
    cr_assert_eq(http_str_trim(HTTP_STR(" \t ")).len, 0);
    cr_assert(http_str_to_u64(HTTP_STR("18446744073709551615"), &n));
    cr_assert_eq(n, UINT64_MAX);
    cr_assert_not(http_str_to_u64(HTTP_STR("18446744073709551616"), &n));
    cr_assert_not(http_str_to_u64(HTTP_STR("99999999999999999999"), &n));
    cr_assert_not(http_str_to_u64(HTTP_STR(""), &n));
    cr_assert_not(http_str_to_u64(HTTP_STR("1a"), &n));
    cr_assert_eq(n, UINT64_MAX);
}

Test(http_str, walks_lists)
{
    struct http_str list = HTTP_STR(" a ,, \"x,\\\"y\" , b");
    struct http_str e;

    cr_assert(http_list_next(&list, &e) && http_str_eq(e, HTTP_STR("a")));
    cr_assert(http_list_next(&list, &e) && http_str_eq(e, HTTP_STR("\"x,\\\"y\"")));
    cr_assert(http_list_next(&list, &e) && http_str_eq(e, HTTP_STR("b")));
    cr_assert_not(http_list_next(&list, &e));
    list = HTTP_STR("\"a\\");
    cr_assert(http_list_next(&list, &e) && e.len == 3);
    cr_assert_not(http_list_next(&list, &e));
}

static int range(const char *value, uint64_t size, uint64_t *first, uint64_t *length)
{
    return http_range_parse(str(value), size, first, length);
}

Test(http_range, reads_one_range)
{
    uint64_t first;
    uint64_t length;

    cr_assert(range("bytes=0-0", 10, &first, &length) == 0 && first == 0 && length == 1);
    cr_assert(range("Bytes=2-", 10, &first, &length) == 0 && first == 2 && length == 8);
    cr_assert(range("bytes= 2-99 ", 10, &first, &length) == 0 && first == 2 && length == 8);
    cr_assert(range("bytes=-3", 10, &first, &length) == 0 && first == 7 && length == 3);
    cr_assert(range("bytes=-30", 10, &first, &length) == 0 && first == 0 && length == 10);
    cr_assert(range("bytes=0-18446744073709551615", 10, &first, &length) == 0 && length == 10);
    cr_assert_eq(range("bytes=10-", 10, &first, &length), -ERANGE);
    cr_assert_eq(range("bytes=-0", 10, &first, &length), -ERANGE);
    cr_assert_eq(range("bytes=-1", 0, &first, &length), -ERANGE);
    cr_assert_eq(range("bytes=0-", 0, &first, &length), -ERANGE);
    cr_assert_eq(range("bytes=3-2", 10, &first, &length), -EINVAL);
    cr_assert_eq(range("bytes=0-1,3-4", 10, &first, &length), -EINVAL);
    cr_assert_eq(range("bytes=", 10, &first, &length), -EINVAL);
    cr_assert_eq(range("bytes= ", 10, &first, &length), -EINVAL);
    cr_assert_eq(range("bytes=-", 10, &first, &length), -EINVAL);
    cr_assert_eq(range("bytes=a-1", 10, &first, &length), -EINVAL);
    cr_assert_eq(range("bytes=1-a", 10, &first, &length), -EINVAL);
    cr_assert_eq(range("bytes=5", 10, &first, &length), -EINVAL);
    cr_assert_eq(range("lines=1-2", 10, &first, &length), -EINVAL);
}

Test(http_etag, matches)
{
    cr_assert(http_etag_match(HTTP_STR("*"), "\"a\"", false));
    cr_assert(http_etag_match(HTTP_STR("\"b\", \"a\""), "\"a\"", false));
    cr_assert(http_etag_match(HTTP_STR("W/\"a\""), "\"a\"", true));
    cr_assert_not(http_etag_match(HTTP_STR("W/\"a\""), "\"a\"", false));
    cr_assert_not(http_etag_match(HTTP_STR("\"ab\""), "\"a\"", true));
    cr_assert_not(http_etag_match(HTTP_STR("\"b,\"a"), "\"a\"", true));
}

Test(http_status, has_texts)
{
    cr_assert_str_eq(http_status_text(404), "Not Found");
    cr_assert_str_eq(http_status_text(101), "Switching Protocols");
    cr_assert_str_eq(http_status_text(507), "Insufficient Storage");
    cr_assert_str_eq(http_status_text(299), "Unknown");
    cr_assert_str_eq(http_status_text(0), "Unknown");
}

/* The classes as the grammars spell them, against the table. */
Test(http_chars, classes)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    for (int c = 1; c < 256; c++) {
        bool alnum = strchr(letters, c);
        bool token = alnum || strchr("!#$%&'*+-.^_`|~", c);
        bool target = alnum || strchr("-._~:/?[]@!$&'()*+,;=%", c);

        cr_assert_eq(char_is_token((unsigned char)c), token, "%d", c);
        cr_assert_eq(char_is_target((unsigned char)c), target, "%d", c);
        cr_assert_eq(char_is_authority((unsigned char)c), target && !strchr("/?@", c), "%d", c);
        cr_assert_eq(char_is_value((unsigned char)c), c == '\t' || (c >= 0x20 && c != 0x7f), "%d", c);
    }
    cr_assert_eq(http_char_class[0], 0);
}
