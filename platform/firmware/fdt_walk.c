/* SPDX-License-Identifier: BSD-2-Clause */
/* Walking a device tree: cells, addresses through buses, interrupt parents. Pure. */

#include "fdt_walk.h"
#include "phys.h"

#include <libfdt.h>

#define HEADER_SIZE 40

/* Arm GIC bindings: what all GICs have at least. */
#define GIC_CELLS_MIN 3

bool fdt_walk_open(struct fw_builder *b, struct fdt_walk *w, uint64_t address)
{
    const uint8_t *header = phys_map(b->reader, address, HEADER_SIZE);
    uint64_t size;
    const void *fdt = NULL;

    *w = (struct fdt_walk){.b = b};
    if (header == NULL || !IS_ALIGNED((uintptr_t)header, 8) || fdt_cells(header, 1) != FDT_MAGIC) {
        fw_warn(b, "device tree at %#llx is not one", (unsigned long long)address);
        return false;
    }
    size = fdt_cells(header + 4, 1);
    if (size >= HEADER_SIZE && size <= FDT_SIZE_MAX)
        fdt = phys_map(b->reader, address, size);
    /* libfdt takes the blocks' alignment (DTSpec 5.6) for granted. */
    if (fdt == NULL || !IS_ALIGNED(fdt_off_dt_struct(fdt), 4) || !IS_ALIGNED(fdt_off_mem_rsvmap(fdt), 8) ||
        fdt_check_full(fdt, (size_t)size) != 0) {
        fw_warn(b, "device tree at %#llx is broken", (unsigned long long)address);
        return false;
    }
    w->fdt = fdt;
    return true;
}

uint64_t fdt_cells(const uint8_t *p, uint32_t n)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < 4 * n; i++)
        value = value << 8 | p[i];
    return value;
}

const uint8_t *fdt_cell_property(const struct fdt_walk *w, int node, const char *name, uint32_t *n_cells)
{
    int length = 0;
    const void *value = fdt_getprop(w->fdt, node, name, &length);

    *n_cells = value && length > 0 ? (uint32_t)length / 4 : 0;
    return *n_cells ? value : NULL;
}

uint32_t fdt_u32(const struct fdt_walk *w, int node, const char *name, uint32_t otherwise)
{
    uint32_t n;
    const uint8_t *value = fdt_cell_property(w, node, name, &n);

    return value ? (uint32_t)fdt_cells(value, 1) : otherwise;
}

bool fdt_numa_node(const struct fdt_walk *w, int node, uint32_t *domain)
{
    uint32_t n;
    const uint8_t *value = fdt_cell_property(w, node, "numa-node-id", &n);

    if (value == NULL)
        return false;
    *domain = (uint32_t)fdt_cells(value, 1);
    return true;
}

bool fdt_is(const struct fdt_walk *w, int node, const char *name)
{
    return fdt_stringlist_search(w->fdt, node, "compatible", name) >= 0;
}

/*
 * DTSpec 2.3.4: without the property, or with "okay", a device is there to be used. A "disabled" CPU is one
 * that waits to be enabled by its enable-method (3.8.1).
 */
static bool is_enabled(const struct fdt_walk *w, int node)
{
    const char *status = fdt_getprop(w->fdt, node, "status", NULL), *type;

    if (status == NULL || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0)
        return true;
    type = fdt_getprop(w->fdt, node, "device_type", NULL);
    return strcmp(status, "disabled") == 0 && type != NULL && strcmp(type, "cpu") == 0 &&
           fdt_getprop(w->fdt, node, "enable-method", NULL) != NULL;
}

static void path_enter(struct fdt_walk *w, int node, unsigned int depth)
{
    uint32_t above = depth > 0 ? w->path[depth - 1].interrupt_parent : 0;
    int length;

    w->depth = depth;
    w->path[depth].node = node;
    w->path[depth].address_cells = fdt_u32(w, node, "#address-cells", 2);
    w->path[depth].size_cells = fdt_u32(w, node, "#size-cells", 1);
    w->path[depth].interrupt_parent = fdt_u32(w, node, "interrupt-parent", above);
    /* Without ranges a bus does not pass addresses on (DTSpec 2.3.8). */
    w->path[depth].is_memory_mapped = depth == 0 || (w->path[depth - 1].is_memory_mapped &&
                                                     fdt_getprop(w->fdt, node, "ranges", &length) != NULL);
}

