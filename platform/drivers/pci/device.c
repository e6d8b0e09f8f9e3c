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

/* Waits for outstanding transactions: PCIe Base 4.0, 6.6.2 implementation note. */
static int pending_wait(const struct pci_device *dev, unsigned offset, unsigned size, uint32_t bit)
{
    for (unsigned wait_ms = 1; wait_ms <= 128; wait_ms *= 2) {
        if (!(pci_read(dev, offset, size) & bit))
            return 0;
        sleep_ms(wait_ms);
    }
    return pci_read(dev, offset, size) & bit ? -ETIMEDOUT : 0;
}

static int reset_trigger(const struct pci_device *dev)
{
    unsigned pcie = pci_cap_find(dev, PCI_CAP_PCIE, 0);
    unsigned af = pci_cap_find(dev, PCI_CAP_AF, 0);
    int err;

    if (pcie && (pci_read(dev, pcie + PCIE_DEVICE_CAPS, 4) & PCIE_DEVICE_CAPS_FLR)) {
        uint32_t control = pci_read(dev, pcie + PCIE_DEVICE_CONTROL, 2);

        err = pending_wait(dev, pcie + PCIE_DEVICE_STATUS, 2, PCIE_DEVICE_PENDING);
        if (!err)
            pci_write(dev, pcie + PCIE_DEVICE_CONTROL, 2, control | PCIE_DEVICE_FLR);
        return err;
    }
    if (af && (pci_read(dev, af + PCI_AF_CAPS, 1) & PCI_AF_CAPS_FLR)) {
        err = pending_wait(dev, af + PCI_AF_STATUS, 1, PCI_AF_TRANSACTION);
        if (!err)
            pci_write(dev, af + PCI_AF_CONTROL, 1, PCI_AF_FLR);
        return err;
    }
    return -ENOTSUP;
}

int pci_function_reset(struct pci_device *dev)
{
    uint32_t header[16], command = pci_read(dev, PCI_COMMAND, 2);
    int err;

    for (unsigned i = 0; i < ARRAY_SIZE(header); i++)
        header[i] = pci_read(dev, 4 * i, 4);
    command_set(dev, PCI_COMMAND_NO_INTX, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
    err = reset_trigger(dev);
    if (!err) {
        sleep_ms(100);
        for (unsigned i = PCI_BAR0 / 4; i < ARRAY_SIZE(header); i++)
            pci_write(dev, 4 * i, 4, header[i]);
    }
    pci_write(dev, PCI_COMMAND, 2, command);
    return err;
}
