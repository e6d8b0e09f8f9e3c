/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>

#include "append.h"
#include "conn.h"

void output_add(struct http_exchange *x, const void *ptr, size_t len, unsigned flags)
{
    if (len > 0)
        x->out[x->out_n++] = (struct http_iov){ptr, len, flags};
}

/* Drops n bytes from the front. */
static void output_consume(struct http_exchange *x, size_t n)
{
    unsigned whole = 0;

    while (whole < x->out_n && n >= x->out[whole].len)
        n -= x->out[whole++].len;
    x->out_n -= whole;
    memmove(x->out, x->out + whole, x->out_n * sizeof(x->out[0]));
    if (n > 0) {
        x->out[0].ptr = (const char *)x->out[0].ptr + n;
        x->out[0].len -= n;
    }
}

static void piece_add(struct http_exchange *x, const void *bytes, size_t n)
{
    unsigned flags = x->source->flags & HTTP_SOURCE_STABLE ? HTTP_IOV_STABLE : 0;

    if (x->chunk_out) {
        struct append head = {x->chunk_head, sizeof(x->chunk_head), 0, false};

        append_hex(&head, n);
        append_lit(&head, "\r\n");
        output_add(x, x->chunk_head, head.len, 0);
    }
    output_add(x, bytes, n, flags);
    if (x->chunk_out)
        output_add(x, "\r\n", 2, HTTP_IOV_STABLE);
    x->source_offset += n;
    x->bytes_out += n;
}

/*
 * Asks the source for the next piece: when everything before was handed over, and for the first piece at
 * once, so that it shares a segment with the head. Returns -EIO if the source failed.
 */
static int output_fill(struct http_exchange *x)
{
    const void *bytes = NULL;
    ssize_t n;

    if (!x->source || x->source_done || (x->out_n > 0 && x->source_offset > 0))
        return 0;
    n = x->source->read(x->source_ctx, x->source_offset, &bytes);
    if (n == HTTP_SOURCE_END && x->source_len == HTTP_LENGTH_UNKNOWN) {
        x->source_done = true;
        if (x->chunk_out)
            output_add(x, "0\r\n\r\n", 5, HTTP_IOV_STABLE);
        return 0;
    }
    if (n < 0)
        return -EIO;
    if (n > 0 && x->source_len != HTTP_LENGTH_UNKNOWN)
        n = (ssize_t)MIN((uint64_t)n, (uint64_t)x->source_len - x->source_offset);
    if (n > 0)
        piece_add(x, bytes, (size_t)n);
    x->source_done = x->source_len != HTTP_LENGTH_UNKNOWN && x->source_offset == (uint64_t)x->source_len;
    return 0;
}

/* Hands over what is ready. Returns how many bytes were accepted, or negative. */
static ssize_t output_write(struct http_exchange *x, bool more)
{
    struct http_conn *c = x->conn;
    ssize_t n = http_transport_write(c->transport, x->out, x->out_n, more);

    if (n < 0)
        return n;
    c->unpushed = more;
    c->sent += (uint64_t)n;
    if (n > 0)
        c->timer_restart = true;
    output_consume(x, (size_t)n);
    return n;
}

void output_flush(struct http_exchange *x)
{
    struct http_conn *c = x->conn;

    while (!c->write_blocked) {
        int err = output_fill(x);

        if (!err && x->out_n == 0)
            break;
        if (err || output_write(x, x->source && !x->source_done) < 0) {
            conn_abort(c, -ECONNRESET);
            return;
        }
        c->write_blocked = x->out_n > 0;
    }
    /* The source ran dry although more was announced: what was held back for it goes out now. */
    if (c->unpushed && !c->write_blocked && output_write(x, false) < 0)
        conn_abort(c, -ECONNRESET);
}
