/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses for BARs that firmware left at zero: inside the windows of the bridges above, clear of everything
 * else. What firmware has placed is never moved. A root bus has the windows that the device tree tells of.
 * With ACPI they are in AML, which is not read; any place below 4 GiB that no memory range, no configuration
 * window and no other device claims will do.
 */
#include "pci.h"

#include <core/host_info.h>
#include <core/log.h>
#include <stdlib.h>

uint64_t pci_range_find(struct pci_window within, uint64_t size, const struct pci_window *used, size_t n)
{
    uint64_t at = ALIGN_UP(within.base, size);

    /* Each round moves past one used window for good, so n + 1 rounds do. */
    for (size_t round = 0; round <= n; round++) {
        size_t i = 0;

        if (at < within.base || at > within.limit || within.limit - at < size - 1)
            return 0;
        while (i < n && (used[i].limit < at || used[i].base > at + (size - 1)))
            i++;
        if (i == n)
            return at;
        at = ALIGN_UP(used[i].limit, size);
        if (at == used[i].limit)
            at += size;
    }
    return 0;
}

struct used_list {
    struct pci_window *windows;
    size_t count;
};

static void used_add(struct used_list *used, uint64_t base, uint64_t limit)
{
    if (base != 0 && base <= limit)
        used->windows[used->count++] = (struct pci_window){base, limit};
}

static size_t used_bound(const struct pci_device_list *list, const struct host_info *info)
{
    const struct pci_device *dev;
    size_t n = info->memory_count + info->ecam_count;

    TAILQ_FOREACH (dev, list, link)
        n += PCI_BARS + 2;
    return n;
}

/* Everything that occupies memory addresses, but for `above`: the bridge whose window is being filled, and
 * those above it. */
static void used_collect(const struct pci_device_list *list, const struct pci_device *above,
                         struct used_list *used)
{
    const struct host_info *info = host_info();
    const struct pci_device *dev, *up;

    used->count = 0;
    for (size_t i = 0; i < info->memory_count; i++)
        used_add(used, info->memory[i].base.v, info->memory[i].base.v + info->memory[i].size - 1);
    for (size_t i = 0; i < info->ecam_count; i++)
        used_add(used, info->ecams[i].base.v,
                 info->ecams[i].base.v + ((info->ecams[i].last_bus + 1ULL) << 20) - 1);
    TAILQ_FOREACH (dev, list, link) {
        for (unsigned i = 0; i < PCI_BARS; i++)
            if (dev->bars[i].kind == PCI_BAR_MEMORY)
                used_add(used, dev->bars[i].address, dev->bars[i].address + dev->bars[i].size - 1);
        for (up = above; up && up != dev; up = up->parent)
            ;
        if (up != dev && dev->header_type == PCI_HEADER_TYPE_BRIDGE) {
            used_add(used, dev->bridge.memory.base, dev->bridge.memory.limit);
            used_add(used, dev->bridge.prefetch.base, dev->bridge.prefetch.limit);
        }
    }
}

/* The lower gigabyte under 4 GiB is where PCs have device memory; the last 20 MiB are the chipset's. */
#define ROOT_WINDOW ((struct pci_window){0xc0000000u, 0xfebfffffu})

/* Room for a BAR below root bridges with known windows: in one that it can address, prefetchable or not. */
static uint64_t root_place(const struct pci_device *dev, const struct pci_bar *bar,
                           const struct used_list *used)
{
    const struct host_info *info = host_info();
    uint64_t at = 0;

    if (info->pci_window_count == 0)
        return pci_range_find(ROOT_WINDOW, bar->size, used->windows, used->count);
    for (size_t i = 0; at == 0 && i < info->pci_window_count; i++) {
        const struct host_pci_window *w = &info->pci_windows[i];
        struct pci_window within = {w->base, w->base + w->size - 1};

        if (!bar->is_64bit)
            within.limit = MIN(within.limit, 0xffffffffULL);
        if (w->segment == dev->address.segment && within.base <= within.limit &&
            (!w->prefetchable || bar->is_prefetchable))
            at = pci_range_find(within, bar->size, used->windows, used->count);
    }
    return at;
}

static void bar_assign(const struct pci_device_list *list, struct pci_device *dev, unsigned index,
                       struct used_list *used)
{
    struct pci_bar *bar = &dev->bars[index];
    uint32_t command = pci_read(dev, PCI_COMMAND, 2);
    uint64_t at;

    used_collect(list, dev->parent, used);
    at = dev->parent ? pci_range_find(dev->parent->bridge.memory, bar->size, used->windows, used->count)
                     : root_place(dev, bar, used);
    if (at == 0) {
        log_warning("pci: %02x:%02x.%u: no room for BAR %u", dev->address.bus, PCI_SLOT(dev->address.devfn),
                    PCI_FUNCTION(dev->address.devfn), index);
        return;
    }
    bar->address = at;
    pci_write(dev, PCI_COMMAND, 2, command & ~(uint32_t)(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
    pci_bar_write(dev->address, index, bar);
    pci_write(dev, PCI_COMMAND, 2, command);
}

void pci_assign(struct pci_device_list *list)
{
    struct used_list used = {0};
    struct pci_device *dev;

    TAILQ_FOREACH (dev, list, link) {
        for (unsigned i = 0; i < PCI_BARS; i++) {
            if (dev->bars[i].kind != PCI_BAR_MEMORY || dev->bars[i].address != 0)
                continue;
            if (!used.windows)
                used.windows = calloc(used_bound(list, host_info()), sizeof(*used.windows));
            if (used.windows)
                bar_assign(list, dev, i, &used);
        }
    }
    free(used.windows);
}
