/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../vmm/irqchip/lapic.h"
#include "lapic_fixture.h"

#define MSR_BASE 0x1b

static void start4(void)
{
    chip_start(4);
    for (unsigned i = 0; i < 4; i++)
        apic_enable(i);
}

/* 40: more than two clusters and a half. */
static void start40_x2apic(void)
{
    chip_start(40);
    for (unsigned i = 0; i < 40; i++)
        x2apic_enable(i);
}

static void self_ipi(unsigned vcpu, uint8_t vector)
{
    apic_write(vcpu, 0x300, 0x44000 | vector);
}

static void ipi(unsigned from, uint32_t high, uint32_t low)
{
    apic_write(from, 0x310, high);
    apic_write(from, 0x300, low);
}

static bool wrmsr_faults(unsigned vcpu, uint32_t msr, uint64_t value)
{
    return lapic_msr_write(apic(vcpu), msr, value) != 0;
}

static bool rdmsr_faults(unsigned vcpu, uint32_t msr)
{
    uint64_t value;

    return lapic_msr_read(apic(vcpu), msr, &value) != 0;
}

/* Which of the first 64 vCPUs have something pending; takes it. */
static uint64_t receivers(unsigned count)
{
    uint64_t mask = 0;

    for (unsigned i = 0; i < count; i++) {
        if (take(i) >= 0) {
            mask |= 1ULL << i;
            if (rdmsr(i, MSR_BASE) & 0x400)
                wrmsr(i, 0x80b, 0);
            else
                eoi(i);
        }
    }
    return mask;
}

/* --- registers --- */

Test(lapic, power_on, .init = start4, .fini = chip_stop)
{
    irqchip_reset(chip);
    cr_assert_eq(rdmsr(0, MSR_BASE), 0xfee00900);
    cr_assert_eq(rdmsr(3, MSR_BASE), 0xfee00800);
    cr_assert(lapic_has_page(apic(0), 0xfee00000));
    cr_assert(lapic_has_page(apic(0), 0xfee00fff));
    cr_assert_not(lapic_has_page(apic(0), 0xfee01000));
    cr_assert_not(lapic_has_page(apic(0), 0xfedfffff));
    cr_assert_eq(apic_read(3, 0x20), 3U << 24);
    cr_assert_eq(apic_read(3, 0x30), 0x00050014);
    cr_assert_eq(apic_read(3, 0xe0), ~0U);
    cr_assert_eq(apic_read(3, 0xf0), 0xff);
    for (uint32_t lvt = 0x320; lvt <= 0x370; lvt += 0x10) {
        cr_assert_eq(apic_read(3, lvt), 0x10000);
        cr_assert_eq(apic_read(0, lvt), lvt == 0x350 ? 0x700 : 0x10000);
    }
}

Test(lapic, xapic_registers, .init = start1, .fini = chip_stop)
{
    apic_write(0, 0x80, 0x12345678);
    cr_assert_eq(apic_read(0, 0x80), 0x78);
    cr_assert_eq(apic_read(0, 0xa0), 0x78);
    apic_write(0, 0x80, 0);
    apic_write(0, 0xd0, 0xffffffff);
    cr_assert_eq(apic_read(0, 0xd0), 0xff000000);
    apic_write(0, 0xe0, 0);
    cr_assert_eq(apic_read(0, 0xe0), 0x0fffffff);
    apic_write(0, 0x20, 0x55000000);
    cr_assert_eq(apic_read(0, 0x20), 0);
    apic_write(0, 0x310, ~0U);
    cr_assert_eq(apic_read(0, 0x310), 0xff000000);
    for (uint32_t lvt = 0x320; lvt <= 0x370; lvt += 0x10)
        apic_write(0, lvt, ~0U & ~0x40000U);
    cr_assert_eq(apic_read(0, 0x320), 0x300ff);
    cr_assert_eq(apic_read(0, 0x330), 0x107ff);
    cr_assert_eq(apic_read(0, 0x350), 0x1a7ff);
    cr_assert_eq(apic_read(0, 0x370), 0x100ff);
    apic_write(0, 0x3e0, ~0U);
    cr_assert_eq(apic_read(0, 0x3e0), 0xb);
    /* Bytes beside the 32 bits at each 16-byte boundary. */
    cr_assert_eq(apic_read(0, 0x312), 0xff00);
    cr_assert_eq(apic_read(0, 0x314), 0);
    apic_write(0, 0x84, 0xff);
    cr_assert_eq(apic_read(0, 0x80), 0);
    cr_assert_eq(apic_read(0, 0x90) | apic_read(0, 0xc0) | apic_read(0, 0xb0), 0);
    apic_write(0, 0x90, 1);
    apic_write(0, 0xc0, 1);
    apic_write(0, 0x280, 0);
    cr_assert_eq(apic_read(0, 0x280), 0, "none of these is an error");
}

