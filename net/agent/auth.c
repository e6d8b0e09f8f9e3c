/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent.h"
#include "tokens.h"

#include <core/cmdline.h>
#include <core/host_info.h>
#include <core/log.h>
#include <core/mm.h>
#include <core/time.h>
#include <errno.h>
#include <net/http.h>
#include <net/http_tcp.h>
#include <string.h>

/* Tokens on the command line; more belong into the boot module `tokens`. */
#define OPTION_TOKENS_MAX 16

static const char *option_tokens[OPTION_TOKENS_MAX];
static size_t n_option_tokens;
static struct token_set tokens;

/* The heap is not there yet; auth_start() looks at the value. */
static int option_token(const char *value)
{
    if (value[0] == '\0')
        return -EINVAL;
    /* Refusing it would put the secret into a warning. */
    if (n_option_tokens < OPTION_TOKENS_MAX)
        option_tokens[n_option_tokens] = value;
    n_option_tokens++;
    return 0;
}
BOOT_OPTION("token", option_token, "TOKEN[:read|operate|admin], up to 16 times");

static void add_module(void)
{
    const struct host_module *module = host_module_find("tokens");
    int n_bad;

    if (!module || module->size == 0)
        return;
    n_bad = token_add_lines(&tokens, hpa_to_ptr(module->base), module->size);
    if (n_bad < 0)
        log_error("agent: module tokens: out of memory");
    else if (n_bad > 0)
        log_warning("agent: module tokens: %d lines are not TOKEN [read|operate|admin]", n_bad);
}

void auth_start(void)
{
    if (n_option_tokens > OPTION_TOKENS_MAX)
        log_warning("agent: boot option token: only the first %d count", OPTION_TOKENS_MAX);
    for (size_t i = 0; i < MIN(n_option_tokens, OPTION_TOKENS_MAX); i++) {
        /* The value is a secret: it is not logged. */
        if (token_add_option(&tokens, option_tokens[i]) != 0)
            log_warning("agent: boot option token: number %zu is not TOKEN[:read|operate|admin]", i + 1);
    }
    add_module();
    if (tokens.n > 0)
        log_info("agent: %zu tokens", tokens.n);
    else if (IS_ENABLED(CONFIG_AUTH_NONE))
        log_warning("agent: no token configured: everybody may do everything (AUTH_NONE)");
    else
        log_warning("agent: no token configured: only /healthz answers");
}

static bool refuse(struct http_request *req, const char *challenge, const char *detail)
{
    http_response_header(req, "WWW-Authenticate", challenge);
    http_respond_problem(req, 401, "unauthorized", NULL, "%s", detail);
    return false;
}

/* A line a second at most: strangers must not be able to wash the log away. */
static void log_bad_token(const struct http_request *req)
{
    static uint64_t next_ns, n_unlogged;
    uint64_t now_ns = clock_now_ns();
    char peer[48];

    n_unlogged++;
    if (now_ns < next_ns)
        return;
    next_ns = now_ns + NSEC_PER_SEC;
    log_warning("agent: %llu bad tokens, the last from %s", (unsigned long long)n_unlogged,
                http_tcp_peer_text(req->peer, peer, sizeof(peer)));
    n_unlogged = 0;
}

bool auth_check(struct http_request *req)
{
    /* What is not there is not told to strangers either. */
    enum http_scope needed = req->route ? (enum http_scope)req->route->scope : HTTP_SCOPE_READ;
    struct http_str field, presented;
    const struct token *token;

    if (needed == HTTP_SCOPE_NONE || (tokens.n == 0 && IS_ENABLED(CONFIG_AUTH_NONE)))
        return true;
    if (!http_request_header(req, "Authorization", &field))
        return refuse(req, "Bearer", "This needs a bearer token: Authorization: Bearer TOKEN.");
    token = token_from_header(field, &presented) ? token_find(&tokens, presented) : NULL;
    if (!token) {
        log_bad_token(req);
        return refuse(req, "Bearer error=\"invalid_token\"", "This token is not known here.");
    }
    req->auth = token;
    if (token->scope < needed) {
        http_respond_problem(req, 403, "forbidden", NULL, "This token's scope does not allow it.");
        return false;
    }
    return true;
}
