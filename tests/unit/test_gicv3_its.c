/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../vmm/irqchip/gicv3/its.h"
#include "gicv3_its.h"
#include <criterion/criterion.h>
#include <pthread.h>

static void start(void)
{
    gic_start_with(4, 4, true);
    gic_enable();
    its_setup();
}

static void start_bare(void)
{
    gic_start_with(2, 4, true);
}

/* Device 8 with 32 events; events 0..9 are LPIs 8192.. on vCPU 0, enabled. */
static void start_mapped(void)
{
    start();
    mapd(8, 5, true);
    for (unsigned i = 0; i < 10; i++) {
        lpi_config(8192 + i, 0xa1);
        mapti(8, i, 8192 + i, 0);
    }
}

Test(gicv3_its, registers, .init = start_bare, .fini = gic_stop)
{
    cr_assert_eq(gicd_read(4), 3 | 1 << 16 | 1 << 17 | 15 << 19 | 1 << 24);
    cr_assert_eq(read_at(ITS, 4), BIT(31), "quiescent");
    cr_assert_eq(its_get(8), 1 | 7 << 4 | 15 << 8 | 15 << 13 | 7ULL << 32 | BIT(36));
    cr_assert_eq(read_at(ITS + 12, 4), 7 | 1 << 4);
    cr_assert_eq(read_at(ITS + 0xffe8, 4), 0x30);
    cr_assert_eq(read_at(ITS + 4, 4), gicd_read(8));
    cr_assert_eq(its_get(GITS_BASER), 1ULL << 56 | 7ULL << 48);
    cr_assert_eq(its_get(GITS_BASER + 8), 4ULL << 56 | 7ULL << 48);
    its_put(GITS_BASER, ~0ULL);
    cr_assert_eq(its_get(GITS_BASER), 0xf9e7ffffffffffffULL);
    its_put(GITS_BASER + 16, ~0ULL);
    cr_assert_eq(its_get(GITS_BASER + 16), 0);
    its_put(GITS_CBASER, ~0ULL);
    cr_assert_eq(its_get(GITS_CBASER), 0xb8effffffffffcffULL);
    its_put(GITS_CWRITER, 0xfffff);
    cr_assert_eq(its_get(GITS_CWRITER), 0xfffe0);
    write_at(ITS + GITS_CBASER, 4, 0x40010000);
    cr_assert_eq(its_get(GITS_CBASER), 0xb8efffff40010000ULL);
    cr_assert_eq(its_get(GITS_CWRITER), 0, "a new queue is empty");
    its_put(GITS_CWRITER, 0x1000);
    cr_assert_eq(its_get(GITS_CWRITER), 0, "beyond its end");
    its_put(GITS_CREADR, 0x20);
    cr_assert_eq(its_get(GITS_CREADR), 0);
    write_at(ITS, 4, ~0U);
    cr_assert_eq(read_at(ITS, 4), 1);
    its_put(GITS_CBASER, 0);
    its_put(GITS_BASER, 0);
    cr_assert_neq(its_get(GITS_CBASER), 0, "fixed while it is enabled");
    cr_assert_neq(its_get(GITS_BASER) & BIT(63), 0);
    cr_assert_eq(read_at(ITS + 0x10040, 4), 0);
    cr_assert_eq(read_at(ITS + 8, 1), 0);
    cr_assert_eq(read_at(ITS + 9, 4), 0);
    write_at(ITS + 0x10040, 4, 0);
    write_at(ITS + 0x80, 2, 0);
}

Test(gicv3_its, redistributor, .init = start_bare, .fini = gic_stop)
{
    cr_assert_eq(gicr_read(0, 0), 6, "CES, IR");
    cr_assert_eq(read_at(gicr_base(1) + 8, 8), 1ULL << 32 | 1 << 8 | 1 << 5 | 1 << 4 | 1);
    write_at(gicr_base(0) + 0x70, 8, ~0ULL);
    cr_assert_eq(read_at(gicr_base(0) + 0x70, 8), 0x070fffffffffff9fULL);
    write_at(gicr_base(0) + 0x78, 8, ~0ULL);
    cr_assert_eq(read_at(gicr_base(0) + 0x78, 8), 0x070fffffffff0f80ULL, "PTZ reads as zero");
    gicr_write(0, 0x78, 0x40230000);
    gicr_write(0, 0x7c, 0);
    cr_assert_eq(read_at(gicr_base(0) + 0x78, 8), 0x40230000);
    gicr_write(0, 0, 1);
    cr_assert_eq(gicr_read(0, 0), 7);
    gicr_write(0, 0x78, 0);
    cr_assert_eq(gicr_read(0, 0x78), 0x40230000, "fixed while LPIs are enabled");
    cr_assert_eq(gicr_read(0, 0xc0), 0, "SYNCR");
    gicr_write(0, 0, 0);
    cr_assert_eq(gicr_read(0, 0), 6);
}

