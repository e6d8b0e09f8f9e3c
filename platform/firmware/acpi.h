/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FIRMWARE_ACPI_H
#define FIRMWARE_ACPI_H

/* The static ACPI tables (ACPI 6.5, chapter 5). Each table parser takes a whole checked table. Pure. */

#include "builder.h"

#define ACPI_HEADER_SIZE 36

/*
 * Finds RSDP (where info says, else in the BIOS areas), walks XSDT or RSDT and fills info->x86, gic, ecams,
 * power, hpet, console; *cpus without nodes; b->memory_domains and b->cpu_domains. Without ACPI all stay
 * empty.
 */
int must_check acpi_parse(struct fw_builder *b, struct host_cpus *cpus);

/* Fields of older revisions are shorter: what lies beyond the table reads as 0. */
uint64_t acpi_field(const struct acpi_table *table, uint32_t offset, unsigned int bytes);

/* A generic address structure at offset (5.2.3.2); NONE where the table is too short or the space is unknown.
 */
struct host_register acpi_register(const struct acpi_table *table, uint32_t offset);

/* One per table. cpus collects struct host_cpu. */
int must_check acpi_madt_parse(struct fw_builder *b, const struct acpi_table *table,
                               struct arena_array *cpus);
int must_check acpi_srat_parse(struct fw_builder *b, const struct acpi_table *table);
int must_check acpi_mcfg_parse(struct fw_builder *b, const struct acpi_table *table);
void acpi_fadt_parse(struct fw_builder *b, const struct acpi_table *table);
void acpi_hpet_parse(struct fw_builder *b, const struct acpi_table *table);
void acpi_gtdt_parse(struct fw_builder *b, const struct acpi_table *table);
void acpi_spcr_parse(struct fw_builder *b, const struct acpi_table *table);

/* After the MADT, which knows the services by their numbers. Arm machines only. */
int must_check acpi_iort_parse(struct fw_builder *b, const struct acpi_table *table);

/* The DSDT's address as the FADT gives it, 0: none. */
uint64_t acpi_fadt_dsdt(const struct acpi_table *table);

/*
 * Looks for Name(_S5, Package(){a, b, ...}) among the AML bytes without interpreting them. True: info->power
 * has the sleep types.
 */
bool acpi_s5_search(struct fw_builder *b, const struct acpi_table *table);

#endif
