/* SPDX-License-Identifier: BSD-2-Clause */
#include <net/http_server.h>

/*
 * Bounds of the section that HTTP_ROUTE() fills. Weak: without any route there is no section, and the linker
 * defines nothing.
 */
extern const struct http_route *const __start_http_routes[] __attribute__((weak));
extern const struct http_route *const __stop_http_routes[] __attribute__((weak));

const struct http_route *const *http_linked_routes(size_t *n)
{
    *n = (size_t)(__stop_http_routes - __start_http_routes);
    return __start_http_routes;
}
