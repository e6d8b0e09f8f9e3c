/* SPDX-License-Identifier: BSD-2-Clause */
#include "port.h"
#include "tx.h"

#include <contract/l2port.h>
#include <core/log.h>
#include <core/sync.h>
#include <errno.h>
#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/prot/ip.h>
#include <net/net.h>
#include <net/nic.h>
#include <netif/ethernet.h>
#include <stdatomic.h>
#include <string.h>

/* lwIP's one interface, as a port of the switch like any other. */

/* Frames that wait for the net thread; beyond it they are dropped, as a NIC's ring would. */
#define RX_QUEUE_MAX 4096

/* Frames fed to lwIP before timers and other work get their turn. */
#define RX_ROUND 256

/* Frames sent in one batch. */
#define TX_BATCH 32

/* Lets lwIP keep a received frame without copying it. */
struct rx_pbuf {
    struct pbuf_custom custom;
    struct frame *frame;
};

static struct {
    struct l2port port;
    struct netif netif;
    bool is_attached;

    struct spinlock rx_lock;
    struct frame_list rx;  /* rx_lock */
    struct frame_list fed; /* net thread: taken from rx and next in line */
    atomic_uint n_rx;      /* written under rx_lock */
    uint64_t n_held;       /* net thread */

    struct frame_list tx; /* net thread */
    unsigned n_tx;        /* net thread */
    struct net_call changed;
} self = {.rx_lock = SPINLOCK_INIT(LOCK_RANK_QUEUE)};

static void netif_deliver(struct l2port *port, struct frame_list *frames, unsigned count)
{
    struct frame *frame;

    spin_lock(&self.rx_lock);
    if (atomic_load_explicit(&self.n_rx, memory_order_relaxed) + count <= RX_QUEUE_MAX) {
        STAILQ_CONCAT(&self.rx, frames);
        atomic_fetch_add(&self.n_rx, count);
    }
    spin_unlock(&self.rx_lock);
    if (STAILQ_EMPTY(frames)) {
        net_thread_wake();
        return;
    }
    __atomic_fetch_add(&port->stats.tx_dropped, count, __ATOMIC_RELAXED);
    while ((frame = STAILQ_FIRST(frames)) != NULL) {
        STAILQ_REMOVE_HEAD(frames, link);
        frame_release(frame);
    }
}

bool netif_port_has_input(void)
{
    return atomic_load(&self.n_rx) != 0 || !STAILQ_EMPTY(&self.fed);
}

uint64_t netif_port_rx_held(void)
{
    return self.n_held;
}

static void rx_pbuf_free(struct pbuf *p)
{
    struct rx_pbuf *rx = container_of(p, struct rx_pbuf, custom.pbuf);

    self.n_held--;
    frame_release(rx->frame);
    net_memory_free(rx);
}

/* lwIP writes into what it receives (echo replies, header fields): shared bytes are copied, scattered ones
 * too. */
static struct pbuf *rx_copy(struct frame *frame)
{
    struct pbuf *p =
        frame->length <= UINT16_MAX ? pbuf_alloc(PBUF_RAW, (u16_t)frame->length, PBUF_RAM) : NULL;

    if (p && frame_copy_out(frame, 0, p->payload, frame->length) != 0) {
        pbuf_free(p);
        p = NULL;
    }
    frame_release(frame);
    return p;
}

static struct pbuf *rx_wrap(struct frame *frame)
{
    struct rx_pbuf *rx;

    if (frame->n_segments != 1 || frame->length > UINT16_MAX || frame_is_shared(frame))
        return rx_copy(frame);
    rx = self.n_held < net_memory_frames_max() ? net_memory_alloc(sizeof(*rx)) : NULL;
    if (!rx) {
        frame_release(frame);
        return NULL;
    }
    rx->frame = frame;
    rx->custom.custom_free_function = rx_pbuf_free;
    self.n_held++;
    return pbuf_alloced_custom(PBUF_RAW, (u16_t)frame->length, PBUF_REF, &rx->custom, frame->segments[0].data,
                               (u16_t)frame->length);
}

/* Has the NIC vouched for the L4 checksum? Not for fragments: it belongs to the whole packet. */
static bool is_checksum_known(const struct frame *frame)
{
    const uint8_t *eth = frame->segments[0].data;

    if (!(frame->flags & FRAME_CSUM_VALID) || frame->segments[0].length < SIZEOF_ETH_HDR + 20)
        return false;
    if (eth[12] == 0x86 && eth[13] == 0xdd)
        return eth[20] == IP_PROTO_TCP;
    /* More-fragments flag and offset (RFC 791, 3.1). */
    return eth[12] == 0x08 && eth[13] == 0x00 && (eth[20] & 0x3f) == 0 && eth[21] == 0;
}

