# SPDX-License-Identifier: BSD-2-Clause
src-$(CONFIG_VIRTIO_PCI) += platform/drivers/virtio/virtqueue.c platform/drivers/virtio/virtio_pci.c
