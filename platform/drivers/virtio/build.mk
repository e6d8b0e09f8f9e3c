# SPDX-License-Identifier: BSD-2-Clause
src-$(CONFIG_VIRTIO) += $(addprefix platform/drivers/virtio/,virtqueue.c virtio.c)
src-$(CONFIG_VIRTIO_PCI) += $(addprefix platform/drivers/virtio/,virtio_caps.c virtio_pci.c)
src-$(CONFIG_VIRTIO_MMIO) += platform/drivers/virtio/virtio_mmio.c
