/* SPDX-License-Identifier: BSD-2-Clause */
/* Root pointer, root tables and what all tables have in common: ACPI 6.5, 5.2.5 to 5.2.8. */

#include "acpi.h"

#include <core/bytes.h>
#include <errno.h>
#include <stdlib.h>

#define TABLE_ALIGN 64 /* the FACS wants it; cache lines for the others */
/* Where software looks for the root pointer without EFI: 5.2.5.1. */
#define RSDP_AT   0xe0000
#define RSDP_SIZE 36

enum { OFF_LENGTH = 4, OFF_CHECKSUM = 9 };

void acpi_put_zeroes(struct acpi_area *area, size_t size)
{
    for (; size; size--)
        aml_byte(&area->out, 0);
}

static uint8_t checksum(const uint8_t *bytes, size_t size)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return (uint8_t)-sum;
}

size_t guest_table_open(struct acpi_area *area, const char *signature, uint8_t revision)
{
    static const char oem[] = "BASALTBASALT  ";
    static const char creator[] = "BSLT";
    size_t at;

    acpi_put_zeroes(area, (size_t)(-area->out.size & (TABLE_ALIGN - 1)));
    at = area->out.size;
    aml_bytes(&area->out, signature, 4);
    acpi_put(area, 0, 4);
    aml_byte(&area->out, revision);
    aml_byte(&area->out, 0);
    aml_bytes(&area->out, oem, 14);
    acpi_put(area, 1, 4);
    aml_bytes(&area->out, creator, 4);
    acpi_put(area, 1, 4);
    return at;
}

void guest_table_close(struct acpi_area *area, size_t at)
{
    uint8_t *table = area->out.bytes + at;
    size_t size = area->out.size - at;

    if (area->out.is_full)
        return;
    put_u32(table + OFF_LENGTH, (uint32_t)size);
    table[OFF_CHECKSUM] = checksum(table, size);
}

static size_t root_put(struct acpi_area *area, const char *signature, size_t width, const size_t *tables,
                       unsigned count)
{
    size_t at = guest_table_open(area, signature, 1);

    for (unsigned i = 0; i < count; i++)
        acpi_put(area, guest_table_address(area, tables[i]), width);
    guest_table_close(area, at);
    return at;
}

/* Revision 2 with both roots: some small software reads the RSDT alone. */
static void rsdp_fill(uint8_t *rsdp, uint64_t rsdt, uint64_t xsdt)
{
    memset(rsdp, 0, RSDP_SIZE);
    memcpy(rsdp, "RSD PTR ", 8);
    memcpy(rsdp + 9, "BASALT", 6);
    rsdp[15] = 2;
    put_u32(rsdp + 16, (uint32_t)rsdt);
    put_u32(rsdp + 20, RSDP_SIZE);
    put_u64(rsdp + 24, xsdt);
    rsdp[8] = checksum(rsdp, 20);
    rsdp[32] = checksum(rsdp, RSDP_SIZE);
}

/* All tables; the root pointer goes elsewhere. */
static void tables_put(struct acpi_area *area, const struct machine_description *machine,
                       uint8_t rsdp[RSDP_SIZE])
{
    size_t facs = acpi_facs_put(area), dsdt = acpi_dsdt_put(area, machine), tables[3], rsdt, xsdt;

    tables[0] = acpi_fadt_put(area, machine, facs, dsdt);
    tables[1] = acpi_madt_put(area, machine);
    tables[2] = acpi_mcfg_put(area, machine);
    rsdt = root_put(area, "RSDT", 4, tables, ARRAY_SIZE(tables));
    xsdt = root_put(area, "XSDT", 8, tables, ARRAY_SIZE(tables));
    rsdp_fill(rsdp, guest_table_address(area, rsdt), guest_table_address(area, xsdt));
}

int acpi_tables_build(struct gmem *gmem, const struct machine_description *machine, uint64_t *rsdp)
{
    uint8_t root[RSDP_SIZE];
    struct acpi_area area = {.out = {.capacity = ACPI_TABLES_ROOM}};
    int status;

    if (machine->low_ram_end < ACPI_TABLES_ROOM)
        return -ENOSPC;
    area.out.bytes = malloc(ACPI_TABLES_ROOM);
    if (area.out.bytes == NULL)
        return -ENOMEM;
    area.base = machine->low_ram_end - ACPI_TABLES_ROOM;
    tables_put(&area, machine, root);
    status = area.out.is_full ? -ENOSPC : gmem_write(gmem, gpa(area.base), area.out.bytes, area.out.size);
    free(area.out.bytes);
    if (!status)
        status = gmem_write(gmem, gpa(RSDP_AT), root, sizeof(root));
    *rsdp = RSDP_AT;
    return status == -EFAULT ? -ENOSPC : status;
}
