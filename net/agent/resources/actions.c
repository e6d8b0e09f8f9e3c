/* SPDX-License-Identifier: BSD-2-Clause */
#include "../query.h"

#include <core/boot.h>
#include <core/event.h>
#include <core/log.h>
#include <core/time.h>
#include <net/http.h>
#include <net/net.h>
#include <stdlib.h>
#include <string.h>

/*
 * POST /v1/host/actions/{reboot,poweroff}: answers first. The shutdown begins when the client has
 * acknowledged the answer or is gone, which is when the engine lets go of the body; a client that does
 * neither delays it for a moment only.
 */
#define ANSWER_TIMEOUT_NS (2 * NSEC_PER_SEC)

static enum shutdown_kind kind;

static void answer_overdue(struct net_timer *timer)
{
    shutdown_request(kind);
}
static struct net_timer answer_timer = {.fn = answer_overdue};

static void answer_released(void *body)
{
    free(body);
    net_timer_cancel(&answer_timer);
    shutdown_request(kind);
}

static void accept_action(struct http_request *req, enum shutdown_kind wanted, const char *name)
{
    static const char answer[] = "{\"status\":\"accepted\"}\n";
    static bool is_accepted;
    char *body;

    if (is_accepted) {
        http_respond_problem(req, 409, "shutting_down", NULL, "The host is already about to stop.");
        return;
    }
    body = strdup(answer);
    if (!body) {
        http_respond_problem(req, 503, "out_of_memory", NULL, "The host has no memory left to answer this.");
        return;
    }
    is_accepted = true;
    kind = wanted;
    log_info("agent: %s was asked for", name);
    event_publish("host.stopping", "{\"action\":\"%s\"}", name);
    net_timer_arm(&answer_timer, clock_now_ns() + ANSWER_TIMEOUT_NS);
    http_respond_owned(req, 202, "application/json", body, sizeof(answer) - 1, answer_released);
}

static void reboot(struct http_request *req)
{
    accept_action(req, SHUTDOWN_REBOOT, "reboot");
}

static void poweroff(struct http_request *req)
{
    accept_action(req, SHUTDOWN_POWEROFF, "poweroff");
}

static void reboot_post(struct http_request *req)
{
    request_read_nothing(req, reboot);
}
HTTP_ROUTE(host_reboot, .pattern = "/v1/host/actions/reboot", .methods = HTTP_BIT(HTTP_POST),
           .scope = HTTP_SCOPE_ADMIN, .handler = reboot_post);

static void poweroff_post(struct http_request *req)
{
    request_read_nothing(req, poweroff);
}
HTTP_ROUTE(host_poweroff, .pattern = "/v1/host/actions/poweroff", .methods = HTTP_BIT(HTTP_POST),
           .scope = HTTP_SCOPE_ADMIN, .handler = poweroff_post);
