/* SPDX-License-Identifier: BSD-2-Clause */
/* MADT: processors and interrupt controllers. ACPI 6.5, 5.2.12. Pure. */

#include "acpi.h"
#include "phys.h"

#include <errno.h>

#define ENTRIES_AT        44
#define FLAG_PCAT_COMPAT  1
#define CPU_ENABLED       1
#define CPU_ONLINE_CAP    2
#define GICC_ONLINE_CAP   8
#define REVISION_ACPI_6_3 5 /* the online-capable flag has a meaning from here on */

enum {
    TYPE_LAPIC = 0,
    TYPE_IOAPIC = 1,
    TYPE_OVERRIDE = 2,
    TYPE_IOAPIC_NMI = 3,
    TYPE_LAPIC_NMI = 4,
    TYPE_LAPIC_ADDRESS = 5,
    TYPE_X2APIC = 9,
    TYPE_X2APIC_NMI = 10,
    TYPE_GICC = 11,
    TYPE_GICD = 12,
    TYPE_GIC_FRAME = 13,
    TYPE_GICR = 14,
    TYPE_ITS = 15,
    TYPE_KINDS
};

/* The shortest an entry of each type may be; 0: not ours. */
static const uint8_t size_min[TYPE_KINDS] = {
    [TYPE_LAPIC] = 8,      [TYPE_IOAPIC] = 12,        [TYPE_OVERRIDE] = 10, [TYPE_IOAPIC_NMI] = 8,
    [TYPE_LAPIC_NMI] = 6,  [TYPE_LAPIC_ADDRESS] = 12, [TYPE_X2APIC] = 16,   [TYPE_X2APIC_NMI] = 12,
    [TYPE_GICC] = 76,      [TYPE_GICD] = 24,          [TYPE_GICR] = 16,     [TYPE_ITS] = 16,
    [TYPE_GIC_FRAME] = 24,
};

struct madt {
    struct fw_builder *b;
    uint8_t revision;
    struct arena_array *cpus;
    struct arena_array ioapics, overrides, ioapic_nmis, lapic_nmis, redistributors, its, frames;
};

/* MPS INTI flags, table 5.26. "Conforms" (0) counts as ISA's way, as the headers say. */
static bool inti_active_low(uint16_t flags)
{
    return FIELD(flags, 1, 0) == 3;
}

static bool inti_level(uint16_t flags)
{
    return FIELD(flags, 3, 2) == 3;
}

/* A processor that can neither run now nor be added later is a hole in firmware's table, not a CPU. */
static int cpu_add(struct madt *m, uint64_t hardware_id, uint32_t uid, bool enabled, bool online_capable)
{
    struct host_cpu *cpu;

    if (!enabled && !online_capable)
        return 0;
    cpu = ARENA_PUSH(m->b->arena, m->cpus, struct host_cpu);
    if (cpu == NULL)
        return -ENOMEM;
    *cpu = (struct host_cpu){
        .hardware_id = hardware_id, .acpi_uid = uid, .enabled = enabled, .online_capable = !enabled};
    return 0;
}

static int apic_cpu_add(struct madt *m, uint32_t apic_id, uint32_t uid, uint32_t flags)
{
    return cpu_add(m, apic_id, uid, flags & CPU_ENABLED,
                   m->revision >= REVISION_ACPI_6_3 && (flags & CPU_ONLINE_CAP));
}

static int ioapic_add(struct madt *m, const uint8_t *e)
{
    struct host_ioapic *ioapic = ARENA_PUSH(m->b->arena, &m->ioapics, struct host_ioapic);

    if (ioapic == NULL)
        return -ENOMEM;
    *ioapic = (struct host_ioapic){.address = hpa(get_u32(e + 4)), .id = e[2], .gsi_base = get_u32(e + 8)};
    return 0;
}

static int override_add(struct madt *m, const uint8_t *e)
{
    struct host_irq_override *o = ARENA_PUSH(m->b->arena, &m->overrides, struct host_irq_override);
    uint16_t flags = get_u16(e + 8);

    if (o == NULL)
        return -ENOMEM;
    *o = (struct host_irq_override){.gsi = get_u32(e + 4),
                                    .irq = e[3],
                                    .active_low = inti_active_low(flags),
                                    .level_triggered = inti_level(flags)};
    return 0;
}

static int ioapic_nmi_add(struct madt *m, const uint8_t *e)
{
    struct host_ioapic_nmi *nmi = ARENA_PUSH(m->b->arena, &m->ioapic_nmis, struct host_ioapic_nmi);
    uint16_t flags = get_u16(e + 2);

    if (nmi == NULL)
        return -ENOMEM;
    *nmi = (struct host_ioapic_nmi){
        .gsi = get_u32(e + 4), .active_low = inti_active_low(flags), .level_triggered = inti_level(flags)};
    return 0;
}

static int lapic_nmi_add(struct madt *m, uint32_t uid, uint16_t flags, uint8_t lint)
{
    struct host_lapic_nmi *nmi;

    if (lint > 1) {
        fw_warn(m->b, "ACPI MADT: NMI on LINT%u cannot be, ignored", lint);
        return 0;
    }
    nmi = ARENA_PUSH(m->b->arena, &m->lapic_nmis, struct host_lapic_nmi);
    if (nmi == NULL)
        return -ENOMEM;
    *nmi = (struct host_lapic_nmi){.acpi_uid = uid,
                                   .lint = lint,
                                   .active_low = inti_active_low(flags),
                                   .level_triggered = inti_level(flags)};
    return 0;
}

