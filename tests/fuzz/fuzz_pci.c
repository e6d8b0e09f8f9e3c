/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration spaces of up to 16 functions out of the input: 256 bytes each, behind a header of 3 bytes
 * (bus, devfn, how BAR bits read). Writes stick only where the third byte lets them.
 */
#include <core/host_info.h>
#include <core/log.h>
#include <platform/virtio_pci.h>
#include <stdlib.h>
#include <string.h>

#include "pci.h"

#define RECORD      259
#define RECORDS_MAX 16

static uint8_t records[RECORDS_MAX][RECORD];
static size_t record_count;

static uint8_t *record_find(struct pci_address at)
{
    for (size_t i = 0; i < record_count; i++)
        if (records[i][0] == at.bus && records[i][1] == at.devfn)
            return records[i];
    return NULL;
}

uint32_t pci_config_read(struct pci_address at, unsigned offset, unsigned size)
{
    uint8_t *record = record_find(at);
    uint32_t value = 0;

    if (offset + size > 256)
        abort();
    if (!record)
        return ~0U >> (32 - 8 * size);
    memcpy(&value, record + 3 + offset, size);
    return value;
}

void pci_config_write(struct pci_address at, unsigned offset, unsigned size, uint32_t value)
{
    uint8_t *record = record_find(at);

    if (offset + size > 256)
        abort();
    for (unsigned i = 0; record && i < size; i++)
        record[3 + offset + i] = (uint8_t)(value >> (8 * i)) & record[2];
}

const struct host_info *host_info(void)
{
    static const struct host_info info;

    return &info;
}

void log_write(enum log_level level, const char *format, ...)
{
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pci_device_list list = TAILQ_HEAD_INITIALIZER(list);
    struct pci_root root = {0, 0, 255};
    struct pci_device *dev;

    for (record_count = 0; record_count < RECORDS_MAX && size > 0; record_count++) {
        size_t n = size < RECORD ? size : RECORD;

        memset(records[record_count], 0, RECORD);
        memcpy(records[record_count], data, n);
        data += n;
        size -= n;
    }
    root.last_bus = 15; /* the search is long enough */
    if (pci_enumerate(&root, &list) == 0)
        pci_assign(&list);
    while ((dev = TAILQ_FIRST(&list)) != NULL) {
        struct virtio_region regions[VIRTIO_REGIONS];

        if (virtio_pci_regions_read(dev, regions) == 0 && regions[VIRTIO_REGION_COMMON].bar >= PCI_BARS)
            abort();
        TAILQ_REMOVE(&list, dev, link);
        free(dev);
    }
    return 0;
}
