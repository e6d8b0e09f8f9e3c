/* SPDX-License-Identifier: BSD-2-Clause */
#include "chacha.h"

#include <core/checksum.h>
#include <core/frame.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static unsigned n_released;

static void count_release(struct frame *frame)
{
    n_released++;
}

/* A frame over `bytes`, cut into segments of the given lengths. */
static void frame_over(struct frame *frame, uint8_t *bytes, const uint32_t *lengths, unsigned n)
{
    memset(frame, 0, sizeof(*frame));
    frame->references = 1;
    frame->release = count_release;
    for (unsigned i = 0; i < n; i++) {
        frame->segments[i] = (struct frame_segment){bytes, lengths[i]};
        frame->length += lengths[i];
        bytes += lengths[i];
    }
    frame->n_segments = (uint8_t)n;
}

Test(frame, copies_out_across_segments)
{
    uint8_t bytes[] = "0123456789", out[8] = "";
    struct frame frame;

    frame_over(&frame, bytes, (uint32_t[]){3, 0, 4, 3}, 4);
    cr_assert_eq(frame_copy_out(&frame, 2, out, 6), 0);
    cr_assert_arr_eq(out, "234567", 6);
    cr_assert_eq(frame_copy_out(&frame, 9, out, 1), 0);
    cr_assert_eq(frame_copy_out(&frame, 9, out, 2), -ERANGE);
    cr_assert_eq(frame_copy_out(&frame, 11, out, 1), -ERANGE);
    cr_assert_eq(frame_copy_out(&frame, 10, out, 0), 0);
}

Test(frame, clones_keep_the_original)
{
    uint8_t bytes[] = "0123456789", out[4];
    struct frame frame, *clone, *second;

    n_released = 0;
    frame_over(&frame, bytes, (uint32_t[]){10}, 1);
    cr_assert_not(frame_is_shared(&frame));
    clone = frame_clone(&frame);
    second = frame_clone(clone);
    cr_assert(frame_is_shared(&frame) && frame_is_shared(clone));
    frame_release(&frame);
    frame_release(clone);
    cr_assert_eq(n_released, 0);
    cr_assert_eq(frame_copy_out(second, 4, out, 4), 0);
    cr_assert_arr_eq(out, "4567", 4);
    frame_release(second);
    cr_assert_eq(n_released, 1);
}

/* RFC 1071, 3: the bytes 00 01 f2 03 f4 f5 f6 f7 sum to ddf2. */
Test(checksum, rfc1071_example)
{
    const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    uint16_t sum = checksum_fold(checksum_add(0, bytes, sizeof(bytes)));

    cr_assert_arr_eq(&sum, "\xdd\xf2", 2);
}

/* However a packet is cut, its checksum is the same, and right: with it the whole sums to ffff. */
Test(checksum, fills_whatever_the_segments)
{
    uint8_t original[61], bytes[61];
    uint16_t expected = 0;

    for (unsigned i = 0; i < sizeof(original); i++)
        original[i] = (uint8_t)(i * 37 + 11);
    memset(original + 34 + 16, 0, 2);
    for (uint32_t cut = 1; cut < 60; cut++) {
        struct frame frame;
        uint16_t sum;

        memcpy(bytes, original, sizeof(bytes));
        frame_over(&frame, bytes, (uint32_t[]){cut, 61 - cut}, 2);
        frame.flags = FRAME_CSUM_NEEDED;
        frame.csum_start = 34;
        frame.csum_offset = 16;
        frame_checksum_fill(&frame);
        if (cut == 51) {
            /* The field itself is cut in two: left alone. */
            cr_assert(frame.flags & FRAME_CSUM_NEEDED);
            continue;
        }
        cr_assert_eq(frame.flags, 0);
        sum = checksum_fold(checksum_add(0, bytes + 34, 27));
        cr_assert_eq(sum, 0xffff, "cut at %u: %04x", cut, sum);
        memcpy(&sum, bytes + 50, 2);
        expected = cut == 1 ? sum : expected;
        cr_assert_eq(sum, expected);
    }
}

Test(checksum, fields_outside_the_frame_are_ignored)
{
    uint8_t bytes[20] = {0};
    struct frame frame;

    frame_over(&frame, bytes, (uint32_t[]){20}, 1);
    frame.flags = FRAME_CSUM_NEEDED;
    frame.csum_start = 65535;
    frame.csum_offset = 65535;
    frame_checksum_fill(&frame);
    frame.csum_start = 10;
    frame.csum_offset = 9;
    frame_checksum_fill(&frame);
    for (unsigned i = 0; i < sizeof(bytes); i++)
        cr_assert_eq(bytes[i], 0);
}

/* RFC 8439, 2.3.2. */
Test(chacha, block_example)
{
    uint32_t key[8], nonce[3] = {0x09000000, 0x4a000000, 0}, out[16];
    const uint32_t expected[16] = {0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3, 0xc7f4d1c7, 0x0368c033,
                                   0x9aaa2204, 0x4e6cd4c3, 0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9,
                                   0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2};

    for (unsigned i = 0; i < 8; i++)
        key[i] = 0x03020100 + 0x04040404 * i;
    chacha20_block(key, 1, nonce, out);
    cr_assert_arr_eq(out, expected, sizeof(expected));
}
