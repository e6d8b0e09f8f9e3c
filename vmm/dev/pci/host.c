/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

#include <errno.h>
#include <stdlib.h>

#define PORT_BASE      0xcf8
#define PORTS          8
#define OFFSET_RESET   1 /* 0xcf9 */
#define OFFSET_DATA    4 /* 0xcfc */
#define ADDRESS_ENABLE 0x80000000U
#define ADDRESS_VALID  0x80fffffcU

/* Intel ICH9 datasheet, 13.7.5 (RST_CNT). */
#define RESET_CPU   0x04
#define RESET_VALID 0x0a /* what can be read back */

#define ECAM_SIZE             MIB(256)
#define ECAM_FUNCTION(offset) ((offset) >> 12) /* bus, slot, function: 16 bits */
#define FUNCTION_SIZE         4096

#define IO_WINDOW     0xc000
#define IO_WINDOW_END 0x10000

/* Absent functions and what lies beyond conventional space read as all ones. `routing` is bus, slot,
 * function. */
static uint32_t routed_read(struct vpci_host *host, unsigned routing, unsigned offset, unsigned size)
{
    struct vpci_device *d = routing < ARRAY_SIZE(host->functions) ? host->functions[routing] : NULL;

    return d != NULL && offset < PCI_CONFIG_SIZE ? vpci_config_read(d, offset, size) : ~0U;
}

static void routed_write(struct vpci_host *host, unsigned routing, unsigned offset, unsigned size,
                         uint32_t value)
{
    struct vpci_device *d = routing < ARRAY_SIZE(host->functions) ? host->functions[routing] : NULL;

    if (d != NULL && offset < PCI_CONFIG_SIZE)
        vpci_config_write(d, offset, size, value);
}

static bool crosses_word(uint64_t offset, unsigned size)
{
    return (offset & 3) + size > 4;
}

static uint64_t ports_read(void *context, uint64_t offset, unsigned size)
{
    struct vpci_host *host = context;
    uint32_t address = host->address;

    if (crosses_word(offset, size))
        return ~0ULL;
    if (offset >= OFFSET_DATA) {
        if (!(address & ADDRESS_ENABLE))
            return ~0ULL;
        return routed_read(host, address >> 8 & 0xffff, (address & 0xfc) + (offset & 3), size);
    }
    if (offset == 0 && size == 4)
        return address;
    return offset == OFFSET_RESET && size == 1 ? host->reset_control : ~0ULL;
}

static void reset_write(struct vpci_host *host, uint8_t value)
{
    host->reset_control = value & RESET_VALID;
    if (value & RESET_CPU)
        host->config.power.reset(host->config.power.context);
}

static void ports_write(void *context, uint64_t offset, unsigned size, uint64_t value)
{
    struct vpci_host *host = context;
    uint32_t address = host->address;

    if (crosses_word(offset, size))
        return;
    if (offset >= OFFSET_DATA) {
        if (address & ADDRESS_ENABLE)
            routed_write(host, address >> 8 & 0xffff, (address & 0xfc) + (offset & 3), size, (uint32_t)value);
    } else if (offset == 0 && size == 4) {
        host->address = (uint32_t)value & ADDRESS_VALID;
    } else if (offset == OFFSET_RESET && size == 1) {
        reset_write(host, (uint8_t)value);
    }
}

static uint64_t ecam_read(void *context, uint64_t offset, unsigned size)
{
    if (crosses_word(offset, size))
        return ~0ULL;
    return routed_read(context, (unsigned)ECAM_FUNCTION(offset), offset % FUNCTION_SIZE, size);
}

static void ecam_write(void *context, uint64_t offset, unsigned size, uint64_t value)
{
    if (!crosses_word(offset, size))
        routed_write(context, (unsigned)ECAM_FUNCTION(offset), offset % FUNCTION_SIZE, size, (uint32_t)value);
}

/* The next free place of that size, or 0. */
static uint64_t place_take(uint64_t *next, uint64_t end, uint64_t size)
{
    uint64_t at = ALIGN_UP(*next, size);

    if (at < *next || at > end || end - at < size)
        return 0;
    *next = at + size;
    return at;
}

void vpci_host_assign(struct vpci_host *host)
{
    uint64_t memory = host->config.window_base, io = IO_WINDOW;

    for (unsigned f = 0; f < ARRAY_SIZE(host->functions); f++) {
        struct vpci_device *d = host->functions[f];
        uint16_t command = 0;

        for (unsigned i = 0; d != NULL && i < PCI_BARS; i++) {
            uint64_t size = d->bars[i].region.size;
            bool is_io = d->bars[i].type == PCI_BAR_IO;

            if (d->bars[i].type == PCI_BAR_NONE)
                continue;
            vpci_bar_address_set(d, i,
                                 is_io ? place_take(&io, IO_WINDOW_END, size)
                                       : place_take(&memory, host->config.window_end, size));
            command |= is_io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
        }
        if (d != NULL)
            vpci_config_write(d, PCI_COMMAND, 2, vpci_get16(&d->config[PCI_COMMAND]) | command);
    }
}

static void host_reset(struct device *device)
{
    struct vpci_host *host = container_of(device, struct vpci_host, device);

    host->address = 0;
    host->reset_control = 0;
    vpci_device_reset(&host->bridge);
    vpci_device_reset(&host->lpc);
}

static void host_save(struct device *device, struct state_writer *w)
{
    struct vpci_host *host = container_of(device, struct vpci_host, device);

    state_put_u32(w, host->address);
    state_put_u8(w, host->reset_control);
    vpci_device_save(&host->bridge, w);
    vpci_device_save(&host->lpc, w);
}

static int host_load(struct device *device, struct state_reader *r, uint32_t version)
{
    struct vpci_host *host = container_of(device, struct vpci_host, device);
    int error;

    host->address = state_get_u32(r) & ADDRESS_VALID;
    host->reset_control = state_get_u8(r) & RESET_VALID;
    error = vpci_device_load(&host->bridge, r);
    return error ? error : vpci_device_load(&host->lpc, r);
}

/* Devices on the bus have gone before. */
static void host_destroy(struct device *device)
{
    struct vpci_host *host = container_of(device, struct vpci_host, device);

    vpci_device_fini(&host->bridge);
    vpci_device_fini(&host->lpc);
    free(host);
}

static const struct device_ops ops = {
    .name = "pci_host",
    .version = 1,
    .reset = host_reset,
    .save = host_save,
    .load = host_load,
    .destroy = host_destroy,
};

static int regions_add(struct vpci_host *host)
{
    int error = bus_add(host->config.pio, &host->ports);

    if (error)
        return error;
    error = bus_add(host->config.mmio, &host->ecam);
    if (error)
        bus_remove(host->config.pio, &host->ports);
    return error;
}

int vpci_host_create(const struct vpci_host_config *config, struct vpci_host **out)
{
    struct vpci_host *host = calloc(1, sizeof(*host));
    int error;

    if (host == NULL)
        return -ENOMEM;
    host->device.ops = &ops;
    host->config = *config;
    host->ports = (struct bus_region){PORT_BASE, PORTS, ports_read, ports_write, host, "pci"};
    host->ecam = (struct bus_region){config->ecam_base, ECAM_SIZE, ecam_read, ecam_write, host, "ecam"};
    spin_init(&host->lock, LOCK_RANK_DEVICE);
    vpci_bridges_init(host);
    error = vpci_device_add(&host->bridge);
    if (error == 0)
        error = vpci_device_add(&host->lpc);
    if (error == 0)
        error = regions_add(host);
    if (error) {
        free(host);
        return error;
    }
    *out = host;
    return 0;
}
