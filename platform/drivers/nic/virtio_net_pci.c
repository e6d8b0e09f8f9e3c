/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio-net behind PCI. */
#include "virtio_net.h"

#include <errno.h>
#include <platform/virtio_pci.h>
#include <stdlib.h>

struct virtio_net_pci {
    struct virtio_net net;
    struct virtio_pci pci;
};

/* Vectors or the line: plain MSI is not for virtio (4.1.5.1.2). The handler of the line must be known before
 * the first interrupt, the mode only is afterwards; so vectors are tried alone first. */
static int interrupts_request(struct virtio_net *net)
{
    struct pci_device *pci = container_of(net, struct virtio_net_pci, net)->pci.pci;
    int n;

    net->irqs[VIRTIO_NET_VECTOR_QUEUES] =
        (struct irq_action){.handler = virtio_net_queues_interrupt, .arg = net, .name = "virtio-net"};
    net->irqs[VIRTIO_NET_VECTOR_CONFIG] =
        (struct irq_action){.handler = virtio_net_config_interrupt, .arg = net, .name = "virtio-net config"};
    n = pci_irq_request(pci, net->irqs, ARRAY_SIZE(net->irqs), net->service.cpu, PCI_IRQ_ALLOW(PCI_IRQ_MSIX));
    net->has_vectors = n > 0;
    if (n > 0)
        return 0;
    net->irqs[0] =
        (struct irq_action){.handler = virtio_net_line_interrupt, .arg = net, .name = "virtio-net"};
    n = pci_irq_request(pci, net->irqs, 1, net->service.cpu, PCI_IRQ_ALLOW(PCI_IRQ_INTX));
    return n < 0 ? n : 0;
}

/* A device that could not be bound keeps the little memory it got: freeing half-made state is not worth the
 * code when it happens once per boot at most. */
static int probe(struct pci_device *pci)
{
    struct virtio_net_pci *self = calloc(1, sizeof(*self));
    int err;

    if (!self)
        return -ENOMEM;
    pci->driver_data = self;
    err = virtio_pci_init(&self->pci, pci);
    if (!err)
        err = virtio_net_bind(&self->net, &self->pci.base, interrupts_request);
    if (err)
        pci_disable(pci);
    return err;
}

static void remove(struct pci_device *pci)
{
    struct virtio_net_pci *self = pci->driver_data;

    nic_service_down(&self->net.nic);
    pci_irq_release(pci);
    pci_disable(pci);
}

static const struct pci_match matches[] = {
    {.vendor = VIRTIO_PCI_VENDOR, .device = VIRTIO_PCI_MODERN(VIRTIO_ID_NET)},
    /* Transitional ones have the modern interface as well (4.1.2.1). */
    {.vendor = VIRTIO_PCI_VENDOR, .device = 0x1000},
    {0},
};

static const struct pci_driver virtio_net_driver = {
    .name = "virtio-net", .matches = matches, .probe = probe, .remove = remove};

PCI_DRIVER(virtio_net_driver);
