/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_HTTP_TRANSPORT_H
#define NET_HTTP_TRANSPORT_H

/*
 * Between the engine and whatever carries its bytes (lwIP's raw TCP API on target, a mock in tests). One
 * implementation is linked. Everything runs in the net thread.
 *
 * Calls go both ways; the rules that make nesting safe:
 *  - From inside the http_transport_* functions the transport calls no http_conn_* function, with one
 * exception: http_transport_resume_input() may (and usually does) call http_conn_input() and http_conn_eof()
 * at once.
 *  - After http_transport_close() or http_transport_abort(), which the engine may call from inside any
 * http_conn_* or handler-side function, both sides forget each other: no further call for that connection in
 * either direction. A transport that is in the middle of a callback of its own has to remember it (lwIP:
 * return ERR_ABRT).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <core/compiler.h>

struct http_conn;
struct http_server;

/*
 * The bytes stay valid and unchanged until they are acknowledged, or the transport is closed or aborted
 * (close comes only after the acknowledgement unless they are constants): send them by reference. Without it:
 * copy what you accept.
 */
#define HTTP_IOV_STABLE 0x01

struct http_iov {
    const void *ptr;
    size_t len; /* > 0 */
    unsigned flags;
};

/* ---- Implemented by the transport ---- */

/*
 * Queues bytes in order. Returns how many bytes it accepted, from the front, 0 if there is no room: it then
 * calls http_conn_sent() when there is. Negative: the connection cannot send any more (the engine aborts it).
 * n may be 0: push only. more: further bytes follow within the same call into the engine, a segment that is
 * not full may wait for them; with more false everything queued is to go out now (lwIP: tcp_output).
 */
ssize_t must_check http_transport_write(void *transport, const struct http_iov *iov, unsigned n, bool more);

/* The engine takes input again: offer what it left over the last time (http_conn_input), then EOF if that was
 * seen. */
void http_transport_resume_input(void *transport);

/* No more bytes will be written: send FIN behind those queued. Input still comes. */
void http_transport_shutdown(void *transport);

/* Done: close in the orderly way, discard input, the connection's http_conn is freed by now. */
void http_transport_close(void *transport);

/* Reset the connection. The device must not read referenced (stable) bytes any more when this returns. */
void http_transport_abort(void *transport);

/* ---- Called by the transport ---- */

/*
 * A connection was accepted. transport is handed back in every http_transport_* call; peer is shown to
 * handlers as req->peer (e.g. an address to format for the log; NULL will do), both live as long as the
 * connection. Connections above the limit are taken, too, as long as there is a little room, to tell them
 * 503. Returns -ENOMEM or -EMFILE if not even that is possible: reset it.
 */
int must_check http_conn_open(struct http_server *server, void *transport, const void *peer,
                              struct http_conn **conn);

/*
 * Offers received bytes, in order. Returns how many were taken; advance the TCP window by that many and keep
 * the rest to be offered again from http_transport_resume_input(). Until then further bytes may be kept
 * without asking (the engine takes none). The bytes are not referenced after the call. conn may be closed
 * inside (see above): the return value then is len.
 */
size_t http_conn_input(struct http_conn *conn, const void *bytes, size_t len);

/*
 * The peer sent FIN, and everything before it was taken by http_conn_input(). The engine finishes what it can
 * answer, then closes.
 */
void http_conn_eof(struct http_conn *conn);

/*
 * acked bytes, of those accepted, were acknowledged by the peer (0 will do: there may be room again, e.g.
 * from lwIP's poll callback). The engine writes on.
 */
void http_conn_sent(struct http_conn *conn, size_t acked);

/* The connection is gone (reset, or the stack gave it up; lwIP's err callback). No http_transport_* call
 * follows. */
void http_conn_lost(struct http_conn *conn);

#endif
