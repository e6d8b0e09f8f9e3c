/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../platform/firmware/acpi.h"
#include "fake_phys.h"

#include <criterion/criterion.h>
#include <errno.h>

const char builtin_cmdline[] = "";

#define RSDP_AT 0xf0010
#define XSDT_AT 0x7000000
#define TABLES  0x7010000
#define DSDT_AT 0x7f00000

static struct fake_phys phys;
static struct host_info info;
static struct arena arena;
static struct fw_builder b;
static struct host_cpus cpus;
static uint8_t buffer[1 << 18];
static uint64_t tables[16];
static size_t table_count;

static void setup(void)
{
    fake_phys_init(&phys);
    arena_init(&arena, buffer, sizeof(buffer));
    memset(&info, 0, sizeof(info));
    info.rsdp = HPA_NONE;
    info.hpet = HPA_NONE;
    b = (struct fw_builder){.reader = &phys.reader, .arena = &arena, .info = &info};
    table_count = 0;
}

static void teardown(void)
{
    fake_phys_free(&phys);
}

TestSuite(acpi, .init = setup, .fini = teardown);

/* A table that the XSDT lists; the caller fills the body and seals. */
static uint8_t *table_add(size_t size)
{
    tables[table_count] = TABLES + table_count * 0x10000;
    return fake_phys_add(&phys, tables[table_count++], NULL, size);
}

static void parse(void)
{
    fake_rsdp_add(&phys, RSDP_AT, XSDT_AT);
    fake_xsdt_add(&phys, XSDT_AT, tables, table_count);
    info.rsdp = hpa(RSDP_AT);
    cr_assert_eq(acpi_parse(&b, &cpus), 0);
}

static void lapic_put(uint8_t *e, uint8_t uid, uint8_t id, uint32_t flags)
{
    e[0] = 0;
    e[1] = 8;
    e[2] = uid;
    e[3] = id;
    put_u32(e + 4, flags);
}

static void x2apic_put(uint8_t *e, uint32_t id, uint32_t flags, uint32_t uid)
{
    e[0] = 9;
    e[1] = 16;
    put_u32(e + 4, id);
    put_u32(e + 8, flags);
    put_u32(e + 12, uid);
}

