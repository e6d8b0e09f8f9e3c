/* SPDX-License-Identifier: BSD-2-Clause */
#include "digest.h"
#include "json_out.h"
#include "time_text.h"
#include "tokens.h"

#include <core/cmdline.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <net/http.h>
#include <net/net.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What answering needs of the server: the test keeps the body. */
static char *answered;
static size_t answered_length;
static unsigned answered_status;

void http_respond_owned(struct http_request *req, unsigned status, const char *content_type, void *body,
                        size_t len, void (*release)(void *body))
{
    free(answered);
    answered = strndup(body, len);
    answered_length = len;
    answered_status = status;
    release(body);
}

void http_respond_problem(struct http_request *req, unsigned status, const char *code, const char *field,
                          const char *detail_format, ...)
{
    answered_status = status;
}

void http_response_header_u64(struct http_request *req, const char *name, uint64_t value)
{
}

void net_after_tx(struct net_after_tx *self)
{
    self->fn(self);
}

/* ---- JSON ---- */

static void expect_json(struct json_out *json, const char *expected)
{
    json_respond(NULL, 200, json);
    cr_assert_eq(answered_status, 200);
    cr_assert_str_eq(answered, expected);
}

Test(json_out, nests)
{
    struct json_out json = {0};

    json_object(&json, NULL);
    json_u64(&json, "max", UINT64_MAX);
    json_array(&json, "list");
    json_string(&json, NULL, "a");
    json_bool(&json, NULL, false);
    json_object(&json, NULL);
    json_object_end(&json);
    json_null(&json, NULL);
    json_array_end(&json);
    json_string(&json, "after", "");
    json_object_end(&json);
    expect_json(&json, "{\"max\":18446744073709551615,\"list\":[\"a\",false,{},null],\"after\":\"\"}\n");
}

static void expect_string(const char *value, size_t length, const char *expected)
{
    struct json_out json = {0};

    json_string_n(&json, NULL, value, length);
    expect_json(&json, expected);
}

Test(json_out, escapes)
{
    expect_string("a\"b\\c\n\t\x01\x7f", 9, "\"a\\\"b\\\\c\\n\\t\\u0001\\u007f\"\n");
    expect_string("a\0b", 3, "\"a\\u0000b\"\n");
    expect_string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"\n");
}

/* Each byte that is no part of UTF-8 becomes one U+FFFD (RFC 3629, 3 and 4). */
Test(json_out, replaces_what_is_not_utf8)
{
#define R "\xef\xbf\xbd"
    expect_string("\xff", 1, "\"" R "\"\n");
    expect_string("\xc3", 1, "\"" R "\"\n");
    expect_string("\xc3x", 2, "\"" R "x\"\n");
    expect_string("\xc0\x80", 2, "\"" R R "\"\n");             /* overlong */
    expect_string("\xe0\x80\x80", 3, "\"" R R R "\"\n");       /* overlong */
    expect_string("\xed\xa0\x80", 3, "\"" R R R "\"\n");       /* surrogate */
    expect_string("\xf4\x90\x80\x80", 4, "\"" R R R R "\"\n"); /* above U+10FFFF */
    expect_string("\xf0\x8f\xbf\xbf", 4, "\"" R R R R "\"\n"); /* overlong */
    expect_string("\xf5\x80\x80\x80", 4, "\"" R R R R "\"\n");
}

Test(text, grows_and_formats)
{
    struct text text = {0};
    char expected[20000];
    size_t length = 0;

    for (unsigned i = 0; i < 2000; i++) {
        text_printf(&text, "%u,", i);
        length += (size_t)sprintf(expected + length, "%u,", i);
    }
    text_printf(&text, "%5000d", 7);
    text_respond(NULL, 201, "text/plain", &text);
    cr_assert_eq(answered_length, length + 5000);
    cr_assert_arr_eq(answered, expected, length);
    cr_assert_eq(answered[answered_length - 1], '7');
}

/* ---- digests ---- */

static struct http_str str(const char *text)
{
    return (struct http_str){text, strlen(text)};
}

#define BASE64 "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" /* of nothing */

Test(digest, reads_both_forms)
{
    uint8_t digest[DIGEST_SIZE];
    char text[DIGEST_HEX_SIZE];

    cr_assert_eq(digest_from_rfc3230(str("sha-256=" BASE64), digest), 0);
    digest_to_hex(digest, text);
    cr_assert_str_eq(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest_to_base64(digest, text);
    cr_assert_str_eq(text, BASE64);
    cr_assert_eq(digest_from_rfc3230(str("md5=x, SHA-256=" BASE64), digest), 0);
    cr_assert_eq(digest_from_rfc9530(str("sha-512=:abc:, sha-256=:" BASE64 ":"), digest), 0);
}

Test(digest, refuses_what_is_malformed)
{
    static const char *const malformed[] = {"sha-256=",
                                            "sha-256=AAAA",
                                            "sha-256=" BASE64 "=",
                                            "sha-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=",
                                            "sha-256=:" BASE64,
                                            "sha-256=*7DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="};
    uint8_t digest[DIGEST_SIZE];

    for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
        cr_assert_eq(digest_from_rfc3230(str(malformed[i]), digest), -EINVAL, "%s", malformed[i]);
        cr_assert_eq(digest_from_rfc9530(str(malformed[i]), digest), -EINVAL, "%s", malformed[i]);
    }
    cr_assert_eq(digest_from_rfc3230(str("sha-512=" BASE64), digest), -ENOENT);
    cr_assert_eq(digest_from_rfc9530(str(""), digest), -ENOENT);
}

/* ---- tokens ---- */

static enum http_scope scope_of(const struct token_set *set, const char *token)
{
    const struct token *found = token_find(set, str(token));

