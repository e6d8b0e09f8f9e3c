/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "chunked.h"
#include "parse.h"

/* Feeds the first part, then the rest; the result must not depend on where the cut is. */
static int parse_split(struct http_head *head, const char *text, size_t len, size_t cut)
{
    int r = 0;

    memset(head, 0, sizeof(*head));
    if (cut > 0)
        r = http_head_parse(head, text, cut);
    return r ? r : http_head_parse(head, text, len);
}

static int parse_bytewise(struct http_head *head, const char *text, size_t len)
{
    int r = 0;

    memset(head, 0, sizeof(*head));
    for (size_t n = 1; n <= len && r == 0; n++) {
        /* A copy of exactly the bytes there are, so that reading ahead is noticed. */
        char *copy = malloc(n);

        memcpy(copy, text, n);
        r = http_head_parse(head, copy, n);
        free(copy);
    }
    return r;
}

/* All ways to split give this result. */
static void expect_result(const char *text, int expected)
{
    static struct http_head head;
    size_t len = strlen(text);

    for (size_t cut = 0; cut < len; cut++)
        cr_assert_eq(parse_split(&head, text, len, cut), expected, "%s cut at %zu: %d", text, cut,
                     parse_split(&head, text, len, cut));
    cr_assert_eq(parse_bytewise(&head, text, len), expected, "%s bytewise", text);
    if (expected < 0)
        cr_assert_not_null(head.error);
}

static void expect_ok(const char *text)
{
    expect_result(text, (int)strlen(text));
}

#define GET  "GET / HTTP/1.1\r\n"
#define PUT  "PUT /x HTTP/1.1\r\nHost: a\r\n"
#define HOST "Host: a\r\n"

Test(http_parse, fills_in_what_a_request_says)
{
    const char *text =
        "PUT /v1/images/a%20b?x=1&y HTTP/1.1\r\nHost: h:80\r\ncontent-length: 12\r\n"
        "CONNECTION: foo, Keep-Alive ,upgrade\r\nExpect: 100-Continue\r\nX-Empty:\r\nX: \t a b \t\r\n\r\n";
    static struct http_head head;
    struct http_str value;
    unsigned index = 0;

    expect_ok(text);
    cr_assert_eq(parse_split(&head, text, strlen(text), 0), (int)strlen(text));
    cr_assert_eq(head.method, HTTP_PUT);
    cr_assert_eq(head.minor, 1);
    cr_assert(http_str_eq(http_span_str(head.path, text), HTTP_STR("/v1/images/a%20b")));
    cr_assert(http_str_eq(http_span_str(head.query, text), HTTP_STR("x=1&y")));
    cr_assert_eq(head.content_length, 12);
    cr_assert(head.has_length && head.keep_alive && head.upgrade && head.expect_continue && !head.close);
    cr_assert_eq(head.n_fields, 6);
    cr_assert(http_head_field(&head, text, HTTP_STR("x"), &index, &value));
    cr_assert(http_str_eq(value, HTTP_STR("a b")));
    cr_assert_not(http_head_field(&head, text, HTTP_STR("x"), &index, &value));
    index = 0;
    cr_assert(http_head_field(&head, text, HTTP_STR("x-empty"), &index, &value));
    cr_assert_eq(value.len, 0);
}

Test(http_parse, stops_behind_the_head)
{
    static struct http_head head;
    const char *text = GET HOST "\r\nGET /next";

    cr_assert_eq(parse_split(&head, text, strlen(text), 0), (int)(sizeof(GET HOST "\r\n") - 1));
}

Test(http_parse, needs_more)
{
    static struct http_head head;

    cr_assert_eq(http_head_parse(&head, "", 0), 0);
    expect_result("G", 0);
    expect_result(GET HOST, 0);
    expect_result(GET HOST "\r", 0);
    expect_result("\r", 0);
}

