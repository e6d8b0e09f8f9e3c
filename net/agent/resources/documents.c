/* SPDX-License-Identifier: BSD-2-Clause */
#include "../embedded.h"

#include <core/build_info.h>
#include <net/http.h>
#include <stdio.h>

/* GET /openapi.json: the API's description. */
static void openapi_get(struct http_request *req)
{
    http_respond_static(req, 200, "application/json", embedded_openapi, embedded_openapi_size);
}
HTTP_ROUTE(openapi, .pattern = "/openapi.json", .methods = HTTP_BIT(HTTP_GET), .scope = HTTP_SCOPE_READ,
           .handler = openapi_get);

/*
 * GET /: a page that shows the host. It is open, since it holds nothing: what it shows it asks the API for,
 * with the token that is typed into it. Nothing else may be loaded by it or frame it.
 */
static void index_get(struct http_request *req)
{
    http_response_header(req, "Content-Security-Policy",
                         "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
                         "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
    http_response_header(req, "X-Content-Type-Options", "nosniff");
    http_response_header(req, "Referrer-Policy", "no-referrer");
    http_respond_static(req, 200, "text/html; charset=utf-8", embedded_index, embedded_index_size);
}
HTTP_ROUTE(index, .pattern = "/", .methods = HTTP_BIT(HTTP_GET), .scope = HTTP_SCOPE_NONE,
           .handler = index_get);
