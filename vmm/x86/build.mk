# SPDX-License-Identifier: BSD-2-Clause
src-$(CONFIG_ARCH_X86_64) += vmm/x86/regs.c
ifeq ($(CONFIG_ARCH_X86_64),y)
src-$(CONFIG_VMM) += $(patsubst %,vmm/x86/%.c,breakpoint cpuid cpuid_policy cr emulate exit fetch machine mmio msr pvclock regs_list steal translate vcpu)
endif
