/* SPDX-License-Identifier: BSD-2-Clause */
#include "state.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct toy {
    struct device device;
    uint32_t value;
    bool is_greedy; /* reads more than it wrote */
    bool is_lazy;   /* reads less */
    bool is_refusing;
    unsigned loads;
    uint32_t version_seen;
};

static void toy_save(struct device *device, struct state_writer *w)
{
    struct toy *toy = container_of(device, struct toy, device);

    state_put_u8(w, 0x11);
    state_put_u32(w, toy->value);
    state_put_u64(w, 0x1122334455667788);
    state_put_bytes(w, "end", 3);
}

static int toy_load(struct device *device, struct state_reader *r, uint32_t version)
{
    struct toy *toy = container_of(device, struct toy, device);
    char end[3];

    toy->loads++;
    toy->version_seen = version;
    if (toy->is_refusing)
        return -ERANGE;
    cr_assert_eq(state_get_u8(r), 0x11);
    toy->value = state_get_u32(r);
    if (toy->is_lazy)
        return 0;
    cr_assert_eq(state_get_u64(r), 0x1122334455667788);
    state_get_bytes(r, end, 3);
    cr_assert_eq(memcmp(end, "end", 3), 0);
    if (toy->is_greedy)
        cr_assert_eq(state_get_u8(r), 0);
    return 0;
}

static const struct device_ops toy_ops = {.name = "toy", .version = 3, .save = toy_save, .load = toy_load};
static const struct device_ops other_ops = {
    .name = "other", .version = 1, .save = toy_save, .load = toy_load};
static const struct device_ops newer_ops = {.name = "toy", .version = 4, .save = toy_save, .load = toy_load};

static struct toy toys[4];
static struct device_list devices;
static struct state_writer w;
static struct state_error error;

static void list_make(unsigned count)
{
    TAILQ_INIT(&devices);
    for (unsigned i = 0; i < count; i++)
        TAILQ_INSERT_TAIL(&devices, &toys[i].device, link);
}

static void start(void)
{
    memset(toys, 0, sizeof(toys));
    for (unsigned i = 0; i < 4; i++)
        toys[i] =
            (struct toy){.device = {.ops = i == 3 ? &other_ops : &toy_ops, .instance = i}, .value = 100 + i};
    list_make(4);
    state_writer_init(&w);
    cr_assert_eq(state_save(&devices, &w), 0);
    for (unsigned i = 0; i < 4; i++)
        toys[i].value = 0;
}

static void stop(void)
{
    state_writer_fini(&w);
}

TestSuite(state, .init = start, .fini = stop);

static int load(void)
{
    memset(&error, 0, sizeof(error));
    return state_load(&devices, w.bytes, w.size, &error);
}

/* After a change to the stream: a valid checksum again. */
static void seal(void)
{
    uint32_t crc = state_crc32(w.bytes, w.size - 4);

    for (unsigned i = 0; i < 4; i++)
        w.bytes[w.size - 4 + i] = (uint8_t)(crc >> 8 * i);
}

static unsigned total_loads(void)
{
    return toys[0].loads + toys[1].loads + toys[2].loads + toys[3].loads;
}

Test(state, crc)
{
    cr_assert_eq(state_crc32("123456789", 9), 0xcbf43926);
    cr_assert_eq(state_crc32("", 0), 0);
}

Test(state, comes_back)
{
    cr_assert_eq(load(), 0);
    for (unsigned i = 0; i < 4; i++) {
        cr_assert_eq(toys[i].value, 100 + i);
        cr_assert_eq(toys[i].loads, 1);
    }
    cr_assert_eq(toys[0].version_seen, 3);
    /* Devices in another order find theirs too. */
    TAILQ_INIT(&devices);
    for (unsigned i = 4; i-- > 0;)
        TAILQ_INSERT_TAIL(&devices, &toys[i].device, link);
    toys[2].value = 0;
    cr_assert_eq(load(), 0);
    cr_assert_eq(toys[2].value, 102);
}

Test(state, appends_to_what_is_there)
{
    struct state_writer both;

    state_writer_init(&both);
    state_put_u32(&both, 7);
    cr_assert_eq(state_save(&devices, &both), 0);
    cr_assert_eq(state_load(&devices, both.bytes + 4, both.size - 4, &error), 0);
    state_writer_fini(&both);
}

