/* SPDX-License-Identifier: BSD-2-Clause */
#include <platform/virtio_pci.h>

#include <errno.h>
#include <platform/mmio.h>

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

static volatile void *region_map(struct virtio_pci *dev, enum virtio_region_kind kind)
{
    const struct virtio_region *region = &dev->regions[kind];
    volatile char *base = region->length ? pci_bar_map(dev->pci, region->bar) : NULL;

    return base ? base + region->offset : NULL;
}

static struct virtio_pci *self(struct virtio_device *dev)
{
    return container_of(dev, struct virtio_pci, base);
}

static uint8_t status(struct virtio_device *dev)
{
    return mmio_read8(self(dev)->common, COMMON_STATUS);
}

static void status_set(struct virtio_device *dev, uint8_t value)
{
    mmio_write8(self(dev)->common, COMMON_STATUS, value);
}

static uint32_t features(struct virtio_device *dev, unsigned half)
{
    mmio_write32(self(dev)->common, COMMON_DEVICE_FEATURE_SELECT, half);
    return mmio_read32(self(dev)->common, COMMON_DEVICE_FEATURE);
}

static void features_set(struct virtio_device *dev, unsigned half, uint32_t value)
{
    mmio_write32(self(dev)->common, COMMON_DRIVER_FEATURE_SELECT, half);
    mmio_write32(self(dev)->common, COMMON_DRIVER_FEATURE, value);
}

static uint32_t generation(struct virtio_device *dev)
{
    return mmio_read8(self(dev)->common, COMMON_GENERATION);
}

static bool config_read(struct virtio_device *dev, unsigned offset, void *to, unsigned width, unsigned count)
{
    struct virtio_pci *pci = self(dev);

    if (!pci->device || offset + width * count > pci->regions[VIRTIO_REGION_DEVICE].length)
        return false;
    virtio_registers_read((volatile char *)pci->device + offset, to, width, count);
    return true;
}

static int config_vector(struct virtio_device *dev, uint16_t vector)
{
    mmio_write16(self(dev)->common, COMMON_CONFIG_VECTOR, vector);
    return mmio_read16(self(dev)->common, COMMON_CONFIG_VECTOR) == vector ? 0 : -EBUSY;
}

static uint32_t queue_size_max(struct virtio_device *dev, uint16_t index)
{
    volatile void *common = self(dev)->common;

    if (index >= mmio_read16(common, COMMON_NUM_QUEUES))
        return 0;
    mmio_write16(common, COMMON_QUEUE_SELECT, index);
    return mmio_read16(common, COMMON_QUEUE_SIZE);
}

static int queue_enable(struct virtio_device *dev, uint16_t index, const struct virtqueue *vq,
                        uint16_t vector, struct virtio_doorbell *doorbell)
{
    const struct virtio_region *notify = &self(dev)->regions[VIRTIO_REGION_NOTIFY];
    volatile void *common = self(dev)->common;
    uint64_t at;

    mmio_write16(common, COMMON_QUEUE_SELECT, index);
    at = (uint64_t)mmio_read16(common, COMMON_QUEUE_NOTIFY_OFF) * notify->multiplier;
    if (at + 2 > notify->length || (at & 1))
        return -ENODEV;
    mmio_write16(common, COMMON_QUEUE_SIZE, vq->size);
    virtio_address_write(common, COMMON_QUEUE_DESC, vq->desc);
    virtio_address_write(common, COMMON_QUEUE_DRIVER, vq->avail);
    virtio_address_write(common, COMMON_QUEUE_DEVICE, vq->used);
    mmio_write16(common, COMMON_QUEUE_VECTOR, vector);
    if (mmio_read16(common, COMMON_QUEUE_VECTOR) != vector)
        return -EBUSY;
    mmio_write16(common, COMMON_QUEUE_ENABLE, 1);
    *doorbell =
        (struct virtio_doorbell){.narrow = (volatile uint16_t *)((volatile char *)self(dev)->notify + at)};
    return 0;
}

/* Reading it acknowledges (4.1.4.5). */
static uint8_t isr(struct virtio_device *dev)
{
    return mmio_read8(self(dev)->isr, 0);
}

static void master_set(struct virtio_device *dev, bool is_master)
{
    if (is_master)
        pci_enable(self(dev)->pci);
    else
        pci_disable(self(dev)->pci);
}

static const struct virtio_transport transport = {
    .status = status,
    .status_set = status_set,
    .features = features,
    .features_set = features_set,
    .generation = generation,
    .config_read = config_read,
    .config_vector = config_vector,
    .queue_size_max = queue_size_max,
    .queue_enable = queue_enable,
    .isr = isr,
    .master_set = master_set,
};

int virtio_pci_init(struct virtio_pci *dev, struct pci_device *pci)
{
    int err;

    dev->base.transport = &transport;
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
    return virtio_reset(&dev->base);
}
