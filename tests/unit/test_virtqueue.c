/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver's side of a virtqueue against a device in the same process that completes in any order. */
#include <criterion/criterion.h>
#include <errno.h>
#include <platform/virtqueue.h>
#include <stdlib.h>
#include <string.h>

#define SIZE 16

struct model {
    struct virtqueue vq;
    void *ring, *slots;
    uint16_t seen;       /* available entries taken */
    uint16_t held[SIZE]; /* heads that the device works on */
    unsigned held_count;
    uint16_t used;
    uint32_t random;
};

static struct model *model_new(bool has_event_idx)
{
    struct model *model = calloc(1, sizeof(*model));

    model->ring = aligned_alloc(4096, 4096);
    memset(model->ring, 0, 4096);
    model->slots = malloc(virtqueue_slot_bytes(SIZE));
    cr_assert_leq(virtqueue_ring_bytes(SIZE), 4096);
    virtqueue_init(&model->vq, SIZE, model->ring, model->slots, has_event_idx);
    model->random = 12345;
    return model;
}

static void model_free(struct model *model)
{
    free(model->ring);
    free(model->slots);
    free(model);
}

static uint32_t model_random(struct model *model, uint32_t below)
{
    model->random = model->random * 1664525u + 1013904223u;
    return (model->random >> 8) % below;
}

static uint16_t *model_avail_event(struct model *model)
{
    return (uint16_t *)&model->vq.used->ring[SIZE];
}

static uint16_t model_used_event(struct model *model)
{
    return model->vq.avail->ring[SIZE];
}

/* Takes everything that the driver has shown. */
static void model_fetch(struct model *model)
{
    while (model->seen != model->vq.avail->idx) {
        cr_assert_lt(model->held_count, SIZE);
        model->held[model->held_count++] = model->vq.avail->ring[model->seen++ % SIZE];
    }
    *model_avail_event(model) = model->seen;
}

/* Completes a random one; true: the driver wants an interrupt. */
static bool model_complete(struct model *model, uint32_t length)
{
    unsigned which = model_random(model, model->held_count);
    uint16_t id = model->held[which];

    model->held[which] = model->held[--model->held_count];
    model->vq.used->ring[model->used % SIZE] = (struct vring_used_elem){id, length};
    model->vq.used->idx = ++model->used;
    if (!model->vq.has_event_idx)
        return !(model->vq.avail->flags & VRING_AVAIL_NO_INTERRUPT);
    return model_used_event(model) == (uint16_t)(model->used - 1);
}

Test(virtqueue, layout_follows_the_standard)
{
    /* virtio 1.2, 2.7: 16 bytes a descriptor, 6 + 2 n available, 6 + 8 n used. */
    cr_assert_eq(virtqueue_avail_offset(256), 4096);
    cr_assert_geq(virtqueue_used_offset(256), 4096 + 6 + 512);
    cr_assert_eq(virtqueue_used_offset(256) % 4, 0);
    cr_assert_eq(virtqueue_ring_bytes(256), virtqueue_used_offset(256) + 6 + 2048);
}

Test(virtqueue, chain_is_linked_and_directed)
{
    struct model *model = model_new(false);
    struct virtqueue_buffer buffers[3] = {{0x1000, 10}, {0x2000, 20}, {0x3000, 30}};
    uint32_t length;
    int token;

    cr_assert_eq(virtqueue_add(&model->vq, buffers, 2, 1, &token), 0);
    cr_assert_eq(model->vq.avail->idx, 0, "not shown before publish");
    cr_assert(virtqueue_publish(&model->vq));
    cr_assert_eq(model->vq.avail->idx, 1);

    const struct vring_desc *desc = &model->vq.desc[model->vq.avail->ring[0]];
    cr_assert_eq(desc->address, 0x1000);
    cr_assert_eq(desc->flags, VRING_DESC_NEXT);
    desc = &model->vq.desc[desc->next];
    cr_assert_eq(desc->length, 20);
    cr_assert_eq(desc->flags, VRING_DESC_NEXT);
    desc = &model->vq.desc[desc->next];
    cr_assert_eq(desc->flags, VRING_DESC_WRITE);

    cr_assert_null(virtqueue_take(&model->vq, &length));
    model_fetch(model);
    model_complete(model, 7);
    cr_assert_eq(virtqueue_take(&model->vq, &length), &token);
    cr_assert_eq(length, 7);
    cr_assert_eq(virtqueue_free_count(&model->vq), SIZE);
    model_free(model);
}

Test(virtqueue, full_queue_refuses)
{
    struct model *model = model_new(false);
    struct virtqueue_buffer buffers[SIZE + 1] = {{1, 1}};
    int token;

    cr_assert_eq(virtqueue_add(&model->vq, buffers, SIZE + 1, 0, &token), -ENOSPC);
    cr_assert_eq(virtqueue_add(&model->vq, buffers, 0, 0, &token), -ENOSPC);
    cr_assert_eq(virtqueue_add(&model->vq, buffers, SIZE, 0, &token), 0);
    cr_assert_eq(virtqueue_add(&model->vq, buffers, 1, 0, &token), -ENOSPC);
    cr_assert_eq(virtqueue_reclaim(&model->vq), &token);
    cr_assert_null(virtqueue_reclaim(&model->vq));
    cr_assert_eq(virtqueue_add(&model->vq, buffers, SIZE, 0, &token), 0);
    model_free(model);
}

