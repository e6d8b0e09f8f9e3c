/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A function's interrupts: MSI-X, else MSI, else INTx.
 *
 * INTx: which interrupt controller input a pin reaches is told by _PRT, which is AML and not interpreted.
 * What firmware wrote to Interrupt Line is the input of the 8259 pair, with the swizzling of bridges
 * (PCI-to-PCI Bridge 1.2, 9.1) done; chipsets of PCs deliver the same number to the IOAPIC when the MADT
 * overrides it as a PCI interrupt (level-triggered), and firmware that knows no 8259 writes the global number
 * itself. So: an overridden number follows its override; any other is taken as a global interrupt of PCI's
 * kind, level, low. Device trees tell the routes themselves; then nothing has to be guessed.
 */
#include "pci.h"

#include <core/cmdline.h>
#include <core/host_info.h>
#include <core/log.h>
#include <errno.h>
#include <platform/mmio.h>

static uint32_t requester(const struct pci_device *dev)
{
    return (uint32_t)dev->address.segment << 16 | (uint32_t)dev->address.bus << 8 | dev->address.devfn;
}

/* The best kind that is used: for machines whose better ones do not work. */
static const char *const kinds[] = {"intx", "msi", "msix"};
static size_t best = ARRAY_SIZE(kinds) - 1;

static int option_irq(const char *value)
{
    return cmdline_parse_choice(value, kinds, ARRAY_SIZE(kinds), &best);
}
BOOT_OPTION("pci.irq", option_irq, "msix|msi|intx");

static void intx_set(const struct pci_device *dev, bool enabled)
{
    uint32_t command = pci_read(dev, PCI_COMMAND, 2) & ~(uint32_t)PCI_COMMAND_NO_INTX;

    pci_write(dev, PCI_COMMAND, 2, enabled ? command : command | PCI_COMMAND_NO_INTX);
}

static void msix_entry_write(volatile void *table, unsigned index, struct msi_message message)
{
    volatile char *entry = (volatile char *)table + index * PCI_MSIX_ENTRY_SIZE;

    mmio_write32(entry, PCI_MSIX_ENTRY_ADDRESS, (uint32_t)message.address);
    mmio_write32(entry, PCI_MSIX_ENTRY_ADDRESS_HI, (uint32_t)(message.address >> 32));
    mmio_write32(entry, PCI_MSIX_ENTRY_DATA, message.data);
    mmio_write32(entry, PCI_MSIX_ENTRY_CONTROL, 0);
}

static void msix_mask_all(volatile void *table, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        mmio_write32((volatile char *)table + i * PCI_MSIX_ENTRY_SIZE, PCI_MSIX_ENTRY_CONTROL,
                     PCI_MSIX_ENTRY_MASKED);
}

/* The table, if it lies where the capability says and the BAR has room for it. */
static volatile void *msix_table_map(struct pci_device *dev, unsigned cap, unsigned size)
{
    uint32_t where = pci_read(dev, cap + PCI_MSIX_TABLE, 4);
    unsigned bir = where & PCI_MSIX_BIR_MASK;
    uint32_t offset = where & ~PCI_MSIX_BIR_MASK;
    volatile void *base;

    if (bir >= PCI_BARS || (uint64_t)offset + size * PCI_MSIX_ENTRY_SIZE > dev->bars[bir].size)
        return NULL;
    base = pci_bar_map(dev, bir);
    return base ? (volatile char *)base + offset : NULL;
}

static void actions_release(struct irq_action *actions, unsigned count)
{
    while (count > 0)
        irq_release(&actions[--count]);
}

