/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PLATFORM_VIRTQUEUE_H
#define PLATFORM_VIRTQUEUE_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * The driver's side of a split virtqueue (virtio 1.2, 2.7), apart from any transport: memory comes from the
 * caller, notifications are the caller's to send. One caller at a time per queue.
 *
 * The device is not trusted with the queue's own bookkeeping: what the driver needs to free a chain is kept
 * in `slots`, and a used ring that makes no sense sets is_broken, after which only virtqueue_init() helps.
 */
struct vring_desc {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

#define VRING_DESC_NEXT     1
#define VRING_DESC_WRITE    2
#define VRING_DESC_INDIRECT 4

struct vring_avail {
    uint16_t flags;
    uint16_t idx;
    uint16_t ring[];
};

#define VRING_AVAIL_NO_INTERRUPT 1
#define VRING_USED_NO_NOTIFY     1

struct vring_used_elem {
    uint32_t id;
    uint32_t length;
};

struct vring_used {
    uint16_t flags;
    uint16_t idx;
    struct vring_used_elem ring[];
};

struct virtqueue_slot {
    void *token;    /* of the chain that begins here; NULL: none does */
    uint16_t next;  /* in the chain, or in the free list */
    uint16_t count; /* descriptors in the chain */
};

struct virtqueue {
    struct vring_desc *desc;
    struct vring_avail *avail;
    struct vring_used *used;
    struct virtqueue_slot *slots;
    uint16_t size;      /* immutable: a power of two */
    uint16_t avail_idx; /* next to fill */
    uint16_t shown_idx; /* what the device has been told */
    uint16_t used_idx;  /* next to harvest */
    uint16_t free_head; /* slots that belong to no chain */
    uint16_t free_count;
    bool has_event_idx; /* VIRTIO_F_EVENT_IDX was negotiated */
    bool is_broken;
};

#define VIRTQUEUE_SIZE_MAX 32768

struct virtqueue_buffer {
    uint64_t address; /* as the device sees it */
    uint32_t length;
};

/* Bytes of ring memory (physically contiguous, page-aligned) and of slots that a queue of `size` needs. */
size_t virtqueue_ring_bytes(uint16_t size);
size_t virtqueue_slot_bytes(uint16_t size);

/* Where the used ring and the available ring start within the ring memory. */
size_t virtqueue_avail_offset(uint16_t size);
size_t virtqueue_used_offset(uint16_t size);

/* An empty queue over zeroed `ring` memory. Interrupts are on. */
void virtqueue_init(struct virtqueue *vq, uint16_t size, void *ring, void *slots, bool has_event_idx);

/*
 * Adds a chain of `n_out` buffers that the device reads, then `n_in` that it writes. `token` (not NULL) comes
 * back from virtqueue_take(). The device does not see it before virtqueue_publish(). -ENOSPC: too few
 * descriptors are free.
 */
must_check int virtqueue_add(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned n_out,
                             unsigned n_in, void *token);

/* Shows what was added to the device; true: it wants to be notified. */
must_check bool virtqueue_publish(struct virtqueue *vq);

/* The next chain that the device is done with, and how much it wrote; NULL: none, or is_broken. */
must_check void *virtqueue_take(struct virtqueue *vq, uint32_t *length);

/* Any chain that is still the device's, taken away from it: for a device that has been reset. NULL: none
 * left. */
must_check void *virtqueue_reclaim(struct virtqueue *vq);

/* Asks for no interrupts. A hint: some may still come. */
void virtqueue_interrupts_off(struct virtqueue *vq);

/*
 * Asks for an interrupt once `after` more chains (1: at the next) are used. True: so many are used already,
 * the interrupt may not come: harvest again.
 */
must_check bool virtqueue_interrupts_on(struct virtqueue *vq, uint16_t after);

/* Chains that the device has not returned, of those it has been shown or not. */
static inline uint16_t virtqueue_free_count(const struct virtqueue *vq)
{
    return vq->free_count;
}

#endif
