/* SPDX-License-Identifier: BSD-2-Clause */
/* First: our `always_inline` is a macro, which yyjson's question about the attribute would meet. */
#include <yyjson.h>

#include "address.h"
#include "digest.h"
#include "json_out.h"
#include "tokens.h"

#include <core/cmdline.h>
#include <net/http.h>
#include <net/net.h>
#include <stdlib.h>
#include <string.h>

/*
 * The small parsers of the agent and the network options, chosen by the first byte. What json_out writes must
 * be JSON whatever bytes went in.
 */
void http_respond_owned(struct http_request *req, unsigned status, const char *content_type, void *body,
                        size_t len, void (*release)(void *body))
{
}

void http_respond_problem(struct http_request *req, unsigned status, const char *code, const char *field,
                          const char *detail_format, ...)
{
}

void http_response_header_u64(struct http_request *req, const char *name, uint64_t value)
{
}

void net_after_tx(struct net_after_tx *self)
{
}

static void check_tokens(const char *text, size_t length)
{
    struct token_set set = {0};
    struct http_str token;
    int n_bad = token_add_lines(&set, text, length);

    if (n_bad < 0)
        abort();
    if (token_from_header((struct http_str){text, length}, &token))
        (void)token_find(&set, token);
    free(set.tokens);
}

static void check_json(const char *text, size_t length)
{
    struct json_out json = {0};
    yyjson_doc *doc;

    json_array(&json, NULL);
    json_string_n(&json, NULL, text, length);
    json_array_end(&json);
    doc = yyjson_read(text_bytes(&json.text), json.text.length, 0);
    if (!doc)
        abort();
    yyjson_doc_free(doc);
    text_free(&json.text);
}

static void check_strings(char *text)
{
    struct ip_option option;
    char name[64];
    size_t length = strlen(text);

    (void)!ip_option_parse(text, &option);
    (void)!hostname_parse(text, name, sizeof(name));
    cmdline_redact(text);
    /* One character of a secret may become one star, never more text than there was. */
    if (strlen(text) > length)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t digest[DIGEST_SIZE];
    char *text;

    if (size < 1)
        return 0;
    /* Exactly as large as the input, so that the sanitizer sees every byte too far. */
    text = malloc(size);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    switch (data[0] % 4) {
    case 0:
        check_tokens(text, size - 1);
        break;
    case 1:
        (void)!digest_from_rfc3230((struct http_str){text, size - 1}, digest);
        (void)!digest_from_rfc9530((struct http_str){text, size - 1}, digest);
        break;
    case 2:
        check_json(text, size - 1);
        break;
    default:
        check_strings(text);
    }
    free(text);
    return 0;
}
