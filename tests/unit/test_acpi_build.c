/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's tables, read by the host's own parser and by ACPICA's disassembler where that is installed. */

#include "../../platform/firmware/acpi.h"
#include "../../vmm/load/load.h"
#include "../../vmm/load/tables/aml.h"
#include "fake_gmem.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#define LOW_RAM MIB(64)

const char builtin_cmdline[] = "";

static struct machine_description machine;
static uint64_t rsdp;
static struct host_info info;
static struct arena arena;
static struct fw_builder builder;
static struct host_cpus cpus;
static uint8_t arena_bytes[1 << 18];

static const void *guest_map(const struct phys_reader *self, hpa_t address, size_t size)
{
    size_t length = size ? size : 1;
    const void *at = gmem_ptr(&fake_gmem.gmem, gpa(address.v), &length, false);

    return at && length >= size ? at : NULL;
}

static const struct phys_reader reader = {guest_map};

static void setup(void)
{
    machine = (struct machine_description){
        .vcpu_count = 2,
        .low_ram_end = LOW_RAM,
        .ecam_base = 0xb0000000,
        .pci_hole_base = 0xc0000000,
        .pci_hole_end = 0xfec00000,
        .pm_base = 0x600,
        .sci_gsi = 9,
    };
    fake_gmem_empty();
    fake_gmem_slot(0, 0xa0000);
    fake_gmem_slot(0xc0000, LOW_RAM);
}

static void teardown(void)
{
    fake_gmem_free();
}

TestSuite(acpi_build, .init = setup, .fini = teardown);

static void build(void)
{
    cr_assert_eq(acpi_tables_build(&fake_gmem.gmem, &machine, &rsdp), 0);
}

static void parse(void)
{
    build();
    arena_init(&arena, arena_bytes, sizeof(arena_bytes));
    memset(&info, 0, sizeof(info));
    info.rsdp = hpa(rsdp);
    info.hpet = HPA_NONE;
    builder = (struct fw_builder){.reader = &reader, .arena = &arena, .info = &info};
    cr_assert_eq(acpi_parse(&builder, &cpus), 0);
    for (const struct host_warning *w = info.warnings; w; w = w->next)
        cr_assert_fail("the host's parser says: %s", w->text);
}

Test(acpi_build, root_pointer)
{
    build();
    cr_assert_geq(rsdp, 0xe0000);
    cr_assert_lt(rsdp, 0x100000);
    cr_assert_eq(rsdp % 16, 0);
}

Test(acpi_build, interrupt_controllers)
{
    parse();
    cr_assert_eq(cpus.count, 2);
    cr_assert_eq(cpus.items[1].hardware_id, 1);
    cr_assert(cpus.items[1].enabled);
    cr_assert_eq(info.x86.lapic_base.v, 0xfee00000);
    cr_assert(info.x86.has_8259);
    cr_assert_eq(info.x86.ioapic_count, 1);
    cr_assert_eq(info.x86.ioapics[0].address.v, 0xfec00000);
    cr_assert_eq(info.x86.ioapics[0].gsi_base, 0);
    cr_assert_eq(info.x86.override_count, 2);
    cr_assert_eq(info.x86.overrides[0].irq, 0);
    cr_assert_eq(info.x86.overrides[0].gsi, 2);
    cr_assert_not(info.x86.overrides[0].level_triggered);
    cr_assert_eq(info.x86.overrides[1].irq, 9);
    cr_assert_eq(info.x86.overrides[1].gsi, 9);
    cr_assert(info.x86.overrides[1].level_triggered);
    cr_assert_not(info.x86.overrides[1].active_low);
    cr_assert_eq(info.x86.lapic_nmi_count, 1);
    cr_assert_eq(info.x86.lapic_nmis[0].lint, 1);
    cr_assert_eq(info.x86.lapic_nmis[0].acpi_uid, HOST_ALL_CPUS);
}

