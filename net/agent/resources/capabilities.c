/* SPDX-License-Identifier: BSD-2-Clause */
#include "../json_out.h"

#include <contract/cpu_info.h>
#include <core/build_info.h>
#include <net/http.h>

/* GET /v1: where everything is. */
static void v1_get(struct http_request *req)
{
    static const char *const resources[] = {
        "/v1/capabilities", "/v1/host", "/v1/host/config", "/v1/host/log", "/v1/images",
        "/v1/events",       "/healthz", "/readyz",         "/metrics",     "/openapi.json"};
    struct json_out json = {0};

    json_object(&json, NULL);
    json_string(&json, "version", build_version);
    json_array(&json, "resources");
    for (size_t i = 0; i < ARRAY_SIZE(resources); i++)
        json_string(&json, NULL, resources[i]);
    if (IS_ENABLED(CONFIG_VMM))
        json_string(&json, NULL, "/v1/vms");
    json_array_end(&json);
    json_object_end(&json);
    json_respond(req, 200, &json);
}
HTTP_ROUTE(v1, .pattern = "/v1", .methods = HTTP_BIT(HTTP_GET), .scope = HTTP_SCOPE_READ, .handler = v1_get);

/* GET /v1/capabilities: what this host can do, for placement. */
static void capabilities_get(struct http_request *req)
{
    struct json_out json = {0};
    struct arch_cpu_info cpu;

    arch_cpu_info_get(&cpu);
    json_object(&json, NULL);
    if (arch_has_virtualization())
        json_string(&json, "virtualization", CONFIG_BACKEND);
    else
        json_null(&json, "virtualization");
    json_string(&json, "arch", CONFIG_ARCH);
    json_array(&json, "features");
    for (unsigned i = 0; i < cpu.n_features; i++)
        json_string(&json, NULL, cpu.features[i]);
    json_array_end(&json);
    json_object_end(&json);
    json_respond(req, 200, &json);
}
HTTP_ROUTE(capabilities, .pattern = "/v1/capabilities", .methods = HTTP_BIT(HTTP_GET),
           .scope = HTTP_SCOPE_READ, .handler = capabilities_get);