static void netif_feed(struct frame *frame)
{
    bool is_known = is_checksum_known(frame);
    struct pbuf *p = rx_wrap(frame);

    if (!p) {
        __atomic_fetch_add(&self.port.stats.tx_dropped, 1, __ATOMIC_RELAXED);
        return;
    }
    /* The flags are the interface's, but this packet is dealt with before the next one sets them. */
    NETIF_SET_CHECKSUM_CTRL(&self.netif, (NETIF_CHECKSUM_ENABLE_ALL & ~NETIF_CHECKSUM_GEN_TCP) &
                                             ~(is_known ? NETIF_CHECKSUM_CHECK_TCP : 0));
    if (self.netif.input(p, &self.netif) != ERR_OK)
        pbuf_free(p);
}

void netif_port_receive(void)
{
    struct frame *frame;

    spin_lock(&self.rx_lock);
    STAILQ_CONCAT(&self.fed, &self.rx);
    atomic_store(&self.n_rx, 0);
    spin_unlock(&self.rx_lock);
    for (unsigned i = 0; i < RX_ROUND && (frame = STAILQ_FIRST(&self.fed)) != NULL; i++) {
        STAILQ_REMOVE_HEAD(&self.fed, link);
        netif_feed(frame);
    }
}

void netif_port_flush(void)
{
    struct frame_list batch = STAILQ_HEAD_INITIALIZER(batch);

    if (self.n_tx == 0)
        return;
    STAILQ_CONCAT(&batch, &self.tx);
    self.n_tx = 0;
    l2_input(&self.port, &batch);
}

/* lwIP sends a packet: collected, and sent with others when the net thread has done what it was woken for. */
static err_t netif_send(struct netif *netif, struct pbuf *p)
{
    struct frame *frame;

    if (!self.is_attached)
        return ERR_IF;
    frame = tx_frame_make(p);
    if (!frame)
        return ERR_MEM;
    STAILQ_INSERT_TAIL(&self.tx, frame, link);
    if (++self.n_tx >= TX_BATCH)
        netif_port_flush();
    return ERR_OK;
}

static err_t netif_setup(struct netif *netif)
{
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->hwaddr_len = ETH_HWADDR_LEN;
    netif->mtu = 1500;
    netif->output = etharp_output;
    netif->output_ip6 = ethip6_output;
    netif->linkoutput = netif_send;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_MLD6;
    NETIF_SET_CHECKSUM_CTRL(netif, NETIF_CHECKSUM_ENABLE_ALL & ~NETIF_CHECKSUM_GEN_TCP);
    return ERR_OK;
}

/* Takes over the primary NIC's address; another primary means another address. */
static void netif_adopt(const struct nic_info *nic)
{
    int error;

    if (self.is_attached && memcmp(nic->mac, self.netif.hwaddr, ETH_HWADDR_LEN) == 0)
        return;
    netif_port_flush();
    if (self.is_attached)
        l2_port_detach(&self.port);
    memcpy(self.port.mac, nic->mac, ETH_HWADDR_LEN);
    error = l2_port_attach(&self.port);
    self.is_attached = !error;
    if (error) {
        log_error("net: no port on the switch (%d)", error);
        return;
    }
    memcpy(self.netif.hwaddr, nic->mac, ETH_HWADDR_LEN);
    self.netif.mtu = MIN(nic->mtu, 1500);
    net_address_start();
}

/* A link or the choice of NIC has changed. */
static void netif_changed(struct net_call *call)
{
    struct nic_info nic;

    if (nic_primary_get(&nic) != 0)
        return;
    netif_adopt(&nic);
    if (nic.is_link_up) {
        netif_set_link_up(&self.netif); /* restarts DHCP and the search for routers */
    } else {
        log_info("net: no link on %s, waiting for one", nic.name);
        netif_set_link_down(&self.netif);
    }
}

static void netif_listener(void)
{
    net_call(&self.changed);
}

struct netif *netif_port(void)
{
    return &self.netif;
}

int netif_port_attach(void)
{
    STAILQ_INIT(&self.rx);
    STAILQ_INIT(&self.fed);
    STAILQ_INIT(&self.tx);
    self.port = (struct l2port){.name = "host", .deliver = netif_deliver, .mtu = 1500};
    self.changed.fn = netif_changed;
    if (!netif_add(&self.netif, NULL, NULL, NULL, NULL, netif_setup, ethernet_input))
        return -ENOMEM;
    netif_set_default(&self.netif);
    nic_set_listener(netif_listener);
    net_call(&self.changed);
    return 0;
}
