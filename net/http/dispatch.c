/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>

#include "conn.h"

/* What the handler is to see of the head. The buffer does not move any more. */
static void request_fill(struct http_exchange *x)
{
    const struct http_head *head = &x->head;
    struct http_request *req = &x->req;

    req->method = (enum http_method)head->method;
    req->path = head->path.len > 0 ? http_span_str(head->path, x->bytes) : HTTP_STR("/");
    req->query = http_span_str(head->query, x->bytes);
    req->content_length = head->chunked ? HTTP_LENGTH_UNKNOWN : (int64_t)head->content_length;
    x->body_left = head->content_length;
    x->body_complete = !head->chunked && head->content_length == 0;
    x->continue_owed = (head->expect_continue || head->expect_other) && !x->body_complete;
}

/* RFC 9112 section 9.3. */
static bool wants_close(const struct http_exchange *x)
{
    const struct http_head *head = &x->head;

    return head->close || (head->minor == 0 && !head->keep_alive) || x->conn->server->draining;
}

/*
 * Finds what the path names: *entry stays NULL if nothing does. Returns -EINVAL for a path that is not
 * acceptable, -ENOMEM without room to decode it.
 */
static int path_lookup(struct http_exchange *x, const struct http_router_entry **entry)
{
    struct http_str segments[HTTP_SEGMENTS_MAX];
    size_t path_len = x->head.path.len;
    int n;

    /* Decoded segments go behind the head, into the same buffer; it may move for the last time here. */
    if (path_len > 0 && memchr(x->bytes + x->head.path.start, '%', path_len) && !head_reserve(x, path_len))
        return -ENOMEM;
    request_fill(x);
    if (http_str_eq(x->req.path, HTTP_STR("*")))
        return 0;
    n = http_uri_split(x->req.path, x->bytes + x->bytes_len, segments);
    if (n < 0)
        return n == -E2BIG ? 0 : n;
    *entry = http_router_find(&x->conn->server->router, segments, (unsigned)n);
    if (*entry)
        x->req.n_params = http_router_params(*entry, segments, x->req.params);
    return 0;
}

static void respond_unavailable(struct http_exchange *x, const char *why)
{
    http_response_header(&x->req, "Retry-After", x->conn->server->retry_after);
    http_respond_problem(&x->req, 503, NULL, NULL, "%s", why);
}

/* No route serves the method. */
static void respond_methods(struct http_exchange *x, const struct http_router_entry *entry)
{
    char allow[HTTP_ALLOW_MAX];

    http_router_allow(entry, allow);
    http_response_header(&x->req, "Allow", allow);
    if (x->req.method == HTTP_OPTIONS)
        http_respond_empty(&x->req, 204);
    else
        http_respond_problem(&x->req, 405, NULL, NULL, "This resource knows %s.", allow);
}

/* The handler has to have taken one of the ways there are. */
static void check_handled(struct http_exchange *x)
{
    if (x->phase == PHASE_HANDLING && x->body_mode == BODY_UNCLAIMED && !x->deferred)
        http_respond_problem(&x->req, 500, NULL, NULL, "The resource gave no answer.");
}

static void exchange_route(struct http_exchange *x, const struct http_router_entry *entry)
{
    const struct http_config *config = &x->conn->server->config;
    struct http_request *req = &x->req;

    req->route = entry ? http_router_method(entry, req->method) : NULL;
    if (config->authorize && !config->authorize(req)) {
        if (x->phase == PHASE_HANDLING)
            http_respond_problem(req, 403, NULL, NULL, "Not allowed.");
        return;
    }
    if (req->route) {
        req->route->handler(req);
        check_handled(x);
    } else if (entry || http_str_eq(req->path, HTTP_STR("*"))) {
        respond_methods(x, entry);
    } else {
        http_respond_problem(req, 404, NULL, NULL, "There is no such resource.");
    }
}

void exchange_dispatch(struct http_exchange *x)
{
    const struct http_router_entry *entry = NULL;
    int err = path_lookup(x, &entry);

    x->phase = PHASE_HANDLING;
    x->conn->timer_restart = true;
    if (x->conn->refuse || wants_close(x))
        x->conn->close = true;
    if (err == -ENOMEM) {
        request_fill(x);
        respond_unavailable(x, "There is no memory for this request.");
    } else if (x->conn->refuse) {
        respond_unavailable(x, "There are too many connections.");
    } else if (err) {
        http_respond_problem(&x->req, 400, NULL, NULL, "The path is malformed.");
    } else if (x->head.expect_other) {
        http_respond_problem(&x->req, 417, NULL, NULL, "The only expectation known is 100-continue.");
    } else {
        exchange_route(x, entry);
    }
}
