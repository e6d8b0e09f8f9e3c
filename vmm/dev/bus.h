/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_BUS_H
#define VMM_DEV_BUS_H

#include <core/compiler.h>
#include <core/types.h>
#include <stdatomic.h>

/*
 * The address spaces in which devices are found: port I/O and MMIO, one bus each. A region is a range with
 * two callbacks; look-up is a binary search over a sorted array and takes no lock.
 *
 * Guests move regions while their vCPUs run (PCI BARs). So the array is guarded by a sequence count: a change
 * makes it odd, readers who met a change look again. Memory never goes away under a reader: the array only
 * grows, and regions only vanish, while no vCPU runs. An access that found its region just before that was
 * moved still reaches the device, with the offset it was meant for, like a transfer under way on a real bus.
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

/* What a look-up needs, as it was when the region was mapped. */
struct bus_entry {
    uint64_t base, size;
    struct bus_region *region;
};

struct bus {
    atomic_uint sequence;      /* odd while entries change */
    struct bus_entry *entries; /* sorted by base, not overlapping */
    unsigned count;            /* of entries */
    unsigned reserved;         /* entries that there may be: count <= reserved <= capacity */
    unsigned capacity;
    uint8_t *index;   /* by address: number of the entry that holds it, plus 1; BUS_NUMBER_NONE or _SEARCH */
    unsigned indexed; /* addresses below this are in the index: BUS_INDEXED, or 0 */
};

/* In the index: nobody is there; or look for it, because its entry's number does not fit. */
#define BUS_NUMBER_NONE   0
#define BUS_NUMBER_SEARCH 0xff

/* Addresses below this can be indexed: on PCs all ports but those of PCI BARs. */
#define BUS_INDEXED 0x1000

/*
 * Makes accesses to addresses below BUS_INDEXED find their region by one look instead of a search. Without it
 * everything works all the same. -ENOMEM. No vCPU may run. Context: thread.
 */
must_check int bus_index(struct bus *bus);

/* Adds / takes out a region, which stays the caller's. -EEXIST: overlap, -EINVAL: empty or beyond the end,
 * -ENOMEM. No vCPU may run. Context: thread. */
must_check int bus_add(struct bus *bus, struct bus_region *region);
void bus_remove(struct bus *bus, struct bus_region *region);
void bus_fini(struct bus *bus);

/* Promises room for `count` regions that come and go by bus_map() and bus_unmap(); takes it back. -ENOMEM. No
 * vCPU may run. Context: thread. */
must_check int bus_reserve(struct bus *bus, unsigned count);
void bus_unreserve(struct bus *bus, unsigned count);

/*
 * Lets the region appear at `base` (and sets region->base), in room reserved before; and makes it disappear
 * again. -EEXIST: overlap, -EINVAL: empty or beyond the end, -ENOSPC: no room reserved. vCPUs may run; one
 * caller at a time per bus, with preemption off (readers wait for it). Context: any but interrupt.
 */
must_check int bus_map(struct bus *bus, struct bus_region *region, uint64_t base);
void bus_unmap(struct bus *bus, struct bus_region *region);

/* An access by the guest; false if no device answered (value is then all ones for reads). Context: vCPU
 * thread. */
bool bus_read(const struct bus *bus, uint64_t address, unsigned size, uint64_t *value);
bool bus_write(const struct bus *bus, uint64_t address, unsigned size, uint64_t value);

/* By the size of an access. */
static inline uint64_t bus_mask(unsigned size)
{
    return ~0ULL >> (64 - 8 * size);
}

/*
 * For indexed addresses: the region that holds the access, and where in it, by one look. NULL if that does
 * not tell: bus_read() and bus_write() do. Context: vCPU thread.
 */
static always_inline struct bus_region *bus_glance(const struct bus *bus, uint64_t address, unsigned size,
                                                   uint64_t *offset)
{
    unsigned sequence = atomic_load_explicit(&bus->sequence, memory_order_acquire), number;
    const struct bus_entry *entry;
    struct bus_region *region;
    uint64_t length;

    if (unlikely(address >= bus->indexed))
        return NULL;
    number = __atomic_load_n(&bus->index[address], __ATOMIC_RELAXED);
    if (unlikely(number - 1 >= BUS_NUMBER_SEARCH - 1))
        return NULL;
    entry = &bus->entries[number - 1];
    *offset = address - __atomic_load_n(&entry->base, __ATOMIC_RELAXED);
    length = __atomic_load_n(&entry->size, __ATOMIC_RELAXED);
    region = __atomic_load_n(&entry->region, __ATOMIC_RELAXED);
    atomic_thread_fence(memory_order_acquire);
    /* It is odd while entries change, and then no later value equals the even one before. */
    if (unlikely((sequence & ~1U) != atomic_load_explicit(&bus->sequence, memory_order_relaxed) ||
                 *offset + size > length))
        return NULL;
    return region;
}

/*
 * Where a look-up has led, kept by whoever comes back to the same device again and again: all zero at first,
 * not shared. It is worth nothing once the bus has changed, and that is seen.
 */
struct bus_hint {
    uint64_t base, size;
    struct bus_region *region; /* NULL: nothing yet */
    unsigned sequence;         /* of the bus, when it was so */
};

/* Looks anew; false if there is no region. Context: vCPU thread. */
bool bus_hint_set(const struct bus *bus, struct bus_hint *hint, uint64_t address);

/* The region that answers to [address, address + size), NULL: none. The offset is address - hint->base. */
static always_inline struct bus_region *bus_hint_find(const struct bus *bus, struct bus_hint *hint,
                                                      uint64_t address, unsigned size)
{
    if (unlikely(atomic_load_explicit(&bus->sequence, memory_order_acquire) != hint->sequence ||
                 address - hint->base >= hint->size) &&
        !bus_hint_set(bus, hint, address))
        return NULL;
    return likely(hint->size - (address - hint->base) >= size) ? hint->region : NULL;
}

/* The same as bus_read() and bus_write(), but for what a read gives if nobody answers, which is nothing. */
static always_inline bool bus_read_hinted(const struct bus *bus, struct bus_hint *hint, uint64_t address,
                                          unsigned size, uint64_t *value)
{
    const struct bus_region *region = bus_hint_find(bus, hint, address, size);

    if (unlikely(region == NULL))
        return false;
    *value = region->read(region->device, address - hint->base, size) & bus_mask(size);
    return true;
}

static always_inline bool bus_write_hinted(const struct bus *bus, struct bus_hint *hint, uint64_t address,
                                           unsigned size, uint64_t value)
{
    const struct bus_region *region = bus_hint_find(bus, hint, address, size);

    if (unlikely(region == NULL))
        return false;
    region->write(region->device, address - hint->base, size, value & bus_mask(size));
    return true;
}

#endif
