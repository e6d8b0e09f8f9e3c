# SPDX-License-Identifier: BSD-2-Clause
dev-src := $(addprefix vmm/dev/,bus.c console.c uart16550.c debug_exit.c)
dev-x86-src := $(addprefix vmm/dev/,acpi_pm.c reset_ports.c i8254.c i8254_channel.c rtc.c rtc_time.c)
dev-arm64-src := vmm/dev/pl011.c vmm/dev/pl031.c
src-y += $(dev-src)
src-$(CONFIG_ARCH_X86_64) += $(dev-x86-src)
ifeq ($(CONFIG_ARCH_ARM64),y)
src-$(CONFIG_VMM) += $(dev-arm64-src)
endif
dev-pci-src := $(addprefix vmm/dev/pci/,host.c device.c bar.c intx.c msix.c)
dev-pci-x86-src := vmm/dev/pci/q35.c
dev-pci-arm64-src := vmm/dev/pci/generic.c
src-$(CONFIG_ARCH_X86_64) += $(dev-pci-src) $(dev-pci-x86-src)
ifeq ($(CONFIG_ARCH_ARM64),y)
src-$(CONFIG_VMM) += $(dev-pci-src) $(dev-pci-arm64-src)
endif
