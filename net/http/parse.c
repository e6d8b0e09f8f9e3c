/* SPDX-License-Identifier: BSD-2-Clause */
#include "parse.h"

#include "chars.h"

enum { PHASE_START, PHASE_REQUEST_LINE, PHASE_FIELDS };

static int fail(struct http_head *head, int status, const char *why)
{
    head->error = why;
    return -status;
}

static enum http_method method_lookup(struct http_str s)
{
    static const struct http_str names[HTTP_METHOD_COUNT] = {
        [HTTP_GET] = HTTP_STR("GET"),         [HTTP_HEAD] = HTTP_STR("HEAD"),
        [HTTP_POST] = HTTP_STR("POST"),       [HTTP_PUT] = HTTP_STR("PUT"),
        [HTTP_PATCH] = HTTP_STR("PATCH"),     [HTTP_DELETE] = HTTP_STR("DELETE"),
        [HTTP_OPTIONS] = HTTP_STR("OPTIONS"),
    };

    for (int i = 0; i < HTTP_METHOD_COUNT; i++) {
        if (http_str_eq(s, names[i]))
            return (enum http_method)i;
    }
    return HTTP_METHOD_UNKNOWN;
}

/* The method, at the front of the line; *used: its length with the space. */
static int method_parse(struct http_head *head, struct http_str line, size_t *used)
{
    size_t n = 0;

    while (n < line.len && char_is_token((unsigned char)line.ptr[n]))
        n++;
    if (n == 0 || n == line.len || line.ptr[n] != ' ')
        return fail(head, 400, "The request line is malformed.");
    head->method = (uint8_t)method_lookup((struct http_str){line.ptr, n});
    if (head->method == HTTP_METHOD_UNKNOWN)
        return fail(head, 501, "The method is not implemented.");
    *used = n + 1;
    return 0;
}

