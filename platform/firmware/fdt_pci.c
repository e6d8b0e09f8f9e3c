/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI host bridges with a configuration window: pci-host-ecam-generic (Linux binding host-generic-pci.yaml;
 * IEEE 1275 PCI bus binding 2.1 for addresses; Linux pci-msi.txt). Pure.
 */

#include "fdt_walk.h"

#include <errno.h>
#include <libfdt.h>

#define ECAM_BUS_SIZE     MIB(1)
#define PCI_ADDRESS_CELLS 3
#define PCI_SIZE_CELLS    2

/* phys.hi of an address. */
#define SPACE(hi)         ((hi) >> 24 & 3)
#define SPACE_MEMORY      2
#define IS_PREFETCHABLE   BIT(30)
#define FUNCTION_MASK(hi) ((uint32_t)(hi) & 0xffff00)

static int ecam_add(struct fdt_walk *w, int node, struct fdt_machine *m, uint16_t segment)
{
    uint64_t base, size, buses;
    struct host_ecam *ecam;
    const uint8_t *range;
    uint32_t n, first = 0, last;

    if (!fdt_reg(w, node, 0, &base, &size) || size < ECAM_BUS_SIZE || !IS_ALIGNED(base, ECAM_BUS_SIZE)) {
        fw_warn(w->b, "device tree: PCI segment %u has no configuration window, ignored", segment);
        return 0;
    }
    buses = MIN(size / ECAM_BUS_SIZE, 256);
    range = fdt_cell_property(w, node, "bus-range", &n);
    if (range && n >= 2)
        first = (uint32_t)fdt_cells(range, 1);
    last = range && n >= 2 ? (uint32_t)fdt_cells(range + 4, 1) : (uint32_t)buses - 1;
    if (first > last || last > 255 || base < first * ECAM_BUS_SIZE) {
        fw_warn(w->b, "device tree: PCI segment %u cannot have buses %u to %u, ignored", segment,
                (unsigned)first, (unsigned)last);
        return 0;
    }
    last = (uint32_t)MIN(last, first + buses - 1);
    ecam = ARENA_PUSH(w->b->arena, &m->ecams, struct host_ecam);
    if (ecam == NULL)
        return -ENOMEM;
    *ecam = (struct host_ecam){hpa(base - first * ECAM_BUS_SIZE), segment, (uint8_t)first, (uint8_t)last};
    return 0;
}

/* ranges: PCI address, CPU address, size. What the bridge would move cannot be described to BARs here. */
static int windows_add(struct fdt_walk *w, int node, struct fdt_machine *m, uint16_t segment)
{
    uint32_t parent = w->path[w->depth - 1].address_cells, n,
             entry = PCI_ADDRESS_CELLS + parent + PCI_SIZE_CELLS;
    const uint8_t *ranges = fdt_cell_property(w, node, "ranges", &n);

    if (ranges == NULL || parent == 0 || parent > 2)
        return 0;
    for (; n >= entry; n -= entry, ranges += 4 * (size_t)entry) {
        uint64_t hi = fdt_cells(ranges, 1), address = fdt_cells(ranges + 4, 2);
        uint64_t base = fdt_cells(ranges + 12, parent), size = fdt_cells(ranges + 12 + 4 * (size_t)parent, 2);
        struct host_pci_window *window;

        if (SPACE(hi) < SPACE_MEMORY || size == 0 || base + (size - 1) < base)
            continue;
        if (base != address) {
            fw_warn(w->b, "device tree: PCI window at %#llx is %#llx on the bus, ignored",
                    (unsigned long long)base, (unsigned long long)address);
            continue;
        }
        window = ARENA_PUSH(w->b->arena, &m->windows, struct host_pci_window);
        if (window == NULL)
            return -ENOMEM;
        *window = (struct host_pci_window){base, size, segment, hi & IS_PREFETCHABLE};
    }
    return 0;
}

static int route_add(struct fdt_walk *w, struct fdt_machine *m, struct host_pci_route route)
{
    struct host_pci_route *slot = ARENA_PUSH(w->b->arena, &m->routes, struct host_pci_route);

    if (slot == NULL)
        return -ENOMEM;
    *slot = route;
    return 0;
}

/* interrupt-map (DTSpec 2.4.3): address, pin; phandle of a controller, its own address cells, its specifier.
 */