Test(lapic, software_disable_masks_lvts, .init = start1, .fini = chip_stop)
{
    apic_write(0, 0x370, 0x33);
    cr_assert_eq(apic_read(0, 0x370), 0x33);
    apic_write(0, 0xf0, 0xff);
    cr_assert_eq(apic_read(0, 0x370), 0x10033);
    apic_write(0, 0x370, 0x34);
    cr_assert_eq(apic_read(0, 0x370), 0x10034);
    self_ipi(0, 0x50);
    cr_assert_eq(pending(0), -1);
    apic_write(0, 0xf0, 0x1ff);
    cr_assert_eq(apic_read(0, 0x370), 0x10034);
}

/* --- priorities --- */

Test(lapic, highest_first_and_nesting, .init = start1, .fini = chip_stop)
{
    self_ipi(0, 0x31);
    self_ipi(0, 0x35);
    self_ipi(0, 0xf1);
    cr_assert_eq(take(0), 0xf1);
    cr_assert_eq(apic_read(0, 0xa0), 0xf0);
    cr_assert_eq(pending(0), -1);
    eoi(0);
    cr_assert_eq(take(0), 0x35);
    cr_assert_eq(apic_read(0, 0x110), 1U << 0x15);
    cr_assert_eq(pending(0), -1, "same class waits");
    self_ipi(0, 0x40);
    cr_assert_eq(take(0), 0x40);
    cr_assert_eq(apic_read(0, 0xa0), 0x40);
    eoi(0);
    cr_assert_eq(apic_read(0, 0xa0), 0x30);
    cr_assert_eq(pending(0), -1);
    eoi(0);
    cr_assert_eq(take(0), 0x31);
    eoi(0);
    eoi(0);
    cr_assert_eq(pending(0), -1);
    cr_assert_eq(apic_read(0, 0xa0), 0);
    cr_assert_eq(vcpus[0].kicks, 0, "what a vCPU sends itself needs no kick");
}

Test(lapic, every_vector, .init = start1, .fini = chip_stop)
{
    for (unsigned vector = 16; vector < 256; vector++)
        self_ipi(0, (uint8_t)vector);
    for (unsigned word = 0; word < 8; word++)
        cr_assert_eq(apic_read(0, 0x200 + word * 16), word == 0 ? 0xffff0000 : ~0U);
    for (int vector = 255; vector >= 16; vector--) {
        cr_assert_eq(take(0), vector);
        cr_assert_eq(apic_read(0, 0x100 + (uint32_t)vector / 32 * 16), 1U << vector % 32);
        eoi(0);
    }
    cr_assert_eq(pending(0), -1);
}

Test(lapic, task_priority, .init = start1, .fini = chip_stop)
{
    self_ipi(0, 0x47);
    for (unsigned tpr = 0; tpr < 256; tpr++) {
        apic_write(0, 0x80, tpr);
        cr_assert_eq(lapic_cr8_get(apic(0)), tpr >> 4);
        cr_assert_eq(apic_read(0, 0xa0), tpr);
        cr_assert_eq(pending(0), tpr < 0x40 ? 0x47 : -1, "TPR %#x", tpr);
    }
    lapic_cr8_set(apic(0), 0x14);
    cr_assert_eq(apic_read(0, 0x80), 0x40);
    cr_assert_eq(pending(0), -1);
    lapic_cr8_set(apic(0), 3);
    cr_assert_eq(take(0), 0x47);
    apic_write(0, 0x80, 0x4f);
    cr_assert_eq(apic_read(0, 0xa0), 0x4f, "the TPR's subclass shows when its class is not below");
    apic_write(0, 0x80, 0x3f);
    cr_assert_eq(apic_read(0, 0xa0), 0x40);
    eoi(0);
    cr_assert_eq(apic_read(0, 0xa0), 0x3f);
}

Test(lapic, request_while_in_service_comes_again, .init = start1, .fini = chip_stop)
{
    self_ipi(0, 0x61);
    cr_assert_eq(take(0), 0x61);
    self_ipi(0, 0x61);
    self_ipi(0, 0x61);
    cr_assert_eq(pending(0), -1);
    eoi(0);
    cr_assert_eq(take(0), 0x61);
    eoi(0);
    cr_assert_eq(pending(0), -1);
}

