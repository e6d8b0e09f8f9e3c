/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_LOAD_TABLES_ACPI_H
#define VMM_LOAD_TABLES_ACPI_H

#include "../load.h"
#include "aml.h"

/* The guest's ACPI tables, put together in a buffer that shows guest memory from `base` on. Pure. */

#define ACPI_HEADER_SIZE 36

struct acpi_area {
    struct aml out;
    uint64_t base; /* guest-physical address of out.bytes */
};

/* Begins a table at the next multiple of 64 bytes; returns where in the buffer. guest_table_close() fills in
 * length and checksum. */
size_t guest_table_open(struct acpi_area *area, const char *signature, uint8_t revision);
void guest_table_close(struct acpi_area *area, size_t at);

static inline uint64_t guest_table_address(const struct acpi_area *area, size_t at)
{
    return area->base + at;
}

/* Little-endian, into what follows in the table. */
static inline void acpi_put(struct acpi_area *area, uint64_t value, size_t size)
{
    aml_bytes(&area->out, &value, size);
}

void acpi_put_zeroes(struct acpi_area *area, size_t size);

/* Each returns where its table begins. */
size_t acpi_dsdt_put(struct acpi_area *area, const struct machine_description *machine);
size_t acpi_facs_put(struct acpi_area *area);
size_t acpi_fadt_put(struct acpi_area *area, const struct machine_description *machine, size_t facs,
                     size_t dsdt);
size_t acpi_madt_put(struct acpi_area *area, const struct machine_description *machine);
size_t acpi_mcfg_put(struct acpi_area *area, const struct machine_description *machine);

#endif
