/* SPDX-License-Identifier: BSD-2-Clause */
#include "address.h"
#include "port.h"

#include <core/cmdline.h>
#include <core/event.h>
#include <core/log.h>
#include <core/time.h>
#include <errno.h>
#include <lwip/dhcp.h>
#include <lwip/netif.h>
#include <lwip/prot/dhcp.h>
#include <net/net.h>
#include <stdio.h>
#include <string.h>

/* The host's addresses: IPv4 by DHCP or the boot option `ip=`, IPv6 by SLAAC. */

/* How long DHCP may go without an answer before that is reported, and how often after that. */
#define DHCP_PATIENCE_NS (10 * NSEC_PER_SEC)
#define DHCP_REPORT_NS   (60 * NSEC_PER_SEC)

static struct ip_option ip_option = {.source = NET_ADDRESS_DHCP};

/* RFC 1123, 2.1: up to 63 in a label. */
static char hostname[64];

static int option_ip(const char *value)
{
    return ip_option_parse(value, &ip_option);
}
BOOT_OPTION("ip", option_ip, "dhcp|none|ADDRESS/LENGTH[,GATEWAY]");

static int option_hostname(const char *value)
{
    return hostname_parse(value, hostname, sizeof(hostname));
}
BOOT_OPTION("hostname", option_hostname, "letters, digits and '-', at most 63");

const char *net_hostname(void)
{
    return hostname;
}

/* Lower case, as RFC 5952, 4.3 wants it; lwIP writes capitals. */
static void ipv6_text(struct netif *netif, int index, char out[NET_TEXT_SIZE])
{
    ip6addr_ntoa_r(netif_ip6_addr(netif, index), out, NET_TEXT_SIZE);
    for (; *out; out++) {
        if (*out >= 'A' && *out <= 'F')
            *out = (char)(*out + ('a' - 'A'));
    }
}

static void report_ipv4(void)
{
    struct net_addresses now;

    net_addresses_get(&now);
    if (now.ipv4[0] == '\0') {
        log_warning("net: no IPv4 address any more");
        event_publish("host.address", "{\"ipv4\":null}");
        return;
    }
    log_info("net: address %s/%u, gateway %s (%s)", now.ipv4, now.prefix,
             now.gateway[0] ? now.gateway : "none", now.source == NET_ADDRESS_DHCP ? "DHCP" : "static");
    event_publish("host.address", "{\"ipv4\":\"%s\",\"prefix\":%u}", now.ipv4, now.prefix);
}

static void report_ipv6(int index)
{
    struct netif *netif = netif_port();
    char text[NET_TEXT_SIZE];
    u8_t state = netif_ip6_addr_state(netif, index);

    ipv6_text(netif, index, text);
    if (ip6_addr_ispreferred(state)) {
        log_info("net: address %s", text);
        event_publish("host.address", "{\"ipv6\":\"%s\"}", text);
    } else if (ip6_addr_isduplicated(state)) {
        log_error("net: address %s is in use by another host", text);
    }
}

static void on_change(struct netif *netif, netif_nsc_reason_t reason, const netif_ext_callback_args_t *args)
{
    if ((reason & LWIP_NSC_IPV4_ADDR_VALID) && (reason & LWIP_NSC_IPV4_ADDRESS_CHANGED))
        report_ipv4();
    if (reason & LWIP_NSC_IPV6_ADDR_STATE_CHANGED)
        report_ipv6(args->ipv6_addr_state_changed.addr_index);
}
NETIF_DECLARE_EXT_CALLBACK(change_callback)

static void dhcp_patience_over(struct net_timer *timer)
{
    const struct dhcp *dhcp = netif_dhcp_data(netif_port());

    if (dhcp && ip4_addr_isany_val(*netif_ip4_addr(netif_port()))) {
        if (netif_is_link_up(netif_port()))
            log_warning("net: no DHCP server answered yet, still trying");
        else
            log_warning("net: no link, so no address yet");
        event_publish("host.address_missing", "{\"source\":\"dhcp\"}");
    }
    net_timer_arm(timer, clock_now_ns() + DHCP_REPORT_NS);
}
static struct net_timer dhcp_patience = {.fn = dhcp_patience_over};

static void start_ipv4(struct netif *netif)
{
    ip4_addr_t address = {.addr = ip_option.address}, gateway = {.addr = ip_option.gateway}, mask;

    if (ip_option.source == NET_ADDRESS_STATIC) {
        mask.addr = lwip_htonl(ip_option.prefix ? ~0U << (32 - ip_option.prefix) : 0);
        netif_set_addr(netif, &address, &mask, &gateway);
    } else if (ip_option.source == NET_ADDRESS_DHCP) {
        if (dhcp_start(netif) != ERR_OK)
            log_error("net: DHCP does not start: out of memory");
        net_timer_arm(&dhcp_patience, clock_now_ns() + DHCP_PATIENCE_NS);
    }
}

void net_address_start(void)
{
    struct netif *netif = netif_port();
    static bool has_callback;

    if (!has_callback)
        netif_add_ext_callback(&change_callback, on_change);
    has_callback = true;
    if (hostname[0] == '\0')
        snprintf(hostname, sizeof(hostname), "basalt-%02x%02x%02x", netif->hwaddr[3], netif->hwaddr[4],
                 netif->hwaddr[5]);
    netif_set_hostname(netif, hostname);
    /* Addresses made of another card's MAC are not ours any more. */
    for (int i = 1; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        netif_ip6_addr_set_state(netif, (s8_t)i, IP6_ADDR_INVALID);
    netif_set_ip6_autoconfig_enabled(netif, 1);
    netif_create_ip6_linklocal_address(netif, 1);
    netif_set_up(netif);
    start_ipv4(netif);
}

void net_address_stop(void)
{
    if (ip_option.source == NET_ADDRESS_DHCP)
        dhcp_release_and_stop(netif_port());
}

static const char *ipv6_state(u8_t state)
{
    if (ip6_addr_istentative(state))
        return "tentative";
    if (ip6_addr_isduplicated(state))
        return "duplicated";
    return ip6_addr_ispreferred(state) ? "preferred" : "deprecated";
}

void net_addresses_get(struct net_addresses *out)
{
    struct netif *netif = netif_port();
    uint32_t mask = lwip_ntohl(netif_ip4_netmask(netif)->addr);

    *out = (struct net_addresses){.source = NET_ADDRESS_NONE};
    if (!ip4_addr_isany_val(*netif_ip4_addr(netif))) {
        out->source = ip_option.source;
        out->prefix = mask ? (unsigned)(32 - __builtin_ctz(mask)) : 0;
        ip4addr_ntoa_r(netif_ip4_addr(netif), out->ipv4, sizeof(out->ipv4));
        if (!ip4_addr_isany_val(*netif_ip4_gw(netif)))
            ip4addr_ntoa_r(netif_ip4_gw(netif), out->gateway, sizeof(out->gateway));
    }
    for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES && out->n_ipv6 < NET_IPV6_MAX; i++) {
        u8_t state = netif_ip6_addr_state(netif, i);

        if (ip6_addr_isinvalid(state))
            continue;
        ipv6_text(netif, i, out->ipv6[out->n_ipv6].address);
        out->ipv6[out->n_ipv6++].state = ipv6_state(state);
    }
}
