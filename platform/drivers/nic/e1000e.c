/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intel 82574 and 82540EM: bind, start, stop, reset, link. All of it but probe() happens in the service
 * thread.
 */
#include "e1000e.h"

#include <core/log.h>
#include <core/mm.h>
#include <errno.h>
#include <stdlib.h>

#define VECTOR_QUEUES 0
#define VECTOR_OTHER  1

/* --- interrupts: each masks what it reports; the service thread unmasks
 * -------------------------------------- */

static void queues_interrupt(void *arg)
{
    struct e1000e *dev = arg;

    e1000e_write(dev, E1000_IMC, dev->rx_causes | dev->tx_cause);
    nic_service_post(&dev->service, NIC_EVENT_QUEUES);
}

static void other_interrupt(void *arg)
{
    struct e1000e *dev = arg;

    e1000e_write(dev, E1000_IMC, dev->link_causes);
    nic_service_post(&dev->service, NIC_EVENT_LINK);
}

/* MSI or INTx: reading the causes clears them and lowers the line (7.4.5). */
static void single_interrupt(void *arg)
{
    struct e1000e *dev = arg;
    uint32_t causes = e1000e_read(dev, E1000_ICR);
    unsigned events = (causes & (dev->rx_causes | dev->tx_cause) ? NIC_EVENT_QUEUES : 0) |
                      (causes & dev->link_causes ? NIC_EVENT_LINK : 0);

    if (events == 0 || causes == ~0U)
        return;
    e1000e_write(dev, E1000_IMC, dev->rx_causes | dev->tx_cause);
    nic_service_post(&dev->service, events);
}

static int interrupts_request(struct e1000e *dev)
{
    int n;

    dev->irqs[VECTOR_QUEUES] = (struct irq_action){.handler = queues_interrupt, .arg = dev, .name = "e1000e"};
    dev->irqs[VECTOR_OTHER] =
        (struct irq_action){.handler = other_interrupt, .arg = dev, .name = "e1000e other"};
    dev->rx_causes = E1000_INT_RXQ0;
    dev->tx_cause = E1000_INT_TXQ0;
    dev->link_causes = E1000_INT_LSC | E1000_INT_OTHER;
    n = pci_irq_request(dev->pci, dev->irqs, 2, dev->service.cpu, PCI_IRQ_ALLOW(PCI_IRQ_MSIX));
    if (n > 0)
        return 0;
    dev->irqs[0] = (struct irq_action){.handler = single_interrupt, .arg = dev, .name = "e1000e"};
    dev->rx_causes = E1000_INT_RXT0 | E1000_INT_RXDMT0 | E1000_INT_RXO;
    dev->tx_cause = E1000_INT_TXDW;
    dev->link_causes = E1000_INT_LSC;
    n = pci_irq_request(dev->pci, dev->irqs, 1, dev->service.cpu,
                        PCI_IRQ_ALLOW(PCI_IRQ_MSI) | PCI_IRQ_ALLOW(PCI_IRQ_INTX));
    return n < 0 ? n : 0;
}

/* --- service thread ---------------------------------------------------------------------------------------
 */

/*
 * A device that was reset by somebody else (a bus error, a management controller) is silent: it has no
 * interrupt left to say so, and a host that only waits for requests would never find out by sending. One
 * register read tells.
 */
#define WATCHDOG_NS (2 * NSEC_PER_SEC)

static void watchdog_fired(struct timer *timer)
{
    struct e1000e *dev = container_of(timer, struct e1000e, watchdog);
    uint32_t rctl = e1000e_read(dev, E1000_RCTL);

    if (!atomic_load(&dev->is_watched))
        return;
    if (!(rctl & E1000_RCTL_EN) || rctl == ~0U)
        nic_service_post(&dev->service, NIC_EVENT_RESET);
    timer_arm(timer, clock_now_ns() + WATCHDOG_NS);
}

static void watch(struct e1000e *dev, bool is_watched)
{
    atomic_store(&dev->is_watched, is_watched);
    if (is_watched)
        timer_arm(&dev->watchdog, clock_now_ns() + WATCHDOG_NS);
    else
        timer_cancel(&dev->watchdog);
}

static int device_start(void *device)
{
    struct e1000e *dev = device;
    int err;

    pci_enable(dev->pci);
    err = e1000e_reset(dev);
    if (err)
        return err;
    e1000e_bring_up(dev);
    watch(dev, true);
    nic_tx_open(&dev->tx);
    e1000e_write(dev, E1000_IMS, dev->rx_causes | dev->link_causes);
    return 0;
}

/* One that does not reset loses the bus. */
static void device_stop(void *device)
{
    struct e1000e *dev = device;

    watch(dev, false);
    if (e1000e_reset(dev) != 0) {
        log_error("%s: does not reset", dev->nic.name);
        pci_disable(dev->pci);
    }
    e1000e_tx_drain(dev);
    e1000e_rx_drain(dev);
}

static bool link_is_up(struct e1000e *dev)
{
    return nic_is_running(&dev->service) && (e1000e_read(dev, E1000_STATUS) & E1000_STATUS_LU);
}