Test(gicv3_its, message, .init = start_mapped, .fini = gic_stop)
{
    enter(0);
    vcpus[0].kicks = 0;
    msi(8, 3);
    cr_assert_eq(vcpus[0].kicks, 1);
    msi(8, 3);
    cr_assert_eq(vcpus[0].kicks, 1);
    cr_assert_eq(take(0), 8195);
    cr_assert_eq(take(0), SPURIOUS);
    /* Once more: by way of the cache. */
    msi(8, 3);
    msi(8, 9);
    cr_assert_eq(take(0), 8195);
    cr_assert_eq(take(0), 8201);
    msi(8, 10);
    msi(8, 32);
    msi(9, 3);
    msi(8, 0x10003);
    msi(0x10008, 3);
    for (unsigned v = 0; v < 4; v++)
        cr_assert_eq(take(v), SPURIOUS);
    irqchip_msi_send(chip, 8, &(struct msi_message){ITS + 0x10044, 3});
    write_at(ITS, 4, 0);
    msi(8, 3);
    cr_assert_eq(take(0), SPURIOUS, "the ITS is off");
    cr_assert_eq(its_get(GITS_CREADR), its_get(GITS_CWRITER));
}

Test(gicv3_its, events, .init = start_mapped, .fini = gic_stop)
{
    on_event(0x03, 8, 2, 0); /* INT */
    cr_assert_eq(take(0), 8194);
    msi(8, 2);
    on_event(0x04, 8, 2, 0); /* CLEAR */
    cr_assert_eq(take(0), SPURIOUS);
    msi(8, 2);
    enter(0);
    on_event(0x04, 8, 2, 0);
    cr_assert_eq(take(0), SPURIOUS, "from a list register too");
    on_event(0x01, 8, 2, 3); /* MOVI */
    msi(8, 2);
    cr_assert_eq(take(0), SPURIOUS);
    cr_assert_eq(take(3), 8194);
    current = 0;
    msi(8, 2);
    on_event(0x01, 8, 2, 1);
    cr_assert_eq(take(3), SPURIOUS, "pending ones move along");
    cr_assert_eq(take(1), 8194);
    current = 0;
    on_event(0x0f, 8, 2, 0); /* DISCARD */
    msi(8, 2);
    cr_assert_eq(take(1), SPURIOUS);
    msi(8, 1);
    on_event(0x0f, 8, 1, 0);
    cr_assert_eq(take(0), SPURIOUS);
    /* MAPI; an event that gets another INTID. */
    lpi_config(8210, 1);
    mapd(9, 16, true);
    its_command(0x0b | 9ULL << 32, 8210, 2, 0);
    msi(9, 8210);
    cr_assert_eq(take(2), 8210);
    lpi_config(8300, 1);
    current = 0;
    mapti(8, 0, 8300, 0);
    msi(8, 0);
    cr_assert_eq(take(0), 8300);
    mapti(8, 5, 8300, 0);
    msi(8, 0);
    cr_assert_eq(take(0), SPURIOUS, "the INTID has another event now");
    msi(8, 5);
    cr_assert_eq(take(0), 8300);
}

/* 5.1.1: enable and priority count from the time they are asked to be read again. */
/* Takes what there is, each once: bit n is LPI 8192 + n. */
static uint32_t take_all(unsigned v)
{
    uint32_t all = 0;

    for (unsigned intid = take(v); intid != SPURIOUS; intid = take(v)) {
        cr_assert_eq(all >> (intid - 8192) & 1, 0);
        all |= 1U << (intid - 8192);
    }
    return all;
}

/* Disabled while it is in a list register, and not taken yet. */
Test(gicv3_its, invalidated_while_loaded, .init = start_mapped, .fini = gic_stop)
{
    msi(8, 1);
    enter(0);
    lpi_config(8193, 0xa0);
    current = 1;
    its_command(0x0d, 0, 0, 0); /* INVALL */
    cr_assert_eq(iar(0), SPURIOUS);
}