static int region_add(struct madt *m, struct arena_array *regions, uint64_t base, uint64_t size, uint32_t id)
{
    struct host_gic_region *region;

    if (base == 0)
        return 0;
    region = ARENA_PUSH(m->b->arena, regions, struct host_gic_region);
    if (region == NULL)
        return -ENOMEM;
    *region = (struct host_gic_region){hpa(base), size, id};
    return 0;
}

static hpa_t hpa_or_none(uint64_t address)
{
    return address ? hpa(address) : HPA_NONE;
}

static int gicc_add(struct madt *m, const uint8_t *e)
{
    struct host_irqchip_gic *gic = &m->b->info->gic;
    uint32_t flags = get_u32(e + 12);
    int error = cpu_add(m, get_u64(e + 68), get_u32(e + 8), flags & CPU_ENABLED, flags & GICC_ONLINE_CAP);

    gic->cpu_interface = hpa_or_none(get_u64(e + 32));
    gic->virtual_cpu_interface = hpa_or_none(get_u64(e + 40));
    gic->hypervisor_interface = hpa_or_none(get_u64(e + 48));
    gic->maintenance_irq = get_u32(e + 56);
    return error ? error : region_add(m, &m->redistributors, get_u64(e + 60), 0, 0);
}

/* GIC MSI frame: ACPI 6.5, 5.2.12.16. Flag 0: the counts here are right, not the frame's own. */
static int frame_add(struct madt *m, const uint8_t *e)
{
    struct host_gic_frame *frame;
    bool is_told = get_u32(e + 16) & 1;

    if (get_u64(e + 8) == 0)
        return 0;
    frame = ARENA_PUSH(m->b->arena, &m->frames, struct host_gic_frame);
    if (frame == NULL)
        return -ENOMEM;
    *frame = (struct host_gic_frame){hpa(get_u64(e + 8)), is_told ? get_u16(e + 22) : 0U,
                                     is_told ? get_u16(e + 20) : 0U};
    return 0;
}

static int entry_parse(struct madt *m, const uint8_t *e)
{
    struct host_info *info = m->b->info;

    switch (e[0]) {
    case TYPE_LAPIC:
        return e[3] == 0xff ? 0 : apic_cpu_add(m, e[3], e[2], get_u32(e + 4));
    case TYPE_X2APIC:
        return get_u32(e + 4) == ~0u ? 0 : apic_cpu_add(m, get_u32(e + 4), get_u32(e + 12), get_u32(e + 8));
    case TYPE_IOAPIC:
        return ioapic_add(m, e);
    case TYPE_OVERRIDE:
        return override_add(m, e);
    case TYPE_IOAPIC_NMI:
        return ioapic_nmi_add(m, e);
    case TYPE_LAPIC_NMI:
        return lapic_nmi_add(m, e[2] == 0xff ? HOST_ALL_CPUS : e[2], get_u16(e + 3), e[5]);
    case TYPE_X2APIC_NMI:
        return lapic_nmi_add(m, get_u32(e + 4), get_u16(e + 2), e[8]);
    case TYPE_LAPIC_ADDRESS:
        info->x86.lapic_base = hpa(get_u64(e + 4));
        return 0;
    case TYPE_GICC:
        return gicc_add(m, e);
    case TYPE_GICD:
        info->gic.distributor = hpa(get_u64(e + 8));
        info->gic.version = e[20];
        return 0;
    case TYPE_GIC_FRAME:
        return frame_add(m, e);
    case TYPE_GICR:
        return region_add(m, &m->redistributors, get_u64(e + 4), get_u32(e + 12), 0);
    default:
        return region_add(m, &m->its, get_u64(e + 8), 0, get_u32(e + 4));
    }
}

static int entries_parse(struct madt *m, const struct acpi_table *table)
{
    uint32_t at = ENTRIES_AT;

    while (table->length - at >= 2) {
        const uint8_t *e = table->data + at;
        uint8_t type = e[0];
        uint8_t size = e[1];
        int error = 0;

        if (size < 2 || size > table->length - at) {
            fw_warn(m->b, "ACPI MADT: entry at offset %u has length %u, the rest is ignored", at, size);
            return 0;
        }
        if (type < TYPE_KINDS && size < size_min[type])
            fw_warn(m->b, "ACPI MADT: entry of type %u at offset %u is too short, ignored", type, at);
        else if (type < TYPE_KINDS && size_min[type])
            error = entry_parse(m, e);
        if (error)
            return error;
        at += size;
    }
    return 0;
}

int acpi_madt_parse(struct fw_builder *b, const struct acpi_table *table, struct arena_array *cpus)
{
    struct madt m = {.b = b, .cpus = cpus};
    struct host_info *info = b->info;
    int error;

    if (table->length < ENTRIES_AT) {
        fw_warn(b, "ACPI MADT is too short (%u bytes), ignored", table->length);
        return 0;
    }
    m.revision = table->data[8];
    info->x86.lapic_base = hpa_or_none(get_u32(table->data + 36));
    info->x86.has_8259 = get_u32(table->data + 40) & FLAG_PCAT_COMPAT;
    error = entries_parse(&m, table);
    info->x86.ioapics = m.ioapics.items;
    info->x86.ioapic_count = m.ioapics.count;
    info->x86.overrides = m.overrides.items;
    info->x86.override_count = m.overrides.count;
    info->x86.ioapic_nmis = m.ioapic_nmis.items;
    info->x86.ioapic_nmi_count = m.ioapic_nmis.count;
    info->x86.lapic_nmis = m.lapic_nmis.items;
    info->x86.lapic_nmi_count = m.lapic_nmis.count;
    info->gic.redistributors = m.redistributors.items;
    info->gic.redistributor_count = m.redistributors.count;
    info->gic.its = m.its.items;
    info->gic.its_count = m.its.count;
    info->gic.frames = m.frames.items;
    info->gic.frame_count = m.frames.count;
    return error;
}
