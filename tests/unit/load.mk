# SPDX-License-Identifier: BSD-2-Clause
# Kernels, boot protocols, and the guest's ACPI tables read back by the host's parser.
load-src = $(load-x86-src) vmm/x86/regs.c core/lib/checksum.c

unit-y += load_linux load_pvh load_multiboot load_space acpi_build
unit-load_linux-src = $(load-src)
unit-load_pvh-src = $(load-src)
unit-load_multiboot-src = $(load-src)
unit-load_space-src = $(load-src)
unit-acpi_build-src = $(load-tables-src) $(firmware-src)
