/* SPDX-License-Identifier: BSD-2-Clause */
#include "fdb.h"

#include <contract/l2port.h>
#include <core/boot.h>
#include <core/log.h>
#include <core/random.h>
#include <core/sync.h>
#include <core/time.h>
#include <core/waitq.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * The host's switch. A batch of frames enters, is sorted by destination under the switch's lock and delivered
 * without it, a list per destination, so the lock is taken once per batch and never held across other rooms'
 * code. (Readers without a lock need a grace period for ports and table; until core has one the lock is held
 * for some ten instructions a frame.)
 *
 * What goes where: a known address to its port; group addresses to every other port; unknown addresses to the
 * uplinks only, since whatever is inside the host is known from its attach or has spoken before. Nothing goes
 * from one uplink to another: the physical network may connect them, too.
 */

/* Destinations a batch is sorted to before delivery; more take another round. */
#define BATCH_DESTINATIONS 8

/* Addresses remembered per port. The network behind an uplink can be large; it costs 56 bytes an address. */
#define QUOTA_UPLINK 2048
#define QUOTA_PORT   64

#define ETH_HEADER_LENGTH 14

/* The switch's side of a port (struct l2port.priv). */
struct l2_slot {
    struct fdb_owner addresses; /* lock: l2 */
    struct l2port *port;        /* immutable */
    uint32_t index;             /* in l2.slots; immutable */
    atomic_uint deliveries;     /* batches on their way into deliver() */
};

static struct {
    struct spinlock lock;
    struct waitq idle;      /* woken when a last delivery is over while a port waits to leave */
    atomic_uint n_leaving;  /* ports that wait */
    struct fdb fdb;         /* lock */
    struct l2_slot **slots; /* lock; holes are NULL */
    uint32_t n_slots;       /* lock */
} l2;

/* Frames for one port. */
struct l2_batch {
    struct l2_slot *slot;
    struct frame_list frames;
    unsigned count;
    uint64_t bytes;
};

/* A round of sorting. */
struct l2_round {
    struct l2_batch to[BATCH_DESTINATIONS];
    unsigned n;
    struct l2_batch group;   /* to every port but the sender */
    struct l2_batch unknown; /* to the uplinks */
    unsigned dropped;
};

