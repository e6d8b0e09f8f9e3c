/* SPDX-License-Identifier: BSD-2-Clause */
#include "json_out.h"

#include <string.h>

/* Length of the well-formed UTF-8 sequence at `s` (RFC 3629, 4), or 0. */
static size_t utf8_length(const uint8_t *s, size_t left)
{
    size_t length = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;

    if (length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    /* Overlong forms, surrogates and what lies above U+10FFFF. */
    if ((length == 2 && s[0] < 0xc2) || (length == 3 && s[0] == 0xe0 && s[1] < 0xa0) ||
        (length == 3 && s[0] == 0xed && s[1] > 0x9f) || (length == 4 && s[0] == 0xf0 && s[1] < 0x90) ||
        (length == 4 && (s[0] > 0xf4 || (s[0] == 0xf4 && s[1] > 0x8f))))
        return 0;
    return length;
}

static void add_escape(struct text *text, uint8_t c)
{
    static const char *const shorts[] = {['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f",
                                         ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\"};

    if (c < sizeof(shorts) / sizeof(shorts[0]) && shorts[c])
        text_string(text, shorts[c]);
    else
        text_printf(text, "\\u%04x", c);
}

/* Length of what needs neither escape nor a closer look. */
static size_t plain_length(const uint8_t *s, size_t length)
{
    size_t i = 0;

    while (i < length && s[i] >= 0x20 && s[i] < 0x7f && s[i] != '"' && s[i] != '\\')
        i++;
    return i;
}

static void add_quoted(struct text *text, const char *value, size_t length)
{
    const uint8_t *s = (const uint8_t *)value;
    size_t plain = 0; /* start of what needs no escape */
    size_t i = 0;

    text_add(text, "\"", 1);
    while (i < length) {
        size_t sequence;

        i += plain_length(s + i, length - i);
        if (i == length)
            break;
        sequence = utf8_length(s + i, length - i);
        if (sequence > 0 && s[i] >= 0x20 && s[i] != '"' && s[i] != '\\' && s[i] != 0x7f) {
            i += sequence;
            continue;
        }
        text_add(text, value + plain, i - plain);
        if (sequence > 0)
            add_escape(text, s[i]);
        else
            text_string(text, "\xef\xbf\xbd");
        plain = ++i;
    }
    text_add(text, value + plain, length - plain);
    text_add(text, "\"", 1);
}

static void add_key(struct json_out *json, const char *key)
{
    if (json->needs_comma)
        text_add(&json->text, ",", 1);
    json->needs_comma = true;
    if (key) {
        add_quoted(&json->text, key, strlen(key));
        text_add(&json->text, ":", 1);
    }
}

static void open_container(struct json_out *json, const char *key, const char *bracket)
{
    add_key(json, key);
    text_add(&json->text, bracket, 1);
    json->needs_comma = false;
}

static void close_container(struct json_out *json, const char *bracket)
{
    text_add(&json->text, bracket, 1);
    json->needs_comma = true;
}

void json_object(struct json_out *json, const char *key)
{
    open_container(json, key, "{");
}

void json_object_end(struct json_out *json)
{
    close_container(json, "}");
}

void json_array(struct json_out *json, const char *key)
{
    open_container(json, key, "[");
}

void json_array_end(struct json_out *json)
{
    close_container(json, "]");
}

void json_string_n(struct json_out *json, const char *key, const char *value, size_t length)
{
    add_key(json, key);
    add_quoted(&json->text, value, length);
}

void json_string(struct json_out *json, const char *key, const char *value)
{
    json_string_n(json, key, value, strlen(value));
}

void json_u64(struct json_out *json, const char *key, uint64_t value)
{
    add_key(json, key);
    text_u64(&json->text, value);
}

void json_figures(struct json_out *json, const struct json_figure *figures, size_t count)
{
    for (size_t i = 0; i < count; i++)
        json_u64(json, figures[i].key, figures[i].value);
}

void json_bool(struct json_out *json, const char *key, bool value)
{
    add_key(json, key);
    text_string(&json->text, value ? "true" : "false");
}

void json_null(struct json_out *json, const char *key)
{
    add_key(json, key);
    text_string(&json->text, "null");
}

void json_respond(struct http_request *req, unsigned status, struct json_out *json)
{
    text_add(&json->text, "\n", 1);
    text_respond(req, status, "application/json", &json->text);
}