Test(http_parse, request_lines)
{
    expect_ok("\r\n" GET HOST "\r\n"); /* one empty line before it */
    expect_ok("HEAD /a HTTP/1.1\r\n" HOST "\r\n");
    expect_ok("POST /a HTTP/1.1\r\n" HOST "\r\n");
    expect_ok("PATCH /a HTTP/1.1\r\n" HOST "\r\n");
    expect_ok("DELETE /a HTTP/1.9\r\n" HOST "\r\n");
    expect_ok("GET / HTTP/1.0\r\n\r\n"); /* Host is new in 1.1 */
    expect_ok("OPTIONS * HTTP/1.1\r\n" HOST "\r\n");
    expect_result("\r\n\r\n" GET HOST "\r\n", -400);
    expect_result(" " GET HOST "\r\n", -400);
    expect_result("GET  / HTTP/1.1\r\n" HOST "\r\n", -400);
    expect_result("GET /  HTTP/1.1\r\n" HOST "\r\n", -400);
    expect_result("GET / HTTP/1.1 \r\n" HOST "\r\n", -400);
    expect_result("GET /\r\n" HOST "\r\n", -400); /* HTTP/0.9 */
    expect_result("GET\r\n\r\n", -400);
    expect_result("GET \r\n\r\n", -400);
    expect_result("GET / HTTP/11\r\n\r\n", -400);
    expect_result("GET / http/1.1\r\n\r\n", -400);
    expect_result("GET / HTTP/1.x\r\n\r\n", -400);
    expect_result("GET / HTTP/x.1\r\n\r\n", -400);
    expect_result("GET / HTTP/2.0\r\n\r\n", -505);
    expect_result("GET / HTTP/0.9\r\n\r\n", -505);
    expect_result("get / HTTP/1.1\r\n\r\n", -501);
    expect_result("PRI * HTTP/2.0\r\n\r\n", -501);
    expect_result("CONNECT a:80 HTTP/1.1\r\n\r\n", -501);
    expect_result("G@T / HTTP/1.1\r\n\r\n", -400);
    expect_result("GET * HTTP/1.1\r\n\r\n", -400);
    expect_result("GET /a#b HTTP/1.1\r\n\r\n", -400);
    expect_result("GET /a\\b HTTP/1.1\r\n\r\n", -400);
    expect_result("GET /\x80 HTTP/1.1\r\n\r\n", -400);
    expect_result("GET x HTTP/1.1\r\n\r\n", -400);
    expect_result("GET /\tHTTP/1.1\r\n\r\n", -400);
}

Test(http_parse, absolute_targets)
{
    static struct http_head head;
    const char *with_path = "GET http://h.example:80/p?q HTTP/1.1\r\n" HOST "\r\n";
    const char *bare = "GET HTTPS://h HTTP/1.1\r\n" HOST "\r\n";
    const char *query = "GET http://[::1]?q HTTP/1.1\r\n" HOST "\r\n";

    expect_ok(with_path);
    expect_ok(bare);
    expect_ok(query);
    cr_assert_gt(parse_split(&head, with_path, strlen(with_path), 0), 0);
    cr_assert(http_str_eq(http_span_str(head.path, with_path), HTTP_STR("/p")));
    cr_assert(http_str_eq(http_span_str(head.query, with_path), HTTP_STR("q")));
    cr_assert_gt(parse_split(&head, bare, strlen(bare), 0), 0);
    cr_assert_eq(head.path.len, 0);
    cr_assert_gt(parse_split(&head, query, strlen(query), 0), 0);
    cr_assert_eq(head.path.len, 0);
    cr_assert_eq(head.query.len, 1);
    expect_result("GET http:///p HTTP/1.1\r\n" HOST "\r\n", -400);
    expect_result("GET http://u@h/p HTTP/1.1\r\n" HOST "\r\n", -400);
    expect_result("GET http:// HTTP/1.1\r\n" HOST "\r\n", -400);
    expect_result("GET ftp://h/ HTTP/1.1\r\n" HOST "\r\n", -400);
}

