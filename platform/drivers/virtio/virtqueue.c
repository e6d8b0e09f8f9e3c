/* SPDX-License-Identifier: BSD-2-Clause */
#include <platform/virtqueue.h>

#include <arch/barrier.h>
#include <errno.h>

_Static_assert(sizeof(struct vring_desc) == 16, "virtio 1.2, 2.7.5");
_Static_assert(sizeof(struct vring_used_elem) == 8, "virtio 1.2, 2.7.8");
_Static_assert(offsetof(struct vring_used, ring) == 4, "virtio 1.2, 2.7.8");

#define SLOT_NONE 0xffff

/* The other side's words: read once each, written once each. */
#define LOAD(x)     (*(volatile __typeof__(x) *)&(x))
#define STORE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

/* Available ring: flags, idx, ring[size], used_event; used ring: flags, idx, ring[size], avail_event.
 * Alignment 16, 2 and 4: virtio 1.2, 2.7. */
size_t virtqueue_avail_offset(uint16_t size)
{
    return (size_t)size * sizeof(struct vring_desc);
}

size_t virtqueue_used_offset(uint16_t size)
{
    return ALIGN_UP(virtqueue_avail_offset(size) + 6 + 2 * (size_t)size, 64);
}

size_t virtqueue_ring_bytes(uint16_t size)
{
    return virtqueue_used_offset(size) + 6 + sizeof(struct vring_used_elem) * (size_t)size;
}

size_t virtqueue_slot_bytes(uint16_t size)
{
    return (size_t)size * sizeof(struct virtqueue_slot);
}

static uint16_t *used_event(struct virtqueue *vq)
{
    return &vq->avail->ring[vq->size];
}

static uint16_t *avail_event(struct virtqueue *vq)
{
    return (uint16_t *)&vq->used->ring[vq->size];
}

void virtqueue_init(struct virtqueue *vq, uint16_t size, void *ring, void *slots, bool has_event_idx)
{
    *vq = (struct virtqueue){
        .desc = ring,
        .avail = (void *)((char *)ring + virtqueue_avail_offset(size)),
        .used = (void *)((char *)ring + virtqueue_used_offset(size)),
        .slots = slots,
        .size = size,
        .free_count = size,
        .has_event_idx = has_event_idx,
    };
    for (unsigned i = 0; i < size; i++)
        vq->slots[i] = (struct virtqueue_slot){.next = i + 1U < size ? (uint16_t)(i + 1) : SLOT_NONE};
}

int virtqueue_add(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned n_out, unsigned n_in,
                  void *token)
{
    unsigned n = n_out + n_in;
    uint16_t head = vq->free_head, at = head, last = head;

    if (unlikely(n == 0 || n > vq->free_count))
        return -ENOSPC;
    for (unsigned i = 0; i < n; i++) {
        struct vring_desc *desc = &vq->desc[at];

        last = at;
        at = vq->slots[at].next;
        desc->address = buffers[i].address;
        desc->length = buffers[i].length;
        desc->flags = (uint16_t)((i < n_out ? 0 : VRING_DESC_WRITE) | (i + 1 < n ? VRING_DESC_NEXT : 0));
        desc->next = at;
    }
    vq->free_head = at;
    vq->free_count = (uint16_t)(vq->free_count - n);
    vq->slots[last].next = SLOT_NONE;
    vq->slots[head].token = token;
    vq->slots[head].count = (uint16_t)n;
    vq->avail->ring[vq->avail_idx & (vq->size - 1)] = head;
    vq->avail_idx++;
    return 0;
}

/* Whether `event` lies among the steps from `from` to `to`. virtio 1.2, 2.7.7.2. */
static bool event_is_due(uint16_t event, uint16_t to, uint16_t from)
{
    return (uint16_t)(to - event - 1) < (uint16_t)(to - from);
}

bool virtqueue_publish(struct virtqueue *vq)
{
    uint16_t from = vq->shown_idx, to = vq->avail_idx;

    if (from == to)
        return false;
    arch_wmb(); /* descriptors and ring before idx: 2.7.13.3 */
    STORE(vq->avail->idx, to);
    vq->shown_idx = to;
    arch_mb(); /* idx before looking at the suppression: 2.7.13.4 */
    if (vq->has_event_idx)
        return event_is_due(LOAD(*avail_event(vq)), to, from);
    return !(LOAD(vq->used->flags) & VRING_USED_NO_NOTIFY);
}

static void *chain_free(struct virtqueue *vq, uint16_t head)
{
    struct virtqueue_slot *slot = &vq->slots[head];
    void *token = slot->token;
    uint16_t last = head;

    while (vq->slots[last].next != SLOT_NONE)
        last = vq->slots[last].next;
    vq->slots[last].next = vq->free_head;
    vq->free_head = head;
    vq->free_count = (uint16_t)(vq->free_count + slot->count);
    slot->token = NULL;
    return token;
}

void *virtqueue_take(struct virtqueue *vq, uint32_t *length)
{
    const struct vring_used_elem *elem = &vq->used->ring[vq->used_idx & (vq->size - 1)];
    uint32_t id;

    if (vq->used_idx == LOAD(vq->used->idx) || vq->is_broken)
        return NULL;
    arch_rmb(); /* idx before the element: 2.7.14 */
    id = LOAD(elem->id);
    *length = LOAD(elem->length);
    if (unlikely(id >= vq->size || !vq->slots[id].token)) {
        vq->is_broken = true;
        return NULL;
    }
    vq->used_idx++;
    return chain_free(vq, (uint16_t)id);
}

void *virtqueue_reclaim(struct virtqueue *vq)
{
    for (unsigned i = 0; vq->free_count < vq->size && i < vq->size; i++)
        if (vq->slots[i].token)
            return chain_free(vq, (uint16_t)i);
    return NULL;
}

void virtqueue_interrupts_off(struct virtqueue *vq)
{
    if (vq->has_event_idx) /* an event that is as far away as can be */
        STORE(*used_event(vq), (uint16_t)(vq->used_idx - 1));
    else
        STORE(vq->avail->flags, VRING_AVAIL_NO_INTERRUPT);
}

bool virtqueue_interrupts_on(struct virtqueue *vq, uint16_t after)
{
    if (vq->has_event_idx)
        STORE(*used_event(vq), (uint16_t)(vq->used_idx + after - 1));
    else
        STORE(vq->avail->flags, 0);
    arch_mb(); /* the wish before the last look: 2.7.14 */
    return (uint16_t)(LOAD(vq->used->idx) - vq->used_idx) >= after;
}
