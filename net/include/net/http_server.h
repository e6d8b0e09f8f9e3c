/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

/* The server: routes, limits and hooks shared by all connections. Context of everything here: the net thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <core/compiler.h>
#include <net/http_route.h>

struct http_request;
struct http_server;

/* How a request ended, for metrics and the access log. */
struct http_result {
    unsigned status;      /* of the response; 0: the connection died before there was one */
    bool aborted;         /* the response was not handed to the transport completely */
    uint64_t duration_ns; /* first byte of the request to last byte of the response handed over */
    uint64_t bytes_in;    /* request body */
    uint64_t bytes_out;   /* response body */
};

/* All members are copied by http_server_create(); 0 stands for the default given. */
struct http_config {
    const struct http_route *const *routes; /* lives as long as the server */
    size_t n_routes;
    const char *server_name; /* "basalt/1.0"; lives as long as the server; NULL: "basalt" */

    unsigned max_connections; /* beyond it connections are answered 503 and closed; 1024 */
    size_t max_memory;        /* bytes for connections, requests and buffered bodies; beyond it 503; 16 MiB */
    unsigned retry_after_s;   /* in those answers; 1 */

    uint64_t header_timeout_ns; /* from the first byte of a request to the end of its head: 408; 10 s */
    uint64_t idle_timeout_ns;   /* between requests: close; 60 s */
    uint64_t body_timeout_ns;   /* without a further body byte: 408; 30 s */
    uint64_t write_timeout_ns;  /* without the peer taking a further byte: reset; 30 s */
    uint64_t linger_timeout_ns; /* after an answer that ends the connection, for the peer to close; 2 s */

    /* Monotonic clock, ns. Not NULL. */
    uint64_t (*now_ns)(void);
    /* Writes an IMF-fixdate (29 characters, RFC 9110 section 5.6.7), or returns false when the time is not
     * known. NULL: never known. */
    bool (*date)(char out[29]);
    /*
     * Called for each request with a valid head, before its handler and before 404 and 405 (then req->route
     * is NULL). Returns true to go on; false: it has responded. NULL: everything is allowed.
     */
    bool (*authorize)(struct http_request *req);
    /*
     * Called once for each request, also for malformed ones (method HTTP_METHOD_UNKNOWN), when its response
     * has been handed over or has failed. Must not use the engine. NULL: nothing.
     */
    void (*completed)(const struct http_request *req, const struct http_result *result);
};

struct http_stats {
    unsigned connections;         /* open now */
    unsigned requests;            /* being read or answered now */
    size_t memory_bytes;          /* held now for connections, requests and buffered bodies */
    uint64_t connections_total;   /* accepted since creation */
    uint64_t connections_refused; /* over the limits: answered 503 or not taken at all */
    uint64_t requests_total;
    uint64_t timeouts_total; /* connections ended by one of the timeouts, idle ones not counted */
};

/*
 * Creates a server. Returns -ENOMEM, or -EINVAL for a missing clock, a malformed pattern, a route without
 * handler or methods, or two routes that claim the same method of the same pattern.
 */
int must_check http_server_create(const struct http_config *config, struct http_server **server);

/* Frees it. All connections must be gone. */
void http_server_destroy(struct http_server *server);

/* No keep-alive from now on: answers under way are completed and say "Connection: close"; idle connections
 * close. */
void http_server_drain(struct http_server *server);

void http_server_stats(const struct http_server *server, struct http_stats *out);

/*
 * When http_server_tick() has to be called next, by the server's clock; UINT64_MAX: no deadline. It can move
 * in both directions with every call into the engine; asking costs a few instructions.
 */
uint64_t http_server_next_deadline(const struct http_server *server);

/* Acts on the deadlines that have passed; costs nothing for connections without one. */
void http_server_tick(struct http_server *server);

/* The routes that were registered by linking (HTTP_ROUTE). */
const struct http_route *const *http_linked_routes(size_t *n);

#endif
