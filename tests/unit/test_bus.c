/* SPDX-License-Identifier: BSD-2-Clause */
#include "bus.h"
#include <core/types.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static struct bus bus;
static uint64_t last_offset, last_value;
static unsigned last_size;

static uint64_t read_back(void *device, uint64_t offset, unsigned size)
{
    last_offset = offset;
    last_size = size;
    return (uintptr_t)device << 8 | offset;
}

static void note(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    last_offset = offset;
    last_size = size;
    last_value = value;
}

#define REGION(b, s, id)                                                                              \
    (struct bus_region)                                                                               \
    {                                                                                                 \
        .base = (b), .size = (s), .read = read_back, .write = note, .device = (void *)(uintptr_t)(id) \
    }

static void stop(void)
{
    bus_fini(&bus);
}

TestSuite(bus, .fini = stop);

/* NULL: none. */
static struct bus_region *region_at(uint64_t address)
{
    struct bus_hint hint;

    return bus_hint_set(&bus, &hint, address) ? hint.region : NULL;
}

Test(bus, empty)
{
    uint64_t value = 0;

    cr_assert(!bus_read(&bus, 0x3f8, 1, &value));
    cr_assert_eq(value, 0xff);
    cr_assert(!bus_read(&bus, 0, 8, &value));
    cr_assert_eq(value, ~0ULL);
    cr_assert(!bus_write(&bus, 0, 4, 1));
    cr_assert_null(region_at(0));
}

Test(bus, finds_what_it_has)
{
    struct bus_region regions[100];
    uint64_t value;

    for (unsigned i = 0; i < 100; i++) {
        unsigned at = i * 37 % 100; /* in no order */

        regions[at] = REGION(0x1000 + at * 16, 8, at);
        cr_assert_eq(bus_add(&bus, &regions[at]), 0);
    }
    for (unsigned i = 0; i < 100; i++) {
        cr_assert_eq(region_at(0x1000 + i * 16), &regions[i]);
        cr_assert_eq(region_at(0x1007 + i * 16), &regions[i]);
        cr_assert_null(region_at(0x1008 + i * 16));
        cr_assert_null(region_at(0xfff + i * 16));
        cr_assert(bus_read(&bus, 0x1004 + i * 16, 2, &value));
        cr_assert_eq(value, (i << 8 | 4) & 0xffff);
    }
    for (unsigned i = 0; i < 100; i += 2)
        bus_remove(&bus, &regions[i]);
    bus_remove(&bus, &regions[0]); /* twice does no harm */
    cr_assert_eq(bus.count, 50);
    cr_assert_eq(bus.reserved, 50);
    for (unsigned i = 0; i < 100; i++)
        cr_assert_eq(region_at(0x1000 + i * 16), i % 2 ? &regions[i] : NULL);
}

Test(bus, sizes_and_ends)
{
    struct bus_region region = REGION(0x100, 6, 0xabcdef);
    uint64_t value;

    cr_assert_eq(bus_add(&bus, &region), 0);
    cr_assert(bus_read(&bus, 0x102, 4, &value));
    cr_assert_eq(value, 0xabcdef02);
    cr_assert(bus_read(&bus, 0x105, 1, &value));
    cr_assert_eq(value, 5);
    last_size = 0;
    cr_assert(!bus_read(&bus, 0x103, 4, &value));
    cr_assert_eq(value, 0xffffffff);
    cr_assert(!bus_write(&bus, 0x105, 2, 1));
    cr_assert_eq(last_size, 0);
    cr_assert(bus_write(&bus, 0x104, 2, 0x123456));
    cr_assert_eq(last_value, 0x3456);
    cr_assert_eq(last_offset, 4);
}