/* Long enough for every index to wrap several times. */
static void run_random(bool has_event_idx)
{
    struct model *model = model_new(has_event_idx);
    uintptr_t next = 1;
    uint8_t *is_out = calloc(1, 400000);
    unsigned out = 0;

    for (unsigned step = 0; step < 300000; step++) {
        unsigned n = 1 + model_random(model, 4);
        struct virtqueue_buffer buffers[4] = {{step, 1}, {step, 2}, {step, 3}, {step, 4}};
        uint32_t length;
        void *token;

        if (model_random(model, 2) && virtqueue_add(&model->vq, buffers, n, 0, (void *)next) == 0) {
            is_out[next++] = 1;
            out++;
        }
        if (model_random(model, 3) == 0) {
            bool was_idle = model->seen == model->vq.avail->idx,
                 has_new = model->vq.avail_idx != model->vq.shown_idx;
            bool notify = virtqueue_publish(&model->vq);

            if (was_idle && has_new)
                cr_assert(notify, "an idle device must be notified");
            if (notify || !has_event_idx)
                model_fetch(model);
        }
        if (model->held_count > 0 && model_random(model, 2))
            model_complete(model, step);
        while (model_random(model, 3) && (token = virtqueue_take(&model->vq, &length)) != NULL) {
            cr_assert_eq(is_out[(uintptr_t)token], 1);
            is_out[(uintptr_t)token] = 0;
            out--;
        }
        cr_assert(!model->vq.is_broken);
    }
    cr_assert_gt(next, 70000);
    while (virtqueue_reclaim(&model->vq))
        out--;
    cr_assert_eq(out, 0);
    cr_assert_eq(virtqueue_free_count(&model->vq), SIZE);
    free(is_out);
    model_free(model);
}

Test(virtqueue, random_order_and_wrap_with_flags)
{
    run_random(false);
}

Test(virtqueue, random_order_and_wrap_with_event_idx)
{
    run_random(true);
}

/* No completion may go unnoticed: it interrupts, or switching interrupts on says that it is there. */
static void run_no_lost_wakeup(bool has_event_idx)
{
    struct model *model = model_new(has_event_idx);
    struct virtqueue_buffer buffer = {1, 1};
    uint32_t length;
    int token;

    for (unsigned round = 0; round < 70000; round++) {
        uint16_t after = (uint16_t)(1 + round % 3);
        bool raised = false, there;

        for (unsigned i = 0; i < 4; i++)
            cr_assert_eq(virtqueue_add(&model->vq, &buffer, 0, 1, &token), 0);
        (void)!virtqueue_publish(&model->vq);
        model_fetch(model);
        virtqueue_interrupts_off(&model->vq);
        if (round & 1)
            cr_assert(!model_complete(model, 1) || !has_event_idx);
        there = virtqueue_interrupts_on(&model->vq, after);
        while (model->held_count > 0)
            raised |= model_complete(model, 1);
        cr_assert(raised || there);
        for (unsigned i = 0; i < 4; i++)
            cr_assert_eq(virtqueue_take(&model->vq, &length), &token);
    }
    model_free(model);
}

Test(virtqueue, no_lost_wakeup_with_flags)
{
    run_no_lost_wakeup(false);
}

Test(virtqueue, no_lost_wakeup_with_event_idx)
{
    run_no_lost_wakeup(true);
}

static void expect_broken(uint32_t id, uint16_t used_idx)
{
    struct model *model = model_new(true);
    struct virtqueue_buffer buffer = {1, 1};
    uint32_t length;
    int token;

    cr_assert_eq(virtqueue_add(&model->vq, &buffer, 0, 1, &token), 0);
    (void)!virtqueue_publish(&model->vq);
    for (unsigned i = 0; i < SIZE; i++)
        model->vq.used->ring[i] = (struct vring_used_elem){id, 1};
    model->vq.used->idx = used_idx;
    for (unsigned i = 0; i < SIZE && !model->vq.is_broken; i++)
        (void)!virtqueue_take(&model->vq, &length);
    cr_assert(model->vq.is_broken);
    cr_assert_null(virtqueue_take(&model->vq, &length));
    model_free(model);
}

Test(virtqueue, nonsense_from_the_device_is_noticed)
{
    expect_broken(SIZE, 1); /* no such descriptor */
    expect_broken(0xffffffff, 1);
    expect_broken(5, 1);      /* one that it does not have */
    expect_broken(0, 2);      /* the same twice */
    expect_broken(0, 0xffff); /* an index that ran away */
}
