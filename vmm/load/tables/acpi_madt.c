/* SPDX-License-Identifier: BSD-2-Clause */
/* MADT and MCFG: ACPI 6.5, 5.2.12; PCI Firmware Specification 3.3, 4.1.2. */

#include "acpi.h"

#define MADT_REVISION  5
#define LAPIC_ADDRESS  0xfee00000
#define IOAPIC_ADDRESS 0xfec00000
#define PCAT_COMPAT    BIT(0) /* the 8259 pair exists */
#define ENABLED        BIT(0)
#define LAPIC_ID_MAX   254 /* 255 addresses all */
#define ALL_LAPICS     0xff
#define ALL_X2APICS    0xffffffff
#define LEVEL_HIGH     0xd /* MPS INTI flags, table 5.26 */
#define ISA_TIMER_GSI  2
#define PCI_LAST_BUS   255

enum { LAPIC = 0, IOAPIC = 1, OVERRIDE = 2, LAPIC_NMI = 4, X2APIC = 9, X2APIC_NMI = 10 };

static void entry_put(struct acpi_area *area, uint8_t type, uint8_t size)
{
    aml_byte(&area->out, type);
    aml_byte(&area->out, size);
}

/* vCPU i has APIC id i and processor UID i. */
static void processor_put(struct acpi_area *area, unsigned id)
{
    if (id <= LAPIC_ID_MAX) {
        entry_put(area, LAPIC, 8);
        aml_byte(&area->out, (uint8_t)id);
        aml_byte(&area->out, (uint8_t)id);
        acpi_put(area, ENABLED, 4);
        return;
    }
    entry_put(area, X2APIC, 16);
    acpi_put(area, 0, 2);
    acpi_put(area, id, 4);
    acpi_put(area, ENABLED, 4);
    acpi_put(area, id, 4);
}

static void override_put(struct acpi_area *area, uint8_t irq, uint32_t gsi, uint16_t flags)
{
    entry_put(area, OVERRIDE, 10);
    aml_byte(&area->out, 0);
    aml_byte(&area->out, irq);
    acpi_put(area, gsi, 4);
    acpi_put(area, flags, 2);
}

/* LINT1 of every processor. */
static void nmi_put(struct acpi_area *area, bool has_x2apic)
{
    entry_put(area, LAPIC_NMI, 6);
    aml_byte(&area->out, ALL_LAPICS);
    acpi_put(area, 0, 2);
    aml_byte(&area->out, 1);
    if (!has_x2apic)
        return;
    entry_put(area, X2APIC_NMI, 12);
    acpi_put(area, 0, 2);
    acpi_put(area, ALL_X2APICS, 4);
    aml_byte(&area->out, 1);
    acpi_put_zeroes(area, 3);
}

size_t acpi_madt_put(struct acpi_area *area, const struct machine_description *machine)
{
    size_t at = guest_table_open(area, "APIC", MADT_REVISION);

    acpi_put(area, LAPIC_ADDRESS, 4);
    acpi_put(area, PCAT_COMPAT, 4);
    for (unsigned i = 0; i < machine->vcpu_count; i++)
        processor_put(area, i);
    entry_put(area, IOAPIC, 12);
    acpi_put(area, 0, 2); /* id */
    acpi_put(area, IOAPIC_ADDRESS, 4);
    acpi_put(area, 0, 4); /* first GSI */
    override_put(area, 0, ISA_TIMER_GSI, 0);
    override_put(area, machine->sci_gsi, machine->sci_gsi, LEVEL_HIGH);
    nmi_put(area, machine->vcpu_count > LAPIC_ID_MAX + 1);
    guest_table_close(area, at);
    return at;
}

size_t acpi_mcfg_put(struct acpi_area *area, const struct machine_description *machine)
{
    size_t at = guest_table_open(area, "MCFG", 1);

    acpi_put_zeroes(area, 8);
    acpi_put(area, machine->ecam_base, 8);
    acpi_put(area, 0, 2); /* segment */
    aml_byte(&area->out, 0);
    aml_byte(&area->out, PCI_LAST_BUS);
    acpi_put_zeroes(area, 4);
    guest_table_close(area, at);
    return at;
}