Test(acpi, madt_x86)
{
    uint8_t *t = table_add(200);
    uint8_t *e = t + 44;

    t[8] = 5;
    put_u32(t + 36, 0xfee00000);
    put_u32(t + 40, 1);
    lapic_put(e, 0, 0, 1), e += 8;
    lapic_put(e, 1, 1, 2), e += 8;   /* online capable */
    lapic_put(e, 2, 2, 0), e += 8;   /* a hole */
    lapic_put(e, 3, 255, 1), e += 8; /* no such xAPIC ID */
    x2apic_put(e, 0, 1, 0), e += 16; /* CPU 0 again */
    x2apic_put(e, 300, 1, 4), e += 16;
    memcpy(e, "\x01\x0c\x05\x00\x00\x00\xc0\xfe\x18\x00\x00\x00", 12), e += 12;
    memcpy(e, "\x02\x0a\x00\x09\x09\x00\x00\x00\x0d\x00", 10), e += 10;
    memcpy(e, "\x02\x0a\x00\x00\x02\x00\x00\x00\x00\x00", 10), e += 10;
    memcpy(e, "\x03\x08\x0f\x00\x11\x00\x00\x00", 8), e += 8;
    memcpy(e, "\x04\x06\xff\x05\x00\x01", 6), e += 6;
    memcpy(e, "\x04\x06\xff\x05\x00\x02", 6), e += 6; /* LINT2 */
    memcpy(e, "\x0a\x0c\x00\x00\x04\x00\x00\x00\x01\x00\x00\x00", 12), e += 12;
    memcpy(e, "\x7f\x04\x00\x00", 4), e += 4; /* unknown types are skipped */
    fake_acpi_seal(t, "APIC", (uint32_t)(e - t));
    parse();

    cr_assert_eq(cpus.count, 3);
    cr_assert(cpus.items[0].enabled && cpus.items[0].hardware_id == 0);
    cr_assert(!cpus.items[1].enabled && cpus.items[1].online_capable && cpus.items[1].hardware_id == 1);
    cr_assert(cpus.items[2].hardware_id == 300 && cpus.items[2].acpi_uid == 4);
    cr_assert_eq(info.x86.lapic_base.v, 0xfee00000);
    cr_assert(info.x86.has_8259);
    cr_assert_eq(info.x86.ioapic_count, 1);
    cr_assert(info.x86.ioapics[0].id == 5 && info.x86.ioapics[0].address.v == 0xfec00000 &&
              info.x86.ioapics[0].gsi_base == 24);
    cr_assert_eq(info.x86.override_count, 2);
    cr_assert(info.x86.overrides[0].irq == 9 && info.x86.overrides[0].gsi == 9 &&
              !info.x86.overrides[0].active_low && info.x86.overrides[0].level_triggered);
    cr_assert(info.x86.overrides[1].irq == 0 && info.x86.overrides[1].gsi == 2 &&
              !info.x86.overrides[1].level_triggered);
    cr_assert(info.x86.ioapic_nmi_count == 1 && info.x86.ioapic_nmis[0].gsi == 17 &&
              info.x86.ioapic_nmis[0].active_low && info.x86.ioapic_nmis[0].level_triggered);
    cr_assert_eq(info.x86.lapic_nmi_count, 2);
    cr_assert(info.x86.lapic_nmis[0].acpi_uid == HOST_ALL_CPUS && info.x86.lapic_nmis[0].lint == 1);
    cr_assert_eq(info.x86.lapic_nmis[1].acpi_uid, 4);
    cr_assert(has_warning(&info, "LINT2"));
}

Test(acpi, madt_old_revision_has_no_online_capable)
{
    uint8_t *t = table_add(60);

    t[8] = 1;
    lapic_put(t + 44, 0, 0, 1);
    lapic_put(t + 52, 1, 1, 2);
    fake_acpi_seal(t, "APIC", 60);
    parse();
    cr_assert_eq(cpus.count, 1);
}

Test(acpi, madt_broken_entries)
{
    uint8_t *t = table_add(70);

    lapic_put(t + 44, 0, 7, 1);
    memcpy(t + 52, "\x01\x04\x00\x00", 4); /* IOAPIC of 4 bytes */
    lapic_put(t + 56, 1, 8, 1);
    memcpy(t + 64, "\x00\x08\x00\x00", 4); /* runs over the end */
    fake_acpi_seal(t, "APIC", 70);
    parse();
    cr_assert_eq(cpus.count, 2);
    cr_assert_eq(info.x86.ioapic_count, 0);
    cr_assert(has_warning(&info, "too short"));
    cr_assert(has_warning(&info, "the rest is ignored"));
}

Test(acpi, madt_zero_length_entry_ends_it)
{
    uint8_t *t = table_add(60);

    fake_acpi_seal(t, "APIC", 60);
    parse();
    cr_assert_eq(cpus.count, 0);
    cr_assert(has_warning(&info, "has length 0"));
}

