# SPDX-License-Identifier: BSD-2-Clause
irqchip-x86-src := $(addprefix vmm/irqchip/,irqchip.c ioapic.c lapic.c lapic_regs.c lapic_timer.c message.c pic.c)
src-$(CONFIG_ARCH_X86_64) += $(irqchip-x86-src)