/* What the guest is done with becomes pending once more, before its list register has been looked at. */
Test(gicv3_its, again, .init = start_mapped, .fini = gic_stop)
{
    for (unsigned i = 0; i < 3; i++) {
        msi(8, 1);
        cr_assert_eq(take(0), 8193);
        cr_assert_eq(take(0), SPURIOUS);
    }
    lpi_config(8193, 0xa0);
    msi(8, 1);
    on_event(0x0d, 8, 0, 0); /* INVALL */
    cr_assert_eq(take(0), SPURIOUS, "it has been disabled meanwhile");
    lpi_config(8193, 0xa1);
    on_event(0x0c, 8, 1, 0); /* INV */
    cr_assert_eq(take(0), 8193);
    mapc(0, 2, true);
    msi(8, 1);
    cr_assert_eq(take(0), SPURIOUS, "it has been routed elsewhere");
    cr_assert_eq(take(2), 8193);
    /* More than there are list registers, and what was not in one matters most. */
    for (unsigned i = 0; i < 4; i++)
        msi(8, i);
    cr_assert_eq(take_all(2), 0xf);
    lpi_config(8196, 0x11);
    on_event(0x0c, 8, 4, 0);
    for (unsigned i = 0; i < 5; i++)
        msi(8, i);
    cr_assert_eq(take(2), 8196);
    cr_assert_eq(take_all(2), 0xf);
}

Test(gicv3_its, configuration, .init = start_mapped, .fini = gic_stop)
{
    lpi_config(8192, 0xa0);
    msi(8, 0);
    cr_assert_eq(take(0), 8192, "not yet");
    on_event(0x0c, 8, 0, 0); /* INV */
    msi(8, 0);
    cr_assert_eq(take(0), SPURIOUS);
    lpi_config(8192, 0xa1);
    cr_assert_eq(take(0), SPURIOUS);
    gicr_write(0, 0xa0, 8192); /* GICR_INVLPIR */
    cr_assert_eq(take(0), 8192);
    for (unsigned i = 0; i < 10; i++)
        lpi_config(8192 + i, i == 7 ? 0x81 : 0xa0);
    its_command(0x0d, 0, 0, 0); /* INVALL */
    for (unsigned i = 0; i < 10; i++)
        msi(8, i);
    cr_assert_eq(take(0), 8199);
    cr_assert_eq(take(0), SPURIOUS);
    for (unsigned i = 0; i < 10; i++)
        lpi_config(8192 + i, i < 5 ? 0x21 : 0x11);
    gicr_write(0, 0xb0, 0); /* GICR_INVALLR */
    for (unsigned i = 0; i < 9; i++) {
        unsigned intid = take(0);

        cr_assert(i < 4 ? intid >= 8197 : intid < 8197 && intid >= 8192);
    }
    cr_assert_eq(take(0), SPURIOUS);
    /* Disabled while it is in a list register. */
    msi(8, 0);
    enter(0);
    lpi_config(8192, 0x20);
    on_event(0x0c, 8, 0, 0);
    cr_assert_eq(take(0), SPURIOUS);
    lpi_config(8192, 0x21);
    its_command(0x0d, 0, 0, 0);
    cr_assert_eq(take(0), 8192);
    gicr_write(0, 0xa0, 1);
    gicr_write(0, 0xa0, 60000);
    gicr_write(0, 0xa4, 8192);
}

Test(gicv3_its, move_all, .init = start_mapped, .fini = gic_stop)
{
    unsigned count = 0;

    mapd(10, 12, true);
    for (unsigned i = 0; i < 500; i++) {
        lpi_config(9000 + i, i % 3 ? 0xa1 : 0xa0);
        mapti(10, i, 9000 + i, 0);
        msi(10, i);
    }
    enter(0);
    its_command(0x0e, 0, 0ULL << 16, 2ULL << 16);
    cr_assert_eq(its_get(GITS_CREADR), its_get(GITS_CWRITER));
    cr_assert_eq(take(0), SPURIOUS);
    for (unsigned i = 0; i < 500; i++)
        lpi_config(9000 + i, 0xa1);
    gicr_write(2, 0xb0, 0);
    while (take(2) != SPURIOUS)
        count++;
    cr_assert_eq(count, 500);
    /* The collection still is vCPU 0's. */
    msi(8, 1);
    cr_assert_eq(take(0), 8193);
    current = 0;
    mapc(0, 1, true);
    msi(8, 1);
    cr_assert_eq(take(1), 8193);
    current = 0;
    mapc(0, 0, false);
    msi(8, 1);
    cr_assert_eq(take(1), SPURIOUS);
}