Test(acpi_build, power)
{
    const struct host_power *p = &info.power;

    parse();
    cr_assert(p->has_fadt);
    cr_assert_not(p->hardware_reduced);
    cr_assert_eq(p->pm1a_event.address, 0x600);
    cr_assert_eq(p->pm1a_event.width_bits, 32);
    cr_assert_eq(p->pm1a_control.address, 0x604);
    cr_assert_eq(p->pm_timer.address, 0x608);
    cr_assert_not(p->pm_timer_32bit);
    cr_assert_eq(p->reset.space, HOST_SPACE_IO);
    cr_assert_eq(p->reset.address, 0xcf9);
    cr_assert_eq(p->reset_value, 0xf);
    cr_assert_eq(p->sci_gsi, 9);
    cr_assert_eq(p->smi_command.space, HOST_SPACE_NONE);
    cr_assert(p->has_s5);
    cr_assert_eq(p->s5_slp_typ_a, 0);
    cr_assert_not(p->has_8042);
    cr_assert_not(p->has_vga);
    cr_assert(p->has_cmos_rtc);
    cr_assert(p->has_legacy_devices);
    cr_assert_eq(p->rtc_century, 0x32);
}

Test(acpi_build, ecam)
{
    parse();
    cr_assert_eq(info.ecam_count, 1);
    cr_assert_eq(info.ecams[0].base.v, 0xb0000000);
    cr_assert_eq(info.ecams[0].first_bus, 0);
    cr_assert_eq(info.ecams[0].last_bus, 255);
}

/* Processors with ids from 255 on are x2APICs. */
Test(acpi_build, hundreds_of_processors)
{
    machine.vcpu_count = 1000;
    parse();
    cr_assert_eq(cpus.count, 1000);
    for (unsigned i = 0; i < 1000; i++)
        cr_assert_eq(cpus.items[i].hardware_id, i);
    cr_assert_eq(cpus.items[254].acpi_uid, 254);
    cr_assert_eq(cpus.items[255].acpi_uid, 255);
    cr_assert_eq(info.x86.lapic_nmi_count, 2);
}

Test(acpi_build, same_bytes_every_time)
{
    uint8_t *first = malloc(ACPI_TABLES_ROOM), *second = malloc(ACPI_TABLES_ROOM);

    build();
    cr_assert_eq(gmem_read(&fake_gmem.gmem, gpa(LOW_RAM - ACPI_TABLES_ROOM), first, ACPI_TABLES_ROOM), 0);
    build();
    cr_assert_eq(gmem_read(&fake_gmem.gmem, gpa(LOW_RAM - ACPI_TABLES_ROOM), second, ACPI_TABLES_ROOM), 0);
    cr_assert_arr_eq(first, second, ACPI_TABLES_ROOM);
    free(first);
    free(second);
}

Test(acpi_build, no_room)
{
    machine.vcpu_count = 4096;
    cr_assert_eq(acpi_tables_build(&fake_gmem.gmem, &machine, &rsdp), -ENOSPC);
    machine.vcpu_count = 1;
    machine.low_ram_end = KIB(63);
    cr_assert_eq(acpi_tables_build(&fake_gmem.gmem, &machine, &rsdp), -ENOSPC);
    machine.low_ram_end = GIB(2);
    cr_assert_eq(acpi_tables_build(&fake_gmem.gmem, &machine, &rsdp), -ENOSPC);
    fake_gmem_empty();
    fake_gmem_slot(MIB(1), LOW_RAM);
    machine.low_ram_end = LOW_RAM;
    cr_assert_eq(acpi_tables_build(&fake_gmem.gmem, &machine, &rsdp), -ENOSPC);
}

/* --- The tables as ACPICA reads them --- */

static char folder[] = "/tmp/acpi_build_XXXXXX";

