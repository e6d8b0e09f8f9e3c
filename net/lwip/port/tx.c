/* SPDX-License-Identifier: BSD-2-Clause */
#include "tx.h"

#include "port.h"

#include <core/checksum.h>
#include <core/frame.h>
#include <lwip/pbuf.h>
#include <lwip/prot/ethernet.h>
#include <lwip/prot/ip.h>
#include <net/net.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * Packets on their way out: a frame over the bytes of a pbuf chain, of which it holds a reference. lwIP's
 * reference counts belong to the net thread, so a driver's thread that is done with a frame pushes it on a
 * lock-free stack, and the net thread frees what it finds there whenever it runs. It is only woken for that
 * when many have gathered or somebody waits for them.
 */
struct tx_frame {
    struct frame frame;
    struct pbuf *pbuf;
    struct tx_frame *next_done;
    unsigned epoch; /* in which it was sent: index into in_flight */
};

#define WAKE_AFTER 64

static _Atomic(struct tx_frame *) done;
static atomic_uint n_done;
static atomic_bool is_waited_for;

/*
 * net_after_tx(): callers wait in the epoch they came in, whose frames are counted. An epoch's waiters run
 * when its frames are all back; the other epoch's were before it began.
 */
static unsigned epoch;
static uint64_t in_flight[2];
static struct net_after_tx *waiting[2];

static void tx_release(struct frame *frame)
{
    struct tx_frame *self = container_of(frame, struct tx_frame, frame);
    struct tx_frame *head = atomic_load_explicit(&done, memory_order_relaxed);

    do {
        self->next_done = head;
    } while (!atomic_compare_exchange_weak_explicit(&done, &head, self, memory_order_release,
                                                    memory_order_relaxed));
    if (atomic_fetch_add(&n_done, 1) + 1 == WAKE_AFTER || atomic_load(&is_waited_for))
        net_thread_wake();
}

/* Moves to the other epoch when its frames are back and this one has waiters, and runs what may run. */
static void epochs_advance(void)
{
    struct net_after_tx *ready = NULL;

    if (in_flight[!epoch] == 0) {
        ready = waiting[!epoch];
        waiting[!epoch] = NULL;
        if (waiting[epoch])
            epoch = !epoch;
    }
    atomic_store(&is_waited_for, waiting[0] || waiting[1]);
    while (ready) {
        struct net_after_tx *next = ready->next;

        ready->fn(ready);
        ready = next;
    }
}

void net_after_tx(struct net_after_tx *self)
{
    if (in_flight[0] + in_flight[1] == 0) {
        self->fn(self);
        return;
    }
    self->next = waiting[epoch];
    waiting[epoch] = self;
    atomic_store(&is_waited_for, true);
    epochs_advance();
}

void netif_port_reclaim(void)
{
    struct tx_frame *frame = atomic_exchange_explicit(&done, NULL, memory_order_acquire);

    if (frame) {
        atomic_store(&n_done, 0);
        while (frame) {
            struct tx_frame *next = frame->next_done;

            in_flight[frame->epoch]--;
            pbuf_free(frame->pbuf);
            net_memory_free(frame);
            frame = next;
        }
    }
    if (waiting[0] || waiting[1])
        epochs_advance();
}

/* The sum of the pseudo header (RFC 9293, 3.1), where the rest is to be added by whoever sends the frame. */
static void checksum_request(struct frame *frame, uint8_t *ip, uint32_t ip_header_length,
                             const uint8_t *addresses, uint32_t addresses_length)
{
    uint32_t tcp_length = frame->length - SIZEOF_ETH_HDR - ip_header_length;
    const uint8_t tail[4] = {0, IP_PROTO_TCP, (uint8_t)(tcp_length >> 8), (uint8_t)tcp_length};
    uint16_t sum =
        checksum_fold(checksum_add(checksum_add(0, addresses, addresses_length), tail, sizeof(tail)));

    frame->csum_start = (uint16_t)(SIZEOF_ETH_HDR + ip_header_length);
    frame->csum_offset = 16;
    memcpy(ip + ip_header_length + 16, &sum, sizeof(sum));
    frame->flags |= FRAME_CSUM_NEEDED;
}

/*
 * TCP segments leave lwIP without a checksum: the NIC, or the port in front of it, completes it. Their
 * headers lie together in the first pbuf, as lwIP has built them; they are never fragments.
 */
static void checksum_leave_to_nic(struct frame *frame)
{
    uint8_t *eth = frame->segments[0].data, *ip = eth + SIZEOF_ETH_HDR;
    uint32_t length = frame->segments[0].length;

    if (length < SIZEOF_ETH_HDR + 40)
        return;
    if (eth[12] == 0x08 && eth[13] == 0x00 && ip[9] == IP_PROTO_TCP)
        checksum_request(frame, ip, (ip[0] & 15) * 4U, ip + 12, 8);
    else if (eth[12] == 0x86 && eth[13] == 0xdd && ip[6] == IP_PROTO_TCP && length >= SIZEOF_ETH_HDR + 60)
        checksum_request(frame, ip, 40, ip + 8, 32);
}

struct frame *tx_frame_make(struct pbuf *p)
{
    struct tx_frame *self = net_memory_alloc(sizeof(*self));
    struct frame *frame = &self->frame;

    if (!self)
        return NULL;
    if (pbuf_clen(p) > FRAME_SEGMENTS_MAX) {
        p = pbuf_clone(PBUF_RAW, PBUF_RAM, p);
        if (!p) {
            net_memory_free(self);
            return NULL;
        }
    } else {
        pbuf_ref(p);
    }
    /* The segments need no clearing. */
    memset(frame, 0, offsetof(struct frame, segments));
    atomic_store_explicit(&frame->references, 1, memory_order_relaxed);
    frame->release = tx_release;
    frame->length = p->tot_len;
    for (struct pbuf *part = p; part; part = part->next) {
        if (part->len > 0)
            frame->segments[frame->n_segments++] = (struct frame_segment){part->payload, part->len};
    }
    self->pbuf = p;
    self->epoch = epoch;
    in_flight[epoch]++;
    checksum_leave_to_nic(frame);
    return frame;
}
