# SPDX-License-Identifier: BSD-2-Clause
src-$(CONFIG_NIC_COMMON) += $(addprefix platform/drivers/nic/,rx_pool.c service.c transmit.c)
src-$(CONFIG_NIC_VIRTIO) += $(addprefix platform/drivers/nic/,virtio_net.c virtio_net_rx.c virtio_net_tx.c)
src-$(CONFIG_NIC_VIRTIO_PCI) += platform/drivers/nic/virtio_net_pci.c
src-$(CONFIG_NIC_VIRTIO_MMIO) += platform/drivers/nic/virtio_net_mmio.c
src-$(CONFIG_NIC_E1000E) += $(addprefix platform/drivers/nic/,e1000e.c e1000e_hw.c e1000e_rx.c e1000e_tx.c)
src-$(CONFIG_NIC_GEM) += $(addprefix platform/drivers/nic/,gem.c gem_hw.c gem_phy.c gem_rx.c gem_tx.c)
