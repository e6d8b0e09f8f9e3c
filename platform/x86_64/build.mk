# SPDX-License-Identifier: BSD-2-Clause
x86-src := boot/entry.S boot/trampoline.S boot/main.c \
	cpu/stubs.S cpu/features.c cpu/setup.c cpu/tables.c cpu/exceptions.c cpu/thread.c cpu/info.c \
	irq/lapic.c irq/ioapic.c irq/vectors.c irq/smp.c \
	mm/paging.c power/power.c \
	timer/reference.c timer/calibrate.c timer/lapic_timer.c timer/rtc.c
src-$(CONFIG_ARCH_X86_64) += $(addprefix platform/x86_64/,$(x86-src))
