/* SPDX-License-Identifier: BSD-2-Clause */
#include <platform/virtio_pci.h>

#include <core/mm.h>
#include <core/thread.h>
#include <core/time.h>
#include <errno.h>
#include <platform/mmio.h>
#include <string.h>

/* Common configuration: 4.1.4.3. */
#define COMMON_DEVICE_FEATURE_SELECT 0
#define COMMON_DEVICE_FEATURE        4
#define COMMON_DRIVER_FEATURE_SELECT 8
#define COMMON_DRIVER_FEATURE        12
#define COMMON_CONFIG_VECTOR         16
#define COMMON_NUM_QUEUES            18
#define COMMON_STATUS                20
#define COMMON_GENERATION            21
#define COMMON_QUEUE_SELECT          22
#define COMMON_QUEUE_SIZE            24
#define COMMON_QUEUE_VECTOR          26
#define COMMON_QUEUE_ENABLE          28
#define COMMON_QUEUE_NOTIFY_OFF      30
#define COMMON_QUEUE_DESC            32
#define COMMON_QUEUE_DRIVER          40
#define COMMON_QUEUE_DEVICE          48

#define RESET_TIMEOUT_NS NSEC_PER_SEC

static volatile void *region_map(struct virtio_pci *dev, enum virtio_region_kind kind)
{
    const struct virtio_region *region = &dev->regions[kind];
    volatile char *base = region->length ? pci_bar_map(dev->pci, region->bar) : NULL;

    return base ? base + region->offset : NULL;
}

int virtio_pci_init(struct virtio_pci *dev, struct pci_device *pci)
{
    int err;

    dev->pci = pci;
    err = virtio_pci_regions_read(pci, dev->regions);
    if (err)
        return err;
    pci_enable(pci);
    dev->common = region_map(dev, VIRTIO_REGION_COMMON);
    dev->notify = region_map(dev, VIRTIO_REGION_NOTIFY);
    dev->isr = region_map(dev, VIRTIO_REGION_ISR);
    dev->device = region_map(dev, VIRTIO_REGION_DEVICE);
    if (!dev->common || !dev->notify || !dev->isr)
        return -ENOMEM;
    return virtio_pci_reset(dev);
}

int virtio_pci_reset(struct virtio_pci *dev)
{
    uint64_t deadline = clock_now_ns() + RESET_TIMEOUT_NS;

    mmio_write8(dev->common, COMMON_STATUS, 0);
    /* 4.1.4.3.2: done when it reads 0. Mostly at once. */
    while (mmio_read8(dev->common, COMMON_STATUS) != 0) {
        if (clock_now_ns() >= deadline)
            return -ETIMEDOUT;
        thread_sleep_until(clock_now_ns() + NSEC_PER_MSEC);
    }
    return 0;
}

static uint64_t features_offered(struct virtio_pci *dev)
{
    uint64_t features;

    mmio_write32(dev->common, COMMON_DEVICE_FEATURE_SELECT, 1);
    features = (uint64_t)mmio_read32(dev->common, COMMON_DEVICE_FEATURE) << 32;
    mmio_write32(dev->common, COMMON_DEVICE_FEATURE_SELECT, 0);
    return features | mmio_read32(dev->common, COMMON_DEVICE_FEATURE);
}

static void features_accept(struct virtio_pci *dev, uint64_t features)
{
    mmio_write32(dev->common, COMMON_DRIVER_FEATURE_SELECT, 0);
    mmio_write32(dev->common, COMMON_DRIVER_FEATURE, (uint32_t)features);
    mmio_write32(dev->common, COMMON_DRIVER_FEATURE_SELECT, 1);
    mmio_write32(dev->common, COMMON_DRIVER_FEATURE, (uint32_t)(features >> 32));
}

int virtio_pci_negotiate(struct virtio_pci *dev, uint64_t wanted, uint64_t *accepted)
{
    virtio_pci_status_add(dev, VIRTIO_STATUS_ACKNOWLEDGE);
    virtio_pci_status_add(dev, VIRTIO_STATUS_DRIVER);
    *accepted = features_offered(dev) & (wanted | VIRTIO_F_VERSION_1);
    if (!(*accepted & VIRTIO_F_VERSION_1))
        return -ENODEV;
    features_accept(dev, *accepted);
    virtio_pci_status_add(dev, VIRTIO_STATUS_FEATURES_OK);
    return virtio_pci_status(dev) & VIRTIO_STATUS_FEATURES_OK ? 0 : -ENODEV;
}

