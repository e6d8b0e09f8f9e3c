/* SPDX-License-Identifier: BSD-2-Clause */
/* The DSDT: what the guest cannot enumerate by itself. */

#include "acpi.h"

#define DSDT_REVISION  2 /* integers have 64 bits */
#define PRESENT        0xf
#define CONFIG_PORTS   0xcf8
#define CONFIG_END     0xcff
#define COM1           0x3f8
#define COM1_IRQ       4
#define RTC            0x70
#define RTC_IRQ        8
#define RTC_PORTS      8
#define PM_PORTS       0x80
#define ECAM_SIZE      MIB(256)
#define PCI_SLOTS      32
#define PCI_PINS       4
#define PCI_LAST_BUS   255
#define CPU_NAME_DIGIT "0123456789ABCDEF"

/* _OSC for PCI: PCI Firmware Specification 3.3, 4.5.1. */
#define OSC_UUID         "33DB4D5B-1FF7-401C-9657-7441C03DD766"
#define OSC_UNKNOWN_UUID 0x04
#define OSC_UNKNOWN_REV  0x08
#define OSC_MASKED       0x10
/* Hot-plug, PME, AER and the capability structure may all be the guest's: no firmware wants them. */
#define OSC_GRANTED 0x1f

static void name_integer(struct aml *a, const char *name, uint64_t value)
{
    aml_name(a, name);
    aml_integer(a, value);
}

static void name_eisaid(struct aml *a, const char *name, const char *id)
{
    aml_name(a, name);
    aml_eisaid(a, id);
}

/* Soft off is sleep type 0, as on QEMU's q35. */
static void s5_put(struct aml *a)
{
    size_t at;

    aml_name(a, "_S5");
    at = aml_package(a, 4);
    for (unsigned i = 0; i < 4; i++)
        aml_integer(a, 0);
    aml_close(a, at);
}

/* DEST |= bits, or &=. */
static void combine_put(struct aml *a, uint8_t op, const char *field, uint64_t bits)
{
    aml_byte(a, op);
    aml_path(a, field);
    aml_integer(a, bits);
    aml_path(a, field);
}

/* If (!(field == object)) or, with is_equal, If (field == object); the operands follow. */
static size_t if_equal(struct aml *a, bool is_equal)
{
    size_t at = aml_if(a);

    if (!is_equal)
        aml_byte(a, AML_LNOT);
    aml_byte(a, AML_LEQUAL);
    return at;
}

/* Control := wanted & granted; says so where that took something away. */
static void osc_grant_put(struct aml *a)
{
    size_t at;

    aml_dword_field(a, AML_ARG3, 8, "CDW3");
    aml_byte(a, AML_AND);
    aml_path(a, "CDW3");
    aml_integer(a, OSC_GRANTED);
    aml_byte(a, AML_LOCAL0);
    at = if_equal(a, false);
    aml_byte(a, AML_ARG1);
    aml_integer(a, 1);
    combine_put(a, AML_OR, "CDW1", OSC_UNKNOWN_REV);
    aml_close(a, at);
    at = if_equal(a, false);
    aml_path(a, "CDW3");
    aml_byte(a, AML_LOCAL0);
    combine_put(a, AML_OR, "CDW1", OSC_MASKED);
    aml_close(a, at);
    aml_byte(a, AML_STORE);
    aml_byte(a, AML_LOCAL0);
    aml_path(a, "CDW3");
}

static void osc_put(struct aml *a)
{
    size_t method = aml_method(a, "_OSC", 4), at;

    aml_dword_field(a, AML_ARG3, 0, "CDW1");
    at = if_equal(a, true);
    aml_byte(a, AML_ARG0);
    aml_uuid(a, OSC_UUID);
    osc_grant_put(a);
    aml_close(a, at);
    at = aml_else(a);
    combine_put(a, AML_OR, "CDW1", OSC_UNKNOWN_UUID);
    aml_close(a, at);
    aml_byte(a, AML_RETURN);
    aml_byte(a, AML_ARG3);
    aml_close(a, method);
}

