# SPDX-License-Identifier: BSD-2-Clause
src-$(CONFIG_NET) += $(patsubst %,net/lwip/port/%.c,address checksum ip_option isn memory netif_port thread time_wait timers tx)
src-$(CONFIG_NET) += net/lwip/http_tcp.c
