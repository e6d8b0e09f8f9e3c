/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory at the very end of guest-physical addresses, of which there are `bits` bits: all of it is there and
 * keeps what is written, nothing is before it, and the ID registers say how long addresses are.
 */
#include "../lib/guest.h"

const char guest_name[] = "addresses";

#define GIB_SHIFT 30
#define ALIAS     200
#define STEP      0x1000
#define ECAM_NODE "pcie@"

static const uint8_t sizes[] = {32, 36, 40, 42, 44, 48};

/* Where a guest-physical address is seen; one GiB at a time. */
static uintptr_t window(uint64_t address, uint64_t attributes)
{
    uintptr_t base = (uintptr_t)memory_alias(ALIAS, (unsigned)(address >> GIB_SHIFT), attributes);

    return base + (address & ((1UL << GIB_SHIFT) - 1));
}

static void hole_check(uint64_t address)
{
    uintptr_t at = window(address, PTE_NORMAL | PTE_NO_EXEC);

    TRY("ldr x0, [%0]", : : "r"(at) : "x0", TRY_CLOBBERS);
    expect(ESR_EC(trap_esr) == EC_DATA && ESR_FSC(trap_esr) == FSC_EXTERNAL, "at %x: syndrome %x", address,
           trap_esr);
}

static void memory_check(uint64_t base, uint64_t size)
{
    uintptr_t at = window(base, PTE_NORMAL | PTE_NO_EXEC);

    for (uint64_t i = 0; i < size; i += STEP) {
        expect(*(uint64_t *)(at + i) == 0, "at %x: %x at first", base + i, *(uint64_t *)(at + i));
        *(uint64_t *)(at + i) = base + i;
    }
    at = window(base, PTE_NORMAL | PTE_NO_EXEC); /* out of the TLBs */
    for (uint64_t i = 0; i < size; i += STEP)
        expect(*(uint64_t *)(at + i) == base + i, "at %x: %x", base + i, *(uint64_t *)(at + i));
}

void guest_run(void)
{
    uint64_t bits = option("bits", 40), range = sysreg_read("id_aa64mmfr0_el1") & 15, base, size;
    const uint8_t *reg, *ecam = fdt_find(ECAM_NODE, "reg", 0, NULL);
    uint32_t length = 0;

    expect(range < sizeof(sizes) && sizes[range] == bits, "PARange is %x", range);
    reg = fdt_find("memory", "reg", 0, &length);
    expect(length == 32, "RAM is told in %u bytes", (uint64_t)length);
    if (length != 32)
        return;
    base = fdt_number(reg + 16, 2);
    size = fdt_number(reg + 24, 2);
    expect(base + size <= 1UL << bits && base + size + 0x10000 >= 1UL << bits, "RAM ends at %x", base + size);
    memory_check(base, size);
    hole_check(base - 8);
    hole_check(memory_end() + 0x10000);
    /* Each bit of an address counts. */
    for (unsigned i = 32; i < bits; i++)
        if (!ecam || fdt_number(ecam, 2) >> i != 1)
            hole_check(1UL << i | 0x123000);
    if (ecam) {
        uintptr_t at = window(fdt_number(ecam, 2), PTE_DEVICE | PTE_NO_EXEC);

        expect(read32(at) != ~0U, "no host bridge at %x", fdt_number(ecam, 2));
    }
    expect((ecam != NULL) == (bits >= 40), "PCI: %u", (uint64_t)(ecam != NULL));
    memory_check(memory_free_end() - 0x100000, 0x100000);
}
