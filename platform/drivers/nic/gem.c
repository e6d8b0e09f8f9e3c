/* SPDX-License-Identifier: BSD-2-Clause */
/* Cadence GEM: bind, start, stop, reset, link. All of it but the boot step happens in the service thread. */
#include "gem.h"

#include <arch/barrier.h>
#include <core/boot.h>
#include <core/log.h>
#include <core/mm.h>
#include <core/vmap.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How often PHY and receiver are looked at: neither has an interrupt for what is to be seen. */
#define POLL_NS NSEC_PER_SEC

static struct gem *devices; /* immutable after boot */

/* --- interrupts: masks what it reports; the service thread unmasks ----------------------------------------
 */

static void interrupt(void *arg)
{
    struct gem *dev = arg;
    uint32_t causes = gem_causes(dev);
    unsigned events = (causes & (GEM_INT_QUEUE | GEM_INT_TX) ? NIC_EVENT_QUEUES : 0) |
                      (causes & GEM_INT_FATAL ? NIC_EVENT_RESET : 0);

    if (events == 0)
        return;
    gem_write(dev, GEM_INT_DISABLE, GEM_INT_QUEUE | GEM_INT_TX);
    nic_service_post(&dev->service, events);
}

/* --- service thread ---------------------------------------------------------------------------------------
 */

static void poll_fired(struct timer *timer)
{
    struct gem *dev = container_of(timer, struct gem, poll);

    if (!atomic_load(&dev->is_polled))
        return;
    nic_service_post(&dev->service, NIC_EVENT_LINK);
    timer_arm(timer, clock_now_ns() + POLL_NS);
}

static void poll_set(struct gem *dev, bool is_polled)
{
    atomic_store(&dev->is_polled, is_polled);
    if (is_polled)
        timer_arm(&dev->poll, clock_now_ns() + POLL_NS);
    else
        timer_cancel(&dev->poll);
}

static int device_start(void *device)
{
    struct gem *dev = device;
    int err = gem_quiesce(dev);

    if (err)
        return err;
    gem_bring_up(dev);
    dev->link = (struct gem_link){0};
    poll_set(dev, true);
    nic_tx_open(&dev->tx);
    gem_write(dev, GEM_INT_ENABLE, GEM_INT_QUEUE | GEM_INT_FATAL);
    return 0;
}

/* Receiver and transmitter are off even if the last frame hung. */
static void device_stop(void *device)
{
    struct gem *dev = device;

    poll_set(dev, false);
    if (gem_quiesce(dev) != 0)
        log_warning("%s: its last frame did not get out", dev->nic.name);
    gem_tx_drain(dev);
    gem_rx_drain(dev);
}

static void link_update(struct gem *dev)
{
    struct gem_link now = nic_is_running(&dev->service) ? gem_phy_link(dev) : (struct gem_link){0};

    if (now.is_up && (now.mbit != dev->link.mbit || now.is_full_duplex != dev->link.is_full_duplex)) {
        gem_link_set(dev, &now);
        log_info("%s: %u Mbit/s, %s duplex", dev->nic.name, now.mbit, now.is_full_duplex ? "full" : "half");
    }
    dev->link = now;
    if (now.is_up != dev->nic.is_link_up)
        nic_link_changed(&dev->nic, now.is_up);
}

static void state_run(struct gem *dev, unsigned events)
{
    if (events & NIC_EVENT_CONTROL)
        nic_service_control(&dev->service);
    else if (nic_is_running(&dev->service) &&
             ((events & NIC_EVENT_RESET) || !(gem_read(dev, GEM_CONTROL) & GEM_CONTROL_RX)))
        nic_service_recover(&dev->service);
    link_update(dev);
}

static void service_run(void *arg, unsigned events)
{
    struct gem *dev = arg;

    if (unlikely(events & (NIC_EVENT_CONTROL | NIC_EVENT_LINK | NIC_EVENT_RESET)))
        state_run(dev, events);
    if (nic_is_running(&dev->service))
        gem_receive(dev);
    gem_tx_service(dev, events);
    if (!nic_is_running(&dev->service))
        return;
    gem_write(dev, GEM_INT_ENABLE, GEM_INT_QUEUE);
    /* What came while interrupts were masked does not make one now. */
    arch_mb();
    if (gem_rx_is_pending(dev))
        nic_service_post(&dev->service, NIC_EVENT_QUEUES);
}

static const struct nic_device_ops device_ops = {
    .start = device_start, .stop = device_stop, .run = service_run};

static const struct nic_ops gem_ops = {
    .start = nic_service_up, .stop = nic_service_down, .transmit = gem_transmit};

/* --- bind -------------------------------------------------------------------------------------------------
 */

