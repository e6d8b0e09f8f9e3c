# SPDX-License-Identifier: BSD-2-Clause
# Kernels, initrds and firmware tables into a VM's memory.
src-$(CONFIG_VMM) += vmm/load/image_source.c
load-x86-src := $(patsubst %,vmm/load/%.c,load loader space info modules entry linux linux_header linux_boot elf elf_note \
	pvh multiboot multiboot_header multiboot_info coreboot)
load-tables-src := $(patsubst %,vmm/load/tables/%.c,aml aml_resource acpi acpi_fadt acpi_madt acpi_dsdt)
src-$(CONFIG_ARCH_X86_64) += $(load-x86-src) $(load-tables-src)
load-arm64-src := $(patsubst %,vmm/load/%.c,gzip zboot linux_arm64 firmware_arm64 tables/fdt)
ifeq ($(CONFIG_ARCH_ARM64),y)
src-$(CONFIG_VMM) += $(load-arm64-src) $(patsubst %,vmm/load/%.c,loader space)
endif
cflags-vmm/load/tables/fdt.c = $(inc-libfdt)
cflags-vmm/load/gzip.c = $(inc-zlib)
