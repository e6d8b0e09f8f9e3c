/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_HTTP_CONN_H
#define NET_HTTP_CONN_H

/*
 * The engine's own view of connections. A connection is small, so that idle ones cost little; everything that
 * a request and its response need is the exchange, which exists from a request's first byte to its response's
 * last. Everything runs in the net thread. All members are guarded by that.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <core/types.h>
#include <net/http.h>
#include <net/http_server.h>
#include <net/http_transport.h>

#include "chunked.h"
#include "parse.h"
#include "router.h"

/* ---- Sizes ---- */

/* Most requests fit; a larger head moves to a buffer of its own. */
#define HTTP_HEAD_INLINE 1280
/* The largest such buffer: a whole head, and its path once more, decoded. */
#define HTTP_HEAD_BUFFER_MAX (HTTP_HEAD_MAX + HTTP_TARGET_MAX + 64)
/* Response head and, behind it, short bodies (problems, copies). */
#define HTTP_OUT_BYTES  2304
#define HTTP_STATUS_MAX 64   /* the status line, which ends where the fields start */
#define HTTP_EXTRA_MAX  1024 /* fields added by the handler */
#define HTTP_COPY_MAX   768  /* http_respond_copy(), problems */
/* An unread request body up to this size is read and dropped to keep the connection; a larger one ends it. */
#define HTTP_DISCARD_MAX 65536
/* Response bodies by reference that the peer has not acknowledged yet, per connection; the next answer waits
 * then. */
#define HTTP_HELD_MAX 4
/* Exchanges kept for reuse when idle, so that a keep-alive request allocates nothing. */
#define HTTP_SPARE_MAX 8

/* ---- Server ---- */

/* What a connection is waiting for; each has one constant timeout, so its list is in order of deadlines. */
enum http_timer {
    TIMER_HEADER,
    TIMER_IDLE,
    TIMER_BODY,
    TIMER_WRITE,
    TIMER_LINGER,
    TIMER_COUNT,
    TIMER_NONE = TIMER_COUNT
};

TAILQ_HEAD(http_conn_list, http_conn);

struct http_server {
    struct http_config config;
    struct http_router router;
    uint64_t timeouts_ns[TIMER_COUNT];
    struct http_conn_list timers[TIMER_COUNT];
    struct http_exchange *spare; /* chained by next_spare */
    unsigned n_spare;
    bool draining;
    uint64_t now_ns; /* as of the outermost call into the engine */
    uint64_t next_id;
    char server_field[64]; /* "Server: ...\r\n" */
    size_t server_field_len;
    char retry_after[12];
    struct http_stats stats;
};

/* calloc and free, counted against the server's limit. Return NULL when that or the heap is exhausted. */
void *http_server_alloc(struct http_server *server, size_t size);
void http_server_release(struct http_server *server, void *ptr, size_t size);

/* ---- Connection ---- */

enum http_conn_state {
    CONN_HTTP,   /* idle without an exchange, otherwise serving */
    CONN_RAW,    /* upgraded */
    CONN_LINGER, /* FIN sent; waiting for acknowledgements and the peer's FIN */
    CONN_DEAD,   /* the transport is gone; freed when the outermost call ends */
};

/* A response body whose bytes TCP may still have to send again. */
struct http_held {
    uint64_t end; /* position in the byte stream behind its last byte */
    void (*release)(void *ctx);
    void *ctx;
};

struct http_conn {
    struct http_server *server;
    void *transport;
    const void *peer;
    struct http_exchange *x; /* NULL: idle */
    TAILQ_ENTRY(http_conn) timer_link;
    uint64_t timer_since_ns;
    uint64_t sent;  /* bytes that the transport accepted */
    uint64_t acked; /* of these, acknowledged by the peer */
    const struct http_raw *raw;
    void *raw_ctx;
    struct http_held held[HTTP_HELD_MAX]; /* ring, oldest at held_first */
    uint8_t held_first;
    uint8_t held_n;
    uint8_t state; /* enum http_conn_state */
    uint8_t timer; /* enum http_timer */
    uint8_t depth; /* nested calls into the engine */
    bool timer_restart;
    bool input_blocked; /* the transport keeps bytes that were not taken */
    bool raw_blocked;   /* on_input took fewer than offered */
    bool write_blocked; /* the transport accepted fewer than offered */
    bool unpushed;      /* the last write said that more follows */
    bool eof;           /* the peer has sent everything */
    bool close;         /* no further request on this connection */
    bool refuse;        /* over the limit: the answer is 503 */
};

/* ---- Exchange ---- */

enum http_phase {
    PHASE_HEAD,       /* the head is being read */
    PHASE_HANDLING,   /* the handler's turn, body included */
    PHASE_RESPONDING, /* a response was given */
};

enum http_body_mode {
    BODY_UNCLAIMED, /* the handler has not asked for it */
    BODY_BUFFER,
    BODY_SINK,
    BODY_DISCARD,
    BODY_HANDED, /* complete, and the handler was told */
};

struct http_exchange {
    struct http_request req;
    struct http_conn *conn;
    struct http_exchange *next_spare;

    /* Request head: bytes is inline_bytes or a larger buffer. */
    char *bytes;
    uint32_t bytes_len;
    uint32_t bytes_cap;

    /* Request body */
    struct http_chunked chunked;
    uint64_t body_left; /* Content-Length that has not arrived */
    uint64_t body_taken;
    void (*on_body)(struct http_request *req, char *body, size_t len);
    char *body;
    size_t body_cap;
    size_t body_limit;
    const struct http_sink *sink;
    void (*on_abort)(struct http_request *req);

