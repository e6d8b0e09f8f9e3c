/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads and writes every MSR a host could know: what is not there answers with #GP, and nothing else happens.
 */
#include "../lib/guest.h"

const char guest_name[] = "msr";

static const struct {
    uint32_t first, last;
} ranges[] = {
    {0x00000000, 0x00001fff}, {0x40000000, 0x400000ff}, {0x4b564d00, 0x4b564dff},
    {0x80000000, 0x8000003f}, {0xc0000000, 0xc0000fff}, {0xc0001ff0, 0xc000200f},
    {0xc0010000, 0xc00102ff}, {0xc0011000, 0xc00110ff}, {0xfffffff0, 0xffffffff},
};

/* Those that would end or disturb this guest by doing what they are for. */
static bool is_harmful(uint32_t msr)
{
    return msr == 0x10 || msr == 0x1b || msr == 0x3b || msr == 0xc0000080 || msr == 0xc0000100 ||
           msr == 0x830 || msr == 0x83f;
}

static void check_fault(const char *what, uint32_t msr, unsigned vector)
{
    expect(vector == NO_FAULT || vector == 13, "%s of %x: vector %u", what, (uint64_t)msr, (uint64_t)vector);
    expect(vector == NO_FAULT || trap_error == 0, "%s of %x: error code %x", what, (uint64_t)msr, trap_error);
}

static void try_msr(uint32_t msr, unsigned *present)
{
    uint64_t value = 0;
    unsigned vector = msr_try_read(msr, &value);

    check_fault("read", msr, vector);
    *present += vector == NO_FAULT;
    if (is_harmful(msr))
        return;
    if (vector == NO_FAULT) {
        check_fault("write back", msr, msr_try_write(msr, value));
        /* Addresses far outside RAM for those that share memory with the host. */
        check_fault("write", msr, msr_try_write(msr, 0x7ffffffffff0001));
        check_fault("restore", msr, msr_try_write(msr, value));
    }
    check_fault("write", msr, msr_try_write(msr, ~0ULL));
    if (vector == NO_FAULT)
        check_fault("restore", msr, msr_try_write(msr, value));
}

void guest_run(void)
{
    uint64_t apic_base = 0;
    unsigned present = 0;

    for (unsigned i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        for (uint64_t msr = ranges[i].first; msr <= ranges[i].last; msr++)
            try_msr((uint32_t)msr, &present);
    print("%u MSRs can be read\n", (uint64_t)present);
    expect(present > 10, "hardly any MSR can be read");
    expect(msr_try_write(0x277, 2) == 13, "PAT takes a reserved type");
    expect(msr_try_read(0x1b, &apic_base) == NO_FAULT, "no APIC base");
    expect(msr_try_write(0x1b, apic_base | 1ULL << (cpuid(0x80000008, 0).eax & 0xff)) == 13,
           "the local APIC is beyond all physical addresses");
}
