# SPDX-License-Identifier: BSD-2-Clause
# Firmware's facts: pure parsers, and the one struct host_info.
src-y += platform/firmware/host_info.c
src-y += platform/firmware/current.c
src-y += platform/firmware/loader_options.c
src-y += platform/firmware/builtin_cmdline.c
src-y += platform/firmware/phys.c
src-y += platform/firmware/memmap.c
src-y += platform/firmware/modules.c
src-y += platform/firmware/cpio.c
src-y += platform/firmware/bootinfo_efi.c
src-y += platform/firmware/efi_stub.c
src-y += $(patsubst %,platform/firmware/efi_%.c,text config companion volume pxe http)
src-y += platform/firmware/acpi.c
src-y += platform/firmware/acpi_madt.c
src-y += platform/firmware/acpi_fadt.c
src-y += platform/firmware/acpi_srat.c
src-y += platform/firmware/acpi_misc.c
src-y += platform/firmware/cpus.c
src-$(CONFIG_ARCH_X86_64) += $(patsubst %,platform/firmware/bootinfo_%.c,x86 multiboot pvh linux)
src-$(CONFIG_ARCH_ARM64) += $(patsubst %,platform/firmware/%.c,bootinfo_arm64 bootinfo_fdt bootinfo_atags acpi_iort fdt_walk fdt_machine fdt_gic fdt_pci fdt_devices)
