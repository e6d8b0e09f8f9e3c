/* SPDX-License-Identifier: BSD-2-Clause */
#include "bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where a region that starts at `base` belongs in the order. */
static unsigned position(const struct bus *bus, uint64_t base)
{
    unsigned low = 0, high = bus->count;

    while (low < high) {
        unsigned mid = low + (high - low) / 2;

        if (bus->regions[mid]->base < base)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

int bus_add(struct bus *bus, struct bus_region *region)
{
    unsigned at = position(bus, region->base);

    if (region->size == 0 || region->base + (region->size - 1) < region->base)
        return -EINVAL;
    if ((at > 0 && region->base - bus->regions[at - 1]->base < bus->regions[at - 1]->size) ||
        (at < bus->count && bus->regions[at]->base - region->base < region->size))
        return -EEXIST;
    if (bus->count == bus->capacity) {
        unsigned capacity = bus->capacity ? bus->capacity * 2 : 16;
        struct bus_region **grown = realloc(bus->regions, capacity * sizeof(struct bus_region *));

        if (grown == NULL)
            return -ENOMEM;
        bus->regions = grown;
        bus->capacity = capacity;
    }
    memmove(&bus->regions[at + 1], &bus->regions[at], (bus->count - at) * sizeof(struct bus_region *));
    bus->regions[at] = region;
    bus->count++;
    return 0;
}

void bus_remove(struct bus *bus, struct bus_region *region)
{
    unsigned at = position(bus, region->base);

    if (at >= bus->count || bus->regions[at] != region)
        return;
    memmove(&bus->regions[at], &bus->regions[at + 1], (bus->count - at - 1) * sizeof(struct bus_region *));
    bus->count--;
}

void bus_fini(struct bus *bus)
{
    free(bus->regions);
    *bus = (struct bus){0};
}

struct bus_region *bus_find(const struct bus *bus, uint64_t address)
{
    unsigned low = 0, high = bus->count;

    while (low < high) {
        unsigned mid = low + (high - low) / 2;
        struct bus_region *region = bus->regions[mid];

        if (address < region->base)
            high = mid;
        else if (address - region->base >= region->size)
            low = mid + 1;
        else
            return region;
    }
    return NULL;
}

static uint64_t all_ones(unsigned size)
{
    return ~0ULL >> (64 - 8 * size);
}

bool bus_read(const struct bus *bus, uint64_t address, unsigned size, uint64_t *value)
{
    struct bus_region *region = bus_find(bus, address);

    if (region == NULL || region->size - (address - region->base) < size) {
        *value = all_ones(size);
        return false;
    }
    *value = region->read(region->device, address - region->base, size) & all_ones(size);
    return true;
}

bool bus_write(const struct bus *bus, uint64_t address, unsigned size, uint64_t value)
{
    struct bus_region *region = bus_find(bus, address);

    if (region == NULL || region->size - (address - region->base) < size)
        return false;
    region->write(region->device, address - region->base, size, value & all_ones(size));
    return true;
}