int fdt_walk_all(struct fdt_walk *w, int (*visit)(struct fdt_walk *w, int node, void *arg), void *arg)
{
    int depth = 0, disabled = FDT_DEPTH_MAX, error;

    for (int node = 0; node >= 0 && depth >= 0; node = fdt_next_node(w->fdt, node, &depth)) {
        /* A disabled node's children are not there either. */
        if (depth > disabled || depth >= FDT_DEPTH_MAX)
            continue;
        disabled = FDT_DEPTH_MAX;
        if (!is_enabled(w, node)) {
            disabled = depth;
            continue;
        }
        path_enter(w, node, (unsigned int)depth);
        error = visit(w, node, arg);
        if (error)
            return error;
    }
    return 0;
}

/* One bus upward: finds the address among the bus's ranges. */
static bool translate(const struct fdt_walk *w, unsigned int bus, uint64_t *address)
{
    uint32_t child = w->path[bus].address_cells, parent = w->path[bus - 1].address_cells;
    uint32_t size = w->path[bus].size_cells, n, entry = child + parent + size;
    const uint8_t *ranges = fdt_cell_property(w, w->path[bus].node, "ranges", &n);

    if (ranges == NULL)
        return w->path[bus].is_memory_mapped; /* empty: identity */
    if (child > 2 || parent > 2 || size > 2 || entry == 0)
        return false;
    for (; n >= entry; n -= entry, ranges += 4 * (size_t)entry) {
        uint64_t from = fdt_cells(ranges, child), to = fdt_cells(ranges + 4 * (size_t)child, parent);
        uint64_t length = fdt_cells(ranges + 4 * (size_t)(child + parent), size);

        if (*address >= from && *address - from < length) {
            *address = to + (*address - from);
            return true;
        }
    }
    return false;
}

bool fdt_reg(const struct fdt_walk *w, int node, unsigned int nth, uint64_t *base, uint64_t *size)
{
    uint32_t address_cells, size_cells, n, entry;
    const uint8_t *reg = fdt_cell_property(w, node, "reg", &n);

    if (w->depth == 0 || reg == NULL)
        return false;
    address_cells = w->path[w->depth - 1].address_cells;
    size_cells = w->path[w->depth - 1].size_cells;
    if (address_cells == 0 || address_cells > 2 || size_cells > 2)
        return false;
    entry = address_cells + size_cells;
    if (n / entry <= nth)
        return false;
    reg += 4 * (size_t)entry * nth;
    *base = fdt_cells(reg, address_cells);
    *size = fdt_cells(reg + 4 * (size_t)address_cells, size_cells);
    for (unsigned int bus = w->depth - 1; bus > 0; bus--)
        if (!translate(w, bus, base))
            return false;
    return true;
}

/* Linux Documentation/devicetree/bindings/interrupt-controller/arm,gic-v3.yaml: kind, number, flags. */
uint32_t fdt_gic_intid(const uint8_t *cells, uint32_t n_cells, bool *is_level)
{
    uint64_t kind, number;

    if (n_cells < GIC_CELLS_MIN)
        return 0;
    kind = fdt_cells(cells, 1);
    number = fdt_cells(cells + 4, 1);
    *is_level = fdt_cells(cells + 8, 1) & 0xc;
    if (kind == 0 && number < 988)
        return (uint32_t)number + 32;
    if (kind == 1 && number < 16)
        return (uint32_t)number + 16;
    return 0;
}

uint32_t fdt_interrupt(const struct fdt_walk *w, int node, unsigned int nth, bool *is_level)
{
    uint32_t parent = w->path[w->depth].interrupt_parent, n;
    const uint8_t *cells = fdt_cell_property(w, node, "interrupts", &n);

    if (cells == NULL || w->gic_phandle == 0 || parent != w->gic_phandle || n / w->gic_cells <= nth)
        return 0;
    return fdt_gic_intid(cells + 4 * (size_t)w->gic_cells * nth, w->gic_cells, is_level);
}
