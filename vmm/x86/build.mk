# SPDX-License-Identifier: BSD-2-Clause
src-$(CONFIG_ARCH_X86_64) += vmm/x86/regs.c