Test(lapic, acknowledge_of_nothing_is_spurious, .init = start4, .fini = chip_stop)
{
    apic_write(1, 0xf0, 0x1e7);
    cr_assert_eq(lapic_acknowledge(apic(1)), 0xe7);
    cr_assert_eq(apic_read(1, 0xa0), 0);
    apic_write(0, 0x350, 0x10000);
    cr_assert_eq(lapic_acknowledge(apic(0)), 0xff);
}

Test(lapic, put_back_gives_way_and_comes_again, .init = start4, .fini = chip_stop)
{
    cr_assert_not(lapic_put_back(apic(0), 0x61));
    self_ipi(0, 0x61);
    cr_assert_eq(take(0), 0x61);
    self_ipi(0, 0x81);
    cr_assert(lapic_put_back(apic(0), 0x61));
    cr_assert_eq(apic_read(0, 0xa0), 0);
    cr_assert_eq(take(0), 0x81);
    cr_assert_eq(pending(0), -1);
    eoi(0);
    cr_assert_eq(take(0), 0x61);
    eoi(0);
    cr_assert_eq(pending(0), -1);
}

Test(lapic, what_was_not_requested_is_not_put_back, .init = start4, .fini = chip_stop)
{
    apic_write(1, 0xf0, 0x161); /* the spurious vector is also that of an interrupt in service */
    self_ipi(1, 0x61);
    cr_assert_eq(take(1), 0x61);
    cr_assert_eq(lapic_acknowledge(apic(1)), 0x61);
    cr_assert_not(lapic_put_back(apic(1), 0x61));
    eoi(1);
    cr_assert_eq(pending(1), -1);
}

/* --- IPIs --- */

Test(lapic, physical_ipi, .init = start4, .fini = chip_stop)
{
    ipi(0, 2U << 24, 0x4055);
    cr_assert_eq(vcpus[2].kicks, 1);
    cr_assert_eq(apic_read(0, 0x300), 0x4055);
    ipi(0, 2U << 24, 0x4055);
    cr_assert_eq(vcpus[2].kicks, 1, "already requested");
    cr_assert_eq(receivers(4), 1 << 2);
    ipi(0, 77U << 24, 0x4055);
    cr_assert_eq(receivers(4), 0);
    ipi(1, 0xffU << 24, 0x4055);
    cr_assert_eq(receivers(4), 0xf);
    ipi(3, 0, 0x4055);
    cr_assert_eq(receivers(4), 1);
}

Test(lapic, shorthands, .init = start4, .fini = chip_stop)
{
    ipi(1, 0, 0x44055);
    cr_assert_eq(receivers(4), 1 << 1);
    ipi(1, 0, 0x84055);
    cr_assert_eq(receivers(4), 0xf);
    ipi(1, 0, 0xc4055);
    cr_assert_eq(receivers(4), 0xd);
    ipi(1, 0, 0xc4400);
    cr_assert_eq(vcpus[0].nmis + vcpus[2].nmis + vcpus[3].nmis, 3);
    cr_assert_eq(vcpus[1].nmis, 0);
    ipi(1, 0, 0x44400);
    cr_assert_eq(vcpus[1].nmis, 1);
    ipi(1, 0, 0x44500);
    ipi(1, 0, 0x84500);
    ipi(1, 0, 0x84608);
    cr_assert_eq(vcpus[0].inits + vcpus[1].inits + vcpus[1].sipis, 0, "nobody restarts itself by shorthand");
}

Test(lapic, startup_sequence, .init = start4, .fini = chip_stop)
{
    ipi(0, 1U << 24, 0xc500);
    cr_assert_eq(vcpus[1].inits, 1);
    ipi(0, 1U << 24, 0x8500);
    cr_assert_eq(vcpus[1].inits, 1, "level de-assert does nothing");
    ipi(0, 1U << 24, 0x4608);
    ipi(0, 1U << 24, 0x0609);
    cr_assert_eq(vcpus[1].sipis, 2);
    cr_assert_eq(vcpus[1].sipi_vector, 9);
    ipi(0, 0, 0xc4500);
    cr_assert_eq(vcpus[1].inits + vcpus[2].inits + vcpus[3].inits, 4);
    cr_assert_eq(vcpus[0].inits, 0);
    ipi(0, 1U << 24, 0x4200); /* SMI */
    ipi(0, 1U << 24, 0x4755); /* ExtINT */
    ipi(0, 1U << 24, 0x4355); /* reserved */
    cr_assert_eq(receivers(4), 0);
}