/* "HTTP/1.1", the rest of the line (RFC 9112 section 2.3). */
static int version_parse(struct http_head *head, struct http_str s)
{
    if (s.len != 8 || memcmp(s.ptr, "HTTP/", 5) != 0 || s.ptr[5] < '0' || s.ptr[5] > '9' || s.ptr[6] != '.' ||
        s.ptr[7] < '0' || s.ptr[7] > '9')
        return fail(head, 400, "The request line does not end with a protocol version.");
    if (s.ptr[5] != '1')
        return fail(head, 505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
    head->minor = s.ptr[7] == '0' ? 0 : 1;
    return 0;
}

/* "http://" or "https://" at the front of s: its length, or 0. */
static size_t scheme_length(struct http_str s)
{
    if (s.len > 7 && http_str_eq_nocase((struct http_str){s.ptr, 7}, HTTP_STR("http://")))
        return 7;
    if (s.len > 8 && http_str_eq_nocase((struct http_str){s.ptr, 8}, HTTP_STR("https://")))
        return 8;
    return 0;
}

/* Skips scheme and authority of an absolute target (RFC 9112 section 3.2.2). */
static int authority_skip(struct http_head *head, struct http_str *target)
{
    size_t n = scheme_length(*target);
    size_t start = n;

    if (n == 0)
        return fail(head, 400, "The request target is not a path.");
    while (n < target->len && char_is_authority((unsigned char)target->ptr[n]))
        n++;
    if (n == start || (n < target->len && target->ptr[n] != '/' && target->ptr[n] != '?'))
        return fail(head, 400, "The authority in the request target is malformed.");
    target->ptr += n;
    target->len -= n;
    return 0;
}

/* The request target, all of whose characters are allowed ones (RFC 9112 section 3.2). */
static int target_parse(struct http_head *head, const char *buf, struct http_str target)
{
    const char *question;
    size_t path_len;

    if (http_str_eq(target, HTTP_STR("*"))) {
        if (head->method != HTTP_OPTIONS)
            return fail(head, 400, "The target \"*\" goes with OPTIONS only.");
    } else if (target.ptr[0] != '/') {
        int err = authority_skip(head, &target);

        if (err)
            return err;
    }
    question = target.len > 0 ? memchr(target.ptr, '?', target.len) : NULL;
    path_len = question ? (size_t)(question - target.ptr) : target.len;
    head->path = (struct http_span){(uint16_t)(target.ptr - buf), (uint16_t)path_len};
    if (question) {
        head->query.start = (uint16_t)(question + 1 - buf);
        head->query.len = (uint16_t)(target.len - path_len - 1);
    }
    return 0;
}

static int request_line_parse(struct http_head *head, const char *buf, struct http_str line)
{
    size_t start;
    size_t end;
    int err = method_parse(head, line, &start);

    if (err)
        return err;
    for (end = start; end < line.len && char_is_target((unsigned char)line.ptr[end]); end++)
        ;
    if (end - start > HTTP_TARGET_MAX)
        return fail(head, 414, "The request target is too long.");
    if (end == start || end == line.len || line.ptr[end] != ' ')
        return fail(head, 400, "The request target is malformed.");
    err = version_parse(head, (struct http_str){line.ptr + end + 1, line.len - end - 1});
    if (err)
        return err;
    return target_parse(head, buf, (struct http_str){line.ptr + start, end - start});
}

static int field_parse(struct http_head *head, const char *buf, struct http_str line)
{
    struct http_field *field = &head->fields[head->n_fields];
    size_t colon = 0;
    struct http_str value;

    while (colon < line.len && char_is_token((unsigned char)line.ptr[colon]))
        colon++;
    if (colon == 0 || colon == line.len || line.ptr[colon] != ':')
        return fail(head, 400, "A header field is malformed.");
    for (size_t i = colon + 1; i < line.len; i++) {
        if (!char_is_value((unsigned char)line.ptr[i]))
            return fail(head, 400, "A header field holds a character that is not allowed.");
    }
    if (head->n_fields == HTTP_FIELDS_MAX)
        return fail(head, 431, "There are too many header fields.");
    head->n_fields++;
    value = http_str_trim((struct http_str){line.ptr + colon + 1, line.len - colon - 1});
    field->name = (struct http_span){(uint16_t)(line.ptr - buf), (uint16_t)colon};
    field->value = (struct http_span){(uint16_t)(value.ptr - buf), (uint16_t)value.len};
    return http_field_apply(head, (struct http_str){line.ptr, colon}, value);
}

/* What only the whole head can tell (RFC 9112 sections 3.2 and 6.1). */
static int head_check(struct http_head *head)
{
    if (!head->has_host && head->minor > 0)
        return fail(head, 400, "The Host field is missing.");
    if (head->has_coding && head->has_length)
        return fail(head, 400, "Transfer-Encoding and Content-Length contradict each other.");
    if (head->has_coding && head->minor == 0)
        return fail(head, 400, "HTTP/1.0 has no Transfer-Encoding.");
    if (head->minor == 0)
        head->expect_continue = head->expect_other = false;
    return 0;
}

/*
 * What the first bytes of a request line tell, whether its end has arrived or not: is it no HTTP at all, or
 * too long? Asked in both cases, so that the answer does not depend on how the bytes were split.
 */
static int start_check(struct http_head *head, const char *line, size_t have)
{
    size_t n = 0;

    if (have == 0 || line[0] == '\r')
        return 0;
    while (n < have && n <= HTTP_METHOD_BYTES_MAX && char_is_token((unsigned char)line[n]))
        n++;
    if (n > HTTP_METHOD_BYTES_MAX)
        return fail(head, 501, "The method is not implemented.");
    if (n == 0 || (n < have && line[n] != ' '))
        return fail(head, 400, "This is not HTTP.");
    if (have > HTTP_REQUEST_LINE_MAX)
        return fail(head, 414, "The request target is too long.");
    return 0;
}

/* The same for a field line; end is where it ends, or where the bytes do. */
static int fields_check(struct http_head *head, size_t end)
{
    if (end - head->fields_start > HTTP_FIELD_BYTES_MAX)
        return fail(head, 431, "The header fields are too large.");
    return 0;
}

/* A complete line, without its CRLF. Returns 1 when it was the last one. */
static int line_parse(struct http_head *head, const char *buf, struct http_str line)
{
    int err;

    if (head->phase == PHASE_FIELDS) {
        if (line.len > 0)
            return field_parse(head, buf, line);
        err = head_check(head);
        return err ? err : 1;
    }
    /* One empty line before a request is left over from an old client's POST (RFC 9112 section 2.2). */
    if (line.len == 0 && head->phase == PHASE_START) {
        head->phase = PHASE_REQUEST_LINE;
        return 0;
    }
    err = request_line_parse(head, buf, line);
    head->phase = PHASE_FIELDS;
    return err;
}

int http_head_parse(struct http_head *head, const char *buf, size_t len)
{
    while (head->scan < len) {
        const char *lf = memchr(buf + head->scan, '\n', len - head->scan);
        size_t end = lf ? (size_t)(lf - buf) + 1 : len;
        bool in_fields = head->phase == PHASE_FIELDS;
        int err = in_fields ? fields_check(head, end)
                            : start_check(head, buf + head->line, end - !!lf - head->line);

        if (err)
            return err;
        head->scan = (uint32_t)end;
        if (!lf)
            return 0;
        if (end - head->line < 2 || buf[end - 2] != '\r')
            return fail(head, 400, "A line does not end with CR and LF.");
        err = line_parse(head, buf, (struct http_str){buf + head->line, end - 2 - head->line});
        if (err)
            return err < 0 ? err : (int)end;
        head->line = head->scan;
        if (!in_fields)
            head->fields_start = head->line;
    }
    return 0;
}

bool http_head_field(const struct http_head *head, const char *buf, struct http_str name, unsigned *index,
                     struct http_str *value)
{
    while (*index < head->n_fields) {
        const struct http_field *field = &head->fields[(*index)++];

        if (http_str_eq_nocase(http_span_str(field->name, buf), name)) {
            *value = http_span_str(field->value, buf);
            return true;
        }
    }
    return false;
}
