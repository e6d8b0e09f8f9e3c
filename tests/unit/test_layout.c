/* SPDX-License-Identifier: BSD-2-Clause */
/* Where an arm64 guest's RAM and devices are. */
#include "../../vmm/arm64/machine.h"
#include <criterion/criterion.h>
#include <errno.h>

static const unsigned sizes[] = {32, 36, 40, 42, 44, 48};

static struct machine_layout make(uint64_t memory, unsigned bits, unsigned host)
{
    struct machine_layout l;
    int error = machine_layout_make(memory, bits, host, &l);

    cr_assert_eq(error, 0, "%#llx bytes, %u of %u bits: %d", (unsigned long long)memory, bits, host, error);
    return l;
}

static int refuse(uint64_t memory, unsigned bits, unsigned host)
{
    struct machine_layout l;

    return machine_layout_make(memory, bits, host, &l);
}

/* What everybody gets: QEMU's addresses, on every host that has them. */
Test(layout, usual)
{
    for (unsigned i = 2; i < ARRAY_SIZE(sizes); i++) {
        struct machine_layout l = make(GIB(2), 0, sizes[i]);

        cr_assert_eq(l.address_bits, 40, "whatever the host has: %u", l.address_bits);
        cr_assert(l.ram_size == GIB(2) && l.high_size == 0);
        cr_assert_eq(l.redist2_base, 0x4000000000);
        cr_assert_eq(l.ecam_base, 0x4010000000);
    }
}

Test(layout, small_hosts)
{
    struct machine_layout l = make(GIB(63), 0, 36);

    cr_assert(l.address_bits == 36 && l.ecam_base == 0 && l.redist2_base == 0);
    cr_assert_eq(refuse(GIB(63) + MIB(2), 0, 36), -E2BIG);
    cr_assert_eq(machine_memory_max(0, 36), GIB(63));
    l = make(GIB(3), 0, 32);
    cr_assert(l.address_bits == 32 && l.ecam_base == 0);
    cr_assert_eq(machine_memory_max(0, 32), GIB(3));
    cr_assert_eq(refuse(GIB(4), 0, 32), -E2BIG);
}

/* Devices give way to RAM, and addresses get longer when they have to. */
Test(layout, much_memory)
{
    struct machine_layout l = make(GIB(255), 0, 48);

    cr_assert(l.ecam_base == 0x4010000000 && l.address_bits == 40);
    l = make(GIB(255) + MIB(2), 0, 48);
    cr_assert_eq(l.redist2_base, GIB(257));
    cr_assert_eq(l.ecam_base, GIB(257) + MIB(256));
    cr_assert_eq(make(GIB(1022), 0, 48).address_bits, 40);
    cr_assert_eq(make(GIB(1023), 0, 48).address_bits, 42, "no room for the devices");
    cr_assert_eq(refuse(GIB(1023), 0, 40), -E2BIG);
    cr_assert_eq(make(GIB(4094), 0, 48).address_bits, 42);
    cr_assert_eq(make(GIB(4096), 0, 48).address_bits, 44);
    cr_assert_eq(make(GIB(16384), 0, 48).address_bits, 48);
    cr_assert_eq(refuse(BIT(48), 0, 48), -E2BIG);
    cr_assert_eq(refuse(~0ULL << 21, 0, 48), -E2BIG);
    cr_assert_eq(refuse(~0ULL << 21, 48, 48), -E2BIG);
}

/* Of every size that is asked for: nothing overlaps, all is in reach, and the last byte is RAM. */
Test(layout, asked_for)
{
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        unsigned bits = sizes[i];
        uint64_t most = machine_memory_max(bits, 48);

        cr_assert_eq(refuse(most + MIB(2), bits, 48), -E2BIG);
        for (uint64_t memory = MIB(4); memory <= most; memory = memory * 3 / 2 & ~(MIB(2) - 1)) {
            struct machine_layout l = make(memory, bits, 48);

            cr_assert_eq(l.address_bits, bits);
            cr_assert_eq(l.ram_size + l.high_size, memory);
            cr_assert_eq(l.high_base + l.high_size, BIT(bits));
            cr_assert((l.high_base | l.high_size) % MIB(2) == 0);
            cr_assert_geq(l.high_base, MACHINE_RAM + l.ram_size);
            cr_assert_eq(l.ecam_base != 0, bits >= 40);
            if (l.ecam_base != 0)
                cr_assert(l.redist2_base >= MACHINE_RAM + l.ram_size &&
                          l.ecam_base >= l.redist2_base + MIB(64) &&
                          l.ecam_base + MACHINE_ECAM_SIZE <= l.high_base);
        }
        make(most, bits, 48);
    }
    cr_assert_eq(make(MIB(2), 48, 48).high_size, 0, "there is no half of it");
}

Test(layout, no_such_size)
{
    for (unsigned bits = 1; bits <= 64; bits++) {
        bool is_size = false;

        for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++)
            is_size |= sizes[i] == bits;
        cr_assert_eq(refuse(MIB(64), bits, 48), is_size ? 0 : -ERANGE, "%u", bits);
        if (is_size && bits > 40)
            cr_assert_eq(refuse(MIB(64), bits, 40), -ERANGE);
    }
}

Test(layout, pa_range)
{
    static const unsigned told[] = {32, 36, 40, 42, 44, 48, 52, 35, 39, 43};
    static const unsigned range[] = {0, 1, 2, 3, 4, 5, 5, 0, 1, 3};

    for (unsigned i = 0; i < ARRAY_SIZE(told); i++)
        cr_assert_eq(machine_pa_range(told[i]), range[i], "%u bits", told[i]);
}