    return found ? found->scope : HTTP_SCOPE_NONE;
}

Test(tokens, options)
{
    struct token_set set = {0};

    cr_assert_eq(token_add_option(&set, "plain"), 0);
    cr_assert_eq(token_add_option(&set, "look:read"), 0);
    cr_assert_eq(token_add_option(&set, "work:operate"), 0);
    cr_assert_eq(token_add_option(&set, "a:wrong"), -EINVAL);
    cr_assert_eq(token_add_option(&set, "a:"), -EINVAL);
    cr_assert_eq(token_add_option(&set, ":read"), -EINVAL);
    cr_assert_eq(token_add_option(&set, "with space"), -EINVAL);
    cr_assert_eq(token_add_option(&set, "=="), -EINVAL);
    cr_assert_eq(scope_of(&set, "plain"), HTTP_SCOPE_ADMIN);
    cr_assert_eq(scope_of(&set, "look"), HTTP_SCOPE_READ);
    cr_assert_eq(scope_of(&set, "work"), HTTP_SCOPE_OPERATE);
    cr_assert_eq(scope_of(&set, "loo"), HTTP_SCOPE_NONE);
    cr_assert_eq(scope_of(&set, "look:read"), HTTP_SCOPE_NONE);
    cr_assert_eq(scope_of(&set, ""), HTTP_SCOPE_NONE);
    free(set.tokens);
}

Test(tokens, lines)
{
    static const char text[] =
        "# comment\n\n one read # why\r\ntwo\toperate\nthree\nfour five six\nbad nonsense\nlast admin";
    struct token_set set = {0};

    cr_assert_eq(token_add_lines(&set, text, sizeof(text) - 1), 2);
    cr_assert_eq(set.n, 4);
    cr_assert_eq(scope_of(&set, "one"), HTTP_SCOPE_READ);
    cr_assert_eq(scope_of(&set, "two"), HTTP_SCOPE_OPERATE);
    cr_assert_eq(scope_of(&set, "three"), HTTP_SCOPE_ADMIN);
    cr_assert_eq(scope_of(&set, "last"), HTTP_SCOPE_ADMIN);
    cr_assert_eq(scope_of(&set, "bad"), HTTP_SCOPE_NONE);
    cr_assert_eq(token_add_lines(&set, "\0\0\nx\0y", 6), 2);
    cr_assert_eq(token_add_lines(&set, NULL, 0), 0);
    free(set.tokens);
}

Test(tokens, header)
{
    struct http_str token;

    cr_assert(token_from_header(str("Bearer abc"), &token));
    cr_assert(http_str_eq(token, str("abc")));
    cr_assert(token_from_header(str("bEARER  a~b=="), &token));
    cr_assert(http_str_eq(token, str("a~b==")));
    cr_assert_not(token_from_header(str("Bearer"), &token));
    cr_assert_not(token_from_header(str("Bearer "), &token));
    cr_assert_not(token_from_header(str("Bearerabc"), &token));
    cr_assert_not(token_from_header(str("Bearer a b"), &token));
    cr_assert_not(token_from_header(str("Basic abc"), &token));
    cr_assert_not(token_from_header(str(""), &token));
}

/* ---- texts ---- */

Test(time_text, calendar)
{
    static const struct {
        uint64_t seconds;
        const char *rfc3339, *imf;
    } dates[] = {
        {0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
        {784111777, "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT"}, /* RFC 9110, 5.6.7 */
        {951782400, "2000-02-29T00:00:00Z", "Tue, 29 Feb 2000 00:00:00 GMT"},
        {4107542399, "2100-02-28T23:59:59Z", "Sun, 28 Feb 2100 23:59:59 GMT"},
        {4107542400, "2100-03-01T00:00:00Z", "Mon, 01 Mar 2100 00:00:00 GMT"},
        {1798761599, "2026-12-31T23:59:59Z", "Thu, 31 Dec 2026 23:59:59 GMT"},
        {UINT64_MAX, "9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    char text[TIME_IMF_SIZE];

    for (size_t i = 0; i < ARRAY_SIZE(dates); i++) {
        time_rfc3339(dates[i].seconds, text);
        cr_assert_str_eq(text, dates[i].rfc3339);
        time_imf(dates[i].seconds, text);
        cr_assert_str_eq(text, dates[i].imf);
    }
}

Test(time_text, milliseconds)
{
    char text[TIME_RFC3339_MS_SIZE];

    time_rfc3339_ms(784111777ULL * NSEC_PER_SEC, text);
    cr_assert_str_eq(text, "1994-11-06T08:49:37.000Z");
    time_rfc3339_ms(784111777ULL * NSEC_PER_SEC + 78999999, text);
    cr_assert_str_eq(text, "1994-11-06T08:49:37.078Z");
    time_rfc3339_ms(UINT64_MAX, text);
    cr_assert_str_eq(text, "2554-07-21T23:34:33.709Z");
}

Test(cmdline_redact, hides_tokens)
{
    static const char *const lines[][2] = {
        {"", ""},
        {"token=a", "token=*"},
        {"a token=secret:read b", "a token=*** b"},
        {"token=secret token=other\tip=dhcp", "token=*** token=***\tip=dhcp"},
        {"\"token=se cret\" x", "\"token=*** x"},
        {"token=\"se cret\" x", "token=*** x"},
        {"token= x", "token= x"},
        {"tokens=keep mytoken=keep token", "tokens=keep mytoken=keep token"},
        {"token='open", "token=***"},
    };
    char line[64];

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        strcpy(line, lines[i][0]);
        cmdline_redact(line);
        cr_assert_str_eq(line, lines[i][1]);
    }
}