Test(bus, overlaps_and_nonsense)
{
    struct bus_region a = REGION(0x100, 0x10, 1), b = REGION(0x10f, 1, 2), c = REGION(0xf1, 0x10, 3);
    struct bus_region d = REGION(0x110, 0x10, 4), e = REGION(0, ~0ULL, 5), f = REGION(5, 0, 6);
    struct bus_region g = REGION(~0ULL - 7, 9, 7), h = REGION(~0ULL - 7, 8, 8), i = REGION(0, 0x100, 9);
    uint64_t value;

    cr_assert_eq(bus_add(&bus, &a), 0);
    cr_assert_eq(bus_add(&bus, &a), -EEXIST);
    cr_assert_eq(bus_add(&bus, &b), -EEXIST);
    cr_assert_eq(bus_add(&bus, &c), -EEXIST);
    cr_assert_eq(bus_add(&bus, &e), -EEXIST);
    cr_assert_eq(bus_add(&bus, &f), -EINVAL);
    cr_assert_eq(bus_add(&bus, &g), -EINVAL);
    cr_assert_eq(bus.reserved, 1);
    cr_assert_eq(bus_add(&bus, &d), 0);
    cr_assert_eq(bus_add(&bus, &h), 0);
    cr_assert_eq(bus_add(&bus, &i), 0);
    cr_assert(bus_read(&bus, ~0ULL, 1, &value));
    cr_assert_eq(value, 7);
    cr_assert(!bus_read(&bus, ~0ULL, 2, &value));
}

Test(bus, regions_that_move)
{
    struct bus_region fixed = REGION(0x1000, 0x100, 1), moving = REGION(0, 0x100, 2);

    cr_assert_eq(bus_add(&bus, &fixed), 0);
    cr_assert_eq(bus_map(&bus, &moving, 0x2000), -ENOSPC);
    cr_assert_eq(bus_reserve(&bus, 1), 0);
    cr_assert_eq(bus_map(&bus, &moving, 0x1080), -EEXIST);
    cr_assert_eq(bus_map(&bus, &moving, ~0ULL - 0x10), -EINVAL);
    cr_assert_eq(bus_map(&bus, &moving, 0x2000), 0);
    cr_assert_eq(region_at(0x20ff), &moving);
    bus_unmap(&bus, &moving);
    bus_unmap(&bus, &moving);
    cr_assert_null(region_at(0x2000));
    cr_assert_eq(bus_map(&bus, &moving, 0x200), 0);
    cr_assert_eq(region_at(0x200), &moving);
    cr_assert_eq(region_at(0x1000), &fixed);
    bus_unmap(&bus, &moving);
    bus_unreserve(&bus, 1);
    cr_assert_eq(bus.reserved, 1);
}

/* What was true before a change is not taken for true after it. */
Test(bus, hints)
{
    struct bus_region a = REGION(0x1000, 0x100, 1), b = REGION(0x3000, 4, 2);
    struct bus_hint hint = {0};
    uint64_t value;

    cr_assert(!bus_read_hinted(&bus, &hint, 0x1000, 4, &value));
    cr_assert_eq(bus_add(&bus, &a), 0);
    cr_assert_eq(bus_add(&bus, &b), 0);
    cr_assert_eq(bus_reserve(&bus, 1), 0);
    for (unsigned i = 0; i < 2; i++) {
        cr_assert(bus_read_hinted(&bus, &hint, 0x1010, 2, &value));
        cr_assert_eq(value, 0x110);
        cr_assert_eq(last_size, 2);
    }
    /* Around its ends, and another. */
    cr_assert(!bus_read_hinted(&bus, &hint, 0xfff, 1, &value));
    cr_assert(!bus_read_hinted(&bus, &hint, 0xffc, 8, &value));
    cr_assert(bus_read_hinted(&bus, &hint, 0x10f8, 8, &value));
    cr_assert(!bus_read_hinted(&bus, &hint, 0x10fc, 8, &value));
    cr_assert(!bus_read_hinted(&bus, &hint, 0x1100, 1, &value));
    cr_assert(bus_write_hinted(&bus, &hint, 0x3002, 2, 0x12345678));
    cr_assert_eq(last_offset, 2);
    cr_assert_eq(last_value, 0x5678);
    cr_assert(!bus_write_hinted(&bus, &hint, 0x3000, 8, 0));
    cr_assert(!bus_write_hinted(&bus, &hint, ~0ULL, 8, 0));
    /* It moves. */
    cr_assert(bus_read_hinted(&bus, &hint, 0x1010, 1, &value));
    bus_unmap(&bus, &a);
    cr_assert(!bus_read_hinted(&bus, &hint, 0x1010, 1, &value));
    cr_assert_eq(bus_map(&bus, &a, 0x2000), 0);
    cr_assert(!bus_read_hinted(&bus, &hint, 0x1010, 1, &value));
    cr_assert(bus_read_hinted(&bus, &hint, 0x2010, 1, &value));
    cr_assert_eq(last_offset, 0x10);
}

