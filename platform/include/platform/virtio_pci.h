/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PLATFORM_VIRTIO_PCI_H
#define PLATFORM_VIRTIO_PCI_H

#include <core/compiler.h>
#include <core/types.h>
#include <platform/pci.h>
#include <platform/virtio.h>

/* A virtio device behind PCI, modern interface only. virtio 1.2, 4.1. */

#define VIRTIO_PCI_VENDOR       0x1af4
#define VIRTIO_PCI_MODERN(type) (0x1040 + (type))
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
    struct virtio_device base;
    struct pci_device *pci;
    struct virtio_region regions[VIRTIO_REGIONS];  /* immutable, by kind */
    volatile void *common, *notify, *isr, *device; /* immutable; device may be NULL */
};

/* Finds the structures: the first capability of each kind whose range lies in its BAR. -ENODEV: one that is
 * required is missing. Touches configuration space only. */
must_check int virtio_pci_regions_read(struct pci_device *pci, struct virtio_region regions[VIRTIO_REGIONS]);

/* Maps everything and resets the device. Context: thread. */
must_check int virtio_pci_init(struct virtio_pci *dev, struct pci_device *pci);

#endif
