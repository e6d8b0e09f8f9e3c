/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_NIC_STUBS_H
#define TESTS_NIC_STUBS_H

/*
 * What NIC drivers ask of the rest of the host, for tests of their rings: pages out of the process's heap
 * (their "physical" address is their address), locks that one thread needs not, and a service thread that
 * only takes notes.
 */
#include <contract/nic.h>
#include <core/log.h>
#include <core/mm.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "transmit.h"

uint64_t fake_direct_map_base; /* 0: pages are found at their address */

static unsigned stub_pages, stub_pages_max = ~0U; /* in use, and how many there are */
static unsigned stub_events;                      /* posted */
static uint64_t stub_now_ns;
static struct frame_list stub_received = STAILQ_HEAD_INITIALIZER(stub_received);
static unsigned stub_received_count;

hpa_t page_alloc(unsigned order, unsigned flags, unsigned node)
{
    void *pages;

    if (stub_pages + (1U << order) > stub_pages_max)
        return HPA_NONE;
    stub_pages += 1U << order;
    pages = aligned_alloc(PAGE_SIZE, PAGE_SIZE << order);
    memset(pages, flags & PAGE_ZERO ? 0 : 0xa5, PAGE_SIZE << order);
    return hpa((uintptr_t)pages);
}

void page_free(hpa_t block, unsigned order)
{
    stub_pages -= 1U << order;
    free((void *)block.v);
}

void mm_stats_get(unsigned node, struct mm_stats *out)
{
    memset(out, 0, sizeof(*out));
    out->total_bytes = 16 * 64 * PAGE_SIZE;
}

void log_write(enum log_level level, const char *format, ...)
{
}

uint64_t clock_now_ns(void)
{
    return stub_now_ns;
}

void spin_lock(struct spinlock *lock)
{
}

void spin_unlock(struct spinlock *lock)
{
}

void nic_receive(struct nic *nic, struct frame_list *frames)
{
    struct frame *frame;

    STAILQ_FOREACH (frame, frames, link)
        stub_received_count++;
    STAILQ_CONCAT(&stub_received, frames);
}

void nic_service_post(struct nic_service *service, unsigned events)
{
    stub_events |= events;
}

void spin_init(struct spinlock *lock, enum lock_rank rank)
{
}

void timer_init(struct timer *timer, void (*fn)(struct timer *timer))
{
}

void timer_arm(struct timer *timer, uint64_t deadline_ns)
{
}

/* The oldest received frame, taken out; NULL: none. */
static inline struct frame *stub_take(void)
{
    struct frame *frame = STAILQ_FIRST(&stub_received);

    if (frame) {
        STAILQ_REMOVE_HEAD(&stub_received, link);
        stub_received_count--;
    }
    return frame;
}

/* A frame to send: `n` segments of `length` bytes. */
static unsigned stub_released;

static void stub_frame_release(struct frame *frame)
{
    stub_released++;
    free(frame->segments[0].data);
    free(frame);
}

static inline struct frame *stub_frame(unsigned n, uint32_t length)
{
    struct frame *frame = calloc(1, sizeof(*frame));
    uint8_t *bytes = malloc((size_t)n * length);

    for (unsigned i = 0; i < n * length; i++)
        bytes[i] = (uint8_t)(i * 7 + n);
    frame->release = stub_frame_release;
    frame->references = 1;
    frame->n_segments = (uint8_t)n;
    frame->length = n * length;
    for (unsigned i = 0; i < n; i++)
        frame->segments[i] = (struct frame_segment){bytes + (size_t)i * length, length};
    return frame;
}

/* `count` of them, of segments of 100 bytes; `with_checksum`: with one of TCP to be filled in. */
static inline void stub_frames(struct frame_list *frames, unsigned count, unsigned segments,
                               bool with_checksum)
{
    for (unsigned i = 0; i < count; i++) {
        struct frame *frame = stub_frame(segments, 100);

        if (with_checksum) {
            frame->flags = FRAME_CSUM_NEEDED;
            frame->csum_start = 34;
            frame->csum_offset = 16;
        }
        STAILQ_INSERT_TAIL(frames, frame, link);
    }
}

#endif
