/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/frame.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Another view of the same bytes, with its own link; the reference keeps the producer from taking them back.
 */
struct frame_view {
    struct frame frame;
    struct frame *original; /* immutable */
};

static void view_release(struct frame *frame)
{
    struct frame_view *view = container_of(frame, struct frame_view, frame);
    struct frame *original = view->original;

    free(view);
    frame_release(original);
}

struct frame *frame_clone(struct frame *frame)
{
    /* Only the segments in use are worth copying. */
    size_t unused = (FRAME_SEGMENTS_MAX - frame->n_segments) * sizeof(frame->segments[0]);
    struct frame_view *view = malloc(sizeof(*view));

    if (!view)
        return NULL;
    memcpy(&view->frame, frame, sizeof(view->frame) - unused);
    atomic_store_explicit(&view->frame.references, 1, memory_order_relaxed);
    view->frame.release = view_release;
    view->original = frame;
    frame_get(frame);
    return &view->frame;
}

bool frame_is_shared(const struct frame *frame)
{
    return frame->release == view_release ||
           atomic_load_explicit(&frame->references, memory_order_acquire) > 1;
}

int frame_copy_out(const struct frame *frame, uint32_t offset, void *to, uint32_t length)
{
    uint8_t *out = to;

    for (unsigned i = 0; i < frame->n_segments && length > 0; i++) {
        const struct frame_segment *segment = &frame->segments[i];
        uint32_t part;

        if (offset >= segment->length) {
            offset -= segment->length;
            continue;
        }
        part = MIN(segment->length - offset, length);
        memcpy(out, segment->data + offset, part);
        out += part;
        length -= part;
        offset = 0;
    }
    return length == 0 ? 0 : -ERANGE;
}