Test(acpi, madt_gic)
{
    uint8_t *t = table_add(44 + 80 + 24 + 16 + 20);
    uint8_t *e = t + 44;

    e[0] = 11, e[1] = 80;
    put_u32(e + 8, 3);
    put_u32(e + 12, 1);
    put_u64(e + 32, 0x8010000);
    put_u64(e + 40, 0x8040000);
    put_u64(e + 48, 0x8030000);
    put_u32(e + 56, 25);
    put_u64(e + 68, 0x100);
    e += 80;
    e[0] = 12, e[1] = 24;
    put_u64(e + 8, 0x8000000);
    e[20] = 3;
    e += 24;
    e[0] = 14, e[1] = 16;
    put_u64(e + 4, 0x80a0000);
    put_u32(e + 12, 0xf60000);
    e += 16;
    e[0] = 15, e[1] = 20;
    put_u64(e + 8, 0x8080000);
    fake_acpi_seal(t, "APIC", 44 + 80 + 24 + 16 + 20);
    parse();
    cr_assert(cpus.count == 1 && cpus.items[0].hardware_id == 0x100 && cpus.items[0].acpi_uid == 3);
    cr_assert_eq(info.gic.version, 3);
    cr_assert_eq(info.gic.distributor.v, 0x8000000);
    cr_assert_eq(info.gic.maintenance_irq, 25);
    cr_assert(info.gic.redistributor_count == 1 && info.gic.redistributors[0].size == 0xf60000);
    cr_assert(info.gic.its_count == 1 && info.gic.its[0].base.v == 0x8080000);
}

Test(acpi, madt_gic_message_frames)
{
    uint8_t *t = table_add(44 + 24 + 3 * 24);
    uint8_t *e = t + 44;

    e[0] = 12, e[1] = 24;
    put_u64(e + 8, 0x8000000);
    e[20] = 2;
    for (unsigned int i = 0; i < 3; i++) {
        e += 24;
        e[0] = 13, e[1] = 24;
        put_u64(e + 8, i < 2 ? 0x8020000 + 0x1000ULL * i : 0); /* the third has no registers */
        put_u32(e + 16, i);
        e[20] = 64;
        e[22] = 80;
    }
    fake_acpi_seal(t, "APIC", 44 + 24 + 3 * 24);
    parse();
    cr_assert_eq(info.gic.version, 2);
    cr_assert_eq(info.gic.frame_count, 2);
    cr_assert(info.gic.frames[0].base.v == 0x8020000 && info.gic.frames[0].count == 0);
    cr_assert(info.gic.frames[1].first == 80 && info.gic.frames[1].count == 64);
}

Test(acpi, mcfg)
{
    uint8_t *t = table_add(44 + 16 * 3 + 5);

    put_u64(t + 44, 0xb0000000);
    t[44 + 11] = 255;
    put_u64(t + 60, 0);
    put_u64(t + 76, 0xe0000000);
    t[76 + 8] = 1;
    t[76 + 10] = 5, t[76 + 11] = 4; /* first > last */
    fake_acpi_seal(t, "MCFG", 44 + 16 * 3 + 5);
    parse();
    cr_assert_eq(info.ecam_count, 1);
    cr_assert(info.ecams[0].base.v == 0xb0000000 && info.ecams[0].first_bus == 0 &&
              info.ecams[0].last_bus == 255);
    cr_assert(has_warning(&info, "cannot be"));
}

static uint8_t *fadt_add(size_t size, uint8_t revision)
{
    uint8_t *t = table_add(size);

    t[8] = revision;
    put_u32(t + 40, DSDT_AT);
    put_u16(t + 46, 9);
    put_u32(t + 48, 0xb2);
    t[52] = 2;
    put_u32(t + 56, 0x600);
    put_u32(t + 64, 0x604);
    put_u32(t + 76, 0x608);
    t[88] = 4;
    t[89] = 2;
    t[91] = 4;
    t[108] = 0x32;
    return t;
}

static void dsdt_add(const void *aml, size_t size)
{
    uint8_t *t = fake_phys_add(&phys, DSDT_AT, NULL, 36 + size);

    memcpy(t + 36, aml, size);
    fake_acpi_seal(t, "DSDT", (uint32_t)(36 + size));
}

