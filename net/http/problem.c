/* SPDX-License-Identifier: BSD-2-Clause */

/* Errors as application/problem+json (RFC 9457). */

#include <stdarg.h>
#include <stdio.h>

#include "append.h"
#include "chars.h"
#include "conn.h"

#define FIELD_MAX  64 /* escaped bytes */
#define CODE_MAX   48
#define DETAIL_MAX 400 /* characters before escaping */

/* Length of the UTF-8 sequence at the front of s, 0 if it is none (RFC 3629). */
static size_t utf8_length(const unsigned char *s)
{
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

    /* Over-long forms, surrogates, and what lies beyond U+10FFFF. */
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    return n;
}

/* Appends s, escaped for a JSON string, as far as whole characters fit (RFC 8259 section 7). */
static void append_json(struct append *a, const char *s)
{
    while (*s && !a->overflow) {
        unsigned char c = (unsigned char)*s;
        size_t n = utf8_length((const unsigned char *)s);
        char escape[6] = {'\\', 'u', '0', '0', "0123456789abcdef"[c >> 4], "0123456789abcdef"[c & 15]};

        if (n == 0)
            append_lit(a, "\\ufffd");
        else if (c == '"' || c == '\\')
            append_bytes(a, (char[]){'\\', (char)c}, 2);
        else if (c < 0x20 || c == 0x7f)
            append_bytes(a, escape, 6);
        else
            append_bytes(a, s, n);
        s += n ? n : 1;
    }
}

/* ,"name":"value", with the value cut at max bytes */
static void append_member(struct append *a, const char *name, const char *value, size_t max)
{
    struct append part;

    append_lit(a, ",\"");
    append_str(a, name);
    append_lit(a, "\":\"");
    part = (struct append){a->buf, MIN(a->cap - 1, a->len + max), a->len, false};
    append_json(&part, value);
    a->len = part.len;
    append_lit(a, "\"");
}

/* A status' own code: its text in lower case, with underscores. */
static void code_of_status(unsigned status, char out[CODE_MAX])
{
    const char *text = http_status_text(status);
    size_t n = 0;

    for (; text[n] && n < CODE_MAX - 1; n++)
        out[n] = text[n] == ' ' || text[n] == '-' ? '_' : char_lower(text[n]);
    out[n] = '\0';
}

void http_respond_problem(struct http_request *req, unsigned status, const char *code, const char *field,
                          const char *detail_format, ...)
{
    char detail[DETAIL_MAX + 1];
    char own_code[CODE_MAX];
    char body[HTTP_COPY_MAX];
    /* The closing brace always fits. */
    struct append a = {body, sizeof(body) - 1, 0, false};
    va_list args;

    va_start(args, detail_format);
    if (vsnprintf(detail, sizeof(detail), detail_format, args) < 0)
        detail[0] = '\0';
    va_end(args);
    if (!code) {
        code_of_status(status, own_code);
        code = own_code;
    }
    append_lit(&a, "{\"type\":\"about:blank\"");
    append_member(&a, "title", http_status_text(status), CODE_MAX);
    append_lit(&a, ",\"status\":");
    append_u64(&a, status);
    append_member(&a, "code", code, CODE_MAX);
    if (field)
        append_member(&a, "field", field, FIELD_MAX);
    append_member(&a, "detail", detail, DETAIL_MAX);
    body[a.len++] = '}';
    http_respond_copy(req, status, "application/problem+json", body, a.len);
}
