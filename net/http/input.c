/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn.h"

/* Sent when there is no memory to make an answer in. */
#define NO_MEMORY_BODY                               \
    "{\"type\":\"about:blank\",\"title\":\"Service " \
    "Unavailable\",\"status\":503,\"code\":\"service_unavailable\"}"
static const char no_memory[] = "HTTP/1.1 503 Service Unavailable\r\n"
                                "Content-Type: application/problem+json\r\n"
                                "Content-Length: 94\r\n"
                                "Retry-After: 1\r\n"
                                "Connection: close\r\n"
                                "\r\n" NO_MEMORY_BODY;

_Static_assert(sizeof(NO_MEMORY_BODY) - 1 == 94, "Content-Length of the constant answer");

/* The connection cannot even be served an exchange. What the transport does not accept at once is not worth
 * keeping. */
static void refuse_plainly(struct http_conn *c)
{
    const struct http_iov iov = {no_memory, sizeof(no_memory) - 1, HTTP_IOV_STABLE};
    ssize_t n = http_transport_write(c->transport, &iov, 1, false);

    c->server->stats.connections_refused++;
    if (n < (ssize_t)iov.len) {
        conn_abort(c, 0);
        return;
    }
    c->sent += (uint64_t)n;
    c->close = true;
    conn_finish(c);
}

/* A head that cannot be read ends the connection: nobody knows where the next one would start. */
static void head_fail(struct http_exchange *x, unsigned status, const char *why)
{
    x->phase = PHASE_HANDLING;
    x->conn->close = true;
    if (status == 503)
        http_response_header(&x->req, "Retry-After", x->conn->server->retry_after);
    http_respond_problem(&x->req, status, NULL, NULL, "%s", why);
}

bool head_reserve(struct http_exchange *x, size_t room)
{
    size_t cap = x->bytes_cap;
    char *bytes;

    if (room <= cap - x->bytes_len)
        return true;
    while (room > cap - x->bytes_len)
        cap = MIN(cap * 4, (size_t)HTTP_HEAD_BUFFER_MAX);
    bytes = http_server_alloc(x->conn->server, cap);
    if (!bytes)
        return false;
    memcpy(bytes, x->bytes, x->bytes_len);
    if (x->bytes != x->inline_bytes)
        http_server_release(x->conn->server, x->bytes, x->bytes_cap);
    x->bytes = bytes;
    x->bytes_cap = (uint32_t)cap;
    return true;
}

static size_t head_take(struct http_exchange *x, const char *in, size_t len)
{
    uint32_t before = x->bytes_len;
    size_t n;
    int end;

    /* The parser refuses what is too long before the buffer is at its maximum. */
    if (!head_reserve(x, 1)) {
        head_fail(x, 503, "There is no memory for this request.");
        return len;
    }
    n = MIN(len, (size_t)(x->bytes_cap - before));
    memcpy(x->bytes + before, in, n);
    x->bytes_len += (uint32_t)n;
    end = http_head_parse(&x->head, x->bytes, x->bytes_len);
    if (end < 0) {
        head_fail(x, (unsigned)-end, x->head.error);
        return n;
    }
    if (end == 0)
        return n;
    /* Bytes behind the head belong to the body or to the next request. */
    x->bytes_len = (uint32_t)end;
    exchange_dispatch(x);
    return (size_t)end - before;
}

static size_t raw_take(struct http_conn *c, const char *in, size_t len)
{
    size_t n = c->raw->on_input(c->raw_ctx, in, len);

    if (n >= len)
        return len;
    c->raw_blocked = true;
    return n;
}

size_t conn_take(struct http_conn *c, const char *in, size_t len)
{
    if (c->state == CONN_RAW)
        return raw_take(c, in, len);
    if (c->state != CONN_HTTP)
        return len;
    if (!c->x) {
        c->x = exchange_create(c);
        if (!c->x) {
            refuse_plainly(c);
            return 0;
        }
    }
    if (c->x->phase == PHASE_HEAD)
        return head_take(c->x, in, len);
    return body_take(c->x, in, len);
}