Test(acpi, fadt_revision_1_and_s5)
{
    static const char aml[] = "junk_S5_\x08\\_S5_\x12\x06\x04\x0a\x05\x0a\x06";

    dsdt_add(aml, sizeof(aml));
    fake_acpi_seal(fadt_add(116, 1), "FACP", 116);
    parse();
    cr_assert(info.power.has_fadt && info.power.has_8042 == info.power.has_cmos_rtc);
    cr_assert(info.power.pm_timer.space == HOST_SPACE_IO && info.power.pm_timer.address == 0x608);
    cr_assert_eq(info.power.pm_timer.access_bytes, 4);
    cr_assert_not(info.power.pm_timer_32bit);
    cr_assert(info.power.pm1a_control.address == 0x604 && info.power.pm1a_control.width_bits == 16);
    cr_assert_eq(info.power.pm1b_control.space, HOST_SPACE_NONE);
    cr_assert_eq(info.power.reset.space, HOST_SPACE_NONE);
    cr_assert(info.power.smi_command.address == 0xb2 && info.power.acpi_enable == 2);
    cr_assert(info.power.sci_gsi == 9 && info.power.rtc_century == 0x32);
    cr_assert(info.power.has_s5 && info.power.s5_slp_typ_a == 5 && info.power.s5_slp_typ_b == 6);
}

Test(acpi, fadt_revision_3_with_extended_fields)
{
    static const char aml[] = "\x08_S5_\x12\x07\x04\x01\x00\x00\x00";
    uint8_t *t = fadt_add(244, 3);

    dsdt_add(aml, sizeof(aml));
    put_u16(t + 109, 0x2a); /* 8042, no MSI, no CMOS RTC */
    put_u32(t + 112, BIT(8) | BIT(10));
    memcpy(t + 116, "\x01\x08\x00\x01\xf9\x0c\x00\x00\x00\x00\x00\x00", 12);
    t[128] = 6;
    put_u64(t + 140, DSDT_AT);
    memcpy(t + 208, "\x01\x20\x00\x03\x08\xb0\x00\x00\x00\x00\x00\x00", 12);
    fake_acpi_seal(t, "FACP", 244);
    parse();
    cr_assert_eq(info.power.pm_timer.address, 0xb008);
    cr_assert(info.power.pm_timer_32bit && info.power.has_8042 && info.power.msi_unsupported);
    cr_assert(!info.power.has_legacy_devices && !info.power.has_cmos_rtc && info.power.has_vga);
    cr_assert(info.power.reset.space == HOST_SPACE_IO && info.power.reset.address == 0xcf9 &&
              info.power.reset.access_bytes == 1 && info.power.reset_value == 6);
    cr_assert(info.power.has_s5 && info.power.s5_slp_typ_a == 1 && info.power.s5_slp_typ_b == 0);
}

Test(acpi, fadt_hardware_reduced)
{
    uint8_t *t = fadt_add(276, 6);

    put_u16(t + 109, 0x3);
    put_u32(t + 112, BIT(20));
    put_u16(t + 129, 3);
    memcpy(t + 244, "\x00\x08\x00\x01\x00\x00\x00\x0a\x00\x00\x00\x00", 12);
    fake_acpi_seal(t, "FACP", 276);
    parse();
    cr_assert_eq(info.power.pm_timer.space, HOST_SPACE_NONE);
    cr_assert(!info.power.has_8042 && info.power.psci && info.power.psci_hvc);
    cr_assert(info.power.sleep_control.space == HOST_SPACE_MEMORY &&
              info.power.sleep_control.address == 0xa000000);
    cr_assert(has_warning(&info, "cannot be read")); /* no DSDT there */
    cr_assert_not(info.power.has_s5);
}

Test(acpi, fadt_too_short)
{
    fadt_add(116, 1);
    fake_acpi_seal(phys.pieces[0].bytes, "FACP", 80);
    parse();
    cr_assert_not(info.power.has_fadt);
    cr_assert(has_warning(&info, "FADT is too short"));
}

Test(acpi, s5_broken_aml_never_overruns)
{
    static const char aml[] = "\x08_S5_\x12\x06\x04\x0c\x05\x00\x00\x00\x0a\x05";

    for (size_t n = 0; n <= sizeof(aml) - 1; n++) {
        setup();
        dsdt_add(aml, n);
        fake_acpi_seal(fadt_add(116, 1), "FACP", 116);
        parse();
        cr_assert_eq(info.power.has_s5, n == sizeof(aml) - 1);
        if (n < sizeof(aml) - 1)
            teardown();
    }
}