static void stat_add(uint64_t *counter, uint64_t n)
{
    __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

static void batch_init(struct l2_batch *batch, struct l2_slot *slot)
{
    *batch = (struct l2_batch){.slot = slot};
    STAILQ_INIT(&batch->frames);
}

static void batch_add(struct l2_batch *batch, struct frame *frame)
{
    STAILQ_INSERT_TAIL(&batch->frames, frame, link);
    batch->count++;
    batch->bytes += frame->length;
}

static void batch_drop(struct l2_batch *batch)
{
    struct frame *frame;

    while ((frame = STAILQ_FIRST(&batch->frames)) != NULL) {
        STAILQ_REMOVE_HEAD(&batch->frames, link);
        frame_release(frame);
    }
}

/* A hold keeps the port attached while frames are delivered to it. Lock held. */
static void slot_hold(struct l2_slot *slot)
{
    atomic_fetch_add_explicit(&slot->deliveries, 1, memory_order_relaxed);
}

static void slot_drop(struct l2_slot *slot)
{
    /*
     * The slot may be gone right after the subtraction. Sequentially consistent: either this sees the leaving
     * port, or that one sees the count at 0 before it sleeps.
     */
    if (atomic_fetch_sub(&slot->deliveries, 1) == 1 && atomic_load(&l2.n_leaving) != 0)
        waitq_wake_all(&l2.idle);
}

/* Hands a batch to its port. The caller holds the slot. */
static void batch_deliver(struct l2_batch *batch)
{
    struct l2port *port = batch->slot->port;

    if (batch->count == 0)
        return;
    stat_add(&port->stats.tx_frames, batch->count);
    stat_add(&port->stats.tx_bytes, batch->bytes);
    port->deliver(port, &batch->frames, batch->count);
}

/* The round's batch for a port, or NULL: all are in use. Lock held. */
static struct l2_batch *round_batch(struct l2_round *round, struct l2_slot *slot)
{
    for (unsigned i = 0; i < round->n; i++) {
        if (round->to[i].slot == slot)
            return &round->to[i];
    }
    if (round->n == BATCH_DESTINATIONS)
        return NULL;
    slot_hold(slot);
    batch_init(&round->to[round->n], slot);
    return &round->to[round->n++];
}

/* Puts one frame into the round. False: no room, deliver first. Lock held. */
static bool round_add(struct l2_round *round, struct l2_slot *from, struct frame *frame, uint64_t now_ns)
{
    uint8_t header[ETH_HEADER_LENGTH];
    struct l2_batch *batch = NULL;
    struct fdb_owner *owner;
    uint64_t destination;

    if (frame_copy_out(frame, 0, header, sizeof(header)) != 0 ||
        fdb_learn(&l2.fdb, &from->addresses, fdb_mac(header + 6), now_ns) != 0)
        goto drop;
    destination = fdb_mac(header);
    if (fdb_mac_is_group(destination)) {
        batch = &round->group;
    } else if ((owner = fdb_lookup(&l2.fdb, destination, now_ns)) != NULL) {
        struct l2_slot *to = container_of(owner, struct l2_slot, addresses);

        if (to == from || (to->port->is_uplink && from->port->is_uplink))
            goto drop;
        batch = round_batch(round, to);
        if (!batch)
            return false;
    } else if (!from->port->is_uplink) {
        batch = &round->unknown;
    } else {
        goto drop;
    }
    batch_add(batch, frame);
    return true;
drop:
    round->dropped++;
    frame_release(frame);
    return true;
}

/* Copies of the batch's frames, sharing their bytes, delivered to one port. The caller holds the slot. */
static void batch_deliver_clones(struct l2_batch *batch, struct l2_slot *slot)
{
    struct l2_batch clones;
    struct frame *frame;

    batch_init(&clones, slot);
    STAILQ_FOREACH (frame, &batch->frames, link) {
        struct frame *clone = frame_clone(frame);

        if (clone)
            batch_add(&clones, clone);
        else
            stat_add(&slot->port->stats.tx_dropped, 1);
    }
    batch_deliver(&clones);
}

/* Holds the next few ports that a flood reaches, from slot *cursor on. True: these were the last. */
static bool flood_targets(struct l2_slot *from, bool to_uplinks_only, uint32_t *cursor,
                          struct l2_slot *targets[BATCH_DESTINATIONS], unsigned *n_targets)
{
    bool is_last;

    *n_targets = 0;
    spin_lock(&l2.lock);
    for (; *cursor < l2.n_slots && *n_targets < BATCH_DESTINATIONS; (*cursor)++) {
        struct l2_slot *slot = l2.slots[*cursor];

        if (!slot || slot == from || (to_uplinks_only && !slot->port->is_uplink) ||
            (from->port->is_uplink && slot->port->is_uplink))
            continue;
        slot_hold(slot);
        targets[(*n_targets)++] = slot;
    }
    is_last = *cursor == l2.n_slots;
    spin_unlock(&l2.lock);
    return is_last;
}

/* Delivers to several ports; the last one gets the frames themselves, so that one port costs no clone. */
static void batch_flood(struct l2_batch *batch, struct l2_slot *from, bool to_uplinks_only)
{
    struct l2_slot *targets[BATCH_DESTINATIONS];
    uint32_t cursor = 0;
    unsigned n;
    bool is_last;

    if (batch->count == 0)
        return;
    do {
        is_last = flood_targets(from, to_uplinks_only, &cursor, targets, &n);
        for (unsigned i = 0; i < n; i++) {
            if (is_last && i == n - 1) {
                batch->slot = targets[i];
                batch_deliver(batch);
                STAILQ_INIT(&batch->frames);
            } else {
                batch_deliver_clones(batch, targets[i]);
            }
            slot_drop(targets[i]);
        }
    } while (!is_last);
    batch_drop(batch);
}

static void round_deliver(struct l2_round *round, struct l2_slot *from)
{
    for (unsigned i = 0; i < round->n; i++) {
        batch_deliver(&round->to[i]);
        slot_drop(round->to[i].slot);
    }
    batch_flood(&round->group, from, false);
    batch_flood(&round->unknown, from, true);
    if (round->dropped)
        stat_add(&from->port->stats.rx_dropped, round->dropped);
}

/* Sorts frames from the head of the list for as long as there is room. */
static void round_sort(struct l2_round *round, struct l2_slot *from, struct frame_list *frames)
{
    uint64_t now_ns = clock_now_ns(), bytes = 0;
    unsigned count = 0;
    struct frame *frame;

    round->n = 0;
    round->dropped = 0;
    batch_init(&round->group, NULL);
    batch_init(&round->unknown, NULL);
    spin_lock(&l2.lock);
    while ((frame = STAILQ_FIRST(frames)) != NULL) {
        struct frame *next = STAILQ_NEXT(frame, link);
        uint32_t length = frame->length;

        if (!round_add(round, from, frame, now_ns))
            break;
        STAILQ_FIRST(frames) = next;
        count++;
        bytes += length;
    }
    spin_unlock(&l2.lock);
    if (STAILQ_EMPTY(frames))
        STAILQ_INIT(frames);
    stat_add(&from->port->stats.rx_frames, count);
    stat_add(&from->port->stats.rx_bytes, bytes);
}

void l2_input(struct l2port *port, struct frame_list *frames)
{
    struct l2_slot *from = port->priv;
    struct l2_round round;

    while (!STAILQ_EMPTY(frames)) {
        round_sort(&round, from, frames);
        round_deliver(&round, from);
    }
}

/* A free place in the slot table. Lock held. */
static int slot_place(struct l2_slot *slot)
{
    struct l2_slot **grown;
    uint32_t n_grown;

    for (uint32_t i = 0; i < l2.n_slots; i++) {
        if (!l2.slots[i]) {
            slot->index = i;
            l2.slots[i] = slot;
            return 0;
        }
    }
    n_grown = MAX(8U, l2.n_slots * 2);
    grown = calloc(n_grown, sizeof(struct l2_slot *));
    if (!grown)
        return -ENOMEM;
    if (l2.slots)
        memcpy(grown, l2.slots, l2.n_slots * sizeof(struct l2_slot *));
    free(l2.slots);
    l2.slots = grown;
    slot->index = l2.n_slots;
    l2.n_slots = n_grown;
    l2.slots[slot->index] = slot;
    return 0;
}

int l2_port_attach(struct l2port *port)
{
    struct l2_slot *slot = calloc(1, sizeof(*slot));
    int error;

    if (!slot)
        return -ENOMEM;
    slot->port = port;
    port->priv = slot;
    spin_lock(&l2.lock);
    error = fdb_owner_add(&l2.fdb, &slot->addresses, port->is_uplink ? QUOTA_UPLINK : QUOTA_PORT,
                          fdb_mac(port->mac));
    if (!error) {
        error = slot_place(slot);
        if (error)
            fdb_owner_remove(&l2.fdb, &slot->addresses);
    }
    spin_unlock(&l2.lock);
    if (error) {
        port->priv = NULL;
        free(slot);
    }
    return error;
}

void l2_port_detach(struct l2port *port)
{
    struct l2_slot *slot = port->priv;

    spin_lock(&l2.lock);
    l2.slots[slot->index] = NULL;
    fdb_owner_remove(&l2.fdb, &slot->addresses);
    spin_unlock(&l2.lock);
    atomic_fetch_add(&l2.n_leaving, 1);
    wait_event(&l2.idle, atomic_load(&slot->deliveries) == 0);
    atomic_fetch_sub(&l2.n_leaving, 1);
    port->priv = NULL;
    free(slot);
}

static int l2_start(void)
{
    spin_init(&l2.lock, LOCK_RANK_L2);
    waitq_init(&l2.idle);
    fdb_init(&l2.fdb, random_u64());
    return 0;
}

BOOT_STEP(BOOT_SCHED, l2, l2_start, NULL);
