/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Heads and chunked bodies: whatever the bytes, the result must not depend on how they are split, and views
 * must lie inside of the head. The first two bytes say where to cut.
 */

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "chunked.h"
#include "parse.h"

static void check_span(struct http_span span, size_t len)
{
    assert((size_t)span.start + span.len <= len);
}

static void check_head(const struct http_head *head, const char *text, size_t len)
{
    struct http_str value;
    unsigned index = 0;

    check_span(head->path, len);
    check_span(head->query, len);
    assert(head->path.len == 0 || text[head->path.start] == '/' || text[head->path.start] == '*');
    assert(head->method < HTTP_METHOD_COUNT && head->minor <= 1);
    assert(!(head->chunked && head->has_length));
    assert(head->content_length <= INT64_MAX);
    for (unsigned i = 0; i < head->n_fields; i++) {
        check_span(head->fields[i].name, len);
        check_span(head->fields[i].value, len);
        assert(!memchr(text + head->fields[i].value.start, '\r', head->fields[i].value.len));
        assert(!memchr(text + head->fields[i].value.start, '\n', head->fields[i].value.len));
    }
    while (http_head_field(head, text, HTTP_STR("host"), &index, &value))
        assert(value.len <= len);
}

static int parse(struct http_head *head, const char *text, size_t len, size_t cut)
{
    int r = 0;

    memset(head, 0, sizeof(*head));
    if (cut > 0) {
        char *part = malloc(cut);

        memcpy(part, text, cut);
        r = http_head_parse(head, part, cut);
        free(part);
    }
    return r ? r : http_head_parse(head, text, len);
}

static void fuzz_head(const char *text, size_t len, size_t cut)
{
    static struct http_head whole;
    static struct http_head split;
    int expected = parse(&whole, text, len, 0);
    int r = parse(&split, text, len, cut);

    assert(r == expected);
    assert(r <= (int)len && (r >= 0 || (r <= -400 && r >= -505)));
    if (r > 0) {
        check_head(&whole, text, (size_t)r);
        assert(whole.n_fields == split.n_fields && whole.content_length == split.content_length);
    }
    if (r < 0)
        assert(whole.error && split.error);
    else if (r == 0)
        assert(len <= HTTP_HEAD_MAX);
}

/* Decodes in steps; sums up the data. Returns where the body ended, 0, or -status. */
static ssize_t decode(const char *text, size_t len, size_t step, uint64_t *sum)
{
    struct http_chunked c = {0};
    size_t at = 0;

    *sum = 0;
    while (at < len && !c.done) {
        size_t n = len - at < step ? len - at : step;
        ssize_t used;

        if (c.data_left > 0) {
            n = n < c.data_left ? n : (size_t)c.data_left;
            for (size_t i = 0; i < n; i++)
                *sum = *sum * 31 + (unsigned char)text[at + i];
            c.data_left -= n;
            at += n;
            continue;
        }
        used = http_chunked_frame(&c, text + at, n);
        if (used < 0)
            return used;
        assert((size_t)used <= n && (used > 0 || c.data_left > 0 || c.done));
        at += (size_t)used;
    }
    return c.done ? (ssize_t)at : 0;
}

static void fuzz_chunked(const char *text, size_t len, size_t step)
{
    uint64_t sum;
    uint64_t expected_sum;
    ssize_t expected = decode(text, len, len, &expected_sum);

    assert(decode(text, len, step, &sum) == expected && sum == expected_sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data + 2;
    size_t len = size - 2;
    size_t at;

    if (size < 4)
        return 0;
    at = ((size_t)data[0] | (size_t)data[1] << 8) % len;
    fuzz_head(text, len, at);
    fuzz_chunked(text, len, at % 7 + 1);
    return 0;
}