uint8_t virtio_pci_status(struct virtio_pci *dev)
{
    return mmio_read8(dev->common, COMMON_STATUS);
}

void virtio_pci_status_add(struct virtio_pci *dev, uint8_t bits)
{
    mmio_write8(dev->common, COMMON_STATUS, virtio_pci_status(dev) | bits);
}

uint8_t virtio_pci_isr(struct virtio_pci *dev)
{
    return mmio_read8(dev->isr, 0);
}

static void config_read_once(struct virtio_pci *dev, unsigned offset, void *to, unsigned width,
                             unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (width == 1)
            ((uint8_t *)to)[i] = mmio_read8(dev->device, offset + i);
        else if (width == 2)
            ((uint16_t *)to)[i] = mmio_read16(dev->device, offset + 2 * i);
        else
            ((uint32_t *)to)[i] = mmio_read32(dev->device, offset + 4 * i);
    }
}

void virtio_pci_config_read(struct virtio_pci *dev, unsigned offset, void *to, unsigned width, unsigned count)
{
    memset(to, 0, (size_t)width * count);
    if (!dev->device || offset + width * count > dev->regions[VIRTIO_REGION_DEVICE].length)
        return;
    /* Torn reads show in the generation (4.1.4.3.1); a device that never settles is read as it is. */
    for (unsigned tries = 0; tries < 16; tries++) {
        uint8_t before = mmio_read8(dev->common, COMMON_GENERATION);

        config_read_once(dev, offset, to, width, count);
        if (mmio_read8(dev->common, COMMON_GENERATION) == before)
            return;
    }
}

int virtio_pci_config_vector(struct virtio_pci *dev, uint16_t vector)
{
    mmio_write16(dev->common, COMMON_CONFIG_VECTOR, vector);
    return mmio_read16(dev->common, COMMON_CONFIG_VECTOR) == vector ? 0 : -EBUSY;
}

uint16_t virtio_pci_queue_size_max(struct virtio_pci *dev, uint16_t index)
{
    uint16_t size;

    if (index >= mmio_read16(dev->common, COMMON_NUM_QUEUES))
        return 0;
    mmio_write16(dev->common, COMMON_QUEUE_SELECT, index);
    size = mmio_read16(dev->common, COMMON_QUEUE_SIZE);
    return size <= VIRTQUEUE_SIZE_MAX && (size & (size - 1)) == 0 ? size : 0;
}

/* 64-bit fields are written as two halves (4.1.3.1). */
static void address_write(struct virtio_pci *dev, unsigned offset, const void *ptr)
{
    uint64_t address = ptr_to_hpa(ptr).v;

    mmio_write32(dev->common, offset, (uint32_t)address);
    mmio_write32(dev->common, offset + 4, (uint32_t)(address >> 32));
}

int virtio_pci_queue_enable(struct virtio_pci *dev, uint16_t index, const struct virtqueue *vq,
                            uint16_t vector, volatile uint16_t **doorbell)
{
    const struct virtio_region *notify = &dev->regions[VIRTIO_REGION_NOTIFY];
    uint64_t at;

    mmio_write16(dev->common, COMMON_QUEUE_SELECT, index);
    at = (uint64_t)mmio_read16(dev->common, COMMON_QUEUE_NOTIFY_OFF) * notify->multiplier;
    if (at + 2 > notify->length || (at & 1))
        return -ENODEV;
    mmio_write16(dev->common, COMMON_QUEUE_SIZE, vq->size);
    address_write(dev, COMMON_QUEUE_DESC, vq->desc);
    address_write(dev, COMMON_QUEUE_DRIVER, vq->avail);
    address_write(dev, COMMON_QUEUE_DEVICE, vq->used);
    mmio_write16(dev->common, COMMON_QUEUE_VECTOR, vector);
    if (mmio_read16(dev->common, COMMON_QUEUE_VECTOR) != vector)
        return -EBUSY;
    mmio_write16(dev->common, COMMON_QUEUE_ENABLE, 1);
    *doorbell = (volatile uint16_t *)((volatile char *)dev->notify + at);
    return 0;
}