#define RX_BYTES (GEM_RX_RING * sizeof(struct gem_desc))
#define TX_BYTES (GEM_TX_RING * sizeof(struct gem_desc))

static int memory_alloc(struct gem *dev)
{
    hpa_t address;
    char *memory = uncached_alloc(RX_BYTES + TX_BYTES + 2 * sizeof(struct gem_desc), &address);

    if (memory == NULL)
        return -ENOMEM;
    dev->rx_ring = (void *)memory;
    dev->rx_ring_address = address.v;
    dev->tx_ring = (void *)(memory + RX_BYTES);
    dev->tx_ring_address = address.v + RX_BYTES;
    dev->parked = (void *)(memory + RX_BYTES + TX_BYTES);
    dev->parked_address = address.v + RX_BYTES + TX_BYTES;
    gem_rx_init(dev);
    gem_tx_init(dev);
    return rx_pool_init(&dev->pool, GEM_RX_RING + RX_POOL_SLACK, nic_service_refill, &dev->service);
}

/* Firmware's tables know it, or firmware has told the device, or nobody does and it gets a local one. */
static void mac_choose(struct gem *dev)
{
    uint32_t low = gem_read(dev, GEM_MAC_LOW), high = gem_read(dev, GEM_MAC_HIGH) & 0xffff;
    uint64_t mac = (uint64_t)high << 32 | low;

    if (dev->where->has_mac) {
        memcpy(dev->nic.mac, dev->where->mac, sizeof(dev->nic.mac));
        return;
    }
    if (mac == 0 || (mac & 1))
        mac = ((clock_now_ns() * 0x9e3779b97f4a7c15u) >> 16 & ~1ULL) | 2;
    for (unsigned i = 0; i < sizeof(dev->nic.mac); i++)
        dev->nic.mac[i] = (uint8_t)(mac >> 8 * i);
}

static int hardware_open(struct gem *dev)
{
    uint32_t design6;

    dev->regs = mmio_map(dev->where->base, GEM_BYTES, MMIO_UNCACHED);
    if (dev->regs == NULL)
        return -ENOMEM;
    design6 = gem_read(dev, GEM_DESIGN6);
    /* Older ones than those of the boards we know have shorter descriptors. */
    if (!(design6 & GEM_DESIGN6_64BIT))
        return -ENODEV;
    dev->other_queues = GEM_DESIGN6_QUEUES(design6);
    dev->is_clear_on_read = (gem_read(dev, GEM_DESIGN1) & GEM_DESIGN1_CLEAR_ON_READ) != 0;
    dev->is_coherent = dev->where->is_coherent;
    mac_choose(dev);
    gem_write(dev, GEM_CONFIG, (gem_read(dev, GEM_CONFIG) & GEM_CONFIG_WIDTH) | GEM_CONFIG_MDC);
    return gem_quiesce(dev);
}

static int bind(struct gem *dev)
{
    int err = hardware_open(dev);

    if (!err)
        err = memory_alloc(dev);
    if (err)
        return err;
    dev->phy = gem_phy_find(dev);
    dev->nic.ops = &gem_ops;
    dev->nic.driver = "gem";
    dev->nic.mtu = 1500;
    dev->nic.offloads = NIC_RX_CSUM;
    timer_init(&dev->poll, poll_fired);
    nic_tx_init(&dev->tx, &dev->nic, &dev->service);
    err = nic_service_start(&dev->service, &device_ops, dev, &dev->nic);
    dev->irq = (struct irq_action){.handler = interrupt, .arg = dev, .name = "gem"};
    if (!err)
        err = irq_request_line(&dev->irq, dev->where->gsi,
                               dev->where->level_triggered ? IRQ_LEVEL_HIGH : IRQ_EDGE_HIGH);
    return err ? err : nic_register(&dev->nic);
}

/* One that could not be bound keeps the little memory it got. */
static int gem_step_start(void)
{
    const struct host_info *info = host_info();

    for (size_t i = 0; i < info->device_count; i++) {
        struct gem *dev;
        int err;

        if (info->devices[i].kind != HOST_DEVICE_CADENCE_GEM)
            continue;
        dev = calloc(1, sizeof(*dev));
        if (dev == NULL)
            return -ENOMEM;
        dev->where = &info->devices[i];
        err = bind(dev);
        if (err) {
            log_error("gem: the one at %#llx cannot be used: error %d",
                      (unsigned long long)info->devices[i].base.v, -err);
            continue;
        }
        dev->next = devices;
        devices = dev;
    }
    return 0;
}

static void gem_step_stop(void)
{
    for (struct gem *dev = devices; dev != NULL; dev = dev->next)
        nic_service_down(&dev->nic);
}

BOOT_STEP(BOOT_BUS, gem, gem_step_start, gem_step_stop);
