# SPDX-License-Identifier: BSD-2-Clause
vm-clock-src := vmm/vm/vm_clock.c core/time/timer.c core/time/clock.c
irqchip-test-src = $(irqchip-x86-src) vmm/dev/bus.c $(state-src) $(vm-clock-src) $(fake-src)

unit-y += lapic
unit-lapic-src = $(irqchip-test-src)
unit-y += lapic_timer
unit-lapic_timer-src = $(irqchip-test-src)
unit-y += ioapic
unit-ioapic-src = $(irqchip-test-src)
unit-y += pic
unit-pic-src = $(irqchip-test-src)
unit-y += vm_clock
unit-vm_clock-src = $(vm-clock-src) $(fake-src)