static void table_save(const char *signature, uint64_t address)
{
    char path[64];
    uint32_t length;
    uint8_t *bytes;
    FILE *file;

    cr_assert_eq(gmem_read(&fake_gmem.gmem, gpa(address + 4), &length, sizeof(length)), 0);
    bytes = malloc(length);
    cr_assert_eq(gmem_read(&fake_gmem.gmem, gpa(address), bytes, length), 0);
    cr_assert_eq(memcmp(bytes, signature, 4), 0, "no %s at %#llx", signature, (unsigned long long)address);
    snprintf(path, sizeof(path), "%s/%s.dat", folder, signature);
    file = fopen(path, "wb");
    cr_assert_eq(fwrite(bytes, 1, length, file), length);
    fclose(file);
    free(bytes);
}

static uint64_t guest_word(uint64_t address, size_t size)
{
    uint64_t v = 0;

    cr_assert_eq(gmem_read(&fake_gmem.gmem, gpa(address), &v, size), 0);
    return v;
}

static void tables_save(void)
{
    uint64_t xsdt = guest_word(rsdp + 24, 8), rsdt = guest_word(rsdp + 16, 4),
             fadt = guest_word(xsdt + 36, 8);

    table_save("XSDT", xsdt);
    table_save("RSDT", rsdt);
    table_save("FACP", fadt);
    table_save("APIC", guest_word(xsdt + 44, 8));
    table_save("MCFG", guest_word(xsdt + 52, 8));
    table_save("FACS", guest_word(fadt + 36, 4));
    table_save("DSDT", guest_word(fadt + 140, 8));
    cr_assert_eq(guest_word(fadt + 40, 4), guest_word(fadt + 140, 8));
    cr_assert_eq(guest_word(fadt + 36, 4) % 64, 0);
    cr_assert_eq(guest_word(fadt + 4, 4), 276);
    for (unsigned i = 0; i < 3; i++)
        cr_assert_eq(guest_word(rsdt + 36 + i * 4, 4), guest_word(xsdt + 36 + i * 8, 8));
}

static int shell(const char *format)
{
    char command[512];

    snprintf(command, sizeof(command), format, folder);
    return system(command);
}

static char *file_text(const char *name)
{
    char path[64];
    char *text = calloc(1, 1 << 20);
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "r");
    cr_assert_not_null(file, "%s", path);
    cr_assert_gt(fread(text, 1, (1 << 20) - 1, file), 0);
    fclose(file);
    return text;
}

static void expect_text(const char *name, const char *const *parts, size_t count)
{
    char *text = file_text(name);

    for (size_t i = 0; i < count; i++)
        cr_expect(strstr(text, parts[i]), "\"%s\" is not in %s", parts[i], name);
    free(text);
}

/* What is disassembled can be compiled again without an error, and is the same then. */
Test(acpi_build, acpica, .timeout = 60)
{
    static const char *const dsdt[] = {
        "Name (_S5, Package (0x04)",
        "EisaId (\"PNP0A08\")",
        "EisaId (\"PNP0A03\")",
        "Name (_HID, \"ACPI0007\"",
        "EisaId (\"PNP0501\")",
        "EisaId (\"PNP0B00\")",
        "ToUUID (\"33db4d5b-1ff7-401c-9657-7441c03dd766\")",
        "Memory32Fixed (ReadWrite,",
        "0x03F8,             // Range Minimum",
        "WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,",
        "0xC0000000,         // Range Minimum",
        "0xFEBFFFFF,         // Range Maximum",
        "0x0000000800000000, // Range Minimum",
        "0x001FFFFF,",
    };
    static const char *const fadt[] = {"Revision : 06",
                                       "SCI Interrupt : 0009",
                                       "PM Timer Block Address : 00000608",
                                       "Value to cause reset : 0F",
                                       "Reset Register Supported (V2) : 1",
                                       "Hardware Reduced (V5) : 0"};

    if (system("which iasl >/dev/null 2>&1"))
        cr_skip_test("no iasl here (Debian: acpica-tools)");
    machine.pci_hole64_base = GIB(32);
    machine.pci_hole64_end = GIB(64);
    machine.vcpu_count = 300;
    build();
    cr_assert_not_null(mkdtemp(folder));
    tables_save();
    cr_assert_eq(shell("cd %s && iasl -d *.dat >out 2>&1"), 0);
    expect_text("DSDT.dsl", dsdt, ARRAY_SIZE(dsdt));
    expect_text("FACP.dsl", fadt, ARRAY_SIZE(fadt));
    cr_assert_neq(shell("cd %s && grep -i 'error\\|warning\\|invalid\\|incorrect' out *.dsl"), 0);
    cr_assert_eq(shell("cd %s && iasl -p again -ve DSDT.dsl >out2 2>&1 && iasl -d again.aml >out3 2>&1"), 0);
    cr_assert_eq(shell("cd %s && for f in DSDT again; do sed 1,/^DefinitionBlock/d $f.dsl >$f.body; done"),
                 0);
    cr_assert_eq(shell("cd %s && cmp DSDT.body again.body"), 0);
    cr_assert_eq(shell("rm -r %s"), 0);
}