Test(acpi, s5_in_an_ssdt)
{
    static const char aml[] = "\x08_S5_\x12\x06\x02\x0a\x03\x0a\x03";
    uint8_t *t;

    dsdt_add("nothing", 7);
    fake_acpi_seal(fadt_add(116, 1), "FACP", 116);
    t = table_add(36 + sizeof(aml));
    memcpy(t + 36, aml, sizeof(aml));
    fake_acpi_seal(t, "SSDT", 36 + sizeof(aml));
    parse();
    cr_assert(info.power.has_s5 && info.power.s5_slp_typ_a == 3);
}

Test(acpi, hpet_and_spcr)
{
    uint8_t *t = table_add(56);

    put_u64(t + 44, 0xfed00000);
    fake_acpi_seal(t, "HPET", 56);
    t = table_add(80);
    t[8] = 2;
    memcpy(t + 40, "\x01\x08\x00\x01\xf8\x03\x00\x00\x00\x00\x00\x00", 12);
    t[52] = 3;
    t[53] = 4;
    t[54] = 4;
    t[58] = 7;
    fake_acpi_seal(t, "SPCR", 80);
    parse();
    cr_assert_eq(info.hpet.v, 0xfed00000);
    cr_assert_eq(info.console.kind, HOST_CONSOLE_16550);
    cr_assert(info.console.base.address == 0x3f8 && info.console.gsi == 4 && info.console.baud == 115200);
}

Test(acpi, spcr_kinds)
{
    static const struct {
        uint8_t revision, interface, baud, irq_kind;
        enum host_console_kind kind;
        uint32_t rate, gsi;
    } cases[] = {
        {2, 0x01, 3, 1, HOST_CONSOLE_16550, 9600, 4},   {4, 0x12, 4, 2, HOST_CONSOLE_16550, 19200, 33},
        {2, 0x03, 6, 8, HOST_CONSOLE_PL011, 57600, 33}, {2, 0x0e, 0, 0, HOST_CONSOLE_PL011, 0, 0},
        {1, 0x03, 9, 1, HOST_CONSOLE_OTHER, 0, 4},      {2, 0x55, 7, 0, HOST_CONSOLE_OTHER, 115200, 0},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint8_t bytes[80] = {0};
        struct acpi_table table = {bytes, sizeof(bytes)};

        bytes[8] = cases[i].revision;
        bytes[36] = cases[i].interface;
        memcpy(bytes + 40, "\x00\x20\x00\x00\x00\x00\x00\x09\x00\x00\x00\x00", 12);
        bytes[52] = cases[i].irq_kind;
        bytes[53] = 4;
        bytes[54] = 33;
        bytes[58] = cases[i].baud;
        memset(&info.console, 0, sizeof(info.console));
        acpi_spcr_parse(&b, &table);
        cr_assert_eq(info.console.kind, cases[i].kind, "case %zu", i);
        cr_assert_eq(info.console.baud, cases[i].rate, "case %zu", i);
        cr_assert_eq(info.console.gsi, cases[i].gsi, "case %zu", i);
        cr_assert(info.console.base.space == HOST_SPACE_MEMORY && info.console.base.access_bytes == 4);
        memset(bytes + 40, 0, 12); /* redirection switched off */
        memset(&info.console, 0, sizeof(info.console));
        acpi_spcr_parse(&b, &table);
        cr_assert_eq(info.console.kind, HOST_CONSOLE_NONE);
    }
}

