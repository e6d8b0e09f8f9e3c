/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PLATFORM_VIRTIO_H
#define PLATFORM_VIRTIO_H

#include <core/compiler.h>
#include <core/types.h>
#include <platform/virtqueue.h>

/* A virtio device, modern interface only, whatever carries it. virtio 1.2, chapters 2 and 3. */

#define VIRTIO_ID_NET 1

#define VIRTIO_STATUS_ACKNOWLEDGE 1
#define VIRTIO_STATUS_DRIVER      2
#define VIRTIO_STATUS_DRIVER_OK   4
#define VIRTIO_STATUS_FEATURES_OK 8
#define VIRTIO_STATUS_NEEDS_RESET 64
#define VIRTIO_STATUS_FAILED      128

#define VIRTIO_F_INDIRECT_DESC BIT(28)
#define VIRTIO_F_EVENT_IDX     BIT(29)
#define VIRTIO_F_VERSION_1     BIT(32)

#define VIRTIO_NO_VECTOR 0xffff

struct virtio_device {
    const struct virtio_transport *transport; /* immutable */
};

/* Where to say that a queue has news: its number is written there, in 16 bits or in 32. */
struct virtio_doorbell {
    volatile uint16_t *narrow; /* NULL: wide */
    volatile uint32_t *wide;
};

static always_inline void virtio_notify(const struct virtio_doorbell *doorbell, uint16_t index)
{
    if (likely(doorbell->narrow != NULL))
        *doorbell->narrow = index;
    else
        *doorbell->wide = index;
}

/* What a transport does; nothing of it happens per frame but the interrupt status of lines. */
struct virtio_transport {
    uint8_t (*status)(struct virtio_device *dev);
    void (*status_set)(struct virtio_device *dev, uint8_t status);
    uint32_t (*features)(struct virtio_device *dev, unsigned half);
    void (*features_set)(struct virtio_device *dev, unsigned half, uint32_t features);
    uint32_t (*generation)(struct virtio_device *dev);
    /* False: the device has no configuration there. */
    bool (*config_read)(struct virtio_device *dev, unsigned offset, void *to, unsigned width, unsigned count);
    int (*config_vector)(struct virtio_device *dev, uint16_t vector);
    /* As the device says it; 0: it does not exist. */
    uint32_t (*queue_size_max)(struct virtio_device *dev, uint16_t index);
    int (*queue_enable)(struct virtio_device *dev, uint16_t index, const struct virtqueue *vq,
                        uint16_t vector, struct virtio_doorbell *doorbell);
    uint8_t (*isr)(struct virtio_device *dev);
    /* Whether it may reach memory at all. */
    void (*master_set)(struct virtio_device *dev, bool is_master);
};

/* Resets and waits until it is done (bounded; -ETIMEDOUT). All queues are the driver's again. Context:
 * thread. */
must_check int virtio_reset(struct virtio_device *dev);

/*
 * Up to FEATURES_OK: acknowledges, and accepts those of `wanted` that are offered, which *accepted becomes.
 * VERSION_1 is required. -ENODEV: not offered, or the device refuses the choice.
 */
must_check int virtio_negotiate(struct virtio_device *dev, uint64_t wanted, uint64_t *accepted);

uint8_t virtio_status(struct virtio_device *dev);
void virtio_status_add(struct virtio_device *dev, uint8_t bits);

/* Reads the interrupt status and acknowledges it: bit 0 queues, bit 1 configuration. For devices that
 * interrupt by a line. Context: any. */
uint8_t virtio_isr(struct virtio_device *dev);

/* `count` fields of `width` bytes (1, 2, 4) of the device configuration, in one piece even if it changes
 * meanwhile; zeroes if the device has none there. Fields are accessed in their own width. */
void virtio_config_read(struct virtio_device *dev, unsigned offset, void *to, unsigned width, unsigned count);

/* Interrupt vector for configuration changes. -EBUSY: the device has no room for it. */
must_check int virtio_config_vector(struct virtio_device *dev, uint16_t vector);

/* The largest size of queue `index`; 0: it does not exist. */
uint16_t virtio_queue_size_max(struct virtio_device *dev, uint16_t index);

/* Hands an initialised queue to the device and turns it on. */
must_check int virtio_queue_enable(struct virtio_device *dev, uint16_t index, const struct virtqueue *vq,
                                   uint16_t vector, struct virtio_doorbell *doorbell);

/* For a device that does not even reset: nothing of it reaches memory any more, where the transport can. */
void virtio_master_set(struct virtio_device *dev, bool is_master);

/* For transports: `count` registers of `width` bytes from `at`; where in memory something is, as two halves
 * (4.1.3.1, 4.2.2). */
void virtio_registers_read(volatile const void *at, void *to, unsigned width, unsigned count);
void virtio_address_write(volatile void *registers, unsigned offset, const void *ptr);

#endif
