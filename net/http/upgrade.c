/* SPDX-License-Identifier: BSD-2-Clause */

/* Connections that stop speaking HTTP (RFC 9110 section 7.8). */

#include <errno.h>

#include "conn.h"

static bool upgrade_wanted(const struct http_exchange *x, struct http_str protocol)
{
    struct http_str list;
    struct http_str offered;
    unsigned index = 0;

    if (x->head.minor == 0 || !x->head.upgrade || !x->body_complete)
        return false;
    while (http_head_field(&x->head, x->bytes, HTTP_STR("Upgrade"), &index, &list)) {
        while (http_list_next(&list, &offered)) {
            if (http_str_eq_nocase(offered, protocol))
                return true;
        }
    }
    return false;
}

struct http_conn *http_respond_upgrade(struct http_request *req, const char *protocol,
                                       const struct http_raw *raw, void *ctx)
{
    struct http_exchange *x = exchange_of(req);
    struct http_conn *c = x->conn;
    bool accepted = upgrade_wanted(x, (struct http_str){protocol, strlen(protocol)});

    conn_enter(c);
    http_response_header(req, "Upgrade", protocol);
    if (!accepted) {
        http_respond_problem(req, 426, NULL, NULL, "This resource speaks %s only.", protocol);
    } else if (response_begin(x, 101)) {
        x->upgrade = true;
        c->raw = raw;
        c->raw_ctx = ctx;
        response_head(x, 101, NULL, 0);
    } else {
        accepted = false;
    }
    conn_leave(c);
    return accepted ? c : NULL;
}

void upgrade_done(struct http_conn *c)
{
    if (!c->raw) {
        conn_finish(c);
        return;
    }
    c->state = CONN_RAW;
    c->raw->on_writable(c->raw_ctx);
    if (c->state == CONN_RAW && c->eof)
        c->raw->on_eof(c->raw_ctx);
}

void upgrade_closed(struct http_conn *c)
{
    const struct http_raw *raw = c->raw;

    c->raw = NULL;
    if (raw)
        raw->on_closed(c->raw_ctx);
}

size_t http_raw_write(struct http_conn *c, const void *bytes, size_t len)
{
    const struct http_iov iov = {bytes, len, 0};
    ssize_t n;

    if (c->state != CONN_RAW || c->write_blocked || len == 0)
        return 0;
    conn_enter(c);
    n = http_transport_write(c->transport, &iov, 1, false);
    if (n < 0)
        conn_abort(c, -ECONNRESET);
    else
        c->sent += (uint64_t)n;
    c->write_blocked = n < (ssize_t)len;
    c->timer_restart = n > 0;
    conn_leave(c);
    return n < 0 ? 0 : (size_t)n;
}

void http_raw_resume(struct http_conn *c)
{
    conn_enter(c);
    c->raw_blocked = false;
    conn_leave(c);
}

void http_raw_close(struct http_conn *c)
{
    conn_enter(c);
    upgrade_closed(c);
    if (c->state == CONN_RAW)
        conn_finish(c);
    conn_leave(c);
}
