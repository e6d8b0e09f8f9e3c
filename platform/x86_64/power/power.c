/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpu.h>
#include <arch/io.h>
#include <contract/arch.h>
#include <core/host_info.h>
#include <core/log.h>

/* ACPI 6.5, 4.8.3.2.1 (PM1 control). */
#define PM1_SCI_EN       0x0001
#define PM1_SLP_TYP(n)   ((uint16_t)((n) & 7) << 10)
#define PM1_SLP_TYP_MASK 0x1c00
#define PM1_SLP_EN       0x2000

#define ACPI_ENABLE_TRIES 3000000 /* about three seconds of port reads, the time Linux allows */

#define RESET_CONTROL   0xcf9 /* ICH and later: 13.7.5 of the ICH9 datasheet */
#define KEYBOARD_STATUS 0x64

static void register_write(const struct host_register *reg, uint64_t value)
{
    if (reg->space == HOST_SPACE_IO && reg->access_bytes == 1)
        arch_out8((uint16_t)reg->address, (uint8_t)value);
    else if (reg->space == HOST_SPACE_IO && reg->access_bytes == 4)
        arch_out32((uint16_t)reg->address, (uint32_t)value);
    else if (reg->space == HOST_SPACE_IO)
        arch_out16((uint16_t)reg->address, (uint16_t)value);
    else if (reg->space == HOST_SPACE_MEMORY)
        *(volatile uint8_t *)reg->address =
            (uint8_t)value; /* identity-mapped, ACPI 6.5, 4.8.3.6: byte access */
}

static void spin(void)
{
    for (unsigned i = 0; i < 100000; i++)
        arch_in8(0x80);
}

void arch_halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

void arch_reboot(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } packed_struct no_idt = {0, 0};
    const struct host_info *info = host_info();

    arch_irq_disable();
    if (info != NULL && info->power.reset.space == HOST_SPACE_IO) {
        register_write(&info->power.reset, info->power.reset_value);
        spin();
    }
    arch_out8(RESET_CONTROL, 0x02);
    arch_out8(RESET_CONTROL, 0x06);
    spin();
    arch_out8(KEYBOARD_STATUS, 0xfe); /* pulses the reset line of an 8042 */
    spin();
    __asm__ volatile(
        "lidt %0; int3" ::"m"(no_idt)); /* a triple fault is a shutdown, which chipsets turn into a reset */
    arch_halt();
}

/* Firmware hands over in legacy mode; the sleep registers only work in ACPI mode (ACPI 6.5, 4.8.2.1). */
static void acpi_mode_enter(const struct host_power *power)
{
    if (power->smi_command.space != HOST_SPACE_IO || power->pm1a_control.space != HOST_SPACE_IO ||
        power->acpi_enable == 0 || (arch_in16((uint16_t)power->pm1a_control.address) & PM1_SCI_EN))
        return;
    arch_out8((uint16_t)power->smi_command.address, power->acpi_enable);
    for (unsigned i = 0; i < ACPI_ENABLE_TRIES; i++)
        if (arch_in16((uint16_t)power->pm1a_control.address) & PM1_SCI_EN)
            return;
}

static void sleep_enter(const struct host_register *control, uint8_t slp_typ)
{
    uint16_t value;

    if (control->space != HOST_SPACE_IO)
        return;
    value = (uint16_t)(arch_in16((uint16_t)control->address) & ~PM1_SLP_TYP_MASK) | PM1_SLP_TYP(slp_typ);
    arch_out16((uint16_t)control->address, value);
    arch_out16((uint16_t)control->address, value | PM1_SLP_EN);
}

void arch_poweroff(void)
{
    const struct host_power *power = &host_info()->power;

    arch_irq_disable();
    if (power->has_s5) {
        acpi_mode_enter(power);
        sleep_enter(&power->pm1a_control, power->s5_slp_typ_a);
        sleep_enter(&power->pm1b_control, power->s5_slp_typ_b);
        spin();
    }
    log_error("power: this firmware offers no way to power off; halted");
    arch_halt();
}