/* Every slot's four pins, wired to IOAPIC inputs directly: 6.2.13. */
static void prt_put(struct aml *a)
{
    size_t table;

    aml_name(a, "_PRT");
    table = aml_package(a, PCI_SLOTS * PCI_PINS);
    for (unsigned slot = 0; slot < PCI_SLOTS; slot++) {
        for (unsigned pin = 0; pin < PCI_PINS; pin++) {
            size_t at = aml_package(a, 4);

            aml_integer(a, (uint64_t)slot << 16 | 0xffff);
            aml_integer(a, pin);
            aml_integer(a, 0);
            aml_integer(a, machine_pci_gsi(slot, pin));
            aml_close(a, at);
        }
    }
    aml_close(a, table);
}

static void windows_put(struct aml *a, const struct machine_description *m)
{
    struct aml_resources r = aml_resources(a, "_CRS");

    aml_res_window16(a, AML_WINDOW_BUS, 0, PCI_LAST_BUS);
    aml_res_io(a, CONFIG_PORTS, CONFIG_END - CONFIG_PORTS + 1);
    aml_res_window16(a, AML_WINDOW_IO, 0, CONFIG_PORTS - 1);
    aml_res_window16(a, AML_WINDOW_IO, CONFIG_END + 1, 0xffff);
    if (m->pci_hole_end > m->pci_hole_base)
        aml_res_window32(a, AML_WINDOW_MEMORY, (uint32_t)m->pci_hole_base, (uint32_t)(m->pci_hole_end - 1));
    if (m->pci_hole64_end > m->pci_hole64_base)
        aml_res_window64(a, AML_WINDOW_MEMORY, m->pci_hole64_base, m->pci_hole64_end - 1);
    aml_resources_close(a, r);
}

static void pci_put(struct aml *a, const struct machine_description *machine)
{
    size_t at = aml_device(a, "PCI0");

    name_eisaid(a, "_HID", "PNP0A08");
    name_eisaid(a, "_CID", "PNP0A03");
    name_integer(a, "_UID", 0);
    name_integer(a, "_SEG", 0);
    name_integer(a, "_BBN", 0);
    /* DMA sees caches, as everything on x86 does. */
    name_integer(a, "_CCA", 1);
    windows_put(a, machine);
    prt_put(a);
    osc_put(a);
    aml_close(a, at);
}

/* What no driver may take: ECAM (PCI Firmware Specification 3.3, 4.1.2) and the PM block. */
static void board_put(struct aml *a, const struct machine_description *machine)
{
    size_t at = aml_device(a, "RES0");
    struct aml_resources r;

    name_eisaid(a, "_HID", "PNP0C02");
    name_integer(a, "_UID", 0);
    r = aml_resources(a, "_CRS");
    aml_res_memory32(a, (uint32_t)machine->ecam_base, ECAM_SIZE);
    aml_res_io(a, machine->pm_base, PM_PORTS);
    aml_resources_close(a, r);
    aml_close(a, at);
}

static void isa_device_put(struct aml *a, const char *name, const char *id, uint16_t port, uint8_t ports,
                           unsigned irq)
{
    size_t at = aml_device(a, name);
    struct aml_resources r;

    name_eisaid(a, "_HID", id);
    name_integer(a, "_UID", 1);
    name_integer(a, "_STA", PRESENT);
    r = aml_resources(a, "_CRS");
    aml_res_io(a, port, ports);
    aml_res_irq(a, irq);
    aml_resources_close(a, r);
    aml_close(a, at);
}

/* A device for each processor that the MADT lists: 8.4. */
static void processors_put(struct aml *a, unsigned count)
{
    static const char digits[] = CPU_NAME_DIGIT;

    for (unsigned i = 0; i < count; i++) {
        const char name[5] = {'C', digits[i >> 8 & 0xf], digits[i >> 4 & 0xf], digits[i & 0xf], 0};
        size_t at = aml_device(a, name);

        aml_name(a, "_HID");
        aml_string(a, "ACPI0007");
        name_integer(a, "_UID", i);
        aml_close(a, at);
    }
}

size_t acpi_dsdt_put(struct acpi_area *area, const struct machine_description *machine)
{
    size_t at = guest_table_open(area, "DSDT", DSDT_REVISION), scope;
    struct aml *a = &area->out;

    s5_put(a);
    scope = aml_scope(a, "_SB");
    processors_put(a, machine->vcpu_count);
    board_put(a, machine);
    pci_put(a, machine);
    isa_device_put(a, "COM1", "PNP0501", COM1, 8, COM1_IRQ);
    isa_device_put(a, "RTC", "PNP0B00", RTC, RTC_PORTS, RTC_IRQ);
    aml_close(a, scope);
    guest_table_close(area, at);
    return at;
}
