/* SPDX-License-Identifier: BSD-2-Clause */
#include "../agent.h"

#include <net/http.h>

/* GET /healthz: the net thread answers, so the host is alive. */
static void healthz_get(struct http_request *req)
{
    http_respond_static(req, 200, "text/plain; charset=utf-8", "ok\n", 3);
}
HTTP_ROUTE(healthz, .pattern = "/healthz", .methods = HTTP_BIT(HTTP_GET), .scope = HTTP_SCOPE_NONE,
           .handler = healthz_get);

/* GET /readyz: it also takes work. */
static void readyz_get(struct http_request *req)
{
    if (agent_is_ready())
        http_respond_static(req, 200, "text/plain; charset=utf-8", "ready\n", 6);
    else
        http_respond_problem(req, 503, "not_ready", NULL, "The host is starting or about to stop.");
}
HTTP_ROUTE(readyz, .pattern = "/readyz", .methods = HTTP_BIT(HTTP_GET), .scope = HTTP_SCOPE_READ,
           .handler = readyz_get);
