/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices that no bus finds, and that there are drivers for. Pure. */

#include "fdt_walk.h"

#include <errno.h>
#include <libfdt.h>

static const struct {
    const char *compatible;
    enum host_device_kind kind;
} kinds[] = {
    {"cdns,gem", HOST_DEVICE_CADENCE_GEM}, /* Linux binding cdns,macb.yaml */
    {"cdns,zynqmp-gem", HOST_DEVICE_CADENCE_GEM}, {"cdns,versal-gem", HOST_DEVICE_CADENCE_GEM},
    {"xlnx,zynqmp-gem", HOST_DEVICE_CADENCE_GEM}, {"xlnx,versal-gem", HOST_DEVICE_CADENCE_GEM},
    {"virtio,mmio", HOST_DEVICE_VIRTIO_MMIO}, /* virtio 1.2, 4.2.1 */
};

/* ethernet-controller.yaml: what the boot loader has given it comes before what the board's tree says. */
static bool mac_read(const struct fdt_walk *w, int node, uint8_t mac[6])
{
    static const char *const names[] = {"mac-address", "local-mac-address"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        int length = 0;
        const uint8_t *value = fdt_getprop(w->fdt, node, names[i], &length);

        /* All zeroes is a place for the loader to write to; a group's address is nobody's. */
        if (value == NULL || length != 6 || (value[0] & 1) ||
            (value[0] | value[1] | value[2] | value[3] | value[4] | value[5]) == 0)
            continue;
        memcpy(mac, value, 6);
        return true;
    }
    return false;
}

int fdt_device_visit(struct fdt_walk *w, int node, struct fdt_machine *m)
{
    struct host_device *device;
    uint64_t base, size;
    size_t kind = 0;
    int length;

    while (kind < ARRAY_SIZE(kinds) && !fdt_is(w, node, kinds[kind].compatible))
        kind++;
    if (kind == ARRAY_SIZE(kinds) || !fdt_reg(w, node, 0, &base, &size))
        return 0;
    device = ARENA_PUSH(w->b->arena, &m->devices, struct host_device);
    if (device == NULL)
        return -ENOMEM;
    *device = (struct host_device){.kind = kinds[kind].kind, .base = hpa(base), .size = size};
    device->gsi = fdt_interrupt(w, node, 0, &device->level_triggered);
    device->is_coherent = fdt_getprop(w->fdt, node, "dma-coherent", &length) != NULL;
    device->has_mac = mac_read(w, node, device->mac);
    return 0;
}