Test(http_parse, refuses_what_smuggles)
{
    expect_result(PUT "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", -400);
    expect_result(PUT "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", -400);
    expect_result(PUT "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", -400);
    expect_ok(PUT "Content-Length: 5\r\nContent-Length: 5\r\n\r\n");
    expect_result(PUT "Content-Length: 5, 5\r\n\r\n", -400);
    expect_result(PUT "Content-Length: +5\r\n\r\n", -400);
    expect_result(PUT "Content-Length: -5\r\n\r\n", -400);
    expect_result(PUT "Content-Length: 0x5\r\n\r\n", -400);
    expect_result(PUT "Content-Length: 5 5\r\n\r\n", -400);
    expect_result(PUT "Content-Length:\r\n\r\n", -400);
    expect_result(PUT "Content-Length: 9223372036854775808\r\n\r\n", -413);
    expect_result(PUT "Content-Length: 99999999999999999999999\r\n\r\n", -413);
    expect_ok(PUT "Content-Length: 9223372036854775807\r\n\r\n");
    expect_result(PUT "Transfer-Encoding: chunked, chunked\r\n\r\n", -400);
    expect_result(PUT "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", -400);
    expect_result(PUT "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", -400);
    expect_result(PUT "Transfer-Encoding: gzip, chunked\r\n\r\n", -501);
    expect_result(PUT "Transfer-Encoding: xchunked\r\n\r\n", -501);
    expect_result(PUT "Transfer-Encoding: \"chunked\"\r\n\r\n", -501);
    expect_result(PUT "Transfer-Encoding:\r\n\r\n", -400);
    expect_result(PUT "Transfer-Encoding: ,\r\n\r\n", -400);
    expect_ok(PUT "Transfer-Encoding: , Chunked ,\r\n\r\n");
    expect_result("PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", -400);
    expect_result(PUT "Transfer-Encoding : chunked\r\n\r\n", -400); /* space before the colon */
    expect_result(PUT "Transfer-Encoding\t: chunked\r\n\r\n", -400);
    expect_result(PUT "X: a\r\n folded\r\n\r\n", -400);
    expect_result(GET " Host: a\r\n\r\n", -400);
    expect_result(PUT "X: a\rb\r\n\r\n", -400);    /* bare CR */
    expect_result(PUT "X: a\nY: b\r\n\r\n", -400); /* bare LF */
    expect_result("GET / HTTP/1.1\n" HOST "\r\n", -400);
    expect_result(GET HOST "\n", -400);
    expect_result(PUT "X: a\r\r\n\r\n", -400);
    expect_result(PUT "X: a\x01\r\n\r\n", -400);
    expect_result(PUT "X: a\x7f\r\n\r\n", -400);
    expect_ok(PUT "X: \xc3\xa4\t\xff\r\n\r\n");
    expect_result(PUT "X\xc3: a\r\n\r\n", -400);
    expect_result(PUT "X\r\n\r\n", -400);
    expect_result(PUT ": a\r\n\r\n", -400);
    expect_result("\x16\x03\x01", -400); /* TLS */
}

Test(http_parse, refuses_nul_bytes)
{
    static const char in_value[] = GET HOST "X: a\0b\r\n\r\n";
    static const char in_target[] = "GET /\0 HTTP/1.1\r\n" HOST "\r\n";
    static struct http_head head;

    cr_assert_eq(parse_split(&head, in_value, sizeof(in_value) - 1, 0), -400);
    cr_assert_eq(parse_split(&head, in_target, sizeof(in_target) - 1, 0), -400);
}

Test(http_parse, host)
{
    expect_result(GET "\r\n", -400);
    expect_result(GET HOST HOST "\r\n", -400);
    expect_result(GET "Host: a b\r\n\r\n", -400);
    expect_result(GET "Host: a/b\r\n\r\n", -400);
    expect_result(GET "Host: a@b\r\n\r\n", -400);
    expect_ok(GET "Host:\r\n\r\n");
    expect_ok(GET "hOST: [fe80::1]:8080\r\n\r\n");
}

