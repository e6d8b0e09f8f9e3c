/* SPDX-License-Identifier: BSD-2-Clause */
/* SRAT: which memory and which processors are near each other. ACPI 6.5, 5.2.16. Pure. */

#include "acpi.h"
#include "phys.h"

#include <errno.h>

#define ENTRIES_AT   48
#define FLAG_ENABLED 1

enum { TYPE_LAPIC = 0, TYPE_MEMORY = 1, TYPE_X2APIC = 2, TYPE_GICC = 3, TYPE_KINDS };

static const uint8_t size_min[TYPE_KINDS] = {
    [TYPE_LAPIC] = 16, [TYPE_MEMORY] = 40, [TYPE_X2APIC] = 24, [TYPE_GICC] = 18};

static int cpu_add(struct fw_builder *b, uint64_t id, uint32_t domain, uint32_t flags)
{
    struct cpu_affinity *affinity;

    if (!(flags & FLAG_ENABLED))
        return 0;
    affinity = ARENA_PUSH(b->arena, &b->cpu_domains, struct cpu_affinity);
    if (affinity == NULL)
        return -ENOMEM;
    *affinity = (struct cpu_affinity){id, domain};
    return 0;
}

static int memory_add(struct fw_builder *b, const uint8_t *e, uint32_t domain)
{
    struct memmap_affinity *affinity;

    if (!(get_u32(e + 28) & FLAG_ENABLED) || get_u64(e + 16) == 0)
        return 0;
    affinity = ARENA_PUSH(b->arena, &b->memory_domains, struct memmap_affinity);
    if (affinity == NULL)
        return -ENOMEM;
    *affinity = (struct memmap_affinity){get_u64(e + 8), get_u64(e + 16), domain};
    return 0;
}

/* Revision 1 has 8-bit domains; the other bytes are reserved there. */
static int entry_parse(struct fw_builder *b, const uint8_t *e, uint32_t domain_mask)
{
    switch (e[0]) {
    case TYPE_LAPIC:
        return cpu_add(b, e[3], (e[2] | (get_u32(e + 8) & 0xffffff00u)) & domain_mask, get_u32(e + 4));
    case TYPE_MEMORY:
        return memory_add(b, e, get_u32(e + 2) & domain_mask);
    case TYPE_X2APIC:
        return cpu_add(b, get_u32(e + 8), get_u32(e + 4), get_u32(e + 12));
    default:
        b->cpu_domains_by_uid = true;
        return cpu_add(b, get_u32(e + 6), get_u32(e + 2), get_u32(e + 10));
    }
}

int acpi_srat_parse(struct fw_builder *b, const struct acpi_table *table)
{
    uint32_t mask = table->data[8] >= 2 ? ~0u : 0xffu;
    uint32_t at = ENTRIES_AT;

    if (table->length < ENTRIES_AT) {
        fw_warn(b, "ACPI SRAT is too short (%u bytes), ignored", table->length);
        return 0;
    }
    while (table->length - at >= 2) {
        const uint8_t *e = table->data + at;
        int error = 0;

        if (e[1] < 2 || e[1] > table->length - at) {
            fw_warn(b, "ACPI SRAT: entry at offset %u has length %u, the rest is ignored", at, e[1]);
            return 0;
        }
        if (e[0] < TYPE_KINDS && e[1] < size_min[e[0]])
            fw_warn(b, "ACPI SRAT: entry of type %u at offset %u is too short, ignored", e[0], at);
        else if (e[0] < TYPE_KINDS)
            error = entry_parse(b, e, mask);
        if (error)
            return error;
        at += e[1];
    }
    return 0;
}
