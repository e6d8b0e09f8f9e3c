/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>

#include "conn.h"

/* NULs behind a buffered body. */
#define BODY_PAD 8

void body_fail(struct http_exchange *x, int error, unsigned status, const char *detail)
{
    x->conn->close = true;
    if (x->phase != PHASE_HANDLING)
        return;
    exchange_notify_abort(x, error);
    if (status == 503)
        http_response_header(&x->req, "Retry-After", x->conn->server->retry_after);
    http_respond_problem(&x->req, status, NULL, NULL, "%s", detail);
}

void body_settle(struct http_exchange *x)
{
    if (x->body_complete)
        return;
    x->body_mode = BODY_DISCARD;
    /* A client that was not told to continue may send the body or not: the next request could not be found.
     */
    if (x->continue_owed || x->body_left > HTTP_DISCARD_MAX)
        x->conn->close = true;
}

/* Makes room for n more bytes. Grows in steps, so that a length that was only announced costs nothing. */
static bool buffer_reserve(struct http_exchange *x, size_t n)
{
    size_t need = (size_t)x->body_taken + n + BODY_PAD;
    size_t cap = MAX(need, MIN(MAX(x->body_cap * 2, (size_t)512), x->body_limit + BODY_PAD));
    char *body;

    if (need <= x->body_cap)
        return true;
    body = http_server_alloc(x->conn->server, cap);
    if (!body)
        return false;
    if (x->body) {
        memcpy(body, x->body, (size_t)x->body_taken);
        http_server_release(x->conn->server, x->body, x->body_cap);
    }
    x->body = body;
    x->body_cap = cap;
    return true;
}

static size_t buffer_take(struct http_exchange *x, const char *in, size_t n)
{
    if (n > x->body_limit - x->body_taken) {
        body_fail(x, -EMSGSIZE, 413, "The body is larger than this resource takes.");
        return n;
    }
    if (!buffer_reserve(x, n)) {
        body_fail(x, -ENOMEM, 503, "There is no memory for this body.");
        return n;
    }
    memcpy(x->body + x->body_taken, in, n);
    return n;
}

static size_t sink_take(struct http_exchange *x, const char *in, size_t n)
{
    ssize_t taken = x->sink->on_data(&x->req, in, n);

    if (x->phase == PHASE_RESPONDING)
        return n;
    if (taken < 0) {
        x->body_mode = BODY_DISCARD;
        http_respond_problem(&x->req, (unsigned)-taken, NULL, NULL, "The body was refused.");
        return n;
    }
    if ((size_t)taken < n)
        x->sink_blocked = true;
    return MIN((size_t)taken, n);
}

/* Bytes of the body proper. Returns how many were taken. */
static size_t data_take(struct http_exchange *x, const char *in, size_t n)
{
    size_t taken = n;

    if (x->body_mode == BODY_BUFFER)
        taken = buffer_take(x, in, n);
    else if (x->body_mode == BODY_SINK)
        taken = sink_take(x, in, n);
    else if (x->head.chunked && x->body_taken > HTTP_DISCARD_MAX)
        x->conn->close = true;
    x->body_taken += taken;
    x->conn->timer_restart = true;
    return taken;
}

/* Takes one piece of a chunked body: framing or data. Returns how many bytes; 0: cannot go on. */
static size_t chunked_step(struct http_exchange *x, const char *in, size_t len)
{
    size_t taken;
    ssize_t framing;

    if (x->chunked.data_left > 0) {
        taken = data_take(x, in, (size_t)MIN((uint64_t)len, x->chunked.data_left));
        x->chunked.data_left -= taken;
        return taken;
    }
    framing = http_chunked_frame(&x->chunked, in, len);
    if (framing < 0) {
        body_fail(x, -EPROTO, (unsigned)-framing, "The chunked coding of the body is malformed.");
        return len;
    }
    x->conn->timer_restart = true;
    x->body_complete = x->chunked.done;
    return (size_t)framing;
}

size_t body_take(struct http_exchange *x, const char *in, size_t len)
{
    size_t taken = 0;

    /* The connection ends with this response: what still comes does not matter. */
    if (x->phase == PHASE_RESPONDING && x->conn->close)
        return len;
    if (!x->head.chunked) {
        taken = data_take(x, in, (size_t)MIN((uint64_t)len, x->body_left));
        x->body_left -= taken;
        x->body_complete = x->body_left == 0;
        return taken;
    }
    while (taken < len && conn_wants_input(x->conn))
        taken += chunked_step(x, in + taken, len - taken);
    return taken;
}

/* The handler takes the body: the client may send it now. */
static void body_claim(struct http_exchange *x, enum http_body_mode mode)
{
    x->body_mode = (uint8_t)mode;
    x->conn->timer_restart = true;
    if (x->continue_owed) {
        static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";

        output_add(x, interim, sizeof(interim) - 1, HTTP_IOV_STABLE);
        x->continue_owed = false;
    }
}

static bool body_claimable(const struct http_exchange *x)
{
    return x->phase == PHASE_HANDLING && x->body_mode == BODY_UNCLAIMED;
}

void http_request_read_body(struct http_request *req, size_t limit,
                            void (*on_body)(struct http_request *req, char *body, size_t len))
{
    struct http_exchange *x = exchange_of(req);
    struct http_conn *c = x->conn;

    if (!body_claimable(x))
        return;
    conn_enter(c);
    if (x->body_left > limit) {
        exchange_notify_abort(x, -EMSGSIZE);
        http_respond_problem(req, 413, NULL, NULL, "The body is larger than this resource takes.");
    } else {
        x->on_body = on_body;
        x->body_limit = limit;
        body_claim(x, BODY_BUFFER);
    }
    conn_leave(c);
}

void http_request_stream_body(struct http_request *req, const struct http_sink *sink)
{
    struct http_exchange *x = exchange_of(req);
    struct http_conn *c = x->conn;

    if (!body_claimable(x))
        return;
    conn_enter(c);
    x->sink = sink;
    body_claim(x, BODY_SINK);
    conn_leave(c);
}

void http_request_resume_body(struct http_request *req)
{
    struct http_exchange *x = exchange_of(req);
    struct http_conn *c = x->conn;

    conn_enter(c);
    x->sink_blocked = false;
    c->timer_restart = true;
    conn_leave(c);
}

void http_request_defer(struct http_request *req, void (*on_abort)(struct http_request *req))
{
    struct http_exchange *x = exchange_of(req);

    if (x->phase != PHASE_HANDLING)
        return;
    x->deferred = true;
    x->on_abort = on_abort;
}

bool body_hand_over(struct http_exchange *x)
{
    uint8_t mode = x->body_mode;

    if (x->phase != PHASE_HANDLING || !x->body_complete || (mode != BODY_BUFFER && mode != BODY_SINK))
        return false;
    x->body_mode = BODY_HANDED;
    if (mode == BODY_SINK) {
        x->sink->on_end(&x->req);
    } else {
        /* Without a body there is no buffer; this one is all NULs until the response. */
        char *body = x->body ? x->body : x->chunk_head;

        memset(body + x->body_taken, 0, BODY_PAD);
        x->on_body(&x->req, body, (size_t)x->body_taken);
    }
    if (x->phase == PHASE_HANDLING && !x->deferred)
        http_respond_problem(&x->req, 500, NULL, NULL, "The resource gave no answer.");
    return true;
}
