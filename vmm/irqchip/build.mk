# SPDX-License-Identifier: BSD-2-Clause
irqchip-x86-src := $(addprefix vmm/irqchip/,irqchip.c ioapic.c lapic.c lapic_regs.c lapic_timer.c message.c pic.c)
src-$(CONFIG_ARCH_X86_64) += $(irqchip-x86-src)
irqchip-gic-src := $(addprefix vmm/irqchip/gic/,chip.c irq.c lr.c entry.c wait.c bits.c)
irqchip-gicv3-src := $(irqchip-gic-src) $(addprefix vmm/irqchip/gicv3/,gicv3.c common.c dist.c redist.c lpi.c its.c its_command.c its_map.c)
irqchip-gicv2-src := $(irqchip-gic-src) $(addprefix vmm/irqchip/gicv2/,gicv2.c dist.c sgi.c frame.c absent.c)
src-$(if $(CONFIG_VMM),$(CONFIG_HOST_GICV3)) += $(irqchip-gicv3-src)
src-$(if $(CONFIG_VMM),$(CONFIG_HOST_GICV2)) += $(irqchip-gicv2-src)