Test(lapic, flat_logical, .init = start4, .fini = chip_stop)
{
    for (unsigned i = 0; i < 4; i++)
        apic_write(i, 0xd0, 1U << (24 + i));
    for (unsigned mask = 0; mask < 256; mask++) {
        ipi(0, mask << 24, 0x4855);
        cr_assert_eq(receivers(4), mask == 0xff ? 0xf : mask & 0xf);
    }
    apic_write(2, 0xd0, 0x81000000);
    ipi(0, 0x80000000, 0x4855);
    cr_assert_eq(receivers(4), 1 << 2);
    ipi(0, 0x01000000, 0x4855);
    cr_assert_eq(receivers(4), 1 << 2 | 1);
}

Test(lapic, cluster_logical, .init = start4, .fini = chip_stop)
{
    for (unsigned i = 0; i < 4; i++) {
        apic_write(i, 0xe0, 0);
        apic_write(i, 0xd0, (i / 2) << 28 | 1U << (24 + i % 2));
    }
    ipi(0, 0x03000000, 0x4855);
    cr_assert_eq(receivers(4), 0x3);
    ipi(0, 0x12000000, 0x4855);
    cr_assert_eq(receivers(4), 0x8);
    ipi(0, 0x23000000, 0x4855);
    cr_assert_eq(receivers(4), 0);
    apic_write(3, 0xe0, 0x50000000); /* no model at all */
    ipi(0, 0x1f000000, 0x4855);
    cr_assert_eq(receivers(4), 0x4);
}

Test(lapic, lowest_priority, .init = start4, .fini = chip_stop)
{
    uint64_t all = 0;

    for (unsigned i = 0; i < 4; i++) {
        apic_write(i, 0xd0, 1U << (24 + i));
        apic_write(i, 0x80, 0x60 - i * 0x10);
    }
    ipi(0, 0x0f000000, 0x4975);
    cr_assert_eq(receivers(4), 1 << 3);
    ipi(0, 0x07000000, 0x4975);
    cr_assert_eq(receivers(4), 1 << 2);
    apic_write(2, 0xf0, 0xff); /* not in the race any more */
    ipi(0, 0x07000000, 0x4975);
    cr_assert_eq(receivers(4), 1 << 1);
    apic_enable(2);
    for (unsigned i = 0; i < 4; i++)
        apic_write(i, 0x80, 0);
    for (uint8_t vector = 0x40; vector < 0x44; vector++) {
        uint64_t one;

        ipi(0, 0x0f000000, 0x4900 | vector);
        one = receivers(4);
        cr_assert_eq(__builtin_popcountll(one), 1);
        all |= one;
    }
    cr_assert_eq(all, 0xf, "equals share");
    ipi(0, 2U << 24, 0x4175); /* physical: only one to choose from */
    cr_assert_eq(receivers(4), 1 << 2);
    ipi(1, 0, 0xc4175);
    cr_assert_eq(__builtin_popcountll(receivers(4)), 1);
}

/* --- message-signalled interrupts --- */

static void msi(uint64_t address, uint32_t data)
{
    irqchip_msi_send(chip, 0, &(struct msi_message){address, data});
}

Test(lapic, msi, .init = start4, .fini = chip_stop)
{
    for (unsigned i = 0; i < 4; i++)
        apic_write(i, 0xd0, 1U << (24 + i));
    msi(0xfee03000, 0x41);
    cr_assert_eq(vcpus[3].kicks, 1);
    cr_assert_eq(receivers(4), 1 << 3);
    msi(0xfeeff000, 0x41);
    cr_assert_eq(receivers(4), 0xf);
    msi(0xfee06004, 0x41); /* logical */
    cr_assert_eq(receivers(4), 0x6);
    msi(0xfee0600c, 0x41); /* redirection hint */
    cr_assert_eq(__builtin_popcountll(receivers(4)), 1);
    msi(0xfee06004, 0x141);
    cr_assert_eq(__builtin_popcountll(receivers(4)), 1);
    msi(0xfee02000, 0x0400);
    cr_assert_eq(vcpus[2].nmis, 1);
    msi(0xfee02000, 0xc042); /* level, asserted */
    cr_assert_eq(apic_read(2, 0x1a0), 1U << 2);
    cr_assert_eq(receivers(4), 1 << 2);
    msi(0xfee02000, 0x0042); /* the same by edge */
    cr_assert_eq(apic_read(2, 0x1a0), 0);
    cr_assert_eq(receivers(4), 1 << 2);
    msi(0xfee02000, 0x8042); /* level, de-asserted */
    msi(0xfec00000, 0x41);
    msi(0x1fee00000, 0x41);
    msi(0xfee04000, 0x41); /* nobody */
    msi(0xfee00020, 0x41); /* extended destination 0x100 */
    cr_assert_eq(receivers(4), 0);
}

