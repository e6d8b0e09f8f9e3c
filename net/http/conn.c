/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>

#include "conn.h"

void conn_enter(struct http_conn *c)
{
    if (c->depth++ == 0)
        c->server->now_ns = c->server->config.now_ns();
}

/* The end of an entry into the engine, when there is nothing left to move on with. */
static void conn_exit(struct http_conn *c)
{
    if (--c->depth > 0)
        return;
    if (c->state == CONN_DEAD) {
        timer_remove(c);
        c->server->stats.connections--;
        http_server_release(c->server, c, sizeof(*c));
        return;
    }
    timer_update(c);
    if (c->input_blocked && conn_wants_input(c)) {
        c->input_blocked = false;
        http_transport_resume_input(c->transport);
    }
}

void conn_leave(struct http_conn *c)
{
    if (c->depth == 1)
        conn_progress(c);
    conn_exit(c);
}

static void conn_close(struct http_conn *c)
{
    c->state = CONN_DEAD;
    http_transport_close(c->transport);
}

/* Everything but the transport. */
static void conn_lose(struct http_conn *c, int error)
{
    c->state = CONN_DEAD;
    if (c->x)
        exchange_abandon(c->x, error);
    conn_release_held(c, true);
    upgrade_closed(c);
}

void conn_abort(struct http_conn *c, int error)
{
    if (c->state == CONN_DEAD)
        return;
    c->state = CONN_DEAD;
    http_transport_abort(c->transport);
    conn_lose(c, error);
}

void conn_finish(struct http_conn *c)
{
    if (c->state == CONN_DEAD || c->state == CONN_LINGER)
        return;
    /* Referenced bytes must outlive their last retransmission: the transport may go only after that. */
    if (c->eof && c->held_n == 0) {
        conn_close(c);
        return;
    }
    c->state = CONN_LINGER;
    http_transport_shutdown(c->transport);
}

bool conn_held_full(const struct http_conn *c)
{
    return c->held_n == HTTP_HELD_MAX;
}

void conn_release_held(struct http_conn *c, bool everything)
{
    while (c->held_n > 0) {
        struct http_held held = c->held[c->held_first];

        if (!everything && held.end > c->acked)
            return;
        c->held_first = (c->held_first + 1) % HTTP_HELD_MAX;
        c->held_n--;
        held.release(held.ctx);
    }
}

bool conn_wants_input(const struct http_conn *c)
{
    const struct http_exchange *x = c->x;

    switch (c->state) {
    case CONN_HTTP:
        break;
    case CONN_RAW:
        return !c->raw_blocked;
    default:
        return c->state == CONN_LINGER;
    }
    if (!x || x->phase == PHASE_HEAD)
        return true;
    if (x->body_complete)
        return false;
    if (x->phase == PHASE_RESPONDING)
        return true;
    return x->body_mode == BODY_BUFFER || (x->body_mode == BODY_SINK && !x->sink_blocked);
}

/* One step of an HTTP connection with an exchange. Returns true if another may follow. */
static bool exchange_progress(struct http_conn *c)
{
    struct http_exchange *x = c->x;

    output_flush(x);
    if (c->state == CONN_DEAD)
        return false;
    if (body_hand_over(x))
        return true;
    if (!exchange_is_done(x))
        return false;
    if (x->upgrade) {
        exchange_finish(x);
        upgrade_done(c);
        return true;
    }
    /* What is left of the body has to pass before the next request can be found. */
    if (!x->body_complete && !c->close)
        return false;
    exchange_finish(x);
    return true;
}

void conn_progress(struct http_conn *c)
{
    while (c->state == CONN_HTTP && c->x && exchange_progress(c))
        ;
    if (c->state == CONN_HTTP && !c->x && c->close)
        conn_finish(c);
    if (c->state == CONN_LINGER && c->eof && c->held_n == 0)
        conn_close(c);
}

int http_conn_open(struct http_server *server, void *transport, const void *peer, struct http_conn **conn)
{
    unsigned max = server->config.max_connections;
    struct http_conn *c;

    /* A few more are let in to be told why they cannot stay. */
    if (server->stats.connections >= max + max / 8 + 8) {
        server->stats.connections_refused++;
        return -EMFILE;
    }
    c = http_server_alloc(server, sizeof(*c));
    if (!c) {
        server->stats.connections_refused++;
        return -ENOMEM;
    }
    *c = (struct http_conn){
        .server = server,
        .transport = transport,
        .peer = peer,
        .timer = TIMER_NONE,
        .refuse = server->stats.connections >= max,
    };
    server->stats.connections++;
    server->stats.connections_total++;
    server->stats.connections_refused += c->refuse;
    conn_enter(c);
    conn_exit(c);
    *conn = c;
    return 0;
}

size_t http_conn_input(struct http_conn *c, const void *bytes, size_t len)
{
    const char *in = bytes;
    size_t taken = 0;

    conn_enter(c);
    while (taken < len && conn_wants_input(c)) {
        taken += conn_take(c, in + taken, len - taken);
        conn_progress(c);
    }
    if (c->state == CONN_DEAD)
        taken = len;
    c->input_blocked = taken < len;
    conn_exit(c);
    return taken;
}

void http_conn_eof(struct http_conn *c)
{
    conn_enter(c);
    c->eof = true;
    c->close = true;
    if (c->state == CONN_RAW)
        c->raw->on_eof(c->raw_ctx);
    else if (c->x && c->x->phase == PHASE_HEAD)
        exchange_abandon(c->x, -ECONNRESET);
    else if (c->x && !c->x->body_complete)
        body_fail(c->x, -ECONNRESET, 400, "The body ends early.");
    conn_leave(c);
}

void http_conn_sent(struct http_conn *c, size_t acked)
{
    bool was_blocked = c->write_blocked;

    conn_enter(c);
    c->acked += MIN((uint64_t)acked, c->sent - c->acked);
    c->write_blocked = false;
    if (acked > 0)
        c->timer_restart = true;
    conn_release_held(c, false);
    if (c->state == CONN_RAW && was_blocked)
        c->raw->on_writable(c->raw_ctx);
    conn_leave(c);
}

void http_conn_lost(struct http_conn *c)
{
    conn_enter(c);
    conn_lose(c, -ECONNRESET);
    conn_leave(c);
}
