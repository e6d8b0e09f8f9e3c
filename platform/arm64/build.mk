# SPDX-License-Identifier: BSD-2-Clause
arm64-src := boot/head.S boot/efi_entry.S boot/efi_arch.c boot/early_map.c boot/main.c \
	cpu/vectors.S cpu/switch.S cpu/exceptions.c cpu/features.c cpu/info.c cpu/setup.c cpu/thread.c \
	irq/interrupts.c irq/smp.c \
	mm/paging.c power/power.c power/spin_table.c timer/rtc.c timer/timer.c
src-$(CONFIG_ARCH_ARM64) += $(addprefix platform/arm64/,$(arm64-src))
src-$(CONFIG_HOST_GICV2) += $(addprefix platform/arm64/irq/,gicv2.c v2m.c)
src-$(CONFIG_HOST_GICV3) += $(addprefix platform/arm64/irq/,gicv3.c its.c its_hw.c)
# Runs with the MMU off, when unaligned accesses fault.
cflags-platform/arm64/boot/early_map.c := -mstrict-align
