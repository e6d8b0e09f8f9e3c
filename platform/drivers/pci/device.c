/* SPDX-License-Identifier: BSD-2-Clause */
/* What drivers do with a function. */
#include "pci.h"

#include <core/thread.h>
#include <core/time.h>
#include <core/vmap.h>
#include <errno.h>

static void sleep_ms(unsigned ms)
{
    thread_sleep_until(clock_now_ns() + ms * NSEC_PER_MSEC);
}

/* PCI PM 1.2, 5.4: D3hot to D0 takes up to 10 ms and may reset the function, BARs included. */
static void power_up(struct pci_device *dev)
{
    unsigned cap = pci_cap_find(dev, PCI_CAP_PM, 0);
    uint32_t control;

    if (cap == 0)
        return;
    control = pci_read(dev, cap + PCI_PM_CONTROL, 2);
    if ((control & PCI_PM_STATE_MASK) == 0)
        return;
    pci_write(dev, cap + PCI_PM_CONTROL, 2, control & ~PCI_PM_STATE_MASK);
    sleep_ms(10);
    for (unsigned i = 0; i < PCI_BARS; i++)
        if (dev->bars[i].kind != PCI_BAR_ABSENT)
            pci_bar_write(dev->address, i, &dev->bars[i]);
    pci_write(dev, PCI_INTERRUPT_LINE, 1, dev->interrupt_line);
}

static void command_set(const struct pci_device *dev, uint32_t set, uint32_t clear)
{
    uint32_t command = pci_read(dev, PCI_COMMAND, 2);

    pci_write(dev, PCI_COMMAND, 2, (command | set) & ~clear);
}

void pci_enable(struct pci_device *dev)
{
    power_up(dev);
    for (const struct pci_device *at = dev; at; at = at->parent)
        command_set(at, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
}

void pci_disable(struct pci_device *dev)
{
    command_set(dev, 0, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

volatile void *pci_bar_map(struct pci_device *dev, unsigned index)
{
    struct pci_bar *bar;

    if (index >= PCI_BARS)
        return NULL;
    bar = &dev->bars[index];
    if (bar->kind != PCI_BAR_MEMORY || bar->address == 0)
        return NULL;
    if (!dev->bar_maps[index])
        dev->bar_maps[index] = mmio_map(hpa(bar->address), bar->size, MMIO_UNCACHED);
    return dev->bar_maps[index];
}
