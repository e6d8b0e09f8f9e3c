/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot step: builds the tree and offers each function to the drivers that are linked. */
#include "pci.h"

#include <core/boot.h>
#include <core/log.h>
#include <errno.h>

/* Weak: an image without any PCI driver has no such section. */
extern const struct pci_driver *const __start_pci_drivers[] __attribute__((weak));
extern const struct pci_driver *const __stop_pci_drivers[] __attribute__((weak));

static struct pci_device_list devices = TAILQ_HEAD_INITIALIZER(devices);

/* Segments or parts of them; machines with more have racks of their own. */
#define ROOTS_MAX 64

static bool driver_matches(const struct pci_driver *driver, const struct pci_device *dev)
{
    for (const struct pci_match *match = driver->matches; match->vendor != 0; match++)
        if ((match->vendor == PCI_ANY || match->vendor == dev->vendor) &&
            (match->device == PCI_ANY || match->device == dev->device) &&
            ((match->class_code ^ dev->class_code) & match->class_mask) == 0)
            return true;
    return false;
}

static void device_bind(struct pci_device *dev)
{
    for (const struct pci_driver *const *at = __start_pci_drivers; at < __stop_pci_drivers; at++) {
        int err;

        if (!driver_matches(*at, dev))
            continue;
        err = (*at)->probe(dev);
        if (!err) {
            dev->driver = *at;
            return;
        }
        log_warning("pci: %04x:%02x:%02x.%u: %s: error %d", dev->address.segment, dev->address.bus,
                    PCI_SLOT(dev->address.devfn), PCI_FUNCTION(dev->address.devfn), (*at)->name, -err);
    }
}

static int pci_start(void)
{
    static struct pci_root roots[ROOTS_MAX];
    size_t n = pci_config_init(roots, ARRAY_SIZE(roots));
    struct pci_device *dev;
    unsigned count = 0;

    for (size_t i = 0; i < n; i++)
        if (pci_enumerate(&roots[i], &devices) != 0)
            log_error("pci: out of memory, devices of segment %u are missing", roots[i].segment);
    pci_assign(&devices);
    TAILQ_FOREACH (dev, &devices, link)
        count++;
    log_info("pci: %u functions", count);
    TAILQ_FOREACH (dev, &devices, link) {
        log_debug("pci: %04x:%02x:%02x.%u %04x:%04x class %06x", dev->address.segment, dev->address.bus,
                  PCI_SLOT(dev->address.devfn), PCI_FUNCTION(dev->address.devfn), dev->vendor, dev->device,
                  (unsigned)dev->class_code);
        device_bind(dev);
    }
    return n > 0 ? 0 : -ENODEV;
}

static void pci_stop(void)
{
    struct pci_device *dev;

    TAILQ_FOREACH_REVERSE(dev, &devices, pci_device_list, link)
    if (dev->driver && dev->driver->remove)
        dev->driver->remove(dev);
}

BOOT_STEP(BOOT_BUS, pci, pci_start, pci_stop);
