/* SPDX-License-Identifier: BSD-2-Clause */
#include "reset_ports.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Intel ICH9 datasheet, 13.7 (processor interface registers); IBM PS/2 technical reference, port 0x64. */
#define PORT_DATA    0x60
#define PORT_COMMAND 0x64
#define PORT_A       0x92

#define STATUS_IDLE   0x1c /* self-test passed, not locked, nothing to read, ready for a command */
#define COMMAND_RESET 0xfe

#define PORT_A_RESET 0x01
#define PORT_A_A20   0x02

struct reset_ports {
    struct device device;
    struct bus_region data, command, port_a;
    struct power_hooks power;   /* i */
    atomic_uchar port_a_others; /* bits of port A without function */
};

static uint64_t data_read(void *device, uint64_t offset, unsigned size)
{
    (void)device;
    return 0;
}

static void data_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    (void)device;
}

static uint64_t command_read(void *device, uint64_t offset, unsigned size)
{
    (void)device;
    return STATUS_IDLE;
}

static void command_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    const struct reset_ports *r = device;

    if (value == COMMAND_RESET)
        r->power.reset(r->power.context);
}

static uint64_t port_a_read(void *device, uint64_t offset, unsigned size)
{
    const struct reset_ports *r = device;

    return r->port_a_others | PORT_A_A20;
}

static void port_a_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    struct reset_ports *r = device;

    r->port_a_others = (uint8_t)value & ~(PORT_A_RESET | PORT_A_A20);
    if (value & PORT_A_RESET)
        r->power.reset(r->power.context);
}

static void ports_reset(struct device *device)
{
    container_of(device, struct reset_ports, device)->port_a_others = 0;
}

static void ports_save(struct device *device, struct state_writer *w)
{
    state_put_u8(w, container_of(device, struct reset_ports, device)->port_a_others);
}

static int ports_load(struct device *device, struct state_reader *r, uint32_t version)
{
    container_of(device, struct reset_ports, device)->port_a_others =
        state_get_u8(r) & ~(PORT_A_RESET | PORT_A_A20);
    return state_reader_status(r);
}

static void ports_destroy(struct device *device)
{
    free(container_of(device, struct reset_ports, device));
}

static const struct device_ops ports_ops = {
    .name = "reset_ports",
    .version = 1,
    .reset = ports_reset,
    .save = ports_save,
    .load = ports_load,
    .destroy = ports_destroy,
};

int reset_ports_create(struct bus *pio, const struct power_hooks *power, struct device **out)
{
    struct reset_ports *r = calloc(1, sizeof(*r));
    struct bus_region *regions[3];
    int error = 0;

    if (r == NULL)
        return -ENOMEM;
    r->device.ops = &ports_ops;
    r->power = *power;
    r->data = (struct bus_region){PORT_DATA, 1, data_read, data_write, r, "i8042"};
    r->command = (struct bus_region){PORT_COMMAND, 1, command_read, command_write, r, "i8042"};
    r->port_a = (struct bus_region){PORT_A, 1, port_a_read, port_a_write, r, "port92"};
    regions[0] = &r->data;
    regions[1] = &r->command;
    regions[2] = &r->port_a;
    for (unsigned i = 0; i < ARRAY_SIZE(regions); i++) {
        error = bus_add(pio, regions[i]);
        if (error) {
            while (i-- > 0)
                bus_remove(pio, regions[i]);
            free(r);
            return error;
        }
    }
    *out = &r->device;
    return 0;
}
