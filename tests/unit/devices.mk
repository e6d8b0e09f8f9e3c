# SPDX-License-Identifier: BSD-2-Clause
# Device models, on a fake irqchip and a clock that stands still (tests/unit/device_fixture.h).
devices-src = $(dev-src) $(dev-x86-src) $(dev-pci-src) $(dev-pci-x86-src) $(state-src) $(vm-clock-src) $(fake-src)

unit-y += acpi_pm
unit-acpi_pm-src = $(devices-src)
unit-y += i8254
unit-i8254-src = $(devices-src)
unit-y += rtc
unit-rtc-src = $(devices-src)
unit-y += state
unit-state-src = $(state-src)
unit-y += bus
unit-bus-src := vmm/dev/bus.c
unit-bus-libs := -lpthread
unit-y += console
unit-console-src = vmm/dev/console.c $(fake-src)
unit-y += uart16550
unit-uart16550-src = $(devices-src)
unit-y += pci_host
unit-pci_host-src = $(devices-src)
unit-y += gmem
unit-gmem-src = vmm/mem/gmem.c vmm/mem/hint.c $(mm-src) $(fake-src)
unit-y += stage2
unit-stage2-src = $(addprefix vmm/,mem/dirty.c mem/fault.c mem/gmem.c mem/mapped.c mem/stage2.c backend/svm/npt.c) $(mm-src) $(fake-src)
unit-stage2-libs := -lpthread
unit-stage2-cflags := $(inc-vmm-$(ARCH)) $(inc-vmm-y)
$(O)/unit/obj/vmm/mem/%.o $(O)/cov/obj/vmm/mem/%.o: host-cflags = $(unit-stage2-cflags)
