/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

#include <errno.h>

/* Base address registers (6.2.5): what they say is where the region is on its bus, if the command register
 * allows. */

#define BAR_IO           0x01
#define BAR_MEMORY64     0x04
#define BAR_MEMORY_MIN   16
#define BAR_IO_MIN       4
#define BAR_IO_MAX       256 /* 6.2.5.1 */
#define BAR_MEMORY32_MAX BIT(31)
#define BAR_MEMORY64_MAX BIT(40)
#define PORTS_END        0x10000

static struct bus *bus_of(const struct vpci_device *d, const struct vpci_bar *bar)
{
    return bar->type == PCI_BAR_IO ? d->host->config.pio : d->host->config.mmio;
}

int vpci_bar_add(struct vpci_device *d, unsigned index, enum vpci_bar_type type, const char *name,
                 uint64_t size, uint64_t (*read)(void *, uint64_t, unsigned),
                 void (*write)(void *, uint64_t, unsigned, uint64_t), void *context)
{
    bool is_64 = type == PCI_BAR_MEMORY64, is_io = type == PCI_BAR_IO;
    uint64_t mask = ~(size - 1);
    unsigned at = PCI_BAR0 + 4 * index;
    int error;

    if (index + is_64 >= PCI_BARS || d->bars[index].type != PCI_BAR_NONE || (size & (size - 1)) != 0 ||
        size < (is_io ? BAR_IO_MIN : BAR_MEMORY_MIN) ||
        size > (is_io   ? BAR_IO_MAX
                : is_64 ? BAR_MEMORY64_MAX
                        : BAR_MEMORY32_MAX))
        return -EINVAL;
    error = bus_reserve(is_io ? d->host->config.pio : d->host->config.mmio, 1);
    if (error)
        return error;
    d->bars[index] = (struct vpci_bar){
        .type = type,
        .region = {.size = size, .read = read, .write = write, .device = context, .name = name},
    };
    vpci_put32(&d->config[at], is_io ? BAR_IO : is_64 ? BAR_MEMORY64 : 0);
    vpci_put32(&d->writable[at], (uint32_t)mask);
    if (is_64)
        vpci_put32(&d->writable[at + 4], (uint32_t)(mask >> 32));
    return 0;
}

/* The address in the BAR's registers, without type bits. */
static uint64_t bar_address(const struct vpci_device *d, unsigned index)
{
    const uint8_t *at = &d->config[PCI_BAR0 + 4 * index];
    uint64_t low = vpci_get32(at) & vpci_get32(&d->writable[PCI_BAR0 + 4 * index]);

    return d->bars[index].type == PCI_BAR_MEMORY64 ? low | (uint64_t)vpci_get32(at + 4) << 32 : low;
}

void vpci_bar_address_set(struct vpci_device *d, unsigned index, uint64_t address)
{
    uint8_t *at = &d->config[PCI_BAR0 + 4 * index];

    vpci_put32(at, (vpci_get32(at) & 0xf) | (uint32_t)address);
    if (d->bars[index].type == PCI_BAR_MEMORY64)
        vpci_put32(at + 4, (uint32_t)(address >> 32));
}

/* Address 0 means "none", as do the all ones that guests write to learn the size. */
static bool is_wanted(const struct vpci_device *d, unsigned index, uint64_t address)
{
    const struct vpci_bar *bar = &d->bars[index];
    bool is_io = bar->type == PCI_BAR_IO;
    uint64_t end = address + bar->region.size;

    if (!(vpci_get16(&d->config[PCI_COMMAND]) & (is_io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)))
        return false;
    return address != 0 && end > address && (!is_io || end <= PORTS_END) &&
           (bar->type != PCI_BAR_MEMORY32 || end < BIT(32));
}

/* Whether the BAR is where its registers say, which may be nowhere. Lock held, here and below. */
static bool is_in_place(const struct vpci_device *d, unsigned index)
{
    const struct vpci_bar *bar = &d->bars[index];
    uint64_t address = bar_address(d, index);
    bool wanted = is_wanted(d, index, address);

    return bar->is_mapped ? wanted && bar->region.base == address : !wanted;
}

/* Leaves all old places before it takes new ones: a guest may swap them. */
static void device_update(struct vpci_device *d)
{
    bool is_moving[PCI_BARS] = {false};

    for (unsigned i = 0; i < PCI_BARS; i++) {
        struct vpci_bar *bar = &d->bars[i];

        is_moving[i] = bar->type != PCI_BAR_NONE && !is_in_place(d, i);
        if (is_moving[i] && bar->is_mapped) {
            bus_unmap(bus_of(d, bar), &bar->region);
            bar->is_mapped = false;
        }
    }
    for (unsigned i = 0; i < PCI_BARS; i++) {
        struct vpci_bar *bar = &d->bars[i];

        if (!is_moving[i] || is_in_place(d, i))
            continue;
        bar->is_mapped = bus_map(bus_of(d, bar), &bar->region, bar_address(d, i)) == 0;
        d->host->conflicts += !bar->is_mapped;
    }
}

/* Where two devices want the same place the first has it; when something moves, the others try again. */
void vpci_bars_update(struct vpci_device *d)
{
    struct vpci_host *host = d->host;
    bool had_conflicts = host->conflicts != 0;

    host->conflicts = 0;
    device_update(d);
    for (unsigned i = 0; had_conflicts && i < ARRAY_SIZE(host->functions); i++)
        if (host->functions[i] != NULL && host->functions[i] != d)
            device_update(host->functions[i]);
}

void vpci_bars_fini(struct vpci_device *d)
{
    for (unsigned i = 0; i < PCI_BARS; i++) {
        struct vpci_bar *bar = &d->bars[i];

        if (bar->type == PCI_BAR_NONE)
            continue;
        if (bar->is_mapped)
            bus_unmap(bus_of(d, bar), &bar->region);
        bus_unreserve(bus_of(d, bar), 1);
        *bar = (struct vpci_bar){0};
    }
}
