/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PLATFORM_VIRTIO_PCI_H
#define PLATFORM_VIRTIO_PCI_H

#include <core/compiler.h>
#include <core/types.h>
#include <platform/pci.h>
#include <platform/virtqueue.h>

/* A virtio device behind PCI, modern interface only. virtio 1.2, chapters 2, 3 and 4.1. */

#define VIRTIO_PCI_VENDOR       0x1af4
#define VIRTIO_PCI_MODERN(type) (0x1040 + (type))
#define VIRTIO_ID_NET           1

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

/* A structure in a BAR, as a vendor capability places it: 4.1.4. */
struct virtio_region {
    uint8_t bar;
    uint32_t offset, length; /* length 0: there is no such structure */
    uint32_t multiplier;     /* notification structure only */
};

enum virtio_region_kind {
    VIRTIO_REGION_COMMON = 1,
    VIRTIO_REGION_NOTIFY = 2,
    VIRTIO_REGION_ISR = 3,
    VIRTIO_REGION_DEVICE = 4,
    VIRTIO_REGIONS,
};

struct virtio_pci {
    struct pci_device *pci;
    struct virtio_region regions[VIRTIO_REGIONS];  /* immutable, by kind */
    volatile void *common, *notify, *isr, *device; /* immutable; device may be NULL */
};

/* Finds the structures: the first capability of each kind whose range lies in its BAR. -ENODEV: one that is
 * required is missing. Touches configuration space only. */
must_check int virtio_pci_regions_read(struct pci_device *pci, struct virtio_region regions[VIRTIO_REGIONS]);

/* Maps everything and resets the device. Context: thread. */
must_check int virtio_pci_init(struct virtio_pci *dev, struct pci_device *pci);

/* Resets and waits until it is done (bounded; -ETIMEDOUT). All queues are the driver's again. Context:
 * thread. */
must_check int virtio_pci_reset(struct virtio_pci *dev);

/*
 * Up to FEATURES_OK: acknowledges, and accepts those of `wanted` that are offered, which *accepted becomes.
 * VERSION_1 is required. -ENODEV: not offered, or the device refuses the choice.
 */
must_check int virtio_pci_negotiate(struct virtio_pci *dev, uint64_t wanted, uint64_t *accepted);

uint8_t virtio_pci_status(struct virtio_pci *dev);
void virtio_pci_status_add(struct virtio_pci *dev, uint8_t bits);

/* Reads the interrupt status, which acknowledges INTx: bit 0 queues, bit 1 configuration. Context: any. */
uint8_t virtio_pci_isr(struct virtio_pci *dev);

/* `count` fields of `width` bytes (1, 2, 4) of the device configuration, in one piece even if it changes
 * meanwhile; zeroes if the device has none there. Fields are accessed in their own width (4.1.3.1). */
void virtio_pci_config_read(struct virtio_pci *dev, unsigned offset, void *to, unsigned width,
                            unsigned count);

/* MSI-X vector for configuration changes. -EBUSY: the device has no room for it. */
must_check int virtio_pci_config_vector(struct virtio_pci *dev, uint16_t vector);

/* The largest size of queue `index`; 0: it does not exist. */
uint16_t virtio_pci_queue_size_max(struct virtio_pci *dev, uint16_t index);

/* Hands an initialised queue to the device and turns it on. The result is where to write `index` to notify
 * it. */
must_check int virtio_pci_queue_enable(struct virtio_pci *dev, uint16_t index, const struct virtqueue *vq,
                                       uint16_t vector, volatile uint16_t **doorbell);

#endif
