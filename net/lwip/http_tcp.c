/* SPDX-License-Identifier: BSD-2-Clause */
#include "port/port.h"

#include <errno.h>
#include <lwip/tcp.h>
#include <net/http_server.h>
#include <net/http_tcp.h>
#include <net/http_transport.h>
#include <string.h>

/*
 * The HTTP engine over lwIP's raw TCP.
 *
 * lwIP calls back into this file, which calls the engine, which may close or reset the connection from
 * inside: then the transport is only marked as closed and freed when the outermost callback returns, which
 * must tell lwIP about a reset (ERR_ABRT).
 */

/*
 * Stable bytes are sent by reference from this size on; shorter ones are copied, which costs less than
 * another pbuf and descriptor. Referenced bytes may be read by a NIC a little longer than TCP needs them (a
 * segment sent twice, of which the first copy was acknowledged): whoever frees such bytes does it by
 * net_after_tx().
 */
#define REFERENCE_MIN 2048

/* A received packet that the engine has not taken completely. */
struct tcp_input {
    struct tcp_input *next;
    struct pbuf *pbuf; /* a chain; taken bytes are cut off */
};

struct http_tcp {
    struct tcp_pcb *pcb; /* NULL: gone */
    struct http_conn *conn;
    struct tcp_input *first, **last;
    unsigned depth;  /* callbacks on the stack */
    bool is_closed;  /* the engine has let go */
    bool is_aborted; /* with a reset */
    bool is_offering, has_more_asked;
    bool has_eof, is_eof_told;
    ip_addr_t peer;
};

static struct http_server *server;
static struct tcp_pcb *listener;

const char *http_tcp_peer_text(const void *peer, char *out, unsigned size)
{
    return peer ? ipaddr_ntoa_r(peer, out, (int)size) : "unknown";
}

static void input_drop_first(struct http_tcp *tcp)
{
    struct tcp_input *input = tcp->first;

    tcp->first = input->next;
    if (!tcp->first)
        tcp->last = &tcp->first;
    net_memory_free(input);
}

/* Forgets the connection: lwIP will not call us about it any more. */
static struct tcp_pcb *detach(struct http_tcp *tcp)
{
    struct tcp_pcb *pcb = tcp->pcb;

    tcp->pcb = NULL;
    if (pcb) {
        tcp_arg(pcb, NULL);
        tcp_recv(pcb, NULL);
        tcp_sent(pcb, NULL);
        tcp_err(pcb, NULL);
        tcp_poll(pcb, NULL, 0);
    }
    return pcb;
}

static void enter(struct http_tcp *tcp)
{
    tcp->depth++;
}

/* Leaves a callback; the result is for lwIP. */
static err_t leave(struct http_tcp *tcp)
{
    err_t result = tcp->is_aborted ? ERR_ABRT : ERR_OK;

    if (--tcp->depth > 0 || !tcp->is_closed)
        return result;
    while (tcp->first) {
        pbuf_free(tcp->first->pbuf);
        input_drop_first(tcp);
    }
    net_memory_free(tcp);
    return result;
}

/* Offers the first packet in line. True: the engine took all of it, and may take the next. */
static bool offer_first(struct http_tcp *tcp)
{
    struct pbuf *p = tcp->first->pbuf;
    size_t taken = p->len ? http_conn_input(tcp->conn, p->payload, p->len) : 0;

    if (tcp->is_closed)
        return false;
    if (taken)
        tcp_recved(tcp->pcb, (u16_t)taken);
    if (taken < p->len) {
        pbuf_remove_header(p, taken);
        return false;
    }
    tcp->first->pbuf = p->next;
    p->next = NULL;
    pbuf_free(p);
    if (!tcp->first->pbuf)
        input_drop_first(tcp);
    return true;
}

/* Offers what was received and not taken, then the end. Asked again while it does, it starts over. */
static void offer_input(struct http_tcp *tcp)
{
    tcp->has_more_asked = true;
    if (tcp->is_offering)
        return;
    tcp->is_offering = true;
    while (tcp->has_more_asked && !tcp->is_closed) {
        tcp->has_more_asked = false;
        while (tcp->first && offer_first(tcp))
            ;
    }
    tcp->is_offering = false;
    if (!tcp->first && tcp->has_eof && !tcp->is_eof_told && !tcp->is_closed) {
        tcp->is_eof_told = true;
        http_conn_eof(tcp->conn);
    }
}

static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct http_tcp *tcp = arg;
    struct tcp_input *input;
    bool is_first = !tcp->first;

    if (p) {
        input = net_memory_alloc(sizeof(*input));
        if (!input)
            return ERR_MEM; /* lwIP keeps the packet and offers it again */
        *input = (struct tcp_input){.pbuf = p};
        *tcp->last = input;
        tcp->last = &input->next;
    } else {
        tcp->has_eof = true;
    }
    /* What is there already waits for the engine to ask; it asks for the rest then, too. */
    if (!is_first)
        return ERR_OK;
    enter(tcp);
    offer_input(tcp);
    return leave(tcp);
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t length)
{
    struct http_tcp *tcp = arg;

    enter(tcp);
    http_conn_sent(tcp->conn, length);
    return leave(tcp);
}

