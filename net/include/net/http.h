/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_HTTP_H
#define NET_HTTP_H

/*
 * What a resource handler sees: the request, and the ways to answer it.
 *
 * Everything here runs in the one net thread and is called from it only; there are no locks. A handler may
 * answer at once, after the body arrived, or any time later (from another callback in the same thread). The
 * moment it calls one of the http_respond functions the request is no longer its own: req must not be touched
 * afterwards.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <core/compiler.h>
#include <net/http_route.h>
#include <net/http_str.h>
#include <net/http_uri.h>

#define HTTP_PARAMS_MAX 4

/* content_length of a chunked request body, or the length of a response that ends when its source says so. */
#define HTTP_LENGTH_UNKNOWN (-1)

struct http_request {
    /* Set by the engine before the authorize hook; read-only. Views stay valid until a response is given. */
    enum http_method method;                 /* HEAD stays HEAD although GET's handler serves it */
    const struct http_route *route;          /* NULL: nothing matched (the authorize hook sees these, too) */
    struct http_str path;                    /* as sent, undecoded, without the query */
    struct http_str query;                   /* as sent, without '?'; empty if there was none */
    struct http_str params[HTTP_PARAMS_MAX]; /* decoded path parameters in the order of the pattern */
    unsigned n_params;
    int64_t content_length; /* bytes of request body; 0: none; HTTP_LENGTH_UNKNOWN: chunked */
    uint64_t id;            /* number of this request since boot; X-Request-Id unless the client sent one */
    uint64_t start_ns;      /* when its first byte arrived, by the server's clock */
    const void *peer;       /* what the transport said about the peer (http_conn_open) */
    /* Free for use. */
    const void *auth; /* by the authorize hook, e.g. the token's record */
    void *ctx;        /* by the handler: its own state, also in every callback of this request */
};

/* ---- Reading the request ---- */

/* The first field of that name (case does not matter). Returns false if there is none. */
bool http_request_header(const struct http_request *req, const char *name, struct http_str *value);

/* The same for fields that may repeat: *index starts at 0 and is advanced behind the field that was found. */
bool http_request_header_next(const struct http_request *req, const char *name, unsigned *index,
                              struct http_str *value);

/*
 * Reads the whole body into memory, then calls on_body(req, body, len). body is NUL-terminated (with 7
 * further NULs behind, for parsers that read ahead), may be modified, and belongs to the engine, which frees
 * it when the response is complete. A longer body than limit is answered 413, no memory 503, a stalled or
 * malformed one 408 or 400: the engine does that by itself. A handler that has something to let go of then
 * (req->ctx) calls http_request_defer() first; its on_abort is called before such an answer, and when the
 * connection is lost. on_body is called after the handler returned; once it runs it is like a handler:
 * respond or defer. 100 Continue is sent if the client waits for it.
 */
void http_request_read_body(struct http_request *req, size_t limit,
                            void (*on_body)(struct http_request *req, char *body, size_t len));

struct http_sink {
    /*
     * Takes body bytes straight from the receive buffer (valid during the call only). Returns how many it
     * took: fewer than len means "no more until http_request_resume_body()", and TCP's window closes
     * accordingly. A negative return is an HTTP status to fail with (-507): the engine answers with a plain
     * problem of that status. For a better text respond inside and return 0. No further sink callback comes
     * after either.
     */
    ssize_t (*on_data)(struct http_request *req, const void *bytes, size_t len);
    /* All bytes were taken: respond (or defer). */
    void (*on_end)(struct http_request *req);
    /*
     * The body will never be complete: connection lost (-ECONNRESET), stalled (-ETIMEDOUT), malformed
     * (-EPROTO). Let go of everything; do not respond, the engine does if there is somebody left to hear it.
     * req is invalid afterwards.
     */
    void (*on_abort)(struct http_request *req, int error);
};

/*
 * Streams the body into sink (const, lives as long as the request). A request without a body gets on_end
 * alone. Callbacks come after the handler returned. 100 Continue is sent if the client waits for it.
 */
void http_request_stream_body(struct http_request *req, const struct http_sink *sink);

/* The sink can take bytes again. Its callbacks may run before this returns, unless called from one of them.
 */
void http_request_resume_body(struct http_request *req);

/*
 * "I shall respond later." If the request dies before that (connection lost, or the engine had to answer
 * because its body failed), on_abort(req) is called, once, and req is invalid afterwards; not once a response
 * was given, and not while a sink is attached, which has its own. on_abort may be NULL.
 */
void http_request_defer(struct http_request *req, void (*on_abort)(struct http_request *req));

/* ---- Responding: exactly one of these per request ---- */

/*
 * Adds a field to the response given later: Location, ETag, Retry-After, Content-Range ... Content-Type,
 * Content-Length, Transfer-Encoding, Connection, Server, Date and X-Request-Id are the engine's. What does
 * not fit (room is 1 KiB in all) or is not a valid field turns the response into a 500, so the call needs no
 * check.
 */
void http_response_header(struct http_request *req, const char *name, const char *value);

/* The same with a decimal number. */
void http_response_header_u64(struct http_request *req, const char *name, uint64_t value);

/* Answers without a body: 204, 304, 202 ... */
void http_respond_empty(struct http_request *req, unsigned status);

