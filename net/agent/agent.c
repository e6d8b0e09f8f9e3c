/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent.h"
#include "request_stats.h"
#include "time_text.h"

#include <core/boot.h>
#include <core/build_info.h>
#include <core/event.h>
#include <core/log.h>
#include <core/mm.h>
#include <core/time.h>
#include <core/waitq.h>
#include <net/http.h>
#include <net/http_server.h>
#include <net/http_tcp.h>
#include <net/net.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define HTTP_PORT 80

static struct http_server *server;
static atomic_bool is_ready;

struct http_server *agent_server(void)
{
    return server;
}

bool agent_is_ready(void)
{
    return atomic_load(&is_ready);
}

static bool http_date(char out[29])
{
    uint64_t seconds = clock_wall_seconds();
    char text[TIME_IMF_SIZE];

    if (seconds == 0)
        return false;
    time_imf(seconds, text);
    memcpy(out, text, 29);
    return true;
}

static const char *method_name(enum http_method method)
{
    static const char *const names[] = {[HTTP_POST] = "POST",
                                        [HTTP_PUT] = "PUT",
                                        [HTTP_PATCH] = "PATCH",
                                        [HTTP_DELETE] = "DELETE",
                                        [HTTP_METHOD_UNKNOWN] = "?"};

    return (unsigned)method < ARRAY_SIZE(names) && names[method] ? names[method] : "GET";
}

/*
 * The audit log: what was changed, by whom. Reads would drown it, and the metrics count them; refusals of
 * requests that were never allowed to do anything must not let strangers wash the log away.
 */
static bool is_worth_a_line(const struct http_request *req, unsigned status)
{
    if (req->method == HTTP_GET || req->method == HTTP_HEAD || req->method == HTTP_OPTIONS)
        return false;
    return (status >= 200 && status < 400) || status == 409 || status == 507;
}

static void log_request(const struct http_request *req, const struct http_result *result)
{
    char peer[48];

    if (is_worth_a_line(req, result->status))
        log_info("http: %s %.*s from %s: %u", method_name(req->method), (int)MIN(req->path.len, 100U),
                 req->path.ptr, http_tcp_peer_text(req->peer, peer, sizeof(peer)), result->status);
}

static void http_completed(const struct http_request *req, const struct http_result *result)
{
    request_stats_count(req, result);
    log_request(req, result);
}

static const char *server_name(void)
{
    static char name[64];

    snprintf(name, sizeof(name), "basalt/%s", build_version);
    return name;
}

static int serve(void)
{
    struct http_config config = {.server_name = server_name(),
                                 .now_ns = clock_now_ns,
                                 .date = http_date,
                                 .authorize = auth_check,
                                 .completed = http_completed};
    struct mm_stats memory;
    int error;

    mm_stats_get(NODE_ANY, &memory);
    config.max_connections = 8192;
    config.max_memory = MAX(memory.total_bytes / 32, MIB(4));
    config.routes = http_linked_routes(&config.n_routes);
    error = request_stats_start();
    if (!error)
        error = http_server_create(&config, &server);
    return error ? error : http_tcp_listen(server, HTTP_PORT);
}

/* The server lives in the net thread; this waits for it to have started there. */
struct start_call {
    struct net_call call;
    struct waitq done_waitq;
    atomic_bool is_done;
    int error;
};

static void start_in_net_thread(struct net_call *call)
{
    struct start_call *start = container_of(call, struct start_call, call);

    start->error = serve();
    atomic_store(&start->is_done, true);
    waitq_wake_all(&start->done_waitq);
}

static int agent_start(void)
{
    static struct start_call start = {.call = {.fn = start_in_net_thread}};

    auth_start();
    waitq_init(&start.done_waitq);
    net_call(&start.call);
    wait_event(&start.done_waitq, atomic_load(&start.is_done));
    if (start.error)
        return start.error;
    atomic_store(&is_ready, true);
    event_publish("host.started", "{\"version\":\"%s\"}", build_version);
    log_info("agent: HTTP on port %d", HTTP_PORT);
    boot_images_start();
    return 0;
}

static void drain(struct net_call *call)
{
    http_server_drain(server);
}

static void agent_stop(void)
{
    static struct net_call call = {.fn = drain};

    atomic_store(&is_ready, false);
    if (server)
        net_call(&call);
}

BOOT_STEP(BOOT_AGENT, agent, agent_start, agent_stop);
