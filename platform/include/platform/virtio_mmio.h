/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PLATFORM_VIRTIO_MMIO_H
#define PLATFORM_VIRTIO_MMIO_H

#include <core/host_info.h>
#include <platform/virtio.h>

/* A virtio device at a fixed address, which a device tree names: virtio 1.2, 4.2. */
struct virtio_mmio {
    struct virtio_device base;
    volatile char *registers;
    uint32_t size;
};

/* The kind of device in this slot, or 0: none, or one that is too old for us. -ENOMEM. Context: thread. */
must_check int virtio_mmio_open(struct virtio_mmio *dev, const struct host_device *slot);

#endif
