/* SPDX-License-Identifier: BSD-2-Clause */
/* What is the same for every transport: virtio 1.2, chapter 3. */
#include <platform/virtio.h>

#include <core/mm.h>
#include <core/thread.h>
#include <core/time.h>
#include <errno.h>
#include <platform/mmio.h>
#include <string.h>

#define RESET_TIMEOUT_NS NSEC_PER_SEC

int virtio_reset(struct virtio_device *dev)
{
    uint64_t deadline = clock_now_ns() + RESET_TIMEOUT_NS;

    dev->transport->status_set(dev, 0);
    /* 4.1.4.3.2, 4.2.3.1: done when it reads 0. Mostly at once. */
    while (dev->transport->status(dev) != 0) {
        if (clock_now_ns() >= deadline)
            return -ETIMEDOUT;
        thread_sleep_until(clock_now_ns() + NSEC_PER_MSEC);
    }
    return 0;
}

int virtio_negotiate(struct virtio_device *dev, uint64_t wanted, uint64_t *accepted)
{
    const struct virtio_transport *transport = dev->transport;

    virtio_status_add(dev, VIRTIO_STATUS_ACKNOWLEDGE);
    virtio_status_add(dev, VIRTIO_STATUS_DRIVER);
    *accepted = ((uint64_t)transport->features(dev, 1) << 32 | transport->features(dev, 0)) &
                (wanted | VIRTIO_F_VERSION_1);
    if (!(*accepted & VIRTIO_F_VERSION_1))
        return -ENODEV;
    transport->features_set(dev, 0, (uint32_t)*accepted);
    transport->features_set(dev, 1, (uint32_t)(*accepted >> 32));
    virtio_status_add(dev, VIRTIO_STATUS_FEATURES_OK);
    return virtio_status(dev) & VIRTIO_STATUS_FEATURES_OK ? 0 : -ENODEV;
}

uint8_t virtio_status(struct virtio_device *dev)
{
    return dev->transport->status(dev);
}

void virtio_status_add(struct virtio_device *dev, uint8_t bits)
{
    dev->transport->status_set(dev, virtio_status(dev) | bits);
}

uint8_t virtio_isr(struct virtio_device *dev)
{
    return dev->transport->isr(dev);
}

void virtio_registers_read(volatile const void *at, void *to, unsigned width, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (width == 1)
            ((uint8_t *)to)[i] = mmio_read8(at, i);
        else if (width == 2)
            ((uint16_t *)to)[i] = mmio_read16(at, 2 * i);
        else
            ((uint32_t *)to)[i] = mmio_read32(at, 4 * i);
    }
}

void virtio_address_write(volatile void *registers, unsigned offset, const void *ptr)
{
    uint64_t address = ptr_to_hpa(ptr).v;

    mmio_write32(registers, offset, (uint32_t)address);
    mmio_write32(registers, offset + 4, (uint32_t)(address >> 32));
}

void virtio_config_read(struct virtio_device *dev, unsigned offset, void *to, unsigned width, unsigned count)
{
    memset(to, 0, (size_t)width * count);
    /* Torn reads show in the generation (2.5.1); a device that never settles is read as it is. */
    for (unsigned tries = 0; tries < 16; tries++) {
        uint32_t before = dev->transport->generation(dev);

        if (!dev->transport->config_read(dev, offset, to, width, count) ||
            dev->transport->generation(dev) == before)
            return;
    }
}

int virtio_config_vector(struct virtio_device *dev, uint16_t vector)
{
    return dev->transport->config_vector(dev, vector);
}

uint16_t virtio_queue_size_max(struct virtio_device *dev, uint16_t index)
{
    uint32_t size = dev->transport->queue_size_max(dev, index);

    return size <= VIRTQUEUE_SIZE_MAX && (size & (size - 1)) == 0 ? (uint16_t)size : 0;
}

int virtio_queue_enable(struct virtio_device *dev, uint16_t index, const struct virtqueue *vq,
                        uint16_t vector, struct virtio_doorbell *doorbell)
{
    return dev->transport->queue_enable(dev, index, vq, vector, doorbell);
}

void virtio_master_set(struct virtio_device *dev, bool is_master)
{
    dev->transport->master_set(dev, is_master);
}