Test(bus, index)
{
    static struct bus_region regions[300];
    struct bus_region across = REGION(0xff8, 0x10, 7), high = REGION(0x2000, 4, 8);
    uint64_t value;

    cr_assert_eq(bus_index(&bus), 0);
    cr_assert_null(region_at(0));
    cr_assert_eq(bus_add(&bus, &across), 0);
    cr_assert_eq(bus_add(&bus, &high), 0);
    /* More than the index has numbers for. */
    for (unsigned i = 0; i < 300; i++) {
        regions[i] = REGION(i * 8, 1 + i % 8, i);
        cr_assert_eq(bus_add(&bus, &regions[i]), 0);
    }
    cr_assert_eq(bus_index(&bus), 0);
    for (unsigned port = 0; port < 300 * 8; port++) {
        struct bus_region *expected = port % 8 <= port / 8 % 8 ? &regions[port / 8] : NULL;

        cr_assert_eq(region_at(port), expected);
    }
    cr_assert_null(region_at(0xff7));
    cr_assert_eq(region_at(0xfff), &across);
    cr_assert_eq(region_at(0x1007), &across);
    cr_assert(bus_read(&bus, 0xffe, 4, &value));
    cr_assert_eq(value, 0x706);
    cr_assert_null(region_at(0x1008));
    cr_assert_eq(region_at(0x2003), &high);
    cr_assert_null(region_at(1ULL << 32));
    for (unsigned i = 0; i < 300; i += 2)
        bus_remove(&bus, &regions[i]);
    for (unsigned i = 0; i < 300; i++)
        cr_assert_eq(region_at(i * 8), i % 2 ? &regions[i] : NULL);
}

/* --- readers while regions move --- */

#define FIXED  32
#define MOVING 8

static struct bus_region fixed_regions[FIXED], moving_regions[MOVING];
static atomic_bool is_done;
static atomic_uint errors, hits;
static uint64_t spacing = 0x2000; /* of those that do not move */

static uint64_t check_offset(void *device, uint64_t offset, unsigned size)
{
    struct bus_region *region = device;

    if (offset + size > region->size)
        errors++;
    return offset;
}

static void *reader(void *arg)
{
    uint64_t seed = (uintptr_t)arg, value;

    while (!is_done) {
        seed = seed * 6364136223846793005ULL + 1;
        uint64_t address = (seed >> 40) % (spacing * FIXED);
        bool found = bus_read(&bus, address, 1, &value);

        /* What does not move is always there, and never elsewhere. */
        if (address % spacing < spacing / 32 && (!found || value != address % spacing))
            errors++;
        hits += found;
    }
    return NULL;
}

static void readers_never_see_a_change_half_done(void)
{
    pthread_t threads[3];
    uint64_t seed = 42;

    for (unsigned i = 0; i < FIXED; i++) {
        fixed_regions[i] = (struct bus_region){
            .base = i * spacing, .size = spacing / 32, .read = check_offset, .device = &fixed_regions[i]};
        cr_assert_eq(bus_add(&bus, &fixed_regions[i]), 0);
    }
    cr_assert_eq(bus_reserve(&bus, MOVING), 0);
    for (unsigned i = 0; i < MOVING; i++)
        moving_regions[i] = (struct bus_region){
            .size = spacing / 128 << i % 4, .read = check_offset, .device = &moving_regions[i]};
    for (uintptr_t i = 0; i < 3; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, reader, (void *)(i + 1)), 0);
    for (unsigned i = 0; i < 100000; i++) {
        struct bus_region *region = &moving_regions[i % MOVING];

        seed = seed * 6364136223846793005ULL + 1;
        bus_unmap(&bus, region);
        /* Overlaps with what is there happen; then it stays away. */
        if (bus_map(&bus, region, (seed >> 40) % (spacing * FIXED)) == 0 && i % 64 == 0)
            sched_yield();
    }
    is_done = true;
    for (unsigned i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(errors, 0);
    cr_assert_gt(hits, 0);
}

Test(bus, readers_of_the_array_never_see_a_change_half_done, .timeout = 60)
{
    readers_never_see_a_change_half_done();
}

Test(bus, readers_of_the_index_never_see_a_change_half_done, .timeout = 60)
{
    spacing = 128;
    cr_assert_eq(bus_index(&bus), 0);
    readers_never_see_a_change_half_done();
}