/* Answers with bytes that never change or move (const data of the image). content_type may not be NULL. */
void http_respond_static(struct http_request *req, unsigned status, const char *content_type,
                         const void *body, size_t len);

/*
 * Answers with a buffer that the engine takes over without copying it; release(body) (e.g. free) is called
 * once, when the peer has acknowledged the last byte or the connection is gone. Something that must wait
 * until the answer was delivered can hang on release.
 */
void http_respond_owned(struct http_request *req, unsigned status, const char *content_type, void *body,
                        size_t len, void (*release)(void *body));

/* Answers with a copy of short bytes (up to 512, from the stack for example); longer ones are answered 500.
 */
void http_respond_copy(struct http_request *req, unsigned status, const char *content_type, const void *body,
                       size_t len);

/* Bytes that read() points to stay valid until release(): the transport sends them without a copy. */
#define HTTP_SOURCE_STABLE 0x01

/* read(): that was all. */
#define HTTP_SOURCE_END (-1)

struct http_source {
    /*
     * Points *bytes to body bytes from offset on (0 = first byte of the body) and returns how many there are:
     * any number > 0, the engine uses what it needs. Everything before offset was taken and will not be asked
     * for again; the bytes stay valid until the next read() or release(). 0: none at present,
     * http_response_wake() will say when. HTTP_SOURCE_END: the end, for responses of unknown length. Another
     * negative: failure, the connection is cut. May be called from http_response_wake(). It must not respond,
     * wake or otherwise use the engine.
     */
    ssize_t (*read)(void *ctx, uint64_t offset, const void **bytes);
    /* Called once, when the engine needs ctx and the bytes no more: delivered, or the connection is gone. */
    void (*release)(void *ctx);
    unsigned flags; /* HTTP_SOURCE_* */
};

/* Names a response that is under way, for its producer; valid until its source's release(). */
struct http_response;

/*
 * Answers with what source (const, static) produces: length bytes, or until it ends when length is
 * HTTP_LENGTH_UNKNOWN (chunked; HTTP/1.0 clients get everything up to the close). Returns the handle for
 * http_response_wake(), or NULL if there is nothing to produce (HEAD, or the connection is gone): release()
 * was then called already.
 */
struct http_response *http_respond_source(struct http_request *req, unsigned status, const char *content_type,
                                          int64_t length, const struct http_source *source, void *ctx);

/* The source has bytes, or has ended. read(), and release(), may be called before this returns. */
void http_response_wake(struct http_response *response);

/*
 * Answers with application/problem+json (RFC 9457): title from status, code (stable, for programs), field
 * (NULL: none; the offending member or parameter) and detail for people, printf-formatted, cut at 400 bytes.
 * Escapes what needs it.
 */
void http_respond_problem(struct http_request *req, unsigned status, const char *code, const char *field,
                          const char *detail_format, ...) printf_like(5, 6);

/* ---- Upgrade (RFC 9110 section 7.8): the handler takes over the byte stream ---- */

struct http_conn;

struct http_raw {
    /* Bytes arrived; returns how many were taken, fewer means "no more until http_raw_resume()". */
    size_t (*on_input)(void *ctx, const void *bytes, size_t len);
    /* The transport can take bytes again after it accepted fewer than offered. */
    void (*on_writable)(void *ctx);
    /* The peer sent its last byte; the handler ends with http_raw_close(). */
    void (*on_eof)(void *ctx);
    /* The connection is gone, whoever ended it: conn is invalid. Called once. */
    void (*on_closed)(void *ctx);
};

/*
 * Answers 101 with "Upgrade: protocol" and the added fields; from then on every byte of the connection goes
 * to raw, and the request is over. Returns the connection to write to, or NULL if the request cannot be
 * upgraded (it has a body, is not HTTP/1.1, or did not ask for "Connection: upgrade" and this protocol): the
 * engine has then answered 426.
 */
struct http_conn *http_respond_upgrade(struct http_request *req, const char *protocol,
                                       const struct http_raw *raw, void *ctx);

/* Writes; the transport copies. Returns how many bytes were accepted; fewer than len means on_writable()
 * follows. */
size_t http_raw_write(struct http_conn *conn, const void *bytes, size_t len);

/* on_input can take bytes again. */
void http_raw_resume(struct http_conn *conn);

/* Sends what was written, then closes. on_closed() may be called before this returns. */
void http_raw_close(struct http_conn *conn);

/* ---- Helpers for fields ---- */

/*
 * Reads a Range field against a representation of size bytes (RFC 9110 section 14.2): one range of bytes.
 * Returns 0 and the range as first and length; -ERANGE if it lies outside (answer 416, with the size in
 * Content-Range); -EINVAL if the field is malformed, of another unit, or asks for several ranges: ignore the
 * field then and answer with everything.
 */
int must_check http_range_parse(struct http_str value, uint64_t size, uint64_t *first, uint64_t *length);

/*
 * Does an If-Match or If-None-Match value name etag (with its quotes)? "*" does. weak: W/ prefixes are
 * ignored, as If-None-Match wants it (RFC 9110 section 13.1); otherwise weak tags match nothing.
 */
bool http_etag_match(struct http_str value, const char *etag, bool weak);

/* "Not Found" for 404; "Unknown" for what is not in the table. Context: any. */
const char *http_status_text(unsigned status);

#endif
