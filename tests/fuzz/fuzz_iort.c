/* SPDX-License-Identifier: BSD-2-Clause */
/* An IO remapping table of any bytes. */
#include "../../platform/firmware/acpi.h"
#include "../../platform/firmware/phys.h"

#include <stdlib.h>

const char builtin_cmdline[] = "";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct host_gic_region its[] = {{{0x8080000}, 0x20000, 0}};
    static uint8_t memory[1 << 18];
    struct host_info info = {.gic = {.its = its, .its_count = 1}};
    struct arena arena;
    struct fw_builder b = {.arena = &arena, .info = &info};
    struct acpi_table table = {data, (uint32_t)size};

    if (size < ACPI_HEADER_SIZE)
        return 0;
    arena_init(&arena, memory, sizeof(memory));
    if (acpi_iort_parse(&b, &table) != 0)
        return 0;
    for (size_t i = 0; i < info.msi_map_count; i++)
        if (info.msi_maps[i].its.v != its[0].base.v || info.msi_maps[i].count == 0 ||
            info.msi_maps[i].count > 0x10000 || info.msi_maps[i].base > 0xffff)
            abort();
    return 0;
}