static int msix_request(struct pci_device *dev, struct irq_action *actions, unsigned count, unsigned cpu)
{
    unsigned cap = pci_cap_find(dev, PCI_CAP_MSIX, 0);
    uint32_t control = cap ? pci_read(dev, cap + PCI_MSIX_CONTROL, 2) : 0;
    unsigned size = (control & PCI_MSIX_SIZE_MASK) + 1;
    volatile void *table;

    if (cap == 0 || size < count)
        return -ENOTSUP;
    table = msix_table_map(dev, cap, size);
    if (!table)
        return -ENODEV;
    /* The table may only be written with MSI-X on or by chance; on and masked is always right (6.8.2.3). */
    control |= PCI_MSIX_ENABLE | PCI_MSIX_FUNCTION_MASK;
    pci_write(dev, cap + PCI_MSIX_CONTROL, 2, control);
    msix_mask_all(table, size);
    for (unsigned i = 0; i < count; i++) {
        struct msi_message message;
        int err = irq_request_msi(&actions[i], cpu, requester(dev), &message);

        if (err) {
            msix_mask_all(table, size);
            actions_release(actions, i);
            pci_write(dev, cap + PCI_MSIX_CONTROL, 2, control & ~(uint32_t)PCI_MSIX_ENABLE);
            return err;
        }
        msix_entry_write(table, i, message);
    }
    intx_set(dev, false);
    pci_write(dev, cap + PCI_MSIX_CONTROL, 2, control & ~(uint32_t)PCI_MSIX_FUNCTION_MASK);
    dev->irq_mode = PCI_IRQ_MSIX;
    dev->msix_table = table;
    return (int)count;
}

static int msi_request(struct pci_device *dev, struct irq_action *action, unsigned cpu)
{
    unsigned cap = pci_cap_find(dev, PCI_CAP_MSI, 0);
    struct msi_message message;
    uint32_t control;
    int err;

    if (cap == 0)
        return -ENOTSUP;
    control = pci_read(dev, cap + PCI_MSI_CONTROL, 2) & ~(uint32_t)(PCI_MSI_ENABLE | PCI_MSI_MULTIPLE_MASK);
    err = irq_request_msi(action, cpu, requester(dev), &message);
    if (err)
        return err;
    if (!(control & PCI_MSI_64BIT) && message.address >> 32) {
        irq_release(action);
        return -ENOTSUP;
    }
    pci_write(dev, cap + PCI_MSI_CONTROL, 2, control);
    pci_write(dev, cap + PCI_MSI_ADDRESS, 4, (uint32_t)message.address);
    if (control & PCI_MSI_64BIT)
        pci_write(dev, cap + PCI_MSI_ADDRESS_HIGH, 4, (uint32_t)(message.address >> 32));
    pci_write(dev, cap + (control & PCI_MSI_64BIT ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32), 2,
              message.data & 0xffff);
    intx_set(dev, false);
    pci_write(dev, cap + PCI_MSI_CONTROL, 2, control | PCI_MSI_ENABLE);
    dev->irq_mode = PCI_IRQ_MSI;
    return 1;
}

static enum irq_trigger line_trigger(uint8_t line)
{
    const struct host_irqchip_x86 *irqchip = &host_info()->x86;

    for (size_t i = 0; i < irqchip->override_count; i++)
        if (irqchip->overrides[i].irq == line)
            return IRQ_ISA;
    return IRQ_LEVEL_LOW;
}

/* The route of the function's pin, as it arrives at the root bus after the bridges' swizzling; NULL: none. */
static const struct host_pci_route *route_find(const struct pci_device *dev)
{
    const struct host_info *info = host_info();
    unsigned pin = dev->interrupt_pin;
    uint32_t address;

    for (; dev->parent != NULL; dev = dev->parent)
        pin = (pin - 1 + PCI_SLOT(dev->address.devfn)) % 4 + 1;
    address = (uint32_t)dev->address.bus << 16 | (uint32_t)dev->address.devfn << 8;
    for (size_t i = 0; i < info->pci_route_count; i++) {
        const struct host_pci_route *route = &info->pci_routes[i];

        if (route->segment == dev->address.segment && route->pin == pin &&
            (address & route->mask) == route->address)
            return route;
    }
    return NULL;
}