static int routes_add(struct fdt_walk *w, int node, struct fdt_machine *m, uint16_t segment)
{
    uint32_t n, mask_cells, mask = ~0U, pin_mask = ~0U;
    const uint8_t *map = fdt_cell_property(w, node, "interrupt-map", &n);
    const uint8_t *masks = fdt_cell_property(w, node, "interrupt-map-mask", &mask_cells);
    int gic = w->gic_phandle ? fdt_node_offset_by_phandle(w->fdt, w->gic_phandle) : -1;
    uint32_t entry, unit = gic >= 0 ? fdt_u32(w, gic, "#address-cells", 0) : 0;

    if (map == NULL || gic < 0 || unit > 4)
        return 0;
    if (masks && mask_cells >= 4) {
        mask = (uint32_t)fdt_cells(masks, 1);
        pin_mask = (uint32_t)fdt_cells(masks + 12, 1);
    }
    entry = PCI_ADDRESS_CELLS + 2 + unit + w->gic_cells;
    for (; n >= entry; n -= entry, map += 4 * (size_t)entry) {
        struct host_pci_route route = {.segment = segment,
                                       .mask = FUNCTION_MASK(mask),
                                       .address = FUNCTION_MASK(mask & fdt_cells(map, 1)),
                                       .pin = (uint8_t)(pin_mask & fdt_cells(map + 12, 1))};
        int error;

        /* Entries of another controller may have another length: what follows cannot be told apart. */
        if (fdt_cells(map + 16, 1) != w->gic_phandle)
            break;
        route.gsi = fdt_gic_intid(map + 20 + 4 * (size_t)unit, w->gic_cells, &route.level_triggered);
        error = route.gsi && route.pin >= 1 && route.pin <= 4 ? route_add(w, m, route) : 0;
        if (error)
            return error;
    }
    return 0;
}

/* Until the whole tree was seen, `its` is a phandle. */
static int msi_map_add(struct fdt_walk *w, struct fdt_machine *m, struct host_msi_map map)
{
    struct host_msi_map *slot = ARENA_PUSH(w->b->arena, &m->msi_maps, struct host_msi_map);

    if (slot == NULL)
        return -ENOMEM;
    *slot = map;
    return 0;
}

/* msi-map: requester, phandle, device, count. msi-parent: everybody, under its own number. */
static int msi_maps_add(struct fdt_walk *w, int node, struct fdt_machine *m, uint16_t segment)
{
    uint32_t n, mask = fdt_u32(w, node, "msi-map-mask", 0xffff);
    const uint8_t *map = fdt_cell_property(w, node, "msi-map", &n);
    const uint8_t *parent;

    if (map != NULL && mask != 0xffff) {
        fw_warn(w->b, "device tree: PCI segment %u shares message devices, its messages are not used",
                segment);
        return 0;
    }
    for (; map != NULL && n >= 4; n -= 4, map += 16) {
        struct host_msi_map entry = {.segment = segment,
                                     .base = (uint32_t)fdt_cells(map, 1),
                                     .its = hpa(fdt_cells(map + 4, 1)),
                                     .device = (uint32_t)fdt_cells(map + 8, 1),
                                     .count = (uint32_t)fdt_cells(map + 12, 1)};
        int error = msi_map_add(w, m, entry);

        if (error)
            return error;
    }
    parent = fdt_cell_property(w, node, "msi-parent", &n);
    if (map != NULL || parent == NULL)
        return 0;
    return msi_map_add(
        w, m, (struct host_msi_map){.segment = segment, .its = hpa(fdt_cells(parent, 1)), .count = 0x10000});
}

int fdt_pci_visit(struct fdt_walk *w, int node, struct fdt_machine *m)
{
    uint16_t segment;
    size_t before = m->ecams.count;
    int error;

    if (w->depth == 0 || !fdt_is(w, node, "pci-host-ecam-generic"))
        return 0;
    segment = (uint16_t)fdt_u32(w, node, "linux,pci-domain", (uint32_t)m->ecams.count);
    error = ecam_add(w, node, m, segment);
    if (error || m->ecams.count == before)
        return error;
    error = windows_add(w, node, m, segment);
    if (!error)
        error = routes_add(w, node, m, segment);
    return error ? error : msi_maps_add(w, node, m, segment);
}
