/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a device says its structures are. Touches configuration space only. virtio 1.2, 4.1.4. */
#include <platform/virtio_pci.h>

#include <errno.h>
#include <string.h>

#define CAP_LENGTH     2
#define CAP_TYPE       3
#define CAP_BAR        4
#define CAP_OFFSET     8
#define CAP_SIZE       12
#define CAP_MULTIPLIER 16

/* What of each structure is used at least; common configuration without the optional fields of 1.2. */
static const uint32_t region_min[VIRTIO_REGIONS] = {[VIRTIO_REGION_COMMON] = 56,
                                                    [VIRTIO_REGION_NOTIFY] = 2,
                                                    [VIRTIO_REGION_ISR] = 1,
                                                    [VIRTIO_REGION_DEVICE] = 1};

static bool region_fits(const struct pci_device *pci, const struct virtio_region *region)
{
    const struct pci_bar *bar;

    if (region->bar >= PCI_BARS)
        return false;
    bar = &pci->bars[region->bar];
    return bar->kind == PCI_BAR_MEMORY && bar->address != 0 && region->length <= bar->size &&
           region->offset <= bar->size - region->length && IS_ALIGNED(region->offset, 4);
}

int virtio_pci_regions_read(struct pci_device *pci, struct virtio_region regions[VIRTIO_REGIONS])
{
    unsigned cap;

    memset(regions, 0, VIRTIO_REGIONS * sizeof(*regions));
    for (unsigned i = 0; (cap = pci_cap_find(pci, PCI_CAP_VENDOR, i)) != 0; i++) {
        unsigned kind = pci_read(pci, cap + CAP_TYPE, 1);
        unsigned size = pci_read(pci, cap + CAP_LENGTH, 1);
        struct virtio_region region;

        if (kind < VIRTIO_REGION_COMMON || kind >= VIRTIO_REGIONS || size < 16 ||
            cap + size > PCI_CONFIG_SIZE)
            continue;
        region = (struct virtio_region){
            .bar = (uint8_t)pci_read(pci, cap + CAP_BAR, 1),
            .offset = pci_read(pci, cap + CAP_OFFSET, 4),
            .length = pci_read(pci, cap + CAP_SIZE, 4),
        };
        if (kind == VIRTIO_REGION_NOTIFY && size >= CAP_MULTIPLIER + 4)
            region.multiplier = pci_read(pci, cap + CAP_MULTIPLIER, 4);
        /* The device lists its preference first; unusable ones are skipped (4.1.4.1). */
        if (regions[kind].length == 0 && region.length >= region_min[kind] && region_fits(pci, &region))
            regions[kind] = region;
    }
    return regions[VIRTIO_REGION_COMMON].length && regions[VIRTIO_REGION_NOTIFY].length &&
                   regions[VIRTIO_REGION_ISR].length
               ? 0
               : -ENODEV;
}