/* --- errors --- */

Test(lapic, errors, .init = start4, .fini = chip_stop)
{
    apic_write(0, 0x370, 0xee);
    self_ipi(0, 5);
    cr_assert_eq(apic_read(0, 0x280), 0, "shown by a write only");
    cr_assert_eq(take(0), 0xee);
    eoi(0);
    self_ipi(0, 5);
    cr_assert_eq(pending(0), -1, "the write re-arms");
    apic_write(0, 0x280, 0);
    cr_assert_eq(apic_read(0, 0x280), 0x20);
    apic_write(0, 0x280, 0);
    cr_assert_eq(apic_read(0, 0x280), 0);
    msi(0xfee00000, 3);
    cr_assert_eq(vcpus[0].kicks, 1);
    cr_assert_eq(take(0), 0xee);
    eoi(0);
    apic_read(0, 0x40);
    apic_write(0, 0x2f0, 0);
    apic_write(0, 0x280, 0);
    cr_assert_eq(apic_read(0, 0x280), 0xc0);
    apic_write(0, 0x30, 0);
    apic_write(0, 0x200, 0);
    apic_write(0, 0x390, 0);
    apic_write(0, 0x280, 0);
    cr_assert_eq(apic_read(0, 0x280), 0, "writes to what can only be read");
    eoi(0);
    cr_assert_eq(take(0), 0xee);
    eoi(0);
    cr_assert_eq(pending(0), -1);
    apic_write(0, 0x370, 0x02); /* an error about errors must not go round */
    self_ipi(0, 5);
    apic_write(0, 0x280, 0);
    cr_assert_eq(apic_read(0, 0x280), 0x60);
    cr_assert_eq(pending(0), -1);
}

/* --- IA32_APIC_BASE and x2APIC --- */

Test(lapic, base_transitions, .init = start4, .fini = chip_stop)
{
    const uint64_t off = 0xfee00000, xapic = 0xfee00800, bad = 0xfee00400, x2apic = 0xfee00c00;
    cr_assert(wrmsr_faults(1, MSR_BASE, bad));
    wrmsr(1, MSR_BASE, x2apic);
    cr_assert_not(lapic_has_page(apic(1), 0xfee00000));
    cr_assert(wrmsr_faults(1, MSR_BASE, xapic));
    cr_assert(wrmsr_faults(1, MSR_BASE, bad));
    wrmsr(1, MSR_BASE, x2apic);
    wrmsr(1, MSR_BASE, off);
    cr_assert_not(lapic_has_page(apic(1), 0xfee00000));
    cr_assert(wrmsr_faults(1, MSR_BASE, x2apic));
    cr_assert(wrmsr_faults(1, MSR_BASE, bad));
    wrmsr(1, MSR_BASE, xapic);
    cr_assert_eq(apic_read(1, 0xf0), 0xff, "as after power-on");
    wrmsr(1, MSR_BASE, off);
    ipi(0, 1U << 24, 0xc500);
    ipi(0, 1U << 24, 0x4055);
    cr_assert_eq(vcpus[1].inits, 0, "nobody there");
    wrmsr(1, MSR_BASE, 0xabcde000 | 0x800);
    cr_assert(lapic_has_page(apic(1), 0xabcde000));
    cr_assert_not(lapic_has_page(apic(1), 0xfee00000));
    for (unsigned bit = 0; bit < 64; bit++)
        if (bit < 8 || bit == 9 || bit >= 52)
            cr_assert(wrmsr_faults(1, MSR_BASE, xapic | 1ULL << bit), "bit %u", bit);
    irqchip_phys_bits_set(chip, 36);
    cr_assert(wrmsr_faults(1, MSR_BASE, xapic | 1ULL << 36));
    wrmsr(1, MSR_BASE, xapic | 1ULL << 35 | 0x100);
    cr_assert_eq(rdmsr(1, MSR_BASE), xapic | 1ULL << 35 | 0x100);
    cr_assert(rdmsr_faults(1, 0x10));
    cr_assert(wrmsr_faults(1, 0x10, 0));
}

Test(lapic, x2apic_needs_its_mode, .init = start1, .fini = chip_stop)
{
    for (uint32_t msr = 0x800; msr < 0x900; msr++) {
        cr_assert(rdmsr_faults(0, msr));
        cr_assert(wrmsr_faults(0, msr, 0));
    }
}