Test(acpi, srat_broken)
{
    uint8_t bytes[48 + 18 + 6 + 2] = {0};
    struct acpi_table table = {bytes, 40};

    cr_assert_eq(acpi_srat_parse(&b, &table), 0);
    cr_assert(has_warning(&info, "SRAT is too short"));
    table.length = sizeof(bytes);
    bytes[8] = 1;
    bytes[48] = 3, bytes[49] = 18, bytes[50] = 5, bytes[54] = 9, bytes[58] = 1; /* GICC by UID */
    bytes[66] = 1, bytes[67] = 6;                                               /* memory, too short */
    bytes[72] = 0, bytes[73] = 16;                                              /* beyond the end */
    cr_assert_eq(acpi_srat_parse(&b, &table), 0);
    cr_assert(b.cpu_domains_by_uid && b.cpu_domains.count == 1);
    cr_assert_eq(((struct cpu_affinity *)b.cpu_domains.items)[0].hardware_id, 9);
    cr_assert(has_warning(&info, "type 1 at offset 66 is too short"));
    cr_assert(has_warning(&info, "offset 72 has length 16"));
}

Test(acpi, hpet_spcr_broken)
{
    fake_acpi_seal(table_add(50), "HPET", 50);
    fake_acpi_seal(table_add(60), "SPCR", 60);
    parse();
    cr_assert_not(hpa_valid(info.hpet));
    cr_assert_eq(info.console.kind, HOST_CONSOLE_NONE);
    cr_assert(has_warning(&info, "HPET") && has_warning(&info, "SPCR"));
}

Test(acpi, srat)
{
    uint8_t *t = table_add(48 + 16 + 40 + 24 + 16);
    uint8_t *e = t + 48;

    t[8] = 3;
    e[0] = 0, e[1] = 16, e[2] = 0x34, e[3] = 2;
    put_u32(e + 4, 1);
    put_u32(e + 8, 0x00001200);
    e += 16;
    e[0] = 1, e[1] = 40;
    put_u32(e + 2, 7);
    put_u64(e + 8, 0x100000);
    put_u64(e + 16, 0x700000);
    put_u32(e + 28, 1);
    e += 40;
    e[0] = 2, e[1] = 24;
    put_u32(e + 4, 9);
    put_u32(e + 8, 400);
    put_u32(e + 12, 1);
    e += 24;
    e[0] = 0, e[1] = 16; /* not enabled */
    fake_acpi_seal(t, "SRAT", 48 + 16 + 40 + 24 + 16);
    parse();
    cr_assert_eq(b.cpu_domains.count, 2);
    cr_assert_eq(((struct cpu_affinity *)b.cpu_domains.items)[0].domain, 0x1234);
    cr_assert_eq(((struct cpu_affinity *)b.cpu_domains.items)[1].hardware_id, 400);
    cr_assert_eq(b.memory_domains.count, 1);
    cr_assert_eq(((struct memmap_affinity *)b.memory_domains.items)[0].node, 7);
}

Test(acpi, bad_checksum_and_length_are_named)
{
    uint8_t *t = table_add(60);

    lapic_put(t + 44, 0, 0, 1);
    lapic_put(t + 52, 1, 1, 1);
    fake_acpi_seal(t, "APIC", 60);
    t[47] ^= 1;
    t = table_add(56);
    fake_acpi_seal(t, "HPET", 56);
    put_u32(t + 4, 35);
    t = table_add(56);
    fake_acpi_seal(t, "MCFG", 56);
    put_u32(t + 4, 0x40000000);
    tables[table_count++] = 0xdead0000;
    parse();
    cr_assert_eq(cpus.count, 0);
    cr_assert(has_warning(&info, "\"APIC\" at 0x7010000 has a wrong checksum"));
    cr_assert(has_warning(&info, "\"HPET\" at 0x7020000 has a bad length 35"));
    cr_assert(has_warning(&info, "\"MCFG\" at 0x7030000 has a bad length"));
    cr_assert(has_warning(&info, "0xdead0000 cannot be read"));
    cr_assert(has_warning(&info, "no MADT"));
}

