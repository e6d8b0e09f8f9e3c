/* SPDX-License-Identifier: BSD-2-Clause */
#include <platform/virtio_mmio.h>

#include <core/vmap.h>
#include <errno.h>
#include <platform/mmio.h>

/* Registers: virtio 1.2, 4.2.2. All of 32 bits, but for the device's configuration. */
#define MAGIC               0x000
#define VERSION             0x004
#define DEVICE_ID           0x008
#define DEVICE_FEATURES     0x010
#define DEVICE_FEATURES_SEL 0x014
#define DRIVER_FEATURES     0x020
#define DRIVER_FEATURES_SEL 0x024
#define QUEUE_SEL           0x030
#define QUEUE_SIZE_MAX      0x034
#define QUEUE_SIZE          0x038
#define QUEUE_READY         0x044
#define QUEUE_NOTIFY        0x050
#define INTERRUPT_STATUS    0x060
#define INTERRUPT_ACK       0x064
#define STATUS              0x070
#define QUEUE_DESC          0x080
#define QUEUE_DRIVER        0x090
#define QUEUE_DEVICE        0x0a0
#define GENERATION          0x0fc
#define CONFIG              0x100

#define MAGIC_VALUE    0x74726976
#define VERSION_MODERN 2

static uint32_t read(struct virtio_device *dev, uint32_t offset)
{
    return mmio_read32(container_of(dev, struct virtio_mmio, base)->registers, offset);
}

static void write(struct virtio_device *dev, uint32_t offset, uint32_t value)
{
    mmio_write32(container_of(dev, struct virtio_mmio, base)->registers, offset, value);
}

static uint8_t status(struct virtio_device *dev)
{
    return (uint8_t)read(dev, STATUS);
}

static void status_set(struct virtio_device *dev, uint8_t value)
{
    write(dev, STATUS, value);
}

static uint32_t features(struct virtio_device *dev, unsigned half)
{
    write(dev, DEVICE_FEATURES_SEL, half);
    return read(dev, DEVICE_FEATURES);
}

static void features_set(struct virtio_device *dev, unsigned half, uint32_t value)
{
    write(dev, DRIVER_FEATURES_SEL, half);
    write(dev, DRIVER_FEATURES, value);
}

static uint32_t generation(struct virtio_device *dev)
{
    return read(dev, GENERATION);
}

static bool config_read(struct virtio_device *dev, unsigned offset, void *to, unsigned width, unsigned count)
{
    struct virtio_mmio *self = container_of(dev, struct virtio_mmio, base);

    if (CONFIG + offset + width * count > self->size)
        return false;
    virtio_registers_read(self->registers + CONFIG + offset, to, width, count);
    return true;
}

/* There is one line and no vector. */
static int config_vector(struct virtio_device *dev, uint16_t vector)
{
    (void)dev;
    return vector == VIRTIO_NO_VECTOR ? 0 : -EBUSY;
}

static uint32_t queue_size_max(struct virtio_device *dev, uint16_t index)
{
    write(dev, QUEUE_SEL, index);
    return read(dev, QUEUE_SIZE_MAX);
}

static int queue_enable(struct virtio_device *dev, uint16_t index, const struct virtqueue *vq,
                        uint16_t vector, struct virtio_doorbell *doorbell)
{
    struct virtio_mmio *self = container_of(dev, struct virtio_mmio, base);

    write(dev, QUEUE_SEL, index);
    if (read(dev, QUEUE_READY) != 0 || vector != VIRTIO_NO_VECTOR)
        return -EBUSY;
    write(dev, QUEUE_SIZE, vq->size);
    virtio_address_write(self->registers, QUEUE_DESC, vq->desc);
    virtio_address_write(self->registers, QUEUE_DRIVER, vq->avail);
    virtio_address_write(self->registers, QUEUE_DEVICE, vq->used);
    write(dev, QUEUE_READY, 1);
    *doorbell = (struct virtio_doorbell){.wide = (volatile uint32_t *)(self->registers + QUEUE_NOTIFY)};
    return 0;
}

static uint8_t isr(struct virtio_device *dev)
{
    uint32_t causes = read(dev, INTERRUPT_STATUS);

    if (causes != 0)
        write(dev, INTERRUPT_ACK, causes);
    return (uint8_t)causes;
}

/* Nothing but a reset keeps it from memory. */
static void master_set(struct virtio_device *dev, bool is_master)
{
    (void)dev;
    (void)is_master;
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

int virtio_mmio_open(struct virtio_mmio *dev, const struct host_device *slot)
{
    if (slot->size < CONFIG)
        return 0;
    dev->base.transport = &transport;
    dev->size = (uint32_t)MIN(slot->size, PAGE_SIZE);
    dev->registers = mmio_map(slot->base, dev->size, MMIO_UNCACHED);
    if (dev->registers == NULL)
        return -ENOMEM;
    if (read(&dev->base, MAGIC) != MAGIC_VALUE || read(&dev->base, VERSION) != VERSION_MODERN)
        return 0;
    return (int)(read(&dev->base, DEVICE_ID) & 0xffff);
}
