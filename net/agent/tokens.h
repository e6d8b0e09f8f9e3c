/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_TOKENS_H
#define AGENT_TOKENS_H

#include <core/compiler.h>
#include <core/types.h>
#include <net/http_route.h>
#include <net/http_str.h>

/* Who may do what. Pure but for malloc. */

/* RFC 6750, 2.1: b64token; our own bound on its length. */
#define TOKEN_MAX 256

struct token {
    uint8_t hash[32]; /* SHA-256: equal lengths, so comparing takes equal time */
    enum http_scope scope;
};

struct token_set {
    struct token *tokens;
    size_t n;
};

/* The boot option's form, TOKEN[:SCOPE]. */
must_check int token_add_option(struct token_set *set, const char *value);

/*
 * The module's form: lines "TOKEN [SCOPE]", '#' begins a comment. Returns how many lines were not understood
 * (they are skipped), or -ENOMEM.
 */
must_check int token_add_lines(struct token_set *set, const char *text, size_t length);

/* The record of a presented token, or NULL. Takes the same time whichever matches. */
const struct token *token_find(const struct token_set *set, struct http_str token);

/* The token in an Authorization field (RFC 6750, 2.1), or false. */
bool token_from_header(struct http_str value, struct http_str *token);

#endif
