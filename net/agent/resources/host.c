/* SPDX-License-Identifier: BSD-2-Clause */
#include "../json_out.h"
#include "../time_text.h"

#include <contract/cpu_info.h>
#include <core/build_info.h>
#include <core/cmdline.h>
#include <core/cpu.h>
#include <core/host_info.h>
#include <core/mm.h>
#include <core/time.h>
#include <net/http.h>
#include <net/net.h>
#include <net/nic.h>
#include <stdlib.h>
#include <string.h>

/* Two digits a byte; `separator` between them unless it is 0. */
static void hex_text(const uint8_t *bytes, size_t n, char separator, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        if (i > 0 && separator)
            *out++ = separator;
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

static void add_build(struct json_out *json)
{
    char id[41];

    hex_text(build_id_note_start.id, sizeof(build_id_note_start.id), '\0', id);
    json_string(json, "name", net_hostname());
    json_string(json, "board", CONFIG_BOARD);
    json_string(json, "backend", CONFIG_BACKEND);
    json_string(json, "arch", CONFIG_ARCH);
    json_string(json, "version", build_version);
    json_string(json, "build_id", id);
    json_string(json, "compiler", build_compiler);
}

static void add_boot(struct json_out *json, const struct host_info *info)
{
    uint64_t uptime_seconds = clock_now_ns() / NSEC_PER_SEC, wall = clock_wall_seconds();
    char boot_time[TIME_RFC3339_SIZE], *cmdline = strdup(info->cmdline);

    json_u64(json, "uptime_seconds", uptime_seconds);
    if (wall > uptime_seconds) {
        time_rfc3339(wall - uptime_seconds, boot_time);
        json_string(json, "boot_time", boot_time);
    } else {
        json_null(json, "boot_time");
    }
    if (cmdline)
        cmdline_redact(cmdline);
    json_string(json, "cmdline", cmdline ? cmdline : "");
    free(cmdline);
    json_string(json, "firmware", host_firmware_name(info->firmware));
    json_string(json, "loader", info->loader);
}

static void add_cpu(struct json_out *json)
{
    struct arch_cpu_info cpu;

    arch_cpu_info_get(&cpu);
    json_object(json, "cpu");
    json_string(json, "vendor", cpu.vendor);
    json_string(json, "model", cpu.model);
    json_array(json, "features");
    for (unsigned i = 0; i < cpu.n_features; i++)
        json_string(json, NULL, cpu.features[i]);
    json_array_end(json);
    json_u64(json, "tsc_hz", clock_hz());
    json_object_end(json);
}

/* The node firmware puts a CPU in. Only as many CPUs as there are, but each asks: they are in firmware's
 * order. */
static uint32_t cpu_node(const struct host_info *info, unsigned cpu, uint64_t hw_id)
{
    if (cpu < info->cpu_count && info->cpus[cpu].hardware_id == hw_id)
        return info->cpus[cpu].node;
    for (size_t i = 0; i < info->cpu_count; i++) {
        if (info->cpus[i].hardware_id == hw_id)
            return info->cpus[i].node;
    }
    return 0;
}

static void add_cpus(struct json_out *json, const struct host_info *info)
{
    json_array(json, "cpus");
    for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
        uint64_t hw_id = cpu_hw_id(cpu);

        json_object(json, NULL);
        json_u64(json, "id", cpu);
        json_u64(json, "apic_id", hw_id);
        json_u64(json, "node", cpu_node(info, cpu, hw_id));
        json_string(json, "state", "online");
        json_object_end(json);
    }
    json_array_end(json);
}

static void add_memory(struct json_out *json)
{
    struct mm_stats stats;

    mm_stats_get(NODE_ANY, &stats);
    json_object(json, "memory");
    JSON_FIGURES(json, {"total_bytes", stats.total_bytes}, {"free_bytes", stats.free_bytes},
                 {"heap_bytes", stats.heap_bytes});
    json_object_end(json);
}

static void add_interface(struct json_out *json, const struct nic_info *nic)
{
    char mac[18];

    hex_text(nic->mac, sizeof(nic->mac), ':', mac);
    json_object(json, NULL);
    json_string(json, "name", nic->name);
    json_string(json, "driver", nic->driver);
    json_string(json, "mac", mac);
    json_string(json, "link", nic->is_link_up ? "up" : "down");
    json_bool(json, "primary", nic->is_primary);
    JSON_FIGURES(json, {"mtu", nic->mtu}, {"rx_packets", nic->rx_frames}, {"tx_packets", nic->tx_frames},
                 {"rx_bytes", nic->rx_bytes}, {"tx_bytes", nic->tx_bytes}, {"rx_dropped", nic->rx_dropped},
                 {"tx_dropped", nic->tx_dropped}, {"resets", nic->resets});
    json_object_end(json);
}

static void add_ipv4(struct json_out *json, const struct net_addresses *addresses)
{
    static const char *const sources[] = {"none", "dhcp", "static"};

    json_object(json, "ipv4");
    if (addresses->ipv4[0]) {
        json_string(json, "address", addresses->ipv4);
        json_u64(json, "prefix", addresses->prefix);
    } else {
        json_null(json, "address");
        json_null(json, "prefix");
    }
    if (addresses->gateway[0])
        json_string(json, "gateway", addresses->gateway);
    else
        json_null(json, "gateway");
    json_string(json, "source", sources[addresses->source]);
    json_object_end(json);
}

static void add_network(struct json_out *json)
{
    struct net_addresses addresses;
    struct nic_info nic;

    net_addresses_get(&addresses);
    json_object(json, "network");
    json_array(json, "interfaces");
    for (unsigned i = 0; nic_info_get(i, &nic) == 0; i++)
        add_interface(json, &nic);
    json_array_end(json);
    add_ipv4(json, &addresses);
    json_array(json, "ipv6");
    for (unsigned i = 0; i < addresses.n_ipv6; i++) {
        json_object(json, NULL);
        json_string(json, "address", addresses.ipv6[i].address);
        json_string(json, "state", addresses.ipv6[i].state);
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}

static void add_warnings(struct json_out *json, const struct host_info *info)
{
    json_array(json, "warnings");
    for (const struct host_warning *warning = info->warnings; warning; warning = warning->next)
        json_string(json, NULL, warning->text);
    json_array_end(json);
}

/* GET /v1/host */
static void host_get(struct http_request *req)
{
    const struct host_info *info = host_info();
    struct json_out json = {0};

    json_object(&json, NULL);
    add_build(&json);
    add_boot(&json, info);
    add_cpu(&json);
    add_cpus(&json, info);
    add_memory(&json);
    add_network(&json);
    add_warnings(&json, info);
    json_object_end(&json);
    json_respond(req, 200, &json);
}
HTTP_ROUTE(host, .pattern = "/v1/host", .methods = HTTP_BIT(HTTP_GET), .scope = HTTP_SCOPE_READ,
           .handler = host_get);

/* GET /v1/host/config: the configuration the image was built with. */
static void host_config_get(struct http_request *req)
{
    http_respond_static(req, 200, "text/plain; charset=utf-8", build_config, build_config_size);
}
HTTP_ROUTE(host_config, .pattern = "/v1/host/config", .methods = HTTP_BIT(HTTP_GET), .scope = HTTP_SCOPE_READ,
           .handler = host_config_get);
