# SPDX-License-Identifier: BSD-2-Clause
src-$(CONFIG_NET) += net/l2/switch.c net/l2/fdb.c net/l2/nic_port.c
