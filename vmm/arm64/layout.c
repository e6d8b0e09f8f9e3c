/* SPDX-License-Identifier: BSD-2-Clause */
#include "layout.h"

#include "machine.h"
#include <errno.h>

/* By PARange: Arm ARM (DDI 0487), D24.2.64. 52 bits would need tables of another format (FEAT_LPA2). */
static const uint8_t sizes[] = {32, 36, 40, 42, 44, 48};
#define ADDRESS_BITS_MAX 48

unsigned machine_pa_range(unsigned address_bits)
{
    unsigned range = 0;

    while (range + 1 < ARRAY_SIZE(sizes) && sizes[range + 1] <= address_bits)
        range++;
    return range;
}

static bool is_size(unsigned bits)
{
    return sizes[machine_pa_range(bits)] == bits;
}

/* The smallest size in which addresses below `end` are. */
static unsigned bits_for(uint64_t end)
{
    unsigned range = 0;

    while (range + 1 < ARRAY_SIZE(sizes) && end > BIT(sizes[range]))
        range++;
    return sizes[range];
}

/* What can lie above RAM that ends there. */
static uint64_t above(uint64_t ram_end)
{
    return MAX(MACHINE_HIGH_MIN, ALIGN_UP(ram_end, GIB(1)));
}

/* Of the memory that ends where addresses do. */
static uint64_t high_size(uint64_t memory)
{
    return ALIGN_DOWN(memory / 2, MIB(2));
}

static bool fits(uint64_t memory, unsigned address_bits, unsigned host_bits)
{
    unsigned bits = address_bits ? address_bits : host_bits;
    uint64_t low, high = address_bits ? high_size(memory) : 0;

    if (memory > BIT(ADDRESS_BITS_MAX))
        return false;
    low = MACHINE_RAM + memory - high;
    /* Devices between the two, where they are in reach at all. */
    if (BIT(bits) > MACHINE_HIGH_MIN)
        low = above(low) + MACHINE_HIGH_SIZE;
    return high < BIT(bits) && low <= BIT(bits) - high;
}

uint64_t machine_memory_max(unsigned address_bits, unsigned host_bits)
{
    uint64_t good = 0;

    for (uint64_t step = BIT(ADDRESS_BITS_MAX); step >= MIB(2); step /= 2)
        if (fits(good + step, address_bits, host_bits))
            good += step;
    return good;
}

int machine_layout_make(uint64_t memory, unsigned address_bits, unsigned host_bits,
                        struct machine_layout *out)
{
    unsigned bits = address_bits;
    uint64_t high;

    if (address_bits != 0 && (!is_size(address_bits) || address_bits > host_bits))
        return -ERANGE;
    if (!fits(memory, address_bits, host_bits))
        return -E2BIG;
    *out = (struct machine_layout){.ram_size = memory};
    if (address_bits != 0) {
        out->high_size = high_size(memory);
        out->high_base = BIT(address_bits) - out->high_size;
        out->ram_size -= out->high_size;
    }
    high = above(MACHINE_RAM + out->ram_size);
    if (bits == 0)
        bits = MIN(host_bits, bits_for(high + MACHINE_HIGH_SIZE));
    out->address_bits = sizes[machine_pa_range(bits)];
    if (high + MACHINE_HIGH_SIZE <= BIT(out->address_bits)) {
        out->redist2_base = high;
        out->ecam_base = high + MACHINE_HIGH_ECAM;
    }
    return 0;
}
