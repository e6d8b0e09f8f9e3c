/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>

#include "conn.h"

struct http_exchange *exchange_create(struct http_conn *c)
{
    struct http_server *s = c->server;
    struct http_exchange *x = s->spare;

    if (x) {
        s->spare = x->next_spare;
        s->n_spare--;
    } else {
        x = http_server_alloc(s, sizeof(*x));
        if (!x)
            return NULL;
    }
    memset(x, 0, offsetof(struct http_exchange, head) + offsetof(struct http_head, fields));
    x->conn = c;
    x->bytes = x->inline_bytes;
    x->bytes_cap = sizeof(x->inline_bytes);
    x->req.method = HTTP_METHOD_UNKNOWN;
    x->req.start_ns = s->now_ns;
    x->req.id = ++s->next_id;
    x->req.peer = c->peer;
    s->stats.requests++;
    s->stats.requests_total++;
    return x;
}

static void exchange_free(struct http_exchange *x)
{
    struct http_server *s = x->conn->server;

    if (x->bytes != x->inline_bytes)
        http_server_release(s, x->bytes, x->bytes_cap);
    if (x->body)
        http_server_release(s, x->body, x->body_cap);
    s->stats.requests--;
    if (s->n_spare < HTTP_SPARE_MAX) {
        x->next_spare = s->spare;
        s->spare = x;
        s->n_spare++;
    } else {
        http_server_release(s, x, sizeof(*x));
    }
}

static void exchange_report(const struct http_exchange *x, bool aborted)
{
    struct http_server *s = x->conn->server;
    struct http_result result = {
        .status = x->status,
        .aborted = aborted,
        .duration_ns = s->config.now_ns() - x->req.start_ns,
        .bytes_in = x->body_taken,
        .bytes_out = x->bytes_out,
    };

    if (s->config.completed)
        s->config.completed(&x->req, &result);
}

void exchange_notify_abort(struct http_exchange *x, int error)
{
    const struct http_sink *sink = x->body_mode == BODY_SINK ? x->sink : NULL;
    void (*on_abort)(struct http_request *req) = x->on_abort;

    if (x->phase != PHASE_HANDLING)
        return;
    x->body_mode = BODY_DISCARD;
    x->on_abort = NULL;
    if (sink)
        sink->on_abort(&x->req, error);
    else if (on_abort)
        on_abort(&x->req);
}

void exchange_abandon(struct http_exchange *x, int error)
{
    x->conn->x = NULL;
    exchange_notify_abort(x, error);
    if (x->release)
        x->release(x->release_ctx);
    exchange_report(x, true);
    exchange_free(x);
}

bool exchange_is_done(const struct http_exchange *x)
{
    if (x->phase != PHASE_RESPONDING || x->out_n > 0 || (x->source && !x->source_done))
        return false;
    return !(x->release && x->release_on_ack && conn_held_full(x->conn));
}

/* The bytes stay referenced by TCP until they are acknowledged. */
static void held_add(struct http_conn *c, void (*release)(void *ctx), void *ctx)
{
    c->held[(c->held_first + c->held_n) % HTTP_HELD_MAX] = (struct http_held){c->sent, release, ctx};
    c->held_n++;
}

void exchange_finish(struct http_exchange *x)
{
    struct http_conn *c = x->conn;

    c->x = NULL;
    exchange_report(x, false);
    if (x->release && x->release_on_ack)
        held_add(c, x->release, x->release_ctx);
    else if (x->release)
        x->release(x->release_ctx);
    exchange_free(x);
    conn_release_held(c, false);
}
