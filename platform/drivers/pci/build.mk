# SPDX-License-Identifier: BSD-2-Clause
src-$(CONFIG_PCI) += $(addprefix platform/drivers/pci/,config.c function.c bar.c enumerate.c assign.c device.c irq.c \
	driver.c)
ifeq ($(CONFIG_ARCH_X86_64),y)
src-$(CONFIG_PCI) += platform/drivers/pci/ports.c
else
src-$(CONFIG_PCI) += platform/drivers/pci/ports_absent.c
endif
