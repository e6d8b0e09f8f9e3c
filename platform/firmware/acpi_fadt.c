/* SPDX-License-Identifier: BSD-2-Clause */
/* FADT of every revision, and \_S5 out of the AML bytes. ACPI 6.5, 5.2.9, 4.8.3, 7.4.2, 20.2. Pure. */

#include "acpi.h"

enum {
    OFF_DSDT = 40,
    OFF_SCI_INT = 46,
    OFF_SMI_CMD = 48,
    OFF_ACPI_ENABLE = 52,
    OFF_PM1A_EVT = 56,
    OFF_PM1B_EVT = 60,
    OFF_PM1A_CNT = 64,
    OFF_PM1B_CNT = 68,
    OFF_PM_TMR = 76,
    OFF_PM1_EVT_LEN = 88,
    OFF_PM1_CNT_LEN = 89,
    OFF_PM_TMR_LEN = 91,
    OFF_CENTURY = 108,
    OFF_IAPC_BOOT_ARCH = 109,
    OFF_FLAGS = 112,
    OFF_RESET_REG = 116,
    OFF_RESET_VALUE = 128,
    OFF_ARM_BOOT_ARCH = 129,
    OFF_X_DSDT = 140,
    OFF_X_PM1A_EVT = 148,
    OFF_X_PM1B_EVT = 160,
    OFF_X_PM1A_CNT = 172,
    OFF_X_PM1B_CNT = 184,
    OFF_X_PM_TMR = 208,
    OFF_SLEEP_CONTROL = 244,
    OFF_SLEEP_STATUS = 256,
};

/* Fixed feature flags, table 5.10. */
#define FLAG_TMR_VAL_EXT      BIT(8)
#define FLAG_RESET_REG_SUP    BIT(10)
#define FLAG_HW_REDUCED       BIT(20)
#define FADT_SIZE_V1          116
#define REVISION_ACPI_2       3 /* IAPC_BOOT_ARCH has a meaning from here on */
#define BOOT_ARCH_LEGACY      BIT(0)
#define BOOT_ARCH_8042        BIT(1)
#define BOOT_ARCH_NO_VGA      BIT(2)
#define BOOT_ARCH_NO_MSI      BIT(3)
#define BOOT_ARCH_NO_CMOS_RTC BIT(5)
#define ARM_BOOT_PSCI         BIT(0)
#define ARM_BOOT_PSCI_HVC     BIT(1)

/* The 64-bit field when it is there and not zero, else the port of the 32-bit one with its length in bytes.
 */
static struct host_register block(const struct acpi_table *table, uint32_t extended, uint32_t port,
                                  uint32_t length_at, uint8_t length_default)
{
    struct host_register r = acpi_register(table, extended);
    uint64_t length = acpi_field(table, length_at, 1);

    if (length == 0 || length > 8)
        length = length_default;
    if (r.space == HOST_SPACE_NONE && acpi_field(table, port, 4))
        r = (struct host_register){HOST_SPACE_IO, (uint8_t)(length * 8), (uint8_t)length,
                                   acpi_field(table, port, 4)};
    return r;
}

static void boot_arch_parse(struct host_power *power, const struct acpi_table *table)
{
    uint64_t arch = acpi_field(table, OFF_IAPC_BOOT_ARCH, 2);
    uint64_t arm = acpi_field(table, OFF_ARM_BOOT_ARCH, 2);

    if (table->data[8] >= REVISION_ACPI_2) {
        power->has_legacy_devices = arch & BOOT_ARCH_LEGACY;
        power->has_8042 = arch & BOOT_ARCH_8042;
        power->has_vga = !(arch & BOOT_ARCH_NO_VGA);
        power->msi_unsupported = arch & BOOT_ARCH_NO_MSI;
        power->has_cmos_rtc = !(arch & BOOT_ARCH_NO_CMOS_RTC);
    }
    if (power->hardware_reduced)
        power->has_legacy_devices = power->has_8042 = false;
    power->psci = arm & ARM_BOOT_PSCI;
    power->psci_hvc = arm & ARM_BOOT_PSCI_HVC;
}

