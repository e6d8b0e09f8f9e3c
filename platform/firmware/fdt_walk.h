/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FIRMWARE_FDT_WALK_H
#define FIRMWARE_FDT_WALK_H

/*
 * Flattened device trees (Devicetree Specification 0.4; bindings in the Linux tree), read with libfdt. A tree
 * is walked once, with the path to the present node at hand, because a node's meaning depends on those above
 * it: how many cells an address has, how a bus translates it, who takes its interrupts. Pure.
 */

#include "builder.h"

#define FDT_SIZE_MAX  MIB(2) /* Linux's boot protocol has the same limit */
#define FDT_DEPTH_MAX 16     /* what lies deeper is passed over */

/* The tree, and the path to the node that is looked at. */
struct fdt_walk {
    struct fw_builder *b;
    const void *fdt;
    unsigned int depth; /* of path's last; the root has 0 */
    struct {
        int node;
        uint32_t address_cells, size_cells; /* of its children */
        uint32_t interrupt_parent;          /* phandle; 0: not told */
        bool is_memory_mapped; /* addresses of its children are, or become by its ranges, CPU addresses */
    } path[FDT_DEPTH_MAX];
    /* The interrupt controller whose numbers are INTIDs. */
    uint32_t gic_phandle, gic_cells;
};

/* Opens and wholly checks the tree at `address`. False after a warning: there is none to be read. */
bool fdt_walk_open(struct fw_builder *b, struct fdt_walk *w, uint64_t address);

/*
 * Calls visit for every node that is not disabled, parents first. Stops when it returns an error, and returns
 * that.
 */
int must_check fdt_walk_all(struct fdt_walk *w, int (*visit)(struct fdt_walk *w, int node, void *arg),
                            void *arg);

/* Whether one of the node's compatible strings is `name`. */
bool fdt_is(const struct fdt_walk *w, int node, const char *name);

/* A property of whole 32-bit cells; NULL: not there, or not whole. Cells are big-endian: fdt_cells(). */
const uint8_t *fdt_cell_property(const struct fdt_walk *w, int node, const char *name, uint32_t *n_cells);

/* The number in `n` cells (0 to 2) at p. */
uint64_t fdt_cells(const uint8_t *p, uint32_t n);

/* The first cell of the property, or `otherwise`. */
uint32_t fdt_u32(const struct fdt_walk *w, int node, const char *name, uint32_t otherwise);

/* Which node of memory and CPUs it is in (Linux binding numa.txt). False: not told. */
bool fdt_numa_node(const struct fdt_walk *w, int node, uint32_t *domain);

/* The nth (from 0) address range of the present node's reg, as the CPU sees it. False: there is none. */
bool fdt_reg(const struct fdt_walk *w, int node, unsigned int nth, uint64_t *base, uint64_t *size);

/* The nth interrupt of the present node, if the GIC takes it. 0: there is none. */
uint32_t fdt_interrupt(const struct fdt_walk *w, int node, unsigned int nth, bool *is_level);

/* A GIC's interrupt specifier: the INTID, or 0 for kinds that we do not use. */
uint32_t fdt_gic_intid(const uint8_t *cells, uint32_t n_cells, bool *is_level);

/* Everything but memory and the loader's words: CPUs, interrupt controller, timer, PCI, console, power. */
int must_check fdt_machine_parse(struct fw_builder *b, uint64_t address, struct host_cpus *cpus);

/* What machine nodes collect while they are visited, and the large kinds of them. */
struct fdt_machine {
    struct arena_array cpus, redistributors, its, frames, ecams, routes, windows, msi_maps, devices;
    struct arena_array its_phandles; /* uint32_t, one per its */
    int console;                     /* node that stdout-path names; negative: none */
};
int must_check fdt_gic_visit(struct fdt_walk *w, int node, struct fdt_machine *m);
int must_check fdt_pci_visit(struct fdt_walk *w, int node, struct fdt_machine *m);
int must_check fdt_device_visit(struct fdt_walk *w, int node, struct fdt_machine *m);

#endif