Test(acpi, duplicate_table)
{
    for (int i = 0; i < 2; i++) {
        uint8_t *t = table_add(56);

        put_u64(t + 44, 0xfed00000 + (uint64_t)i);
        fake_acpi_seal(t, "HPET", 56);
    }
    parse();
    cr_assert_eq(info.hpet.v, 0xfed00000);
    cr_assert(has_warning(&info, "there twice"));
}

Test(acpi, rsdt_when_xsdt_is_bad)
{
    uint8_t *t = table_add(56);
    uint8_t *r;

    put_u64(t + 44, 0xfed00000);
    fake_acpi_seal(t, "HPET", 56);
    r = fake_phys_add(&phys, 0x6000000, NULL, 40);
    put_u32(r + 36, TABLES);
    fake_acpi_seal(r, "RSDT", 40);
    fake_rsdp_add(&phys, RSDP_AT, 0x1234);
    r = phys.pieces[phys.count - 1].bytes;
    put_u32(r + 16, 0x6000000);
    r[8] = (uint8_t)(r[8] - 6); /* the first checksum only */
    r[33] = 1;                  /* the extended one is wrong now */
    info.rsdp = hpa(RSDP_AT);
    cr_assert_eq(acpi_parse(&b, &cpus), 0);
    cr_assert_eq(info.hpet.v, 0xfed00000);
    cr_assert(has_warning(&info, "RSDT"));
}

Test(acpi, rsdp_is_searched_on_bios_machines)
{
    uint8_t *area = fake_phys_add(&phys, 0xe0000, NULL, 0x20000);
    struct fake_phys scratch;
    uint8_t *t = table_add(56);

    put_u64(t + 44, 0xfed00000);
    fake_acpi_seal(t, "HPET", 56);
    fake_xsdt_add(&phys, XSDT_AT, tables, table_count);
    fake_phys_init(&scratch);
    fake_rsdp_add(&scratch, 0, XSDT_AT);
    memcpy(area + 0x12340, scratch.pieces[0].bytes, 36);
    fake_phys_free(&scratch);
    cr_assert_eq(acpi_parse(&b, &cpus), 0);
    cr_assert_eq(info.rsdp.v, 0xf2340);
    cr_assert_eq(info.hpet.v, 0xfed00000);
}

Test(acpi, rsdp_in_the_ebda)
{
    uint8_t *bda = fake_phys_add(&phys, 0x400, NULL, 0x100);
    uint8_t *ebda = fake_phys_add(&phys, 0x9fc00, NULL, 0x400);
    struct fake_phys scratch;

    put_u16(bda + 0xe, 0x9fc0);
    fake_phys_init(&scratch);
    fake_rsdp_add(&scratch, 0, XSDT_AT);
    memcpy(ebda + 0x3d0, scratch.pieces[0].bytes, 36);
    fake_phys_free(&scratch);
    fake_xsdt_add(&phys, XSDT_AT, tables, 0);
    cr_assert_eq(acpi_parse(&b, &cpus), 0);
    cr_assert_eq(info.rsdp.v, 0x9ffd0);
    cr_assert(has_warning(&info, "no FADT"));
}

Test(acpi, no_rsdp_at_all)
{
    cr_assert_eq(acpi_parse(&b, &cpus), 0);
    cr_assert(has_warning(&info, "no ACPI"));
    info.rsdp = hpa(0x1000);
    cr_assert_eq(acpi_parse(&b, &cpus), 0);
    cr_assert(has_warning(&info, "RSDP at 0x1000 is broken"));
}

Test(acpi, small_arena_is_enomem)
{
    uint8_t *t = table_add(60);

    lapic_put(t + 44, 0, 0, 1);
    lapic_put(t + 52, 1, 1, 1);
    fake_acpi_seal(t, "APIC", 60);
    fake_rsdp_add(&phys, RSDP_AT, XSDT_AT);
    fake_xsdt_add(&phys, XSDT_AT, tables, table_count);
    info.rsdp = hpa(RSDP_AT);
    arena_init(&arena, buffer, 64);
    cr_assert_eq(acpi_parse(&b, &cpus), -ENOMEM);
}
