/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The small tables: MCFG (PCI Firmware Specification 3.3, 4.1.2), HPET (IA-PC HPET
 * Specification 1.0a, 3.2.4), SPCR (Serial Port Console Redirection Table, revision 4). Pure.
 */

#include "acpi.h"
#include "phys.h"

#include <errno.h>

#define MCFG_ENTRIES_AT 44
#define MCFG_ENTRY_SIZE 16
#define ECAM_BUS_SIZE   MIB(1)

#define HPET_SIZE         56
#define HPET_ADDRESS      40
#define GTDT_EL1_PHYSICAL 56
#define GTDT_EL1_VIRTUAL  64
#define GTDT_EL2_PHYSICAL 72
#define GTDT_EL2_VIRTUAL  96
#define SPCR_SIZE         80
#define SPCR_INTERFACE    36
#define SPCR_ADDRESS      40
#define SPCR_IRQ_KIND     52
#define SPCR_IRQ          53
#define SPCR_GSI          54
#define SPCR_BAUD         58
#define SPCR_IRQ_8259     1
#define SPCR_IRQ_GSI_ANY  0x0a /* IOAPIC or GIC */

int acpi_mcfg_parse(struct fw_builder *b, const struct acpi_table *table)
{
    struct arena_array ecams = {0};

    for (uint32_t at = MCFG_ENTRIES_AT; at + MCFG_ENTRY_SIZE <= table->length; at += MCFG_ENTRY_SIZE) {
        const uint8_t *e = table->data + at;
        struct host_ecam ecam = {hpa(get_u64(e)), get_u16(e + 8), e[10], e[11]};
        struct host_ecam *slot;

        if (ecam.base.v == 0 || !IS_ALIGNED(ecam.base.v, ECAM_BUS_SIZE) || ecam.first_bus > ecam.last_bus ||
            ecam.base.v + 256 * ECAM_BUS_SIZE < ecam.base.v) {
            fw_warn(b, "ACPI MCFG: window at %#llx, buses %u to %u, cannot be, ignored",
                    (unsigned long long)ecam.base.v, ecam.first_bus, ecam.last_bus);
            continue;
        }
        slot = ARENA_PUSH(b->arena, &ecams, struct host_ecam);
        if (slot == NULL)
            return -ENOMEM;
        *slot = ecam;
    }
    b->info->ecams = ecams.items;
    b->info->ecam_count = ecams.count;
    return 0;
}

void acpi_hpet_parse(struct fw_builder *b, const struct acpi_table *table)
{
    struct host_register r = acpi_register(table, HPET_ADDRESS);

    if (table->length < HPET_SIZE || r.space != HOST_SPACE_MEMORY) {
        fw_warn(b, "ACPI HPET table is too short or has no memory address, ignored");
        return;
    }
    b->info->hpet = hpa(r.address);
}

/* Generic timers: ACPI 6.5, 5.2.25. The last came with ACPI 6.3. */
void acpi_gtdt_parse(struct fw_builder *b, const struct acpi_table *table)
{
    b->info->timer =
        (struct host_timer_arm){.el1_physical = (uint32_t)acpi_field(table, GTDT_EL1_PHYSICAL, 4),
                                .el1_virtual = (uint32_t)acpi_field(table, GTDT_EL1_VIRTUAL, 4),
                                .el2_physical = (uint32_t)acpi_field(table, GTDT_EL2_PHYSICAL, 4),
                                .el2_virtual = (uint32_t)acpi_field(table, GTDT_EL2_VIRTUAL, 4)};
}

static enum host_console_kind spcr_kind(uint8_t revision, uint8_t interface)
{
    switch (interface) {
    case 0x00:
        return HOST_CONSOLE_16550;
    case 0x01: /* 16450 in revision 2 and later, a 16450-compatible 16550 before */
    case 0x12:
        return HOST_CONSOLE_16550;
    case 0x03: /* PL011; and SBSA subsets of it */
    case 0x0d:
    case 0x0e:
        return revision >= 2 ? HOST_CONSOLE_PL011 : HOST_CONSOLE_OTHER;
    default:
        return HOST_CONSOLE_OTHER;
    }
}

static uint32_t spcr_baud(uint8_t code)
{
    switch (code) {
    case 3:
        return 9600;
    case 4:
        return 19200;
    case 6:
        return 57600;
    case 7:
        return 115200;
    default:
        return 0;
    }
}

void acpi_spcr_parse(struct fw_builder *b, const struct acpi_table *table)
{
    struct host_console *console = &b->info->console;
    uint8_t irq_kind;

    if (table->length < SPCR_SIZE) {
        fw_warn(b, "ACPI SPCR is too short (%u bytes), ignored", table->length);
        return;
    }
    console->base = acpi_register(table, SPCR_ADDRESS);
    if (console->base.space == HOST_SPACE_NONE) /* redirection is switched off */
        return;
    console->kind = spcr_kind(table->data[8], table->data[SPCR_INTERFACE]);
    console->baud = spcr_baud(table->data[SPCR_BAUD]);
    irq_kind = table->data[SPCR_IRQ_KIND];
    if (irq_kind & SPCR_IRQ_GSI_ANY)
        console->gsi = get_u32(table->data + SPCR_GSI);
    else if (irq_kind & SPCR_IRQ_8259)
        console->gsi = table->data[SPCR_IRQ];
}
