# SPDX-License-Identifier: BSD-2-Clause
# Kernels, initrds and firmware tables into a VM's memory.
src-$(CONFIG_ARCH_X86_64) += $(patsubst %,vmm/load/%.c,load loader space modules entry linux linux_header linux_boot \
	elf elf_note pvh multiboot multiboot_header multiboot_info coreboot)
src-$(CONFIG_ARCH_X86_64) += $(patsubst %,vmm/load/tables/%.c,aml aml_resource acpi acpi_fadt acpi_madt acpi_dsdt)