static void link_update(struct e1000e *dev)
{
    bool is_up = link_is_up(dev);

    if (is_up == dev->nic.is_link_up)
        return;
    nic_link_changed(&dev->nic, is_up);
    if (is_up || !nic_is_running(&dev->service) || atomic_load(&dev->tx.pending) == 0)
        return;
    /* What waits to be sent would wait until the link is back, and hold its memory: only a reset frees it. */
    nic_service_restart(&dev->service);
    /* A link that came back before the reset is no change after it, so no interrupt tells. */
    if (link_is_up(dev))
        nic_link_changed(&dev->nic, true);
}

static void state_run(struct e1000e *dev, unsigned events)
{
    if (events & NIC_EVENT_CONTROL)
        nic_service_control(&dev->service);
    else if (nic_is_running(&dev->service) && (events & NIC_EVENT_RESET))
        nic_service_recover(&dev->service);
    /* The vector for the rest leaves its cause to us. */
    if ((events & NIC_EVENT_LINK) && dev->pci->irq_mode == PCI_IRQ_MSIX)
        (void)e1000e_read(dev, E1000_ICR);
    link_update(dev);
    if (nic_is_running(&dev->service))
        e1000e_write(dev, E1000_IMS, dev->link_causes);
}

static void service_run(void *arg, unsigned events)
{
    struct e1000e *dev = arg;

    if (unlikely(events & (NIC_EVENT_CONTROL | NIC_EVENT_LINK | NIC_EVENT_RESET)))
        state_run(dev, events);
    if (nic_is_running(&dev->service))
        e1000e_receive(dev);
    e1000e_tx_service(dev, events);
    /* A frame that came since the ring was seen empty has left its cause: it interrupts now. */
    if (nic_is_running(&dev->service))
        e1000e_write(dev, E1000_IMS, dev->rx_causes);
}

static const struct nic_device_ops device_ops = {
    .start = device_start, .stop = device_stop, .run = service_run};

static const struct nic_ops e1000e_ops = {
    .start = nic_service_up, .stop = nic_service_down, .transmit = e1000e_transmit};

/* --- bind -------------------------------------------------------------------------------------------------
 */

_Static_assert(E1000_RX_RING * sizeof(struct e1000_rx_desc) == PAGE_SIZE, "rings are allocated as a page");
_Static_assert(E1000_TX_RING * sizeof(struct e1000_tx_desc) == PAGE_SIZE, "rings are allocated as a page");

static int memory_alloc(struct e1000e *dev)
{
    hpa_t rx = page_alloc(PAGE_ORDER_4K, PAGE_ZERO, NODE_ANY),
          tx = page_alloc(PAGE_ORDER_4K, PAGE_ZERO, NODE_ANY);

    if (!hpa_valid(rx) || !hpa_valid(tx))
        return -ENOMEM;
    dev->rx_ring = hpa_to_ptr(rx);
    dev->tx_ring = hpa_to_ptr(tx);
    return rx_pool_init(&dev->pool, E1000_RX_RING + RX_POOL_SLACK, nic_service_refill, &dev->service);
}

static int bind(struct e1000e *dev, struct pci_device *pci)
{
    int err;

    dev->pci = pci;
    timer_init(&dev->watchdog, watchdog_fired);
    nic_tx_init(&dev->tx, &dev->nic, &dev->service);
    dev->is_82574 = pci_cap_find(pci, PCI_CAP_PCIE, 0) != 0;
    if (pci->bars[0].size < E1000_BYTES)
        return -ENODEV;
    pci_enable(pci);
    dev->regs = pci_bar_map(pci, 0);
    if (!dev->regs)
        return -ENODEV;
    err = e1000e_reset(dev);
    if (!err)
        err = e1000e_mac_read(dev);
    if (!err)
        err = memory_alloc(dev);
    dev->nic.ops = &e1000e_ops;
    dev->nic.driver = dev->is_82574 ? "e1000e" : "e1000";
    dev->nic.mtu = 1500;
    dev->nic.offloads = NIC_TX_CSUM | NIC_RX_CSUM;
    if (!err)
        err = nic_service_start(&dev->service, &device_ops, dev, &dev->nic);
    if (!err)
        err = interrupts_request(dev);
    return err ? err : nic_register(&dev->nic);
}

static int e1000e_probe(struct pci_device *pci)
{
    struct e1000e *dev = calloc(1, sizeof(*dev));
    int err;

    if (!dev)
        return -ENOMEM;
    pci->driver_data = dev;
    err = bind(dev, pci);
    if (err)
        pci_disable(pci); /* and keep what little memory it got */
    return err;
}

static void e1000e_remove(struct pci_device *pci)
{
    struct e1000e *dev = pci->driver_data;

    nic_service_down(&dev->nic);
    pci_irq_release(pci);
    pci_disable(pci);
}

static const struct pci_match matches[] = {
    {.vendor = 0x8086, .device = 0x10d3}, /* 82574L */
    {.vendor = 0x8086, .device = 0x10f6}, /* 82574LA */
    {.vendor = 0x8086, .device = 0x100e}, /* 82540EM */
    {.vendor = 0x8086, .device = 0x100f}, /* 82545EM (copper) */
    {0},
};

static const struct pci_driver e1000e_driver = {
    .name = "e1000e", .matches = matches, .probe = e1000e_probe, .remove = e1000e_remove};

PCI_DRIVER(e1000e_driver);
