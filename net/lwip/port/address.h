/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_LWIP_ADDRESS_H
#define NET_LWIP_ADDRESS_H

#include <core/compiler.h>
#include <net/net.h>

/* What the boot option `ip=` says. Addresses are in network byte order. */
struct ip_option {
    enum net_address_source source;
    uint32_t address, gateway; /* gateway 0: none */
    unsigned prefix;
};

/* Reads "dhcp", "none" or "ADDRESS/LENGTH[,GATEWAY]". -EINVAL leaves *out alone. Pure. */
must_check int ip_option_parse(const char *value, struct ip_option *out);

/* Copies a host name that RFC 1123 allows as a single label. -EINVAL leaves `out` alone. Pure. */
must_check int hostname_parse(const char *value, char *out, size_t size);

#endif
