# SPDX-License-Identifier: BSD-2-Clause
# lwIP: core, IPv4, IPv6, Ethernet; none of its threads or sockets. The options are net/lwip/port's.

LWIP := $(LWIP_DIR)/src
lwip-core := altcp altcp_alloc altcp_tcp def dns inet_chksum init ip mem memp netif pbuf raw stats sys tcp tcp_in \
	tcp_out timeouts udp
lwip-core/ipv4 := acd autoip dhcp etharp icmp igmp ip4 ip4_addr ip4_frag
lwip-core/ipv6 := dhcp6 ethip6 icmp6 inet6 ip6 ip6_addr ip6_frag mld6 nd6
lwip-netif := ethernet

inc-lwip := -isystem $(LWIP)/include -Inet/lwip/port/include
src-$(CONFIG_NET) += $(foreach dir,core core/ipv4 core/ipv6 netif,$(patsubst %,$(LWIP)/$(dir)/%.c,$(lwip-$(dir))))

$(OBJ)/$(LWIP_DIR)/%.o: room-flags = -w $(inc-core) -Inet/include $(inc-lwip)
