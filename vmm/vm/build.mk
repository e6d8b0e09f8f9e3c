# SPDX-License-Identifier: BSD-2-Clause
src-y += vmm/vm/vm_clock.c
src-$(CONFIG_VMM) += vmm/vm/life.c vmm/vm/vcpu.c vmm/vm/vm.c vmm/vm/info.c vmm/vm/memory.c vmm/vm/parts.c
