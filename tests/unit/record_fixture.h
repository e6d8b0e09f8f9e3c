/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_RECORD_FIXTURE_H
#define TESTS_UNIT_RECORD_FIXTURE_H

#include "../../vmm/dev/device.h"
#include "../../vmm/state/state.h"
#include <stdlib.h>

/* State records of one device: written, and read again. */

static inline void device_save(struct device *device, struct state_writer *writer)
{
    state_writer_init(writer);
    device->ops->save(device, writer);
    if (writer->error)
        abort();
}

/* 0 if the device took its record, all of it. */
static inline int device_load(struct device *device, const struct state_writer *writer)
{
    struct state_reader reader;
    int error;

    state_reader_init(&reader, writer->bytes, writer->size);
    error = device->ops->load(device, &reader, device->ops->version);
    return error ? error : reader.at == reader.size ? 0 : -1;
}

static inline int device_load_part(struct device *device, const struct state_writer *writer, size_t size)
{
    struct state_reader reader;

    state_reader_init(&reader, writer->bytes, size);
    return device->ops->load(device, &reader, device->ops->version);
}

/* Saves, wrecks by reset, loads. */
static inline int device_reload(struct device *device)
{
    struct state_writer writer;
    int error;

    device_save(device, &writer);
    device->ops->reset(device);
    error = device_load(device, &writer);
    state_writer_fini(&writer);
    return error;
}

#endif