/* --- The assembler --- */

static struct aml a;
static uint8_t aml_room[1 << 21];

static void aml_init(size_t capacity)
{
    a = (struct aml){.bytes = aml_room, .capacity = capacity};
}

#define expect_bytes(...)                                  \
    do {                                                   \
        static const uint8_t wanted[] = {__VA_ARGS__};     \
                                                           \
        cr_assert_eq(a.size, sizeof(wanted));              \
        cr_assert_arr_eq(a.bytes, wanted, sizeof(wanted)); \
    } while (0)

Test(acpi_build, aml_integers)
{
    static const uint64_t values[] = {0, 1, 2, 0xff, 0x100, 0xffff, 0x10000, 0xffffffff, 0x100000000};
    static const size_t sizes[] = {1, 1, 2, 2, 3, 3, 5, 5, 9};

    for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
        aml_init(64);
        aml_integer(&a, values[i]);
        cr_assert_eq(a.size, sizes[i]);
    }
}

Test(acpi_build, aml_paths)
{
    aml_init(64);
    aml_path(&a, "\\_SB");
    expect_bytes('\\', '_', 'S', 'B', '_');
    aml_init(64);
    aml_path(&a, "_SB.PCI0");
    expect_bytes(0x2e, '_', 'S', 'B', '_', 'P', 'C', 'I', '0');
    aml_init(64);
    aml_path(&a, "\\A.BB.CCC");
    expect_bytes('\\', 0x2f, 3, 'A', '_', '_', '_', 'B', 'B', '_', '_', 'C', 'C', 'C', '_');
}

/* PkgLength at the edges of its encodings, 20.2.4. */
Test(acpi_build, aml_lengths)
{
    static const struct {
        size_t body;
        uint8_t bytes[4];
        size_t size;
    } cases[] = {
        {0x3e, {0x3f}, 1},
        {0x3f, {0x41, 0x04}, 2},
        {0xffd, {0x4f, 0xff}, 2},
        {0xffe, {0x81, 0x00, 0x01}, 3},
        {0xffffc, {0x8f, 0xff, 0xff}, 3},
        {0xffffd, {0xc1, 0x00, 0x00, 0x01}, 4},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        size_t at;

        aml_init(sizeof(aml_room));
        at = aml_if(&a);
        for (size_t j = 0; j < cases[i].body; j++)
            aml_byte(&a, 0xa3);
        aml_close(&a, at);
        cr_assert_eq(a.size, 1 + cases[i].size + cases[i].body);
        cr_assert_arr_eq(a.bytes + 1, cases[i].bytes, cases[i].size);
        cr_assert_eq(a.bytes[1 + cases[i].size], 0xa3);
    }
}

/* Too small a buffer is noticed at any point and never left. */
Test(acpi_build, aml_full)
{
    for (size_t capacity = 0; capacity < 40; capacity++) {
        size_t device;
        struct aml_resources r;

        aml_init(capacity);
        device = aml_device(&a, "X");
        r = aml_resources(&a, "_CRS");
        aml_res_irq(&a, 4);
        aml_resources_close(&a, r);
        aml_close(&a, device);
        cr_assert_leq(a.size, capacity);
        cr_assert_eq(a.is_full, capacity < 28, "%zu", capacity);
    }
}
