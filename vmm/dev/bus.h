/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_BUS_H
#define VMM_DEV_BUS_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * The address spaces in which devices are found: port I/O and MMIO, one bus each. A region is a range with
 * two callbacks; look-up is a binary search over a sorted array that only changes while no vCPU runs, so an
 * access takes no lock.
 */

/*
 * Register access. `offset` lies in the region and the access does not reach beyond it; `size` is 1, 2, 4 or
 * 8 (ports: up to 4). Accesses that cross a region's end, or that a device does not implement, are the bus's:
 * reads yield all ones, writes are dropped. Called on the vCPU's thread (or the emulator's), possibly for
 * several vCPUs at once; must not block.
 */
struct bus_region {
    uint64_t base, size;
    uint64_t (*read)(void *device, uint64_t offset, unsigned size);
    void (*write)(void *device, uint64_t offset, unsigned size, uint64_t value);
    void *device;
    const char *name;
};

struct bus {
    struct bus_region **regions; /* sorted by base, not overlapping */
    unsigned count, capacity;
};

/* Adds / takes out a region, which stays the caller's. -EEXIST: overlap, -ENOMEM. No vCPU may run. Context:
 * thread. */
must_check int bus_add(struct bus *bus, struct bus_region *region);
void bus_remove(struct bus *bus, struct bus_region *region);
void bus_fini(struct bus *bus);

/* The region that holds `address`, or NULL. Context: any. */
struct bus_region *bus_find(const struct bus *bus, uint64_t address);

/* An access by the guest; false if no device answered (value is then all ones for reads). Context: vCPU
 * thread. */
bool bus_read(const struct bus *bus, uint64_t address, unsigned size, uint64_t *value);
bool bus_write(const struct bus *bus, uint64_t address, unsigned size, uint64_t value);

#endif