/* Memory was out when the engine wrote, and no acknowledgement is on its way to make it try again. */
static err_t on_poll(void *arg, struct tcp_pcb *pcb)
{
    tcp_poll(pcb, NULL, 0);
    return on_sent(arg, pcb, 0);
}

/* lwIP has freed the pcb already. */
static void on_error(void *arg, err_t err)
{
    struct http_tcp *tcp = arg;

    tcp->pcb = NULL;
    enter(tcp);
    tcp->is_closed = true;
    http_conn_lost(tcp->conn);
    (void)leave(tcp);
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct http_tcp *tcp;

    if (err != ERR_OK || !pcb)
        return ERR_VAL;
    tcp = net_memory_calloc(1, sizeof(*tcp));
    if (!tcp)
        return ERR_MEM; /* lwIP resets the connection */
    tcp->pcb = pcb;
    tcp->last = &tcp->first;
    ip_addr_copy(tcp->peer, pcb->remote_ip);
    tcp_nagle_disable(pcb);
    tcp_arg(pcb, tcp);
    tcp_recv(pcb, on_recv);
    tcp_sent(pcb, on_sent);
    tcp_err(pcb, on_error);
    enter(tcp);
    if (http_conn_open(server, tcp, &tcp->peer, &tcp->conn) != 0) {
        (void)detach(tcp);
        net_memory_free(tcp);
        return ERR_MEM;
    }
    return leave(tcp);
}

/* One piece. Returns what was accepted, or a negative errno when the connection cannot send any more. */
static ssize_t write_piece(struct tcp_pcb *pcb, const struct http_iov *iov, bool is_more)
{
    bool by_reference = (iov->flags & HTTP_IOV_STABLE) && iov->len >= REFERENCE_MIN;
    size_t done = 0;

    while (done < iov->len) {
        size_t length = MIN(MIN(iov->len - done, tcp_sndbuf(pcb)), UINT16_MAX);
        bool is_last = done + length == iov->len && !is_more;
        err_t error;

        if (length == 0)
            break;
        error = tcp_write(pcb, (const uint8_t *)iov->ptr + done, (u16_t)length,
                          (by_reference ? 0 : TCP_WRITE_FLAG_COPY) | (is_last ? 0 : TCP_WRITE_FLAG_MORE));
        if (error == ERR_MEM)
            break;
        if (error != ERR_OK)
            return -EPIPE;
        done += length;
    }
    return (ssize_t)done;
}

ssize_t http_transport_write(void *transport, const struct http_iov *iov, unsigned n, bool more)
{
    struct http_tcp *tcp = transport;
    ssize_t total = 0;

    for (unsigned i = 0; i < n; i++) {
        ssize_t done = write_piece(tcp->pcb, &iov[i], more || i + 1 < n);

        if (done < 0)
            return done;
        total += done;
        if ((size_t)done < iov[i].len) {
            more = false;
            if (tcp->pcb->snd_queuelen == 0)
                tcp_poll(tcp->pcb, on_poll, 1);
            break;
        }
    }
    /* From inside one of lwIP's callbacks lwIP sends when that is over. */
    if (!more)
        tcp_output(tcp->pcb);
    return total;
}

void http_transport_resume_input(void *transport)
{
    struct http_tcp *tcp = transport;

    enter(tcp);
    offer_input(tcp);
    (void)leave(tcp);
}

void http_transport_shutdown(void *transport)
{
    struct http_tcp *tcp = transport;

    (void)tcp_shutdown(tcp->pcb, 0, 1);
}

void http_transport_close(void *transport)
{
    struct http_tcp *tcp = transport;
    struct tcp_pcb *pcb = detach(tcp);

    /* What was received and is not wanted counts as read: lwIP would send a reset otherwise. */
    for (struct tcp_input *input = tcp->first; input; input = input->next)
        tcp_recved(pcb, input->pbuf->tot_len);
    tcp->is_closed = true;
    if (tcp_close(pcb) != ERR_OK) {
        tcp_abort(pcb);
        tcp->is_aborted = true;
    }
    enter(tcp);
    (void)leave(tcp);
}

void http_transport_abort(void *transport)
{
    struct http_tcp *tcp = transport;
    struct tcp_pcb *pcb = detach(tcp);

    tcp->is_closed = true;
    tcp->is_aborted = true;
    tcp_abort(pcb);
    enter(tcp);
    (void)leave(tcp);
}

int http_tcp_listen(struct http_server *for_server, uint16_t port)
{
    struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);

    if (!pcb)
        return -ENOMEM;
    server = for_server;
    if (tcp_bind(pcb, IP_ANY_TYPE, port) != ERR_OK) {
        tcp_close(pcb);
        return -EADDRINUSE;
    }
    listener = tcp_listen(pcb);
    if (!listener) {
        tcp_close(pcb);
        return -ENOMEM;
    }
    tcp_accept(listener, on_accept);
    return 0;
}

uint64_t http_tcp_next_deadline(void)
{
    return server ? http_server_next_deadline(server) : ~0ULL;
}

void http_tcp_tick(void)
{
    if (server)
        http_server_tick(server);
}