void acpi_fadt_parse(struct fw_builder *b, const struct acpi_table *table)
{
    struct host_power *power = &b->info->power;
    uint64_t flags = acpi_field(table, OFF_FLAGS, 4);
    uint64_t smi = acpi_field(table, OFF_SMI_CMD, 4);

    if (table->length < FADT_SIZE_V1) {
        fw_warn(b, "ACPI FADT is too short (%u bytes), ignored", table->length);
        return;
    }
    power->has_fadt = true;
    power->hardware_reduced = flags & FLAG_HW_REDUCED;
    boot_arch_parse(power, table);
    power->sci_gsi = (uint16_t)acpi_field(table, OFF_SCI_INT, 2);
    power->rtc_century = (uint8_t)acpi_field(table, OFF_CENTURY, 1);
    if (flags & FLAG_RESET_REG_SUP) {
        power->reset = acpi_register(table, OFF_RESET_REG);
        power->reset_value = (uint8_t)acpi_field(table, OFF_RESET_VALUE, 1);
    }
    power->sleep_control = acpi_register(table, OFF_SLEEP_CONTROL);
    power->sleep_status = acpi_register(table, OFF_SLEEP_STATUS);
    /* Hardware-reduced machines have none of the fixed hardware below; its fields are to be ignored (4.1). */
    if (power->hardware_reduced)
        return;
    power->pm_timer = block(table, OFF_X_PM_TMR, OFF_PM_TMR, OFF_PM_TMR_LEN, 4);
    power->pm_timer_32bit = flags & FLAG_TMR_VAL_EXT;
    power->pm1a_event = block(table, OFF_X_PM1A_EVT, OFF_PM1A_EVT, OFF_PM1_EVT_LEN, 4);
    power->pm1b_event = block(table, OFF_X_PM1B_EVT, OFF_PM1B_EVT, OFF_PM1_EVT_LEN, 4);
    power->pm1a_control = block(table, OFF_X_PM1A_CNT, OFF_PM1A_CNT, OFF_PM1_CNT_LEN, 2);
    power->pm1b_control = block(table, OFF_X_PM1B_CNT, OFF_PM1B_CNT, OFF_PM1_CNT_LEN, 2);
    power->acpi_enable = (uint8_t)acpi_field(table, OFF_ACPI_ENABLE, 1);
    if (smi && power->acpi_enable)
        power->smi_command = (struct host_register){HOST_SPACE_IO, 8, 1, smi};
}

uint64_t acpi_fadt_dsdt(const struct acpi_table *table)
{
    uint64_t extended = acpi_field(table, OFF_X_DSDT, 8);

    return extended ? extended : acpi_field(table, OFF_DSDT, 4);
}

/* An integer constant at *at (20.2.3): ZeroOp, OneOp, OnesOp, Byte-, Word-, DWordPrefix. */
static bool aml_integer(const struct acpi_table *t, uint32_t *at, uint64_t *value)
{
    uint64_t op = acpi_field(t, *at, 1);
    unsigned int bytes = op == 0x0a ? 1 : op == 0x0b ? 2 : op == 0x0c ? 4 : 0;

    if (*at >= t->length)
        return false;
    if (bytes == 0) {
        if (op != 0x00 && op != 0x01 && op != 0xff)
            return false;
        *value = op;
        *at += 1;
        return true;
    }
    if (t->length - *at < 1 + bytes)
        return false;
    *value = acpi_field(t, *at + 1, bytes);
    *at += 1 + bytes;
    return true;
}

/* Package of at least two integers that begins at offset at: PackageOp PkgLength NumElements elements
 * (20.2.5.4). */
static bool s5_package(const struct acpi_table *t, uint32_t at, uint64_t *a, uint64_t *b)
{
    uint64_t elements;

    if (acpi_field(t, at, 1) != 0x12)
        return false;
    /* PkgLength: the top two bits of its first byte count the bytes that follow it (20.2.4). */
    at += 2 + (uint32_t)(acpi_field(t, at + 1, 1) >> 6);
    elements = acpi_field(t, at++, 1);
    if (elements == 0 || !aml_integer(t, &at, a))
        return false;
    /* One element holds both types in its low two bytes on some old firmware. */
    if (elements == 1) {
        *b = *a >> 8;
        return true;
    }
    return aml_integer(t, &at, b);
}

bool acpi_s5_search(struct fw_builder *b, const struct acpi_table *table)
{
    for (uint32_t at = ACPI_HEADER_SIZE; at + 5 < table->length; at++) {
        const uint8_t *aml = table->data + at;
        uint32_t name = at + 1;
        uint64_t typ_a, typ_b;

        if (aml[0] != 0x08) /* NameOp */
            continue;
        if (aml[1] == '\\')
            name++;
        if (name + 4 >= table->length || memcmp(table->data + name, "_S5_", 4) != 0)
            continue;
        if (!s5_package(table, name + 4, &typ_a, &typ_b))
            continue;
        b->info->power.s5_slp_typ_a = (uint8_t)FIELD(typ_a, 2, 0);
        b->info->power.s5_slp_typ_b = (uint8_t)FIELD(typ_b, 2, 0);
        b->info->power.has_s5 = true;
        return true;
    }
    return false;
}
