/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

#include <errno.h>
#include <stdlib.h>

#define ECAM_SIZE             MIB(256)
#define ECAM_FUNCTION(offset) ((offset) >> 12) /* bus, slot, function: 16 bits */
#define FUNCTION_SIZE         4096

#define IO_WINDOW     0xc000
#define IO_WINDOW_END 0x10000

uint32_t vpci_routed_read(struct vpci_host *host, unsigned routing, unsigned offset, unsigned size)
{
    struct vpci_device *d = routing < ARRAY_SIZE(host->functions) ? host->functions[routing] : NULL;

    return d != NULL && offset < PCI_CONFIG_SIZE ? vpci_config_read(d, offset, size) : ~0U;
}

void vpci_routed_write(struct vpci_host *host, unsigned routing, unsigned offset, unsigned size,
                       uint32_t value)
{
    struct vpci_device *d = routing < ARRAY_SIZE(host->functions) ? host->functions[routing] : NULL;

    if (d != NULL && offset < PCI_CONFIG_SIZE)
        vpci_config_write(d, offset, size, value);
}

static uint64_t ecam_read(void *context, uint64_t offset, unsigned size)
{
    if (vpci_crosses_word(offset, size))
        return ~0ULL;
    return vpci_routed_read(context, (unsigned)ECAM_FUNCTION(offset), offset % FUNCTION_SIZE, size);
}

static void ecam_write(void *context, uint64_t offset, unsigned size, uint64_t value)
{
    if (!vpci_crosses_word(offset, size))
        vpci_routed_write(context, (unsigned)ECAM_FUNCTION(offset), offset % FUNCTION_SIZE, size,
                          (uint32_t)value);
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
    vpci_chipset_reset(container_of(device, struct vpci_host, device));
}

static void host_save(struct device *device, struct state_writer *w)
{
    vpci_chipset_save(container_of(device, struct vpci_host, device), w);
}

static int host_load(struct device *device, struct state_reader *r, uint32_t version)
{
    return vpci_chipset_load(container_of(device, struct vpci_host, device), r);
}

/* Devices on the bus have gone before. */
static void host_destroy(struct device *device)
{
    struct vpci_host *host = container_of(device, struct vpci_host, device);

    vpci_chipset_fini(host);
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

int vpci_host_create(const struct vpci_host_config *config, struct vpci_host **out)
{
    struct vpci_host *host = calloc(1, sizeof(*host));
    int error;

    if (host == NULL)
        return -ENOMEM;
    host->device.ops = &ops;
    host->config = *config;
    host->ecam = (struct bus_region){config->ecam_base, ECAM_SIZE, ecam_read, ecam_write, host, "ecam"};
    spin_init(&host->lock, LOCK_RANK_DEVICE);
    error = bus_add(config->mmio, &host->ecam);
    if (error == 0) {
        error = vpci_chipset_add(host);
        if (error)
            bus_remove(config->mmio, &host->ecam);
    }
    if (error) {
        free(host);
        return error;
    }
    *out = host;
    return 0;
}
