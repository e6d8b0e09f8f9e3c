/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FUZZ_RECORD_H
#define TESTS_FUZZ_RECORD_H

#include "../unit/record_fixture.h"
#include "input.h"

/* A record as another host, or nobody in his right mind, might send it. */
static inline void record_damage_and_load(struct input *input, struct device *device)
{
    struct state_writer writer;
    struct state_reader reader;

    device_save(device, &writer);
    for (unsigned i = next(input, 1) % 8; i > 0; i--)
        writer.bytes[next(input, 2) % writer.size] = (uint8_t)next(input, 1);
    state_reader_init(&reader, writer.bytes, writer.size);
    if (device->ops->load(device, &reader, device->ops->version) != 0)
        device->ops->reset(device);
    state_writer_fini(&writer);
}

#endif
