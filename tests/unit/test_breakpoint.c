/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../vmm/x86/breakpoint.h"
#include <criterion/criterion.h>

/* DR7 with one breakpoint. */
static uint64_t control(unsigned n, unsigned kind, unsigned length, unsigned enables)
{
    return 0x400 | (uint64_t)(kind | length << 2) << (16 + 4 * n) | (uint64_t)enables << 2 * n;
}

enum { EXECUTION, WRITE, IO, ACCESS };
enum { ONE, TWO, EIGHT, FOUR };

static unsigned hits(uint64_t where, uint64_t dr7, enum x86_breakpoint_access access, uint64_t address,
                     unsigned size)
{
    const uint64_t dr[4] = {where, where, where, where};

    return x86_breakpoint_hits(dr, dr7, access, address, size);
}

Test(breakpoint, kinds)
{
    static const bool expected[4][3] = {[EXECUTION] = {false, false, false},
                                        [WRITE] = {false, true, false},
                                        [IO] = {false, false, true},
                                        [ACCESS] = {true, true, false}};

    for (unsigned kind = 0; kind < 4; kind++)
        for (unsigned access = 0; access < 3; access++)
            cr_assert_eq(hits(0x1000, control(0, kind, ONE, 1), access, 0x1000, 1), expected[kind][access],
                         "%u %u", kind, access);
}

Test(breakpoint, each_by_its_own_enable)
{
    for (unsigned n = 0; n < 4; n++) {
        cr_assert_eq(hits(8, control(n, WRITE, ONE, 0), X86_BREAKPOINT_WRITE, 8, 1), 0);
        for (unsigned enables = 1; enables < 4; enables++)
            cr_assert_eq(hits(8, control(n, WRITE, ONE, enables), X86_BREAKPOINT_WRITE, 8, 1), 1U << n);
    }
    cr_assert_eq(hits(8, control(0, WRITE, ONE, 1) | control(3, ACCESS, FOUR, 2), X86_BREAKPOINT_WRITE, 8, 1),
                 9);
    cr_assert_eq(hits(8, control(0, WRITE, ONE, 1) | control(3, ACCESS, FOUR, 2), X86_BREAKPOINT_READ, 8, 1),
                 8);
}

/* Against the definition, byte by byte; also where addresses begin anew. */
Test(breakpoint, overlaps)
{
    static const unsigned bytes[] = {[ONE] = 1, [TWO] = 2, [EIGHT] = 8, [FOUR] = 4};

    for (unsigned length = 0; length < 4; length++) {
        for (uint64_t where = 0; where < 16; where++) {
            for (uint64_t address = -20ULL; address != 20; address++) {
                for (unsigned size = 1; size <= 16; size++) {
                    bool expected = false;

                    for (unsigned i = 0; i < size; i++)
                        expected |=
                            ((address + i) & -(uint64_t)bytes[length]) == (where & -(uint64_t)bytes[length]);
                    cr_assert_eq(
                        hits(where, control(1, ACCESS, length, 1), X86_BREAKPOINT_READ, address, size),
                        expected ? 2 : 0, "%u bytes at %llx, access to %u at %llx", bytes[length],
                        (unsigned long long)where, size, (unsigned long long)address);
                }
            }
        }
    }
}
