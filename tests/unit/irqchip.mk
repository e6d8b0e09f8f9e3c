# SPDX-License-Identifier: BSD-2-Clause
vm-clock-src := vmm/vm/vm_clock.c core/time/timer.c core/time/clock.c
irqchip-test-src = $(irqchip-x86-src) vmm/dev/bus.c $(vm-clock-src) $(fake-src)

unit-y += lapic
unit-lapic-src = $(irqchip-test-src)