Test(state, no_devices)
{
    list_make(0);
    w.size = 0;
    cr_assert_eq(state_save(&devices, &w), 0);
    cr_assert_eq(load(), 0);
}

Test(state, every_cut_is_noticed)
{
    for (size_t i = 0; i < w.size; i++)
        cr_assert_eq(state_load(&devices, w.bytes, i, &error), -EINVAL);
    cr_assert_eq(total_loads(), 0);
}

Test(state, every_flipped_bit_is_noticed)
{
    for (size_t i = 0; i < w.size * 8; i++) {
        w.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        cr_assert_neq(load(), 0);
        cr_assert_neq(error.detail[0], 0);
        w.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    cr_assert_eq(total_loads(), 0);
    cr_assert_eq(load(), 0);
}

Test(state, format)
{
    w.bytes[8] = 2;
    seal();
    cr_assert_eq(load(), -ENOTSUP);
}

Test(state, record_without_device)
{
    list_make(3);
    cr_assert_eq(load(), -ENOENT);
    cr_assert_str_eq(error.detail, "the VM has no such device: other, instance 3");
    cr_assert_eq(total_loads(), 0);
}

Test(state, device_without_record)
{
    struct toy extra = {.device = {.ops = &other_ops, .instance = 9}};

    TAILQ_INSERT_TAIL(&devices, &extra.device, link);
    cr_assert_eq(load(), -ENODATA);
    cr_assert_eq(total_loads(), 0);
}

Test(state, newer_record)
{
    toys[1].device.ops = &newer_ops;
    w.size = 0;
    cr_assert_eq(state_save(&devices, &w), 0);
    toys[1].device.ops = &toy_ops;
    cr_assert_eq(load(), -ENOTSUP);
    cr_assert_str_eq(error.detail, "the record is of a newer version: toy, instance 1");
    /* An older one is the device's to understand. */
    w.size = 0;
    cr_assert_eq(state_save(&devices, &w), 0);
    toys[1].device.ops = &newer_ops;
    cr_assert_eq(load(), 0);
    cr_assert_eq(toys[1].version_seen, 3);
}

Test(state, two_records_of_a_device)
{
    toys[1].device.instance = 0;
    w.size = 0;
    cr_assert_eq(state_save(&devices, &w), 0);
    toys[1].device.instance = 1;
    cr_assert_eq(load(), -EINVAL);
    cr_assert_str_eq(error.detail, "there are two records of a device: toy, instance 0");
}

Test(state, devices_that_do_not_take_all_or_too_much)
{
    toys[1].is_greedy = true;
    cr_assert_eq(load(), -EINVAL);
    toys[1].is_greedy = false;
    toys[2].is_lazy = true;
    cr_assert_eq(load(), -EINVAL);
    toys[2].is_lazy = false;
    toys[3].is_refusing = true;
    cr_assert_eq(load(), -ERANGE);
    cr_assert_str_eq(error.detail, "the device refuses its record: other, instance 3");
}

Test(state, counts_that_lie)
{
    w.bytes[12] = 5;
    seal();
    cr_assert_eq(load(), -EINVAL);
    w.bytes[12] = 3;
    seal();
    cr_assert_eq(load(), -EINVAL);
    memset(&w.bytes[12], 0xff, 4);
    seal();
    cr_assert_eq(load(), -EINVAL);
    cr_assert_eq(total_loads(), 0);
}

Test(state, writer_without_memory)
{
    size_t size = w.size;

    w.error = -ENOMEM;
    state_put_u64(&w, 1);
    cr_assert_eq(w.size, size);
    cr_assert_eq(state_save(&devices, &w), -ENOMEM);
    w.error = 0;
    state_put_bytes(&w, "", SIZE_MAX / 2 + 1);
    cr_assert_eq(w.error, -ENOMEM);
}

Test(state, grows)
{
    struct state_reader r;

    w.size = 0;
    for (uint32_t i = 0; i < 100000; i++)
        state_put_u32(&w, i);
    state_reader_init(&r, w.bytes, w.size);
    for (uint32_t i = 0; i < 100000; i++)
        cr_assert_eq(state_get_u32(&r), i);
    cr_assert_eq(state_reader_status(&r), 0);
    cr_assert_eq(state_get_u64(&r), 0);
    cr_assert_eq(state_reader_status(&r), -EINVAL);
}
