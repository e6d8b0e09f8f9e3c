/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_FRAME_H
#define CORE_FRAME_H

#include <core/compiler.h>
#include <core/types.h>
#include <stdatomic.h>
#include <sys/queue.h>

/*
 * An Ethernet frame on its way through the host, without FCS. It owns nothing but references: the bytes lie
 * where the producer has them (a NIC's receive buffer, an lwIP pbuf, guest memory) and go back to it through
 * `release`. Whoever holds a frame either passes it on or calls frame_release().
 */
struct frame_segment {
    uint8_t *data;
    uint32_t length;
};

/* Enough for a 64 KiB TCP segment in 4K pages plus headers. */
#define FRAME_SEGMENTS_MAX 18

enum frame_flags {
    FRAME_CSUM_VALID = 1 << 0, /* receive: the NIC has verified the L4 checksum */
    FRAME_CSUM_NEEDED =
        1 << 1, /* transmit: L4 checksum from csum_start, stored at csum_start + csum_offset */
};

enum frame_gso { FRAME_GSO_NONE, FRAME_GSO_TCPV4, FRAME_GSO_TCPV6 };

struct frame {
    STAILQ_ENTRY(frame) link;             /* owner: whoever holds the frame */
    void (*release)(struct frame *frame); /* immutable; any thread, not in interrupts */
    atomic_uint references;
    uint32_t length; /* sum over segments */
    uint16_t flags;  /* enum frame_flags */
    uint16_t csum_start, csum_offset;
    uint16_t gso_size, header_length;
    uint8_t gso; /* enum frame_gso */
    uint8_t n_segments;
    struct frame_segment segments[FRAME_SEGMENTS_MAX];
};

STAILQ_HEAD(frame_list, frame);

/* One more holder (they then share the bytes read-only, and must not relink it: see frame_clone()). Context:
 * any. */
static inline void frame_get(struct frame *frame)
{
    atomic_fetch_add_explicit(&frame->references, 1, memory_order_relaxed);
}

/* Gives up one reference; the last one returns the frame to its producer. Context: thread. */
static inline void frame_release(struct frame *frame)
{
    if (atomic_fetch_sub_explicit(&frame->references, 1, memory_order_acq_rel) == 1)
        frame->release(frame);
}

/* A second frame over the same bytes, for a second queue; holds a reference to the first. NULL: no memory. */
must_check struct frame *frame_clone(struct frame *frame);

/* Whether somebody else may read these bytes too, so that they must not be changed. Context: any. */
must_check bool frame_is_shared(const struct frame *frame);

/* Copies [offset, offset + length) out of the segments; -ERANGE if the frame is shorter. Context: any. */
must_check int frame_copy_out(const struct frame *frame, uint32_t offset, void *to, uint32_t length);

#endif
