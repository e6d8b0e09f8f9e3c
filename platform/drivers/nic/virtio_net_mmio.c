/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio-net in the slots that a device tree names. */
#include "virtio_net.h"

#include <core/boot.h>
#include <core/log.h>
#include <errno.h>
#include <platform/virtio_mmio.h>
#include <stdlib.h>

struct virtio_net_mmio {
    struct virtio_net net;
    struct virtio_mmio mmio;
    const struct host_device *slot;
    struct virtio_net_mmio *next;
};

static struct virtio_net_mmio *bound; /* immutable after boot */

static int interrupts_request(struct virtio_net *net)
{
    const struct host_device *slot = container_of(net, struct virtio_net_mmio, net)->slot;

    net->irqs[0] =
        (struct irq_action){.handler = virtio_net_line_interrupt, .arg = net, .name = "virtio-net"};
    return irq_request_line(&net->irqs[0], slot->gsi, slot->level_triggered ? IRQ_LEVEL_HIGH : IRQ_EDGE_HIGH);
}

/* 0 also for a slot with nothing of ours in it, whose object is then free for the next. */
static int slot_bind(struct virtio_net_mmio *self, const struct host_device *slot, bool *is_bound)
{
    int kind = virtio_mmio_open(&self->mmio, slot);
    int err;

    *is_bound = false;
    if (kind != VIRTIO_ID_NET)
        return kind < 0 ? kind : 0;
    /* Rings lie in ordinary memory. */
    if (!slot->is_coherent)
        return -ENOTSUP;
    *is_bound = true;
    self->slot = slot;
    err = virtio_reset(&self->mmio.base);
    return err ? err : virtio_net_bind(&self->net, &self->mmio.base, interrupts_request);
}

static int virtio_net_mmio_start(void)
{
    const struct host_info *info = host_info();
    struct virtio_net_mmio *self = NULL;

    for (size_t i = 0; i < info->device_count; i++) {
        bool is_bound;
        int err;

        if (info->devices[i].kind != HOST_DEVICE_VIRTIO_MMIO)
            continue;
        if (self == NULL)
            self = calloc(1, sizeof(*self));
        if (self == NULL)
            return -ENOMEM;
        err = slot_bind(self, &info->devices[i], &is_bound);
        if (err)
            log_error("virtio-net: the one at %#llx cannot be used: error %d",
                      (unsigned long long)info->devices[i].base.v, -err);
        if (!is_bound)
            continue;
        /* One that failed keeps the little memory it got. */
        if (!err) {
            self->next = bound;
            bound = self;
        }
        self = NULL;
    }
    free(self);
    return 0;
}

static void virtio_net_mmio_stop(void)
{
    for (struct virtio_net_mmio *self = bound; self != NULL; self = self->next)
        nic_service_down(&self->net.nic);
}

BOOT_STEP(BOOT_BUS, virtio_net_mmio, virtio_net_mmio_start, virtio_net_mmio_stop);
