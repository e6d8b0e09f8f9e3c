/* SPDX-License-Identifier: BSD-2-Clause */
#include <contract/nic.h>
#include <core/boot.h>
#include <core/checksum.h>
#include <core/event.h>
#include <core/log.h>
#include <core/sync.h>
#include <errno.h>
#include <net/nic.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A NIC as a port of the switch. NICs come and stay: a list that only grows needs no lock to walk. */
struct nic_port {
    struct l2port port;
    struct nic *nic;                      /* immutable */
    _Atomic(struct nic_port *) next;      /* set once */
    uint64_t unsent_frames, unsent_bytes; /* atomic, relaxed: what the switch flooded to it as a standby */
};

static struct {
    struct spinlock lock; /* registration and choice of the primary */
    _Atomic(struct nic_port *) first;
    _Atomic(struct nic_port *) primary; /* changed under the lock */
    unsigned n;                         /* lock */
    _Atomic(void (*)(void)) listener;
} nics = {.lock = SPINLOCK_INIT(LOCK_RANK_L2)};

static bool is_link_up(const struct nic_port *port)
{
    return __atomic_load_n(&port->nic->is_link_up, __ATOMIC_RELAXED);
}

static struct nic_port *primary(void)
{
    return atomic_load_explicit(&nics.primary, memory_order_acquire);
}

/* What the NIC cannot do itself is done here, so that no sender needs to know which NIC is behind the switch.
 */
static void finish_checksums(struct frame_list *frames)
{
    struct frame *frame;

    STAILQ_FOREACH (frame, frames, link) {
        if (frame->flags & FRAME_CSUM_NEEDED)
            frame_checksum_fill(frame);
    }
}

