/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_HTTP_ROUTE_H
#define NET_HTTP_ROUTE_H

/* Resources: const entries that register themselves by being linked. */

#include <stdint.h>

#include <core/compiler.h>

/* Request methods that resources can have (RFC 9110 section 9, RFC 5789). Others are answered 501. */
enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_METHOD_COUNT,
    HTTP_METHOD_UNKNOWN = HTTP_METHOD_COUNT,
};

/* A method in the mask of a route. */
#define HTTP_BIT(method) (1U << (method))

/* What a caller must be allowed to do; each scope includes those before it. */
enum http_scope {
    HTTP_SCOPE_NONE, /* answers without credentials */
    HTTP_SCOPE_READ,
    HTTP_SCOPE_OPERATE,
    HTTP_SCOPE_ADMIN,
};

struct http_request;

/*
 * Serves one request whose head is complete and which the authorize hook let pass. Before it returns it has
 * done one of: respond, http_request_read_body(), http_request_stream_body(), http_request_defer(). Returning
 * without any of them is answered 500. Context: the net thread.
 */
typedef void (*http_handler)(struct http_request *req);

/* The response is a stream without end or the request body is bulk: metrics leave its duration out. */
#define HTTP_ROUTE_STREAMING 0x01

/* All members immutable. */
struct http_route {
    /*
     * "/v1/images/{name}/content": literal segments and whole-segment parameters. Literal wins over
     * parameter. Two routes with one pattern and different methods are how a resource gives each method its
     * handler.
     */
    const char *pattern;
    http_handler handler;
    uint16_t methods; /* HTTP_BIT() of each; HEAD comes with GET and OPTIONS with everything */
    uint8_t scope;    /* enum http_scope; enforced by the authorize hook */
    uint8_t flags;    /* HTTP_ROUTE_* */
};

/*
 * Registers a route: static, const, named by symbol.
 *
 *   HTTP_ROUTE(image_get, .pattern = "/v1/images/{name}", .methods = HTTP_BIT(HTTP_GET),
 *              .scope = HTTP_SCOPE_READ, .handler = image_get);
 *
 * The linker gathers pointers to all of them in section http_routes, between the symbols __start_http_routes
 * and __stop_http_routes. GNU ld and lld define those on their own; a linker script that discards unused
 * sections has to KEEP() this one.
 */
#define HTTP_ROUTE(symbol, ...)                                                                      \
    static const struct http_route route_##symbol = {__VA_ARGS__};                                   \
    static const struct http_route *const route_ptr_##symbol keep_symbol in_section("http_routes") = \
        &route_##symbol

#endif