Test(http_parse, connection_and_expect)
{
    static struct http_head head;
    const char *text = GET HOST "Connection: \"x,y\", CLOSE\r\nExpect: x\r\n\r\n";
    const char *old = "GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n";

    cr_assert_gt(parse_split(&head, text, strlen(text), 0), 0);
    cr_assert(head.close && head.expect_other && !head.expect_continue);
    cr_assert_gt(parse_split(&head, old, strlen(old), 0), 0);
    cr_assert_not(head.expect_continue);
}

/* A request with a target of n characters. */
static int parse_target(size_t n, bool whole)
{
    static struct http_head head;
    static char text[HTTP_HEAD_MAX + 64];
    int len = snprintf(text, sizeof(text), "OPTIONS /%0*d HTTP/1.1\r\n" HOST "\r\n", (int)n - 1, 0);

    return whole ? parse_split(&head, text, (size_t)len, 0) : parse_bytewise(&head, text, (size_t)len);
}

Test(http_parse, limit_of_the_target)
{
    cr_assert_gt(parse_target(HTTP_TARGET_MAX, true), 0);
    cr_assert_gt(parse_target(HTTP_TARGET_MAX, false), 0);
    cr_assert_eq(parse_target(HTTP_TARGET_MAX + 1, true), -414);
    cr_assert_eq(parse_target(HTTP_TARGET_MAX + 1, false), -414);
    cr_assert_eq(parse_target(HTTP_TARGET_MAX + 1000, false), -414);
}

Test(http_parse, limit_of_the_method)
{
    static struct http_head head;
    char text[HTTP_METHOD_BYTES_MAX + 1];

    memset(text, 'A', sizeof(text));
    cr_assert_eq(parse_split(&head, text, sizeof(text) - 1, 0), 0);
    cr_assert_eq(parse_split(&head, text, sizeof(text), 0), -501);
}

/* One field line of n bytes, CRLF included, and the empty line if it fits the test. */
static int parse_field_bytes(size_t n, bool end)
{
    static struct http_head head;
    static char text[2 * HTTP_HEAD_MAX];
    int len = snprintf(text, sizeof(text), GET HOST "X: %0*d\r\n%s", (int)n - 5, 0, end ? "\r\n" : "");

    return parse_split(&head, text, (size_t)len, 0);
}

Test(http_parse, limit_of_the_fields)
{
    size_t rest = HTTP_FIELD_BYTES_MAX - (sizeof(HOST) - 1);
    static struct http_head head;
    static char text[4096];
    size_t len;

    cr_assert_gt(parse_field_bytes(rest - 2, true), 0);
    cr_assert_eq(parse_field_bytes(rest - 1, true), -431);
    cr_assert_eq(parse_field_bytes(rest + 1, false), -431);
    len = (size_t)snprintf(text, sizeof(text), GET HOST);
    for (int i = 1; i < HTTP_FIELDS_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "X%d: y\r\n", i);
    memcpy(text + len, "\r\n", 3);
    cr_assert_eq(parse_split(&head, text, len + 2, 0), (int)len + 2);
    memcpy(text + len, "Y:\r\n\r\n", 7);
    cr_assert_eq(parse_split(&head, text, len + 6, 0), -431);
    /* A line that never ends. */
    memset(&head, 0, sizeof(head));
    cr_assert_eq(http_head_parse(&head, GET, sizeof(GET) - 1), 0);
    static char endless[HTTP_HEAD_MAX + 1] = GET;
    memset(endless + sizeof(GET) - 1, 'x', sizeof(endless) - sizeof(GET));
    cr_assert_eq(http_head_parse(&head, endless, sizeof(endless)), -431);
}

/* Decodes in portions of step bytes. Returns how many bytes the coding took, or -status; data ends up in out.
 */
