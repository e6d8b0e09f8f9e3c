# SPDX-License-Identifier: BSD-2-Clause
src-$(CONFIG_ARCH_X86_64) += $(addprefix platform/x86_64/boot/,efi_entry.S efi_arch.c la57.S)