/* Commands that are wrong are passed over. */
Test(gicv3_its, errors, .init = start_mapped, .fini = gic_stop)
{
    mapd(0x12345, 5, true);
    mapd(20, 17, true);
    mapti(20, 0, 8300, 0);
    mapti(21, 0, 8300, 0);
    mapti(8, 32, 8300, 0);
    mapti(8, 20, 8191, 0);
    mapti(8, 20, 65536, 0);
    mapti(8, 20, 32, 0);
    mapti(8, 20, 8300, 256);
    mapc(256, 0, true);
    mapc(9, 4, true);
    on_event(0x01, 8, 1, 300);
    on_event(0x01, 8, 1, 77);
    on_event(0x01, 8, 30, 1);
    on_event(0x0c, 8, 30, 1);
    its_command(0x0d, 0, 300, 0);
    its_command(0x0d, 0, 99, 0);
    its_command(0x0e, 0, 9ULL << 16, 0);
    its_command(0x0e, 0, 0, 9ULL << 16);
    its_command(0x0e, 0, 1ULL << 16, 1ULL << 16);
    its_command(0x05, 0, 0, 0);
    its_command(0xff, ~0ULL, ~0ULL, ~0ULL);
    cr_assert_eq(its_get(GITS_CREADR), its_get(GITS_CWRITER));
    msi(8, 20);
    msi(20, 0);
    cr_assert_eq(take(0), SPURIOUS);
    msi(8, 1);
    cr_assert_eq(take(0), 8193);
    mapd(8, 5, false);
    msi(8, 1);
    cr_assert_eq(take(0), SPURIOUS);
    mapti(8, 1, 8193, 0);
    msi(8, 1);
    cr_assert_eq(take(0), SPURIOUS, "its device is gone");
}

/* Two-level device tables: the first level says which pages of the second there are. */
Test(gicv3_its, indirect, .init = start_bare, .fini = gic_stop)
{
    uint64_t entry = BIT(63) | (RAM + 0x400000);

    current = 0;
    its_put(GITS_BASER, BIT(63) | BIT(62) | DEV_TABLE); /* 512 pages of 512 devices */
    its_put(GITS_CBASER, BIT(63) | QUEUE | 15);
    write_at(ITS, 4, 1);
    lpis_enable(0);
    guest_write(DEV_TABLE + 8, &entry, 8);
    mapc(0, 0, true);
    its_put(GITS_BASER + 8, BIT(63) | COL_TABLE);
    msi(0, 0);
    write_at(ITS, 4, 0);
    its_put(GITS_BASER + 8, BIT(63) | COL_TABLE);
    write_at(ITS, 4, 1);
    mapc(0, 0, true);
    gicd_write(0, 2);
    lpi_config(8192, 1);
    lpi_config(8193, 1);
    mapd(511, 1, true);
    mapti(511, 0, 8192, 0);
    msi(511, 0);
    cr_assert_eq(take(0), SPURIOUS, "no page for it");
    mapd(512, 1, true);
    mapti(512, 1, 8193, 0);
    msi(512, 1);
    cr_assert_eq(take(0), 8193);
}

/* 5.1.2: pending state that was in memory before, and goes there. */
Test(gicv3_its, pending_table, .init = start_mapped, .fini = gic_stop)
{
    uint64_t bits = 0;
    uint64_t at = PEND_TABLE + 8192 / 8;

    msi(8, 0);
    msi(8, 5);
    enter(0);
    msi(8, 7);
    gicr_write(0, 0, 0);
    guest_read(at, &bits, 8);
    cr_assert_eq(bits, 0xa1);
    cr_assert_eq(take(0), SPURIOUS);
    msi(8, 5);
    cr_assert_eq(take(0), SPURIOUS);
    bits = 0xa3;
    guest_write(at, &bits, 8);
    gicr_write(0, 0, 1);
    for (uint64_t taken = 0; taken != bits;) {
        unsigned intid = take(0);

        cr_assert(intid >= 8192 && intid < 8200);
        taken |= BIT(intid - 8192);
    }
    cr_assert_eq(take(0), SPURIOUS);
    gicr_write(0, 0, 0);
    guest_write(at, &bits, 8);
    write_at(gicr_base(0) + 0x78, 8, BIT(62) | PEND_TABLE);
    gicr_write(0, 0, 1);
    cr_assert_eq(take(0), SPURIOUS, "PTZ: nothing is pending");
    /* A table that is not in RAM. */
    gicr_write(0, 0, 0);
    write_at(gicr_base(0) + 0x78, 8, 0x1000000000);
    write_at(gicr_base(0) + 0x70, 8, 0x100000000f);
    gicr_write(0, 0, 1);
    msi(8, 0);
    cr_assert_eq(take(0), SPURIOUS);
    gicr_write(0, 0, 0);
}

