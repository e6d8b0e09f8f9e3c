# SPDX-License-Identifier: BSD-2-Clause
src-$(CONFIG_VIRTIO_PCI) += $(addprefix platform/drivers/virtio/,virtqueue.c virtio_caps.c virtio_pci.c)