Test(lapic, x2apic_register_map, .init = start40_x2apic, .fini = chip_stop)
{
    for (uint32_t reg = 0; reg < 0x100; reg++) {
        bool is_readable = reg == 0x02 || reg == 0x03 || reg == 0x08 || reg == 0x0a || reg == 0x0d ||
                           reg == 0x0f || (reg >= 0x10 && reg <= 0x28) || reg == 0x30 ||
                           (reg >= 0x32 && reg <= 0x39) || reg == 0x3e;
        bool is_writable = reg == 0x08 || reg == 0x0b || reg == 0x0f || reg == 0x28 || reg == 0x30 ||
                           (reg >= 0x32 && reg <= 0x38) || reg == 0x3e || reg == 0x3f;

        cr_assert_eq(rdmsr_faults(39, 0x800 + reg), !is_readable, "read of %#x", reg);
        cr_assert_eq(wrmsr_faults(39, 0x800 + reg, 0), !is_writable, "write of %#x", reg);
    }
    cr_assert_eq(rdmsr(39, 0x802), 39);
    cr_assert_eq(rdmsr(39, 0x80d), 2U << 16 | 1U << 7);
}

/* Each bit of each register: those that a write may set, and read back. */
Test(lapic, x2apic_reserved_bits, .init = start40_x2apic, .fini = chip_stop)
{
    static const struct {
        uint32_t reg;
        uint64_t accepted, kept;
    } rules[] = {
        {0x08, 0xff, 0xff},
        {0x0b, 0, 0},
        {0x0f, 0x3ff, 0x3ff},
        {0x28, 0, 0},
        {0x32, 0x710ff, 0x700ff},
        {0x33, 0x117ff, 0x107ff},
        {0x34, 0x117ff, 0x107ff},
        {0x35, 0x1f7ff, 0x1a7ff},
        {0x36, 0x1f7ff, 0x1a7ff},
        {0x37, 0x110ff, 0x100ff},
        {0x38, 0xffffffff, 0xffffffff},
        {0x3e, 0xb, 0xb},
        {0x30, 0xffffffff000ccfff, 0xffffffff000ccfff & ~0x1000ULL},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(rules); i++) {
        for (unsigned bit = 0; bit < 64; bit++) {
            uint64_t value = 1ULL << bit;

            /* In TSC-deadline mode, the initial count does not take values. */
            wrmsr(1, 0x832, 0x10000);
            if (rules[i].reg == 0x37 || rules[i].reg == 0x36)
                wrmsr(1, 0x80f, 0x1ff);
            cr_assert_eq(wrmsr_faults(1, 0x800 + rules[i].reg, value), (rules[i].accepted & value) == 0,
                         "register %#x bit %u", rules[i].reg, bit);
            if ((rules[i].kept & value) != 0 && (rules[i].reg < 0x32 || rules[i].reg > 0x37))
                cr_assert_eq(rdmsr(1, 0x800 + rules[i].reg), value);
        }
        wrmsr(1, 0x80f, 0x1ff);
    }
    for (uint32_t lvt = 0x833; lvt <= 0x837; lvt++) {
        uint64_t kept = lvt == 0x837 ? 0xff : lvt >= 0x835 ? 0xa7ff : 0x7ff;

        wrmsr(1, lvt, kept);
        cr_assert_eq(rdmsr(1, lvt), kept);
    }
}

Test(lapic, x2apic_logical, .init = start40_x2apic, .fini = chip_stop)
{
    wrmsr(0, 0x830, 0x00020081ULL << 32 | 0x4855);
    cr_assert_eq(receivers(40), 1ULL << 32 | 1ULL << 39);
    wrmsr(0, 0x830, 0x0002ffffULL << 32 | 0x4855);
    cr_assert_eq(receivers(40), 0xffULL << 32, "members that do not exist");
    wrmsr(0, 0x830, 0x0003ffffULL << 32 | 0x4855);
    wrmsr(0, 0x830, 0xfffeffffULL << 32 | 0x4855);
    cr_assert_eq(receivers(40), 0);
    wrmsr(0, 0x830, 0xffffffffULL << 32 | 0x4855);
    cr_assert_eq(receivers(40), (1ULL << 40) - 1);
    wrmsr(0, 0x830, 0xffffffffULL << 32 | 0x4055);
    cr_assert_eq(receivers(40), (1ULL << 40) - 1);
    wrmsr(7, 0x830, 0xc4055);
    cr_assert_eq(receivers(40), ((1ULL << 40) - 1) & ~(1ULL << 7));
    wrmsr(0, 0x830, 0xffULL << 32 | 0x4055);
    cr_assert_eq(receivers(40), 0, "255 is no broadcast here");
    msi(0xfee81004, 0x41);
    cr_assert_eq(receivers(40), 0x81);
    msi(0xfeeff000, 0x41);
    cr_assert_eq(receivers(40), (1ULL << 40) - 1);
    wrmsr(0, 0x830, 0x0001f00fULL << 32 | 0x4955);
    cr_assert_eq(__builtin_popcountll(receivers(40)), 1);
    /* One that is still in xAPIC mode: neither kind is lost. */
    wrmsr(2, MSR_BASE, 0xfee00000);
    wrmsr(2, MSR_BASE, 0xfee00800);
    apic_enable(2);
    apic_write(2, 0xd0, 0x04000000);
    wrmsr(0, 0x830, 0x0000000fULL << 32 | 0x4855);
    cr_assert_eq(receivers(40), 0xf);
    wrmsr(0, 0x830, 0x0002000fULL << 32 | 0x4855);
    cr_assert_eq(receivers(40), 0xfULL << 32);
}