    /* Response */
    struct http_iov out[5]; /* what the transport gets next */
    uint8_t out_n;
    const struct http_source *source;
    void *source_ctx;
    int64_t source_len; /* or HTTP_LENGTH_UNKNOWN */
    uint64_t source_offset;
    void (*release)(void *ctx);
    void *release_ctx;
    uint64_t bytes_out; /* response body handed over */
    char chunk_head[20];

    uint8_t phase;     /* enum http_phase */
    uint8_t body_mode; /* enum http_body_mode */
    uint16_t status;
    bool body_complete;  /* all of it arrived */
    bool sink_blocked;   /* on_data took fewer than offered */
    bool continue_owed;  /* the client waits for 100 Continue */
    bool deferred;       /* the handler answers later */
    bool release_on_ack; /* the response's bytes are referenced until acknowledged */
    bool source_done;
    bool chunk_out;    /* the response is chunked */
    bool upgrade;      /* the response is 101 */
    bool extra_failed; /* a field that the handler added is not possible */
    uint16_t extra_len;
    uint16_t out_len; /* bytes of out_bytes in use, from its start */

    /* Not cleared for a new request from here on, except head up to its fields. */
    struct http_head head;
    char out_bytes[HTTP_OUT_BYTES];
    char inline_bytes[HTTP_HEAD_INLINE];
};

static inline struct http_exchange *exchange_of(const struct http_request *req)
{
    return container_of(req, struct http_exchange, req);
}

/* ---- conn.c: life of connections and exchanges ---- */

/* Brackets every entry into the engine; conn may be freed when conn_leave() returns. */
void conn_enter(struct http_conn *c);
void conn_leave(struct http_conn *c);
/* Ends the connection at once, with a reset. Anything under way is abandoned with error. */
void conn_abort(struct http_conn *c, int error);
/* Ends the connection after what was written: FIN, then waiting for the peer. No exchange is left. */
void conn_finish(struct http_conn *c);
/* Moves on as far as possible: output, end of body, next state. Only from the outermost call. */
void conn_progress(struct http_conn *c);
/* Would conn_take() take a byte now? */
bool conn_wants_input(const struct http_conn *c);
/* Is the response's body to be kept until acknowledged, and is there no room to note that? */
bool conn_held_full(const struct http_conn *c);
/* Gives back the bodies whose last byte was acknowledged (all of them, with everything). */
void conn_release_held(struct http_conn *c, bool everything);

/* ---- exchange.c ---- */

struct http_exchange *exchange_create(struct http_conn *c);
/* Tells whoever is waiting that it will not come, then frees. error: for the sink. */
void exchange_abandon(struct http_exchange *x, int error);
/* The response was handed over: notes what is still referenced, reports, frees. */
void exchange_finish(struct http_exchange *x);
/* Before a response: the handler's callbacks will not be called any more, after this one. */
void exchange_notify_abort(struct http_exchange *x, int error);
/* Is everything handed over, so that exchange_finish() can be called? */
bool exchange_is_done(const struct http_exchange *x);

/* ---- input.c ---- */

/* Takes bytes from the front of in, according to the state. Returns how many; at least one if
 * conn_wants_input(). */
size_t conn_take(struct http_conn *c, const char *in, size_t len);
/* Makes room for further bytes behind the head; the buffer may move. Returns false without memory. */
bool head_reserve(struct http_exchange *x, size_t room);

/* ---- dispatch.c ---- */

/* The head is complete: finds the resource and calls its handler. */
void exchange_dispatch(struct http_exchange *x);

/* ---- body.c ---- */

/* Takes body bytes. Returns how many. */
size_t body_take(struct http_exchange *x, const char *in, size_t len);
/* Calls the handler if its body is complete. Returns true if it did. */
bool body_hand_over(struct http_exchange *x);
/* The body will not be complete: answers with status, or cuts the connection if a response was begun. */
void body_fail(struct http_exchange *x, int error, unsigned status, const char *detail);
/* A response was given: decides what becomes of body bytes that have not arrived. */
void body_settle(struct http_exchange *x);

/* ---- output.c ---- */

/* Hands over as much of the response as the transport accepts. */
void output_flush(struct http_exchange *x);
/* Appends to what is handed over next. */
void output_add(struct http_exchange *x, const void *ptr, size_t len, unsigned flags);

/* ---- response.c ---- */

/* Makes the head and puts it into the output. content_length: HTTP_LENGTH_UNKNOWN for chunked or up to the
 * close. */
void response_head(struct http_exchange *x, unsigned status, const char *content_type,
                   int64_t content_length);
/*
 * May a response be given now? If so, the exchange is in PHASE_RESPONDING from here on. If not, the caller
 * lets go of the body it meant to send: there is nobody to hear it, or fields were impossible (a 500 was then
 * given instead).
 */
bool response_begin(struct http_exchange *x, unsigned status);
/* Does a response of that status to this request have no body? */
bool response_is_bodyless(const struct http_exchange *x, unsigned status);

/* ---- timer.c ---- */

/* Puts the connection into the list of what it is waiting for. */
void timer_update(struct http_conn *c);
void timer_remove(struct http_conn *c);

/* ---- upgrade.c ---- */

/* The 101 was handed over: the connection is raw from here on. */
void upgrade_done(struct http_conn *c);
/* Tells the handler of a raw connection that it is gone. */
void upgrade_closed(struct http_conn *c);

#endif
