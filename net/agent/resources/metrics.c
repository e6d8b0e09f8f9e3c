/* SPDX-License-Identifier: BSD-2-Clause */
#include "../metrics.h"
#include "../agent.h"
#include "../request_stats.h"

#include <core/build_info.h>
#include <core/cpu.h>
#include <core/image.h>
#include <core/log.h>
#include <core/mm.h>
#include <core/sched.h>
#include <core/time.h>
#include <net/http.h>
#include <net/http_server.h>
#include <net/net.h>
#include <net/nic.h>

/* GET /metrics: Prometheus' text format 0.0.4. */

static void add_plain(struct text *text, const char *name, const char *type, const char *help, uint64_t value)
{
    metric_head(text, name, type, help);
    text_string(text, name);
    text_string(text, " ");
    text_u64(text, value);
    text_string(text, "\n");
}

static void add_host(struct text *text)
{
    uint64_t now_ns = clock_now_ns();
    struct mm_stats memory;

    metric_head(text, "basalt_build_info", "gauge", "What runs on this host.");
    text_printf(text, "basalt_build_info{version=\"%s\",board=\"%s\",backend=\"%s\",arch=\"%s\"} 1\n",
                build_version, CONFIG_BOARD, CONFIG_BACKEND, CONFIG_ARCH);
    metric_head(text, "basalt_uptime_seconds", "gauge", "Time since boot.");
    text_printf(text, "basalt_uptime_seconds %llu.%03llu\n", (unsigned long long)(now_ns / NSEC_PER_SEC),
                (unsigned long long)(now_ns % NSEC_PER_SEC / NSEC_PER_MSEC));
    add_plain(text, "basalt_cpu_count", "gauge", "Processors that are up.", cpu_count());
    add_plain(text, "basalt_thread_switches_total", "counter",
              "Threads switched between, over all processors.", sched_switches());
    mm_stats_get(NODE_ANY, &memory);
    metric_head(text, "basalt_memory_bytes", "gauge",
                "The host's memory by state; used and free make the total.");
    text_printf(text, "basalt_memory_bytes{state=\"free\"} %llu\n", (unsigned long long)memory.free_bytes);
    text_printf(text, "basalt_memory_bytes{state=\"used\"} %llu\n",
                (unsigned long long)(memory.total_bytes - memory.free_bytes));
    add_plain(text, "basalt_slab_bytes", "gauge", "Pages held by object caches.", memory.slab_bytes);
    add_plain(text, "basalt_heap_bytes", "gauge", "Memory handed out by malloc.", memory.heap_bytes);
}

struct nic_metric {
    const char *name, *help;
    size_t offset; /* in struct nic_info */
};

static void add_network(struct text *text)
{
    static const struct nic_metric metrics[] = {
        {"basalt_network_receive_packets_total", "Frames received.", offsetof(struct nic_info, rx_frames)},
        {"basalt_network_receive_bytes_total", "Bytes received.", offsetof(struct nic_info, rx_bytes)},
        {"basalt_network_receive_drop_total", "Received frames dropped.",
         offsetof(struct nic_info, rx_dropped)},
        {"basalt_network_transmit_packets_total", "Frames sent.", offsetof(struct nic_info, tx_frames)},
        {"basalt_network_transmit_bytes_total", "Bytes sent.", offsetof(struct nic_info, tx_bytes)},
        {"basalt_network_transmit_drop_total", "Frames to send dropped.",
         offsetof(struct nic_info, tx_dropped)},
        {"basalt_network_resets_total", "Resets of the interface.", offsetof(struct nic_info, resets)},
    };
    struct net_memory memory;
    struct nic_info nic;

    for (size_t m = 0; m < ARRAY_SIZE(metrics); m++) {
        metric_head(text, metrics[m].name, "counter", metrics[m].help);
        for (unsigned i = 0; nic_info_get(i, &nic) == 0; i++)
            text_printf(text, "%s{interface=\"%s\"} %llu\n", metrics[m].name, nic.name,
                        *(const unsigned long long *)((const char *)&nic + metrics[m].offset));
    }
    metric_head(text, "basalt_network_up", "gauge", "Whether the link is up.");
    for (unsigned i = 0; nic_info_get(i, &nic) == 0; i++)
        text_printf(text, "basalt_network_up{interface=\"%s\"} %d\n", nic.name, nic.is_link_up);
    net_memory_get(&memory);
    add_plain(text, "basalt_network_memory_bytes", "gauge", "Memory held by the TCP/IP stack.",
              memory.used_bytes);
    add_plain(text, "basalt_network_memory_limit_bytes", "gauge", "What it may hold.", memory.limit_bytes);
    add_plain(text, "basalt_network_memory_refused_total", "counter", "Requests for memory it was refused.",
              memory.refused);
}

static void add_http(struct text *text)
{
    struct http_stats stats;

    http_server_stats(agent_server(), &stats);
    add_plain(text, "basalt_http_connections", "gauge", "Open connections.", stats.connections);
    add_plain(text, "basalt_http_connections_total", "counter", "Connections accepted.",
              stats.connections_total);
    add_plain(text, "basalt_http_connections_refused_total", "counter", "Connections beyond the limits.",
              stats.connections_refused);
    add_plain(text, "basalt_http_timeouts_total", "counter", "Connections ended by a timeout.",
              stats.timeouts_total);
    add_plain(text, "basalt_http_memory_bytes", "gauge", "Memory held for requests.", stats.memory_bytes);
    request_stats_write(text);
}

static void add_log(struct text *text)
{
    metric_head(text, "basalt_log_messages_total", "counter", "Lines logged.");
    for (unsigned level = 0; level <= LOG_LEVEL_DEBUG; level++)
        text_printf(text, "basalt_log_messages_total{level=\"%s\"} %llu\n",
                    log_level_name((enum log_level)level),
                    (unsigned long long)log_count((enum log_level)level));
}

static void metrics_get(struct http_request *req)
{
    struct text text = {0};
    uint64_t n_images, image_bytes;

    add_host(&text);
    add_network(&text);
    add_http(&text);
    image_totals(&n_images, &image_bytes);
    add_plain(&text, "basalt_images", "gauge", "Images, uploads included.", n_images);
    add_plain(&text, "basalt_image_bytes", "gauge", "Bytes in images.", image_bytes);
    add_log(&text);
    if (IS_ENABLED(CONFIG_VMM))
        vm_metrics_respond(req, &text);
    else
        text_respond(req, 200, METRICS_TYPE, &text);
}
HTTP_ROUTE(metrics, .pattern = "/metrics", .methods = HTTP_BIT(HTTP_GET), .scope = HTTP_SCOPE_READ,
           .handler = metrics_get);