Test(lapic, self_ipi_register, .init = start40_x2apic, .fini = chip_stop)
{
    wrmsr(5, 0x83f, 0x91);
    cr_assert_eq(take(5), 0x91);
    wrmsr(5, 0x80b, 0);
    cr_assert(wrmsr_faults(5, 0x80b, 1));
    cr_assert(wrmsr_faults(5, 0x83f, 0x191));
    wrmsr(5, 0x83f, 3);
    wrmsr(5, 0x828, 0);
    cr_assert_eq(rdmsr(5, 0x828), 0x20);
    wrmsr(5, 0x80f, 0xff);
    wrmsr(5, 0x83f, 0x91);
    cr_assert_eq(pending(5), -1);
}

Test(lapic, init_keeps_the_mode, .init = start40_x2apic, .fini = chip_stop)
{
    wrmsr(5, 0x808, 0x50);
    wrmsr(5, 0x83f, 0x91);
    lapic_init_reset(apic(5));
    cr_assert_eq(rdmsr(5, MSR_BASE), 0xfee00c00);
    cr_assert_eq(rdmsr(5, 0x808), 0);
    cr_assert_eq(rdmsr(5, 0x80f), 0xff);
    cr_assert_eq(rdmsr(5, 0x80d), 1 << 5);
    cr_assert_eq(pending(5), -1);
    /* Nothing of what was pending stays behind to swallow a later request. */
    wrmsr(5, 0x80f, 0x1ff);
    wrmsr(5, 0x83f, 0x91);
    cr_assert_eq(take(5), 0x91);
}

/* --- LINT0 and the PIC --- */

static void pic_setup(void)
{
    port_out(0x20, 0x11);
    port_out(0x21, 0x20);
    port_out(0x21, 4);
    port_out(0x21, 1);
    port_out(0x21, 0);
}

Test(lapic, extint_through_lint0, .init = start4, .fini = chip_stop)
{
    irqchip_reset(chip);
    pic_setup();
    cr_assert_eq(pending(0), -1);
    irqchip_line_set(chip, 4, true);
    cr_assert_eq(vcpus[0].kicks, 1);
    cr_assert_eq(vcpus[1].kicks, 0);
    lapic_cr8_set(apic(0), 15);
    cr_assert_eq(take(0), 0x24, "whatever the priority");
    cr_assert_eq(apic_read(0, 0x110), 0);
    port_out(0x20, 0x20);
    irqchip_line_set(chip, 4, false);
    apic_enable(0);
    apic_write(0, 0x350, 0x10700);
    irqchip_line_set(chip, 4, true);
    cr_assert_eq(pending(0), -1, "masked");
    apic_write(0, 0x350, 0x700);
    cr_assert_eq(pending(0), 0x24);
    irqchip_line_set(chip, 4, false);
    apic_write(0, 0x350, 0x10700);
    wrmsr(0, MSR_BASE, 0xfee00000);
    cr_assert_eq(take(0), 0x24, "without a local APIC the PIC has the pin");
    port_out(0x20, 0x20);
    cr_assert_eq(pending(0), -1);
}

Test(lapic, lint0_as_fixed_and_nmi, .init = start1, .fini = chip_stop)
{
    pic_setup();
    lapic_cr8_set(apic(0), 0);
    apic_write(0, 0x350, 0x55);
    irqchip_line_set(chip, 1, true);
    cr_assert_eq(take(0), 0x55);
    eoi(0);
    cr_assert_eq(pending(0), -1);
    port_out(0x21, 0xff); /* the request goes, and comes again */
    port_out(0x21, 0);
    cr_assert_eq(take(0), 0x55);
    port_out(0x21, 0xff);
    apic_write(0, 0x350, 0x400);
    port_out(0x21, 0);
    cr_assert_eq(vcpus[0].nmis, 1);
    port_out(0x21, 0xff);
    apic_write(0, 0x350, 0x200);
    port_out(0x21, 0);
    lapic_nmi_pin(apic(0));
    cr_assert_eq(vcpus[0].nmis, 1, "LINT1 is masked after reset");
    apic_write(0, 0x360, 0x400);
    lapic_nmi_pin(apic(0));
    cr_assert_eq(vcpus[0].nmis, 2);
}