static ssize_t dechunk(const char *in, size_t len, size_t step, char *out, size_t *out_len)
{
    struct http_chunked c = {0};
    size_t at = 0;

    *out_len = 0;
    while (at < len && !c.done) {
        size_t n = len - at < step ? len - at : step;
        ssize_t used;

        if (c.data_left > 0) {
            n = n < c.data_left ? n : (size_t)c.data_left;
            memcpy(out + *out_len, in + at, n);
            *out_len += n;
            c.data_left -= n;
            at += n;
            continue;
        }
        used = http_chunked_frame(&c, in + at, n);
        if (used < 0)
            return used;
        at += (size_t)used;
    }
    return c.done ? (ssize_t)at : 0;
}

static void expect_chunked(const char *in, ssize_t expected, const char *data)
{
    char out[1024];
    size_t out_len;
    size_t len = strlen(in);

    for (size_t step = 1; step <= len; step++) {
        cr_assert_eq(dechunk(in, len, step, out, &out_len), expected, "%s in steps of %zu", in, step);
        if (data) {
            cr_assert_eq(out_len, strlen(data));
            cr_assert_eq(memcmp(out, data, out_len), 0);
        }
    }
}

static void expect_chunked_ok(const char *in, const char *data)
{
    expect_chunked(in, (ssize_t)strlen(in), data);
}

Test(http_chunked, decodes)
{
    expect_chunked_ok("0\r\n\r\n", "");
    expect_chunked_ok("5\r\nhello\r\n0\r\n\r\n", "hello");
    expect_chunked_ok("00a\r\n0123456789\r\nC\r\nabcdefghijkl\r\n0000\r\n\r\n", "0123456789abcdefghijkl");
    expect_chunked_ok("2;ext=\"v\"\r\nab\r\n1 ;x\r\nc\r\n0\r\nTrailer: x\r\nY:\r\n\r\n", "abc");
    expect_chunked("5\r\nhello\r\n0\r\n\r\nGET", 15, "hello");
    expect_chunked("5\r\nhel", 0, "hel");
}

Test(http_chunked, refuses)
{
    expect_chunked("\r\n", -400, "");
    expect_chunked("x\r\n", -400, "");
    expect_chunked("-1\r\n", -400, "");
    expect_chunked("0x1\r\n", -400, "");
    expect_chunked(" 1\r\n", -400, "");
    expect_chunked("1\na", -400, "");
    expect_chunked("1\r\r\na", -400, "");
    expect_chunked("1;a\nb\r\n", -400, "");
    expect_chunked("1;a\x01\r\n", -400, "");
    expect_chunked("1\r\naX\r\n", -400, "a");
    expect_chunked("1\r\na\rX", -400, "a");
    expect_chunked("1\r\na\n", -400, "a");
    expect_chunked("0\r\nX", 0, "");
    expect_chunked("0\r\n X: y\r\n", -400, "");
    expect_chunked("0\r\nX y\r\n", -400, "");
    expect_chunked("0\r\nX\r\n", -400, "");
    expect_chunked("0\r\n:\r\n", -400, "");
    expect_chunked("0\r\nX: a\x01", -400, "");
    expect_chunked("0\r\nX: a\rb", -400, "");
    expect_chunked("0\r\n\rX", -400, "");
    expect_chunked("ffffffffffffffff\r\n", -413, "");
    expect_chunked("00000000000000001\r\n", -413, "");
}

Test(http_chunked, bounds_what_is_ignored)
{
    char text[HTTP_TRAILER_MAX + 64];
    char out[1];
    size_t out_len;
    int len = snprintf(text, sizeof(text), "1;%0*d\r\na\r\n0\r\n\r\n", HTTP_CHUNK_EXT_MAX, 0);

    cr_assert_eq(dechunk(text, (size_t)len, 7, out, &out_len), len);
    len = snprintf(text, sizeof(text), "1;%0*d\r\na\r\n0\r\n\r\n", HTTP_CHUNK_EXT_MAX + 1, 0);
    cr_assert_eq(dechunk(text, (size_t)len, 7, out, &out_len), -400);
    len = snprintf(text, sizeof(text), "0\r\nX:%0*d\r\n\r\n", HTTP_TRAILER_MAX, 0);
    cr_assert_eq(dechunk(text, (size_t)len, 100, out, &out_len), -431);
}
