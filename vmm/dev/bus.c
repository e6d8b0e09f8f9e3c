/* SPDX-License-Identifier: BSD-2-Clause */
#include "bus.h"

#include <errno.h>
#include <stdlib.h>

/* Entries are read while they change: plain loads and stores, but whole ones. */
#define LOAD(x)     __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define STORE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

static void entry_copy(struct bus_entry *to, const struct bus_entry *from)
{
    STORE(to->base, from->base);
    STORE(to->size, from->size);
    STORE(to->region, from->region);
}

static void index_fill(struct bus *bus)
{
    uint64_t at = 0;

    if (bus->index == NULL)
        return;
    for (unsigned i = 0; i < bus->count && bus->entries[i].base < BUS_INDEXED; i++) {
        uint64_t end = MIN(bus->entries[i].base + (bus->entries[i].size - 1), BUS_INDEXED - 1ULL);

        for (; at < bus->entries[i].base; at++)
            STORE(bus->index[at], BUS_NUMBER_NONE);
        for (; at <= end; at++)
            STORE(bus->index[at], (uint8_t)MIN(i + 1, BUS_NUMBER_SEARCH));
    }
    for (; at < BUS_INDEXED; at++)
        STORE(bus->index[at], BUS_NUMBER_NONE);
}

int bus_index(struct bus *bus)
{
    if (bus->index == NULL)
        bus->index = malloc(BUS_INDEXED);
    if (bus->index == NULL)
        return -ENOMEM;
    bus->indexed = BUS_INDEXED;
    index_fill(bus);
    return 0;
}

static void change_begin(struct bus *bus)
{
    atomic_store_explicit(&bus->sequence, bus->sequence + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}

static void change_end(struct bus *bus)
{
    index_fill(bus);
    atomic_store_explicit(&bus->sequence, bus->sequence + 1, memory_order_release);
}

/* Where a region that starts at `base` belongs in the order. */
static unsigned position(const struct bus *bus, uint64_t base)
{
    unsigned low = 0, high = bus->count;

    while (low < high) {
        unsigned mid = low + (high - low) / 2;

        if (bus->entries[mid].base < base)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

int bus_reserve(struct bus *bus, unsigned count)
{
    unsigned wanted = bus->reserved + count, capacity = MAX(MAX(wanted, bus->capacity * 2), 16U);

    if (wanted > bus->capacity) {
        struct bus_entry *grown = realloc(bus->entries, capacity * sizeof(*grown));

        if (grown == NULL)
            return -ENOMEM;
        bus->entries = grown;
        bus->capacity = capacity;
    }
    bus->reserved = wanted;
    return 0;
}

void bus_unreserve(struct bus *bus, unsigned count)
{
    bus->reserved -= count;
}

int bus_map(struct bus *bus, struct bus_region *region, uint64_t base)
{
    struct bus_entry entry = {base, region->size, region};
    unsigned at = position(bus, base);

    if (region->size == 0 || base + (region->size - 1) < base)
        return -EINVAL;
    if ((at > 0 && base - bus->entries[at - 1].base < bus->entries[at - 1].size) ||
        (at < bus->count && bus->entries[at].base - base < region->size))
        return -EEXIST;
    if (bus->count == bus->reserved)
        return -ENOSPC;
    region->base = base;
    change_begin(bus);
    for (unsigned i = bus->count; i > at; i--)
        entry_copy(&bus->entries[i], &bus->entries[i - 1]);
    entry_copy(&bus->entries[at], &entry);
    STORE(bus->count, bus->count + 1);
    change_end(bus);
    return 0;
}

void bus_unmap(struct bus *bus, struct bus_region *region)
{
    unsigned at = position(bus, region->base);

    if (at >= bus->count || bus->entries[at].region != region)
        return;
    change_begin(bus);
    STORE(bus->count, bus->count - 1);
    for (unsigned i = at; i < bus->count; i++)
        entry_copy(&bus->entries[i], &bus->entries[i + 1]);
    change_end(bus);
}

int bus_add(struct bus *bus, struct bus_region *region)
{
    int error = bus_reserve(bus, 1);

    if (error)
        return error;
    error = bus_map(bus, region, region->base);
    if (error)
        bus_unreserve(bus, 1);
    return error;
}

void bus_remove(struct bus *bus, struct bus_region *region)
{
    unsigned count = bus->count;

    bus_unmap(bus, region);
    bus_unreserve(bus, count - bus->count);
}

void bus_fini(struct bus *bus)
{
    free(bus->entries);
    free(bus->index);
    *bus = (struct bus){0};
}

/*
 * The last entry that begins at or before `address`, if there is any. While entries change this may find
 * anything, but it ends, and it stays in the array. Apart, so that the usual path saves no registers for it.
 */
static no_inline const struct bus_entry *search(const struct bus *bus, uint64_t address)
{
    const struct bus_entry *first = bus->entries;
    size_t n = LOAD(bus->count);

    if (unlikely(n == 0))
        return NULL;
    while (n > 1) {
        size_t half = n / 2;

        first += LOAD(first[half].base) <= address ? half : 0;
        n -= half;
    }
    return first;
}

static always_inline const struct bus_entry *look(const struct bus *bus, uint64_t address)
{
    unsigned number;

    if (address >= bus->indexed)
        return search(bus, address);
    number = LOAD(bus->index[address]);
    if (unlikely(number == BUS_NUMBER_NONE))
        return NULL;
    return likely(number != BUS_NUMBER_SEARCH) ? &bus->entries[number - 1] : search(bus, address);
}

/* The entry that holds [address, address + size), as it was at one moment; region NULL: there is none. */
static always_inline struct bus_entry find(const struct bus *bus, uint64_t address, unsigned size)
{
    const struct bus_entry *entry;
    struct bus_entry found;
    unsigned sequence;

    do {
        sequence = atomic_load_explicit(&bus->sequence, memory_order_acquire);
        entry = look(bus, address);
        found = (struct bus_entry){0};
        if (likely(entry != NULL))
            found = (struct bus_entry){LOAD(entry->base), LOAD(entry->size), LOAD(entry->region)};
        atomic_thread_fence(memory_order_acquire);
    } while (
        unlikely(sequence & 1 || sequence != atomic_load_explicit(&bus->sequence, memory_order_relaxed)));
    if (unlikely(found.size < size || address - found.base > found.size - size))
        found.region = NULL;
    return found;
}

/* The sequence is read first: a change in between makes the hint stale, and no more. */
bool bus_hint_set(const struct bus *bus, struct bus_hint *hint, uint64_t address)
{
    unsigned sequence = atomic_load_explicit(&bus->sequence, memory_order_acquire);
    struct bus_entry found = find(bus, address, 1);

    *hint = (struct bus_hint){0};
    if (found.region != NULL)
        *hint = (struct bus_hint){found.base, found.size, found.region, sequence};
    return found.region != NULL;
}

bool bus_read(const struct bus *bus, uint64_t address, unsigned size, uint64_t *value)
{
    struct bus_entry found = find(bus, address, size);

    if (unlikely(found.region == NULL)) {
        *value = bus_mask(size);
        return false;
    }
    *value = found.region->read(found.region->device, address - found.base, size) & bus_mask(size);
    return true;
}

bool bus_write(const struct bus *bus, uint64_t address, unsigned size, uint64_t value)
{
    struct bus_entry found = find(bus, address, size);

    if (unlikely(found.region == NULL))
        return false;
    found.region->write(found.region->device, address - found.base, size, value & bus_mask(size));
    return true;
}