/* --- state records --- */

Test(lapic, save_and_load, .init = start4, .fini = chip_stop)
{
    x2apic_enable(1);
    wrmsr(1, 0x808, 0x35);
    wrmsr(1, 0x83f, 0x91);
    cr_assert_eq(take(1), 0x91);
    wrmsr(1, 0x83f, 0xa1);
    wrmsr(1, 0x830, 0x123ULL << 32 | 0x4099);
    apic_write(2, 0xd0, 0x44000000);
    apic_write(2, 0xe0, 0);
    apic_write(2, 0x3e0, 0xb);
    apic_write(2, 0x320, 0x20040);
    apic_write(2, 0x380, 1000000);
    apic_write(3, 0x320, 0x40041);
    wrmsr(3, MSR_DEADLINE, fake_clock_cycles + 5000);
    self_ipi(3, 2);
    time_advance(400);
    vm_clock_pause(&vm_clock);
    cr_assert_eq(chip_reload(), 0);
    vm_clock_resume(&vm_clock);
    cr_assert_eq(rdmsr(1, 0x808), 0x35);
    cr_assert_eq(rdmsr(1, 0x80a), 0x90);
    cr_assert_eq(rdmsr(1, 0x830), 0x123ULL << 32 | 0x4099);
    cr_assert_eq(rdmsr(1, 0x80d), 2);
    cr_assert_eq(take(1), 0xa1);
    cr_assert_eq(apic_read(2, 0xd0), 0x44000000);
    cr_assert_eq(apic_read(2, 0x390), 999600);
    cr_assert_eq(rdmsr(3, MSR_DEADLINE), 6000);
    apic_write(3, 0x280, 0);
    cr_assert_eq(apic_read(3, 0x280), 0x20);
    time_advance(4603);
    cr_assert_eq(take(3), 0x41);
    time_advance(995000);
    cr_assert_eq(take(2), 0x40);
}

#define IOAPIC_RECORD (4 * 4 + 24 * 8)
#define PIC_RECORD    (4 + 2 * 7)

Test(lapic, broken_records, .init = start4, .fini = chip_stop)
{
    struct device *device = irqchip_device(chip);
    struct state_writer record, *writer = &record;
    struct state_reader reader;
    uint64_t base = 0xfee00400;

    device_save(device, writer);
    state_reader_init(&reader, writer->bytes, writer->size);
    for (reader.size = 0; reader.size < writer->size; reader.size++) {
        reader.at = 0;
        reader.is_short = false;
        cr_assert_neq(device->ops->load(device, &reader, device->ops->version), 0);
    }
    state_reader_init(&reader, writer->bytes, writer->size);
    cr_assert_neq(device->ops->load(device, &reader, device->ops->version + 1), 0);
    writer->bytes[0]++;
    cr_assert_neq(device->ops->load(device, &reader, device->ops->version), 0);
    writer->bytes[0]--;
    memcpy(writer->bytes + 4, &base, sizeof(base));
    reader.at = 0;
    cr_assert_neq(device->ops->load(device, &reader, device->ops->version), 0);
    memset(writer->bytes + 4, 0xff, 8);
    reader.at = 0;
    cr_assert_neq(device->ops->load(device, &reader, device->ops->version), 0);
    /* Nonsense that is legal: bounded by what registers can hold, timers included. */
    base = 0xfee00800;
    memset(writer->bytes + 4, 0xff, writer->size - 4);
    for (unsigned i = 0; i < 4; i++)
        memcpy(writer->bytes + 4 + i * (writer->size - 4 - IOAPIC_RECORD - PIC_RECORD) / 4, &base,
               sizeof(base));
    reader.at = 0;
    cr_assert_eq(device->ops->load(device, &reader, device->ops->version), 0);
    for (unsigned i = 0; i < 4; i++) {
        cr_assert_eq(apic_read(i, 0x200), 0xffff0000);
        while (take(i) >= 0) {
        }
        for (unsigned n = 0; n < 256; n++)
            eoi(i);
        cr_assert_eq(apic_read(i, 0x100), 0);
    }
    time_advance(NSEC_PER_SEC);
    state_writer_fini(writer);
}
