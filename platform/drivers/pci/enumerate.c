/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree of buses. Firmware has numbered them; a bus number leads to a scan at most once, so loops in what
 * bridges claim end the search instead of prolonging it.
 */
#include "pci.h"

#include <core/log.h>
#include <errno.h>
#include <stdlib.h>

struct scan {
    const struct pci_root *root;
    struct pci_device_list *list;
    uint64_t claimed[4]; /* a bit per bus: scanned, or below a bridge that was */
};

static bool bus_is_claimed(const struct scan *scan, unsigned bus)
{
    return (scan->claimed[bus / 64] & BIT(bus % 64)) != 0;
}

static void bus_claim(struct scan *scan, unsigned bus)
{
    scan->claimed[bus / 64] |= BIT(bus % 64);
}

static int function_add(struct scan *scan, struct pci_address at, struct pci_device *parent,
                        bool *multifunction)
{
    struct pci_device found, *dev;

    if (!pci_function_read(at, &found))
        return 0;
    dev = malloc(sizeof(*dev));
    if (!dev)
        return -ENOMEM;
    *dev = found;
    dev->parent = parent;
    TAILQ_INSERT_TAIL(scan->list, dev, link);
    *multifunction = dev->is_multifunction;
    if (dev->caps.is_broken)
        log_warning("pci: %04x:%02x:%02x.%u: broken capability list", at.segment, at.bus, PCI_SLOT(at.devfn),
                    PCI_FUNCTION(at.devfn));
    return 0;
}

/* A PCIe link has one device on it, number 0; looking for others may find it again (PCIe Base 4.0, 7.3.1). */
static unsigned slots_below(const struct pci_device *bridge)
{
    unsigned cap = bridge ? pci_cap_find(bridge, PCI_CAP_PCIE, 0) : 0;
    unsigned type;

    if (cap == 0)
        return 32;
    type = PCIE_PORT_TYPE(pci_read(bridge, cap + PCIE_FLAGS, 2));
    return type == PCIE_PORT_ROOT || type == PCIE_PORT_DOWNSTREAM ? 1 : 32;
}

static int bus_scan(struct scan *scan, unsigned bus, struct pci_device *parent)
{
    unsigned slots = slots_below(parent);

    bus_claim(scan, bus);
    for (unsigned slot = 0; slot < slots; slot++) {
        unsigned functions = 1;

        for (unsigned function = 0; function < functions; function++) {
            struct pci_address at = {scan->root->segment, (uint8_t)bus, PCI_DEVFN(slot, function)};
            bool multifunction = false;
            int err = function_add(scan, at, parent, &multifunction);

            if (err)
                return err;
            if (function == 0 && multifunction)
                functions = 8;
        }
    }
    return 0;
}

/* Numbers for the bus behind a bridge that firmware left alone: a free one among its parent's. */
static bool bridge_number(struct scan *scan, struct pci_device *dev)
{
    unsigned low = dev->parent ? dev->parent->bridge.secondary + 1U : scan->root->first_bus + 1U;
    unsigned high = dev->parent ? dev->parent->bridge.subordinate : scan->root->last_bus;

    for (unsigned bus = low; bus <= high; bus++) {
        if (bus_is_claimed(scan, bus))
            continue;
        dev->bridge.primary = dev->address.bus;
        dev->bridge.secondary = dev->bridge.subordinate = (uint8_t)bus;
        pci_write(dev, PCI_BRIDGE_PRIMARY, 1, dev->address.bus);
        pci_write(dev, PCI_BRIDGE_SECONDARY, 1, bus);
        pci_write(dev, PCI_BRIDGE_SUBORDINATE, 1, bus);
        return true;
    }
    return false;
}

static bool bridge_is_numbered(const struct scan *scan, const struct pci_device *dev)
{
    const struct pci_bridge *bridge = &dev->bridge;

    return bridge->secondary > dev->address.bus && bridge->secondary <= bridge->subordinate &&
           bridge->subordinate <= scan->root->last_bus && !bus_is_claimed(scan, bridge->secondary);
}

/* Scans behind every bridge in the list from `first` on; the list grows meanwhile. */
static int bridges_scan(struct scan *scan, struct pci_device *first)
{
    struct pci_device *dev;

    /* Numbers in use anywhere come first, so that none is given out twice. */
    for (dev = first; dev; dev = TAILQ_NEXT(dev, link)) {
        int err;

        if (dev->header_type != PCI_HEADER_TYPE_BRIDGE || !bridge_is_numbered(scan, dev))
            continue;
        err = bus_scan(scan, dev->bridge.secondary, dev);
        if (err)
            return err;
    }
    for (dev = first; dev; dev = TAILQ_NEXT(dev, link))
        for (unsigned bus = dev->bridge.secondary; bus != 0 && bus <= dev->bridge.subordinate; bus++)
            bus_claim(scan, bus);
    for (dev = first; dev; dev = TAILQ_NEXT(dev, link)) {
        int err;

        if (dev->header_type != PCI_HEADER_TYPE_BRIDGE || dev->bridge.secondary != 0)
            continue;
        if (!bridge_number(scan, dev)) {
            log_warning("pci: no bus number left behind %02x:%02x.%u", dev->address.bus,
                        PCI_SLOT(dev->address.devfn), PCI_FUNCTION(dev->address.devfn));
            continue;
        }
        err = bus_scan(scan, dev->bridge.secondary, dev);
        if (err)
            return err;
    }
    return 0;
}

/*
 * One root bus at a time. A segment may have several (their numbers are in AML, which is not interpreted), so
 * each bus that no bridge leads to is tried as one.
 */
int pci_enumerate(const struct pci_root *root, struct pci_device_list *list)
{
    struct scan scan = {.root = root, .list = list};

    for (unsigned bus = root->first_bus; bus <= root->last_bus; bus++) {
        struct pci_device *last = TAILQ_LAST(list, pci_device_list);
        int err;

        if (bus_is_claimed(&scan, bus))
            continue;
        err = bus_scan(&scan, bus, NULL);
        if (!err)
            err = bridges_scan(&scan, last ? TAILQ_NEXT(last, link) : TAILQ_FIRST(list));
        if (err)
            return err;
    }
    return 0;
}
