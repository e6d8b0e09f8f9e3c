# SPDX-License-Identifier: BSD-2-Clause
# Kernels, boot protocols, and the guest's ACPI tables read back by the host's parser.
load-src := $(patsubst %,vmm/load/%.c,load loader space modules entry linux linux_header linux_boot elf elf_note pvh \
	multiboot multiboot_header multiboot_info coreboot) vmm/x86/regs.c core/lib/checksum.c
load-tables-src := $(patsubst %,vmm/load/tables/%.c,aml aml_resource acpi acpi_fadt acpi_madt acpi_dsdt)

unit-y += load_linux load_pvh load_multiboot load_space acpi_build
unit-load_linux-src := $(load-src)
unit-load_pvh-src := $(load-src)
unit-load_multiboot-src := $(load-src)
unit-load_space-src := $(load-src)
unit-acpi_build-src = $(load-tables-src) $(firmware-src)