static void counter_add(uint64_t *counter, uint64_t n)
{
    __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/* Returns how many there were; *bytes is their length. */
static uint64_t drop_all(struct frame_list *frames, uint64_t *bytes)
{
    struct frame *frame;
    uint64_t n = 0;

    *bytes = 0;
    while ((frame = STAILQ_FIRST(frames)) != NULL) {
        STAILQ_REMOVE_HEAD(frames, link);
        *bytes += frame->length;
        frame_release(frame);
        n++;
    }
    return n;
}

static void nic_port_deliver(struct l2port *port, struct frame_list *frames, unsigned count)
{
    struct nic_port *self = container_of(port, struct nic_port, port);

    if (self != primary() || !is_link_up(self)) {
        uint64_t bytes, n = drop_all(frames, &bytes);

        counter_add(&self->unsent_frames, n);
        counter_add(&self->unsent_bytes, bytes);
        if (self == primary())
            counter_add(&port->stats.tx_dropped, n);
        return;
    }
    if (!(self->nic->offloads & NIC_TX_CSUM))
        finish_checksums(frames);
    self->nic->ops->transmit(self->nic, frames);
}

void nic_receive(struct nic *nic, struct frame_list *frames)
{
    struct nic_port *self = nic->net_data;

    uint64_t bytes;

    if (self == primary())
        l2_input(&self->port, frames);
    else
        counter_add(&self->port.stats.rx_dropped, drop_all(frames, &bytes));
}

static void tell_listener(void)
{
    void (*listener)(void) = atomic_load(&nics.listener);

    if (listener)
        listener();
}

void nic_set_listener(void (*fn)(void))
{
    atomic_store(&nics.listener, fn);
}

/* Keeps the primary while its link is up or no other's is. Lock held. */
static void choose_primary(void)
{
    struct nic_port *now = atomic_load(&nics.primary), *port;

    if (now && is_link_up(now))
        return;
    for (port = atomic_load(&nics.first); port; port = atomic_load(&port->next)) {
        if (is_link_up(port))
            break;
    }
    if (!port)
        port = now ? now : atomic_load(&nics.first);
    atomic_store_explicit(&nics.primary, port, memory_order_release);
}

void nic_link_changed(struct nic *nic, bool is_up)
{
    bool was_up = __atomic_exchange_n(&nic->is_link_up, is_up, __ATOMIC_SEQ_CST);

    spin_lock(&nics.lock);
    choose_primary();
    spin_unlock(&nics.lock);
    if (was_up != is_up) {
        log_info("%s: link %s", nic->name, is_up ? "up" : "down");
        event_publish(is_up ? "host.link_up" : "host.link_down", "{\"interface\":\"%s\"}", nic->name);
    }
    tell_listener();
}

static void append(struct nic_port *self)
{
    _Atomic(struct nic_port *) *end = &nics.first;
    struct nic_port *port;

    while ((port = atomic_load(end)) != NULL)
        end = &port->next;
    atomic_store_explicit(end, self, memory_order_release);
}

int nic_register(struct nic *nic)
{
    struct nic_port *self = calloc(1, sizeof(*self));
    int error;

    if (!self)
        return -ENOMEM;
    self->nic = nic;
    spin_lock(&nics.lock);
    snprintf(nic->name, sizeof(nic->name), "eth%u", nics.n++);
    spin_unlock(&nics.lock);
    /* No address of its own: the host's stack is a port beside it and uses the NIC's. */
    self->port =
        (struct l2port){.name = nic->name, .deliver = nic_port_deliver, .is_uplink = true, .mtu = nic->mtu};
    nic->net_data = self;
    error = l2_port_attach(&self->port);
    if (error) {
        nic->net_data = NULL;
        free(self);
        return error;
    }
    spin_lock(&nics.lock);
    append(self);
    choose_primary();
    spin_unlock(&nics.lock);
    log_info("%s: %s, address %02x:%02x:%02x:%02x:%02x:%02x", nic->name, nic->driver, nic->mac[0],
             nic->mac[1], nic->mac[2], nic->mac[3], nic->mac[4], nic->mac[5]);
    tell_listener();
    return 0;
}

static void fill_info(const struct nic_port *port, struct nic_info *out)
{
    const struct nic *nic = port->nic;
    const struct l2port_stats *stats = &port->port.stats;

    *out = (struct nic_info){
        .mtu = nic->mtu,
        .offloads = nic->offloads,
        .is_link_up = is_link_up(port),
        .is_primary = port == primary(),
        .rx_frames = __atomic_load_n(&stats->rx_frames, __ATOMIC_RELAXED),
        .tx_frames = __atomic_load_n(&stats->tx_frames, __ATOMIC_RELAXED) -
                     __atomic_load_n(&port->unsent_frames, __ATOMIC_RELAXED),
        .rx_bytes = __atomic_load_n(&stats->rx_bytes, __ATOMIC_RELAXED),
        .tx_bytes = __atomic_load_n(&stats->tx_bytes, __ATOMIC_RELAXED) -
                    __atomic_load_n(&port->unsent_bytes, __ATOMIC_RELAXED),
        .rx_dropped = __atomic_load_n(&stats->rx_dropped, __ATOMIC_RELAXED) +
                      __atomic_load_n(&nic->rx_dropped, __ATOMIC_RELAXED),
        .tx_dropped = __atomic_load_n(&stats->tx_dropped, __ATOMIC_RELAXED) +
                      __atomic_load_n(&nic->tx_dropped, __ATOMIC_RELAXED),
        .resets = __atomic_load_n(&nic->resets, __ATOMIC_RELAXED),
    };
    memcpy(out->mac, nic->mac, sizeof(out->mac));
    snprintf(out->name, sizeof(out->name), "%s", nic->name);
    snprintf(out->driver, sizeof(out->driver), "%s", nic->driver);
}

int nic_info_get(unsigned index, struct nic_info *out)
{
    struct nic_port *port = atomic_load(&nics.first);

    while (port && index-- > 0)
        port = atomic_load(&port->next);
    if (!port)
        return -ENOENT;
    fill_info(port, out);
    return 0;
}

int nic_primary_get(struct nic_info *out)
{
    struct nic_port *port = primary();

    if (!port)
        return -ENODEV;
    fill_info(port, out);
    return 0;
}

/*
 * Drivers register while buses are enumerated; traffic starts when the switch has its other ports. A NIC that
 * does not start stays listed, without a link.
 */
static int nics_start(void)
{
    for (struct nic_port *port = atomic_load(&nics.first); port; port = atomic_load(&port->next)) {
        int error = port->nic->ops->start(port->nic);

        if (error)
            log_error("%s: does not start (%d)", port->nic->name, error);
    }
    if (!atomic_load(&nics.first))
        log_warning("net: no network card");
    return 0;
}

static void nics_stop(void)
{
    for (struct nic_port *port = atomic_load(&nics.first); port; port = atomic_load(&port->next))
        port->nic->ops->stop(port->nic);
}

BOOT_STEP(BOOT_NET, nics, nics_start, nics_stop);
