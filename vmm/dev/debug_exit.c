/* SPDX-License-Identifier: BSD-2-Clause */
#include "debug_exit.h"

#include <errno.h>
#include <stdlib.h>

struct debug_exit {
    struct device device;
    struct bus_region region;
    struct power_hooks power; /* i */
};

static uint64_t exit_read(void *device, uint64_t offset, unsigned size)
{
    (void)device;
    return 0;
}

static void exit_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    const struct debug_exit *d = device;

    d->power.debug_exit(d->power.context, (uint32_t)value);
}

static void exit_reset(struct device *device)
{
    (void)device;
}

static void exit_save(struct device *device, struct state_writer *w)
{
    (void)w;
}

static int exit_load(struct device *device, struct state_reader *r, uint32_t version)
{
    return state_reader_status(r);
}

static void exit_destroy(struct device *device)
{
    free(container_of(device, struct debug_exit, device));
}

static const struct device_ops ops = {
    .name = "debug_exit",
    .version = 1,
    .reset = exit_reset,
    .save = exit_save,
    .load = exit_load,
    .destroy = exit_destroy,
};

int debug_exit_create(struct bus *bus, uint64_t base, const struct power_hooks *power, struct device **out)
{
    struct debug_exit *d = calloc(1, sizeof(*d));
    int error;

    if (d == NULL)
        return -ENOMEM;
    d->device.ops = &ops;
    d->region = (struct bus_region){base, 4, exit_read, exit_write, d, "debug_exit"};
    d->power = *power;
    error = bus_add(bus, &d->region);
    if (error) {
        free(d);
        return error;
    }
    *out = &d->device;
    return 0;
}
