/* SPDX-License-Identifier: BSD-2-Clause */
#include "tokens.h"

#include <errno.h>
#include <mbedtls/constant_time.h>
#include <mbedtls/sha256.h>
#include <stdlib.h>
#include <string.h>

/* b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=" (RFC 6750, 2.1). */
static bool is_b64token(struct http_str s)
{
    size_t end = s.len;

    while (end > 0 && s.ptr[end - 1] == '=')
        end--;
    if (end == 0 || s.len > TOKEN_MAX)
        return false;
    for (size_t i = 0; i < end; i++) {
        char c = s.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              (c != '\0' && strchr("-._~+/", c))))
            return false;
    }
    return true;
}

static int scope_parse(struct http_str s, enum http_scope *out)
{
    static const struct {
        struct http_str name;
        enum http_scope scope;
    } scopes[] = {
        {{"", 0}, HTTP_SCOPE_ADMIN},
        {{"read", 4}, HTTP_SCOPE_READ},
        {{"operate", 7}, HTTP_SCOPE_OPERATE},
        {{"admin", 5}, HTTP_SCOPE_ADMIN},
    };

    for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
        if (http_str_eq(s, scopes[i].name)) {
            *out = scopes[i].scope;
            return 0;
        }
    }
    return -EINVAL;
}

static void hash_token(struct http_str token, uint8_t hash[32])
{
    /* Fails only for a bad `is224`. */
    (void)mbedtls_sha256((const unsigned char *)token.ptr, token.len, hash, 0);
}

/* Adds one token; scope "read", "operate" or "admin", empty: admin. -EINVAL: not a token or no such scope.
 * -ENOMEM. */
static int token_add(struct token_set *set, struct http_str token, struct http_str scope)
{
    struct token record, *grown;

    if (!is_b64token(token) || scope_parse(scope, &record.scope) != 0)
        return -EINVAL;
    hash_token(token, record.hash);
    grown = realloc(set->tokens, (set->n + 1) * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    set->tokens = grown;
    set->tokens[set->n++] = record;
    return 0;
}

int token_add_option(struct token_set *set, const char *value)
{
    const char *colon = strchr(value, ':');
    struct http_str token = {value, colon ? (size_t)(colon - value) : strlen(value)};
    struct http_str scope = {"", 0};

    if (colon) {
        scope = (struct http_str){colon + 1, strlen(colon + 1)};
        if (scope.len == 0)
            return -EINVAL;
    }
    return token_add(set, token, scope);
}

/* The next word of a line, cut off its front. */
static struct http_str next_word(struct http_str *line)
{
    struct http_str word;

    while (line->len > 0 && (*line->ptr == ' ' || *line->ptr == '\t' || *line->ptr == '\r')) {
        line->ptr++;
        line->len--;
    }
    word = (struct http_str){line->ptr, 0};
    while (word.len < line->len && !strchr(" \t\r", line->ptr[word.len] ? line->ptr[word.len] : 'x'))
        word.len++;
    line->ptr += word.len;
    line->len -= word.len;
    return word;
}

static int add_line(struct token_set *set, struct http_str line)
{
    const char *comment = line.len ? memchr(line.ptr, '#', line.len) : NULL;
    struct http_str token, scope, rest;

    if (comment)
        line.len = (size_t)(comment - line.ptr);
    token = next_word(&line);
    scope = next_word(&line);
    rest = next_word(&line);
    if (token.len == 0)
        return 0;
    return rest.len ? -EINVAL : token_add(set, token, scope);
}

int token_add_lines(struct token_set *set, const char *text, size_t length)
{
    int n_bad = 0;

    while (length > 0) {
        const char *end = memchr(text, '\n', length);
        size_t line_length = end ? (size_t)(end - text) : length;
        int error = add_line(set, (struct http_str){text, line_length});

        if (error == -ENOMEM)
            return error;
        n_bad += error != 0;
        line_length += end != NULL;
        text += line_length;
        length -= line_length;
    }
    return n_bad;
}

const struct token *token_find(const struct token_set *set, struct http_str token)
{
    const struct token *found = NULL;
    uint8_t hash[32];

    if (token.len > TOKEN_MAX)
        return NULL;
    hash_token(token, hash);
    for (size_t i = 0; i < set->n; i++) {
        if (mbedtls_ct_memcmp(set->tokens[i].hash, hash, sizeof(hash)) == 0)
            found = &set->tokens[i];
    }
    return found;
}

bool token_from_header(struct http_str value, struct http_str *token)
{
    static const char scheme[] = "Bearer";

    if (value.len <= sizeof(scheme) ||
        !http_str_eq_nocase((struct http_str){value.ptr, sizeof(scheme) - 1}, HTTP_STR("Bearer")) ||
        value.ptr[sizeof(scheme) - 1] != ' ')
        return false;
    *token = http_str_trim((struct http_str){value.ptr + sizeof(scheme), value.len - sizeof(scheme)});
    return is_b64token(*token);
}
