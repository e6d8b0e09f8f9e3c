/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/checksum.h>
#include <string.h>

/* Sums 64 bits at a time, with the carry going back in (RFC 1071, 2: any width will do). */
uint64_t checksum_add(uint64_t sum, const void *bytes, size_t length)
{
    const uint8_t *p = bytes;
    uint64_t word;

    for (; length >= 8; p += 8, length -= 8) {
        memcpy(&word, p, 8);
        sum += word;
        sum += sum < word;
    }
    /* The rest is padded with zeroes behind it, in memory order. */
    word = 0;
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)&word)[i] = p[i];
    sum += word;
    return sum + (sum < word);
}

uint16_t checksum_fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

/* Where byte `offset` lies, if two bytes lie there in one piece. */
static uint8_t *frame_field16(struct frame *frame, uint32_t offset)
{
    for (unsigned i = 0; i < frame->n_segments; i++) {
        struct frame_segment *segment = &frame->segments[i];

        if (offset < segment->length)
            return segment->length - offset >= 2 ? segment->data + offset : NULL;
        offset -= segment->length;
    }
    return NULL;
}

/* A part that starts at an odd place counts with its bytes swapped (RFC 1071, 2: byte order independence). */
static uint64_t add_at(uint64_t sum, uint32_t position, const void *bytes, uint32_t length)
{
    uint16_t part = checksum_fold(checksum_add(0, bytes, length));

    return sum + (position & 1 ? (uint16_t)(part << 8 | part >> 8) : part);
}

void frame_checksum_fill(struct frame *frame)
{
    uint8_t *field = frame_field16(frame, (uint32_t)frame->csum_start + frame->csum_offset);
    uint32_t skip = frame->csum_start, position = 0;
    uint64_t sum = 0;
    uint16_t result;

    if (!field)
        return;
    for (unsigned i = 0; i < frame->n_segments; i++) {
        const struct frame_segment *segment = &frame->segments[i];

        if (skip >= segment->length) {
            skip -= segment->length;
            continue;
        }
        sum = add_at(sum, position, segment->data + skip, segment->length - skip);
        position += segment->length - skip;
        skip = 0;
    }
    result = (uint16_t)~checksum_fold(sum);
    /* 0 means "no checksum" to UDP; TCP takes either (RFC 768). */
    if (result == 0)
        result = 0xffff;
    memcpy(field, &result, sizeof(result));
    frame->flags &= (uint16_t)~FRAME_CSUM_NEEDED;
}
