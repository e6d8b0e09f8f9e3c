/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Timeouts without a tree and without scanning: every kind of waiting has one constant timeout, so a list to
 * which connections are appended when they start to wait is in order of its deadlines.
 */

#include <errno.h>

#include "conn.h"

/* What a connection is waiting for, of what the peer has to do. */
static enum http_timer timer_of(const struct http_conn *c)
{
    const struct http_exchange *x = c->x;

    if (c->write_blocked)
        return TIMER_WRITE;
    if (c->state == CONN_LINGER)
        return c->sent > c->acked ? TIMER_WRITE : TIMER_LINGER;
    if (c->state == CONN_RAW)
        return TIMER_NONE;
    /* One that is in excess gets no time to dawdle. */
    if (!x)
        return c->refuse ? TIMER_LINGER : TIMER_IDLE;
    if (x->phase == PHASE_HEAD)
        return TIMER_HEADER;
    /* While the handler or its sink makes it wait, time does not run against the peer. */
    if (!x->body_complete && conn_wants_input(c))
        return TIMER_BODY;
    return conn_held_full(c) ? TIMER_WRITE : TIMER_NONE;
}

void timer_remove(struct http_conn *c)
{
    if (c->timer != TIMER_NONE)
        TAILQ_REMOVE(&c->server->timers[c->timer], c, timer_link);
    c->timer = TIMER_NONE;
}

void timer_update(struct http_conn *c)
{
    enum http_timer timer = timer_of(c);
    bool restart = c->timer_restart && timer != TIMER_HEADER && timer != TIMER_LINGER;

    /* A head has its time from its own first byte, also right behind another request. */
    if (timer == TIMER_HEADER && c->timer_since_ns < c->x->req.start_ns)
        restart = true;
    c->timer_restart = false;
    if (timer == c->timer && !restart)
        return;
    timer_remove(c);
    c->timer = (uint8_t)timer;
    c->timer_since_ns = c->server->now_ns;
    if (timer != TIMER_NONE)
        TAILQ_INSERT_TAIL(&c->server->timers[timer], c, timer_link);
}

uint64_t http_server_next_deadline(const struct http_server *s)
{
    uint64_t next = UINT64_MAX;

    for (int i = 0; i < TIMER_COUNT; i++) {
        const struct http_conn *c = TAILQ_FIRST(&s->timers[i]);

        if (c)
            next = MIN(next, c->timer_since_ns + s->timeouts_ns[i]);
    }
    return next;
}

static void timer_expire(struct http_conn *c, enum http_timer timer)
{
    struct http_server *s = c->server;

    if (timer != TIMER_IDLE && timer != TIMER_LINGER)
        s->stats.timeouts_total++;
    switch (timer) {
    case TIMER_HEADER:
        c->close = true;
        c->x->phase = PHASE_HANDLING;
        c->x->body_complete = true;
        http_respond_problem(&c->x->req, 408, NULL, NULL, "The request's head took too long.");
        break;
    case TIMER_BODY:
        body_fail(c->x, -ETIMEDOUT, 408, "The body stalled.");
        break;
    case TIMER_IDLE:
        conn_finish(c);
        break;
    case TIMER_LINGER:
        /* Everything was acknowledged; the peer merely does not close (or never said a word). */
        c->eof = true;
        c->close = true;
        break;
    default:
        conn_abort(c, -ETIMEDOUT);
    }
}

void http_server_tick(struct http_server *s)
{
    uint64_t now = s->config.now_ns();

    for (int i = 0; i < TIMER_COUNT; i++) {
        struct http_conn *c;

        /* Whoever expires leaves the list or moves to its end with a new deadline. */
        while ((c = TAILQ_FIRST(&s->timers[i])) != NULL && c->timer_since_ns + s->timeouts_ns[i] <= now) {
            conn_enter(c);
            timer_remove(c);
            timer_expire(c, (enum http_timer)i);
            conn_leave(c);
        }
    }
}
