/* SPDX-License-Identifier: BSD-2-Clause */
/* FADT and FACS: ACPI 6.5, 5.2.9 and 5.2.10. */

#include "acpi.h"

#define FADT_REVISION 6
#define FACS_SIZE     64
#define FACS_VERSION  2

/* Fixed feature flags, table 5.10. The power button is fixed hardware (bit 4 clear), a sleep button absent;
 * the PM timer has 24 bits (bit 8 clear), as QEMU's. */
#define WBINVD             BIT(0)
#define PROC_C1            BIT(2)
#define SLP_BUTTON         BIT(5)
#define FIX_RTC            BIT(6)
#define RESET_REG_SUP      BIT(10)
#define USE_PLATFORM_CLOCK BIT(15)

/* IA-PC boot architecture flags, table 5.11. */
#define LEGACY_DEVICES  BIT(0)
#define VGA_NOT_PRESENT BIT(2)

#define LATENCY_NO_C2 0xfff /* above 100 us: the state is not there */
#define LATENCY_NO_C3 0xfff
#define RTC_CENTURY   0x32
#define RESET_PORT    0xcf9
#define RESET_VALUE   0xf

/* Register blocks from pm_base on, ICH9's. */
enum {
    PM1_EVENT = 0x00,
    PM1_EVENT_SIZE = 4,
    PM1_CONTROL = 0x04,
    PM1_CONTROL_SIZE = 2,
    PM_TIMER = 0x08,
    PM_TIMER_SIZE = 4,
    GPE0 = 0x20,
    GPE0_SIZE = 16,
};

enum { SPACE_IO = 1, ACCESS_BYTE = 1, ACCESS_WORD = 2, ACCESS_DWORD = 3 };

size_t acpi_facs_put(struct acpi_area *area)
{
    /* No header like the others' and no checksum; 64-byte alignment is that of the area's start. */
    size_t at = area->out.size;

    aml_bytes(&area->out, "FACS", 4);
    acpi_put(area, FACS_SIZE, 4);
    acpi_put_zeroes(area, 24);
    aml_byte(&area->out, FACS_VERSION);
    acpi_put_zeroes(area, FACS_SIZE - 33);
    return at;
}

/* Generic address structure, 5.2.3.2; address 0: not there. */
static void register_put(struct acpi_area *area, uint64_t port, uint8_t bytes, uint8_t access)
{
    if (port == 0) {
        acpi_put_zeroes(area, 12);
        return;
    }
    aml_byte(&area->out, SPACE_IO);
    aml_byte(&area->out, (uint8_t)(bytes * 8));
    aml_byte(&area->out, 0);
    aml_byte(&area->out, access);
    acpi_put(area, port, 8);
}

/* Offsets 56 to 111: the register blocks as 32-bit ports, their lengths, C-states, RTC indices. */
static void blocks_put(struct acpi_area *area, uint32_t pm)
{
    acpi_put(area, pm + PM1_EVENT, 4);
    acpi_put(area, 0, 4);
    acpi_put(area, pm + PM1_CONTROL, 4);
    acpi_put(area, 0, 4);
    acpi_put(area, 0, 4);
    acpi_put(area, pm + PM_TIMER, 4);
    acpi_put(area, pm + GPE0, 4);
    acpi_put(area, 0, 4);
    aml_byte(&area->out, PM1_EVENT_SIZE);
    aml_byte(&area->out, PM1_CONTROL_SIZE);
    aml_byte(&area->out, 0);
    aml_byte(&area->out, PM_TIMER_SIZE);
    aml_byte(&area->out, GPE0_SIZE);
    acpi_put_zeroes(area, 3);
    acpi_put(area, LATENCY_NO_C2, 2);
    acpi_put(area, LATENCY_NO_C3, 2);
    acpi_put_zeroes(area, 8);
    aml_byte(&area->out, RTC_CENTURY);
}

/* Offsets 148 to 275: the same blocks again as generic addresses, sleep registers, hypervisor vendor. */
static void extended_put(struct acpi_area *area, uint64_t pm)
{
    register_put(area, pm + PM1_EVENT, PM1_EVENT_SIZE, ACCESS_WORD);
    register_put(area, 0, 0, 0);
    register_put(area, pm + PM1_CONTROL, PM1_CONTROL_SIZE, ACCESS_WORD);
    register_put(area, 0, 0, 0);
    register_put(area, 0, 0, 0);
    register_put(area, pm + PM_TIMER, PM_TIMER_SIZE, ACCESS_DWORD);
    register_put(area, pm + GPE0, GPE0_SIZE, ACCESS_BYTE);
    register_put(area, 0, 0, 0);
    register_put(area, 0, 0, 0);
    register_put(area, 0, 0, 0);
    acpi_put_zeroes(area, 8);
}

size_t acpi_fadt_put(struct acpi_area *area, const struct machine_description *machine, size_t facs,
                     size_t dsdt)
{
    size_t at = guest_table_open(area, "FACP", FADT_REVISION);

    acpi_put(area, guest_table_address(area, facs), 4);
    acpi_put(area, guest_table_address(area, dsdt), 4);
    acpi_put_zeroes(area, 2); /* profile: unspecified */
    acpi_put(area, machine->sci_gsi, 2);
    acpi_put_zeroes(area, 8); /* no SMI command: always in ACPI mode */
    blocks_put(area, machine->pm_base);
    acpi_put(area, LEGACY_DEVICES | VGA_NOT_PRESENT, 2);
    aml_byte(&area->out, 0);
    acpi_put(area, WBINVD | PROC_C1 | SLP_BUTTON | FIX_RTC | RESET_REG_SUP | USE_PLATFORM_CLOCK, 4);
    register_put(area, RESET_PORT, 1, ACCESS_BYTE);
    aml_byte(&area->out, RESET_VALUE);
    acpi_put_zeroes(area, 3); /* ARM flags, minor version */
    acpi_put_zeroes(area, 8); /* the FACS has its address above */
    acpi_put(area, guest_table_address(area, dsdt), 8);
    extended_put(area, machine->pm_base);
    guest_table_close(area, at);
    return at;
}