/* A full queue is worked off in pieces, and the vCPU that wrote it waits for it. */
Test(gicv3_its, full_queue, .init = start_mapped, .fini = gic_stop)
{
    uint64_t command[4] = {0x0d}, at = its_get(GITS_CWRITER);
    unsigned entries = 0;

    for (unsigned i = 0; i < QUEUE_SIZE; i += 32)
        guest_write(QUEUE + i, command, 32);
    current = 0;
    its_put(GITS_CWRITER, (at + QUEUE_SIZE - 32) % QUEUE_SIZE);
    cr_assert_neq(its_get(GITS_CREADR), its_get(GITS_CWRITER));
    while (gic_wants_entry(vcpus[0].cpu) && gic_entry(vcpus[0].cpu))
        entries++;
    cr_assert(entries > 10 && entries < 100);
    cr_assert_eq(its_get(GITS_CREADR), its_get(GITS_CWRITER));
    /* The queue is not in RAM: nothing but progress. */
    write_at(ITS, 4, 0);
    its_put(GITS_CBASER, BIT(63) | 0x1000000000 | 15);
    write_at(ITS, 4, 1);
    its_put(GITS_CWRITER, 0x8000);
    enter(0);
    cr_assert_eq(its_get(GITS_CREADR), 0x8000);
    current = GIC_NOBODY;
    its_put(GITS_CWRITER, 0x7fe0);
    cr_assert_eq(its_get(GITS_CREADR), 0x7fe0);
}

/* As two CPUs can bring about that write both registers at once. */
Test(gicv3_its, end_outside_the_queue, .init = start_mapped, .fini = gic_stop)
{
    write_at(ITS, 4, 0);
    its_put(GITS_CBASER, BIT(63) | QUEUE | 15);
    its_put(GITS_CWRITER, 0x8000);
    atomic_store(&chip->its->cbaser, BIT(63) | QUEUE);
    current = GIC_NOBODY;
    write_at(ITS, 4, 1);
    cr_assert_eq(its_get(GITS_CREADR), 0);
    cr_assert_eq(gic_reload(), 0);
    cr_assert_eq(its_get(GITS_CWRITER), 0);
}

Test(gicv3_its, what_it_takes_is_known, .init = start, .fini = gic_stop)
{
    uint64_t before = irqchip_bytes(chip);

    cr_assert_gt(before, sizeof(struct irqchip) + 4 * sizeof(struct gic_cpu));
    mapd(1, 16, true);
    cr_assert_eq(irqchip_bytes(chip), before + sizeof(struct its_device));
    mapti(1, 0, 8192, 0);
    mapti(1, 1, 8192 + LPI_LEAF, 0);
    mapti(1, 2, 8192, 0);
    cr_assert_eq(irqchip_bytes(chip),
                 before + sizeof(struct its_device) + 2 * LPI_LEAF * sizeof(struct gic_lpi));
    mapd(1, 16, false);
    cr_assert_eq(irqchip_bytes(chip), before + 2 * LPI_LEAF * sizeof(struct gic_lpi));
}

/* Unmapping a device with everything mapped takes several goes. */
Test(gicv3_its, big_device, .init = start, .fini = gic_stop)
{
    mapd(1, 16, true);
    for (unsigned i = 0; i < 3000; i++)
        mapti(1, i * 7, 8192 + i, i % 4);
    for (unsigned i = 0; i < 3000; i++)
        msi(1, i * 7);
    mapd(1, 16, true);
    cr_assert_eq(its_get(GITS_CREADR), its_get(GITS_CWRITER));
    for (unsigned i = 0; i < 3000; i++)
        lpi_config(8192 + i, 1);
    for (unsigned v = 0; v < 4; v++) {
        gicr_write(v, 0xb0, 0);
        cr_assert_eq(take(v), SPURIOUS);
    }
    msi(1, 7);
    cr_assert_eq(take(1), SPURIOUS);
}

