/* SPDX-License-Identifier: BSD-2-Clause */

/* What the fields that frame a message and steer its connection mean (RFC 9110, RFC 9112). */

#include "chars.h"
#include "parse.h"

static int fail(struct http_head *head, int status, const char *why)
{
    head->error = why;
    return -status;
}

/* RFC 9110 section 7.2: once, and nothing in it that could not be in an authority. */
static int apply_host(struct http_head *head, struct http_str value)
{
    if (head->has_host)
        return fail(head, 400, "There is more than one Host field.");
    head->has_host = true;
    for (size_t i = 0; i < value.len; i++) {
        if (!char_is_authority((unsigned char)value.ptr[i]))
            return fail(head, 400, "The Host field is malformed.");
    }
    return 0;
}

/* RFC 9112 section 6.3: a length that is said twice must be the same both times; lists of lengths are
 * refused. */
static int apply_content_length(struct http_head *head, struct http_str value)
{
    unsigned long long length;

    if (value.len == 0)
        return fail(head, 400, "Content-Length is empty.");
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return fail(head, 400, "Content-Length is not a number.");
    }
    if (!http_str_to_u64(value, &length) || length > INT64_MAX)
        return fail(head, 413, "Content-Length is beyond every limit.");
    if (head->has_length && head->content_length != length)
        return fail(head, 400, "There are two different Content-Length fields.");
    head->has_length = true;
    head->content_length = length;
    return 0;
}

/* RFC 9112 section 6.1: chunked, once, and last. Other codings are not implemented. */
static int apply_transfer_encoding(struct http_head *head, struct http_str value)
{
    struct http_str coding;

    head->has_coding = true;
    if (value.len == 0)
        return fail(head, 400, "Transfer-Encoding is empty.");
    while (http_list_next(&value, &coding)) {
        if (head->chunked)
            return fail(head, 400, "chunked has to be the last transfer coding.");
        if (!http_str_eq_nocase(coding, HTTP_STR("chunked")))
            return fail(head, 501, "The transfer coding is not implemented.");
        head->chunked = true;
    }
    return head->chunked ? 0 : fail(head, 400, "Transfer-Encoding names no coding.");
}

/* RFC 9110 section 7.6.1. */
static int apply_connection(struct http_head *head, struct http_str value)
{
    struct http_str option;

    while (http_list_next(&value, &option)) {
        if (http_str_eq_nocase(option, HTTP_STR("close")))
            head->close = true;
        else if (http_str_eq_nocase(option, HTTP_STR("keep-alive")))
            head->keep_alive = true;
        else if (http_str_eq_nocase(option, HTTP_STR("upgrade")))
            head->upgrade = true;
    }
    return 0;
}

/* RFC 9110 section 10.1.1. */
static int apply_expect(struct http_head *head, struct http_str value)
{
    if (http_str_eq_nocase(value, HTTP_STR("100-continue")))
        head->expect_continue = true;
    else
        head->expect_other = true;
    return 0;
}

int http_field_apply(struct http_head *head, struct http_str name, struct http_str value)
{
    static const struct {
        struct http_str name;
        int (*apply)(struct http_head *head, struct http_str value);
    } known[] = {
        {HTTP_STR("Host"), apply_host},
        {HTTP_STR("Expect"), apply_expect},
        {HTTP_STR("Connection"), apply_connection},
        {HTTP_STR("Content-Length"), apply_content_length},
        {HTTP_STR("Transfer-Encoding"), apply_transfer_encoding},
    };

    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (name.len == known[i].name.len && http_str_eq_nocase(name, known[i].name))
            return known[i].apply(head, value);
    }
    return 0;
}