static int line_request(const struct pci_device *dev, struct irq_action *action)
{
    const struct host_pci_route *route = route_find(dev);
    uint8_t line = dev->interrupt_line;

    if (route != NULL)
        return irq_request_line(action, route->gsi,
                                !route->level_triggered ? IRQ_EDGE_HIGH
                                : route->active_low     ? IRQ_LEVEL_LOW
                                                        : IRQ_LEVEL_HIGH);
    /* 255 is "unknown", 0 what an untouched register reads (PCI 3.0, 6.2.4). */
    if (host_info()->pci_route_count > 0 || line == 0xff || line == 0)
        return -ENODEV;
    return irq_request_line(action, line, line_trigger(line));
}

static int intx_request(struct pci_device *dev, struct irq_action *action)
{
    int err = dev->interrupt_pin == 0 ? -ENODEV : line_request(dev, action);

    if (err)
        return err;
    intx_set(dev, true);
    dev->irq_mode = PCI_IRQ_INTX;
    return 1;
}

static unsigned kinds_allowed(void)
{
    /* FADT, IAPC_BOOT_ARCH (ACPI 6.5, 5.2.9.3). */
    size_t limit = host_info()->power.msi_unsupported ? 0 : best;
    unsigned allowed = PCI_IRQ_ALLOW(PCI_IRQ_INTX);

    if (limit >= 1)
        allowed |= PCI_IRQ_ALLOW(PCI_IRQ_MSI);
    if (limit >= 2)
        allowed |= PCI_IRQ_ALLOW(PCI_IRQ_MSIX);
    return allowed;
}

static void log_kind(const struct pci_device *dev)
{
    static const char *const names[] = {"no interrupt", "INTx", "MSI", "MSI-X"};

    log_info("pci: %04x:%02x:%02x.%u: %s", dev->address.segment, dev->address.bus,
             PCI_SLOT(dev->address.devfn), PCI_FUNCTION(dev->address.devfn), names[dev->irq_mode]);
}

int pci_irq_request(struct pci_device *dev, struct irq_action *actions, unsigned count, unsigned cpu,
                    unsigned allowed)
{
    int n = -ENOTSUP;

    allowed &= kinds_allowed();
    if (allowed & PCI_IRQ_ALLOW(PCI_IRQ_MSIX))
        n = msix_request(dev, actions, count, cpu);
    if (n < 0 && (allowed & PCI_IRQ_ALLOW(PCI_IRQ_MSI)))
        n = msi_request(dev, &actions[0], cpu);
    if (n < 0 && (allowed & PCI_IRQ_ALLOW(PCI_IRQ_INTX)))
        n = intx_request(dev, &actions[0]);
    if (n > 0) {
        dev->irq_count = (unsigned)n;
        dev->irq_actions = actions;
        log_kind(dev);
    }
    return n;
}

void pci_irq_release(struct pci_device *dev)
{
    unsigned msix = pci_cap_find(dev, PCI_CAP_MSIX, 0);
    unsigned msi = pci_cap_find(dev, PCI_CAP_MSI, 0);

    intx_set(dev, false);
    if (dev->irq_mode == PCI_IRQ_MSIX) {
        uint32_t control = pci_read(dev, msix + PCI_MSIX_CONTROL, 2);

        msix_mask_all(dev->msix_table, (control & PCI_MSIX_SIZE_MASK) + 1);
        pci_write(dev, msix + PCI_MSIX_CONTROL, 2, control & ~(uint32_t)PCI_MSIX_ENABLE);
    } else if (dev->irq_mode == PCI_IRQ_MSI) {
        pci_write(dev, msi + PCI_MSI_CONTROL, 2,
                  pci_read(dev, msi + PCI_MSI_CONTROL, 2) & ~(uint32_t)PCI_MSI_ENABLE);
    }
    actions_release(dev->irq_actions, dev->irq_count);
    dev->irq_mode = PCI_IRQ_NONE;
    dev->irq_count = 0;
    dev->irq_actions = NULL;
}