/* The word of a cached translation is not confused with a later one. */
Test(gicv3_its, cache_wraps, .init = start_mapped, .fini = gic_stop)
{
    msi(8, 1);
    cr_assert_eq(take(0), 8193);
    current = 0;
    for (unsigned i = 0; i < 70000; i++)
        mapti(8, 2, i % 2 ? 8194 : 8195, 0);
    msi(8, 1);
    cr_assert_eq(take(0), 8193);
    msi(8, 2);
    cr_assert_eq(take(0), 8194);
}

Test(gicv3_its, reload, .init = start_mapped, .fini = gic_stop)
{
    msi(8, 4);
    on_event(0x01, 8, 5, 2);
    msi(8, 5);
    enter(0);
    cr_assert_eq(gic_reload(), 0);
    for (unsigned v = 0; v < 4; v++)
        enter(v);
    cr_assert_eq(take(0), 8196);
    cr_assert_eq(take(2), 8197);
    cr_assert_eq(its_get(GITS_CBASER), BIT(63) | QUEUE | 15);
    cr_assert_eq(read_at(ITS, 4), 1);
    msi(8, 5);
    msi(8, 6);
    cr_assert_eq(take(2), 8197);
    cr_assert_eq(take(0), 8198);
    current = 0;
    mapti(8, 11, 8203, 1);
    gic_device(chip)->ops->reset(gic_device(chip));
    cr_assert_eq(read_at(ITS, 4), BIT(31));
    cr_assert_eq(its_get(GITS_CBASER), 0);
    gic_leave(vcpus[0].cpu);
    cr_assert_not(gic_is_signalled(vcpus[0].cpu));
}

/* --- several at once: devices send while commands move and invalidate --- */

#define ROUNDS 3000
static _Atomic unsigned sent[8];
static _Atomic unsigned seen[8];
static atomic_bool is_over;

static void *sender(void *arg)
{
    current = GIC_NOBODY;
    for (unsigned i = 0; i < ROUNDS; i++) {
        atomic_fetch_add(&sent[i % 8], 1);
        msi(8, i % 8);
    }
    return NULL;
}

static void *taker(void *arg)
{
    unsigned v = (unsigned)(uintptr_t)arg;

    current = v;
    for (;;) {
        bool was_over = atomic_load(&is_over);
        unsigned intid = iar(v);

        if (intid >= 8192 && intid < 8200)
            atomic_store(&seen[intid - 8192], atomic_load(&sent[intid - 8192]));
        if (intid != SPURIOUS)
            eoi(v, intid);
        else if (was_over)
            return NULL;
    }
}

Test(gicv3_its, threads, .init = start_mapped, .fini = gic_stop, .timeout = 300)
{
    pthread_t threads[4], device;

    for (unsigned v = 1; v < 4; v++)
        pthread_create(&threads[v], NULL, taker, (void *)(uintptr_t)v);
    pthread_create(&device, NULL, sender, NULL);
    for (unsigned i = 0; i < 2000; i++) {
        unsigned intid;

        current = 0;
        if (i % 8 == 0)
            its_command(0x0d, 0, i / 8 % 4, 0);
        else if (i % 8 == 1)
            its_command(0x0e, 0, (uint64_t)(i / 8 % 4) << 16, (uint64_t)(i / 32 % 4) << 16);
        else
            on_event(i % 3 ? 0x01 : 0x0c, 8, i % 8, i / 7 % 4);
        intid = iar(0);
        if (intid >= 8192 && intid < 8200)
            atomic_store(&seen[intid - 8192], atomic_load(&sent[intid - 8192]));
        if (intid != SPURIOUS)
            eoi(0, intid);
    }
    pthread_join(device, NULL);
    /* Everything to vCPU 3, then it is over. */
    for (unsigned i = 0; i < 8; i++)
        on_event(0x01, 8, i, 3);
    for (unsigned intid; (intid = iar(0)) != SPURIOUS;) {
        if (intid >= 8192 && intid < 8200)
            atomic_store(&seen[intid - 8192], atomic_load(&sent[intid - 8192]));
        eoi(0, intid);
    }
    atomic_store(&is_over, true);
    for (unsigned v = 1; v < 4; v++)
        pthread_join(threads[v], NULL);
    for (unsigned v = 4; v-- > 0;)
        for (unsigned intid; (intid = iar(v)) != SPURIOUS; eoi(v, intid))
            if (intid >= 8192 && intid < 8200)
                atomic_store(&seen[intid - 8192], atomic_load(&sent[intid - 8192]));
    for (unsigned i = 0; i < 8; i++)
        cr_assert_eq(seen[i], sent[i], "%u: %u of %u", i, seen[i], sent[i]);
}
