/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_HTTP_MOCK_H
#define TESTS_UNIT_HTTP_MOCK_H

/*
 * A transport for the HTTP engine in an ordinary process. It behaves as badly as TCP may: takes and offers
 * bytes in the portions that a test asks for, acknowledges when told, and aborts the process when the engine
 * breaks the contract (bytes that change before they are acknowledged, calls after close).
 */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <core/types.h>
#include <net/http.h>
#include <net/http_server.h>
#include <net/http_transport.h>

#define MOCK_REFS 4096

/* Bytes that were accepted by reference: TCP may send them again until they are acknowledged. */
struct mock_ref {
    const char *ptr;
    size_t len;
    size_t end; /* position in out behind them */
};

struct mock {
    struct http_conn *conn;
    char *in; /* not yet taken by the engine */
    size_t in_len;
    size_t in_portion; /* offered at once; 0: everything */
    bool in_eof;
    bool offering;
    char *out; /* accepted from the engine, NUL-terminated */
    size_t out_len;
    size_t out_portion; /* accepted per write; 0: no limit */
    size_t room;        /* accepted in all until more room is given */
    size_t acked;
    bool manual_ack;
    bool fail_writes;
    bool shut;
    bool closed;
    bool aborted;
    unsigned resumes;
    unsigned pushes;
    struct mock_ref refs[MOCK_REFS];
    size_t n_refs;
};

static uint64_t mock_now = 1000;

static inline uint64_t mock_clock(void)
{
    return mock_now;
}

static inline void mock_init(struct mock *m)
{
    memset(m, 0, sizeof(*m));
    m->room = SIZE_MAX;
    m->out = calloc(1, 1);
}

static inline void mock_fini(struct mock *m)
{
    free(m->in);
    free(m->out);
    m->in = m->out = NULL;
}

/* The referenced bytes up to a position must still be what was accepted. */
static inline void mock_check_refs(struct mock *m, size_t acked)
{
    size_t kept = 0;

    for (size_t i = 0; i < m->n_refs; i++) {
        const struct mock_ref *r = &m->refs[i];

        assert(memcmp(r->ptr, m->out + r->end - r->len, r->len) == 0);
        if (r->end > acked)
            m->refs[kept++] = *r;
    }
    m->n_refs = kept;
}

static inline size_t mock_accept(struct mock *m, const struct http_iov *iov, size_t max)
{
    size_t n = iov->len < max ? iov->len : max;

    assert(iov->len > 0);
    m->out = realloc(m->out, m->out_len + n + 1);
    memcpy(m->out + m->out_len, iov->ptr, n);
    m->out_len += n;
    m->out[m->out_len] = '\0';
    if ((iov->flags & HTTP_IOV_STABLE) && n > 0 && m->n_refs < MOCK_REFS)
        m->refs[m->n_refs++] = (struct mock_ref){iov->ptr, n, m->out_len};
    return n;
}

ssize_t http_transport_write(void *transport, const struct http_iov *iov, unsigned n, bool more)
{
    struct mock *m = transport;
    size_t max = m->out_portion && m->out_portion < m->room ? m->out_portion : m->room;
    size_t total = 0;

    assert(!m->closed && !m->aborted && !m->shut);
    if (m->fail_writes)
        return -1;
    m->pushes += !more;
    for (unsigned i = 0; i < n && total < max; i++)
        total += mock_accept(m, &iov[i], max - total);
    m->room -= m->room == SIZE_MAX ? 0 : total;
    return (ssize_t)total;
}

/* Offers what is there, until the engine takes less than it was offered. */
static inline void mock_offer(struct mock *m)
{
    assert(!m->offering);
    m->offering = true;
    while (m->in_len > 0 && !m->closed && !m->aborted) {
        size_t n = m->in_portion && m->in_portion < m->in_len ? m->in_portion : m->in_len;
        /* An exact allocation, so that a sanitizer sees every byte too many. */
        char *bytes = malloc(n);
        size_t taken;

        memcpy(bytes, m->in, n);
        taken = http_conn_input(m->conn, bytes, n);
        free(bytes);
        assert(taken <= n);
        memmove(m->in, m->in + taken, m->in_len - taken);
        m->in_len -= taken;
        if (taken < n)
            break;
    }
    m->offering = false;
    if (m->in_len == 0 && m->in_eof && !m->closed && !m->aborted) {
        m->in_eof = false;
        http_conn_eof(m->conn);
    }
}

void http_transport_resume_input(void *transport)
{
    struct mock *m = transport;

    assert(!m->closed && !m->aborted && !m->offering);
    m->resumes++;
    mock_offer(m);
}

void http_transport_shutdown(void *transport)
{
    struct mock *m = transport;

    assert(!m->closed && !m->aborted && !m->shut);
    m->shut = true;
}

void http_transport_close(void *transport)
{
    struct mock *m = transport;

    assert(!m->closed && !m->aborted);
    mock_check_refs(m, m->out_len);
    m->closed = true;
}

void http_transport_abort(void *transport)
{
    struct mock *m = transport;

    assert(!m->closed && !m->aborted);
    mock_check_refs(m, m->out_len);
    m->aborted = true;
}

static inline bool mock_gone(const struct mock *m)
{
    return m->closed || m->aborted;
}

/* The peer acknowledges everything that was accepted, and takes more as long as that leads to more. */
static inline void mock_settle(struct mock *m)
{
    size_t before;

    do {
        size_t acked = m->out_len - m->acked;

        before = m->out_len;
        if (mock_gone(m))
            return;
        mock_check_refs(m, m->out_len);
        m->acked = m->out_len;
        http_conn_sent(m->conn, acked);
    } while (m->out_len > before);
}

/* The peer sends bytes. */
static inline void mock_send(struct mock *m, const void *bytes, size_t len)
{
    if (mock_gone(m))
        return;
    if (len > 0) {
        m->in = realloc(m->in, m->in_len + len);
        memcpy(m->in + m->in_len, bytes, len);
    }
    m->in_len += len;
    mock_offer(m);
    if (!m->manual_ack)
        mock_settle(m);
}

static inline void mock_send_str(struct mock *m, const char *s)
{
    mock_send(m, s, strlen(s));
}

static inline void mock_eof(struct mock *m)
{
    if (mock_gone(m))
        return;
    m->in_eof = true;
    mock_offer(m);
    if (!m->manual_ack)
        mock_settle(m);
}

/* Forgets what was sent so far. */
static inline void mock_clear(struct mock *m)
{
    if (!mock_gone(m))
        mock_settle(m);
    m->out_len = m->acked = 0;
    m->n_refs = 0;
    m->out[0] = '\0';
}

#endif
