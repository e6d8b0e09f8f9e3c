/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_VM_PARTS_H
#define VMM_VM_PARTS_H

#include "../dev/power.h"
#include "vm.h"

/* For machine_create() and machine_destroy(): how a machine is put together, whatever it is. Context: thread.
 */

/* The slots that are not empty, until one fails. As gmem_slot_add(). */
must_check int vm_slots_add(struct vm *vm, const struct gmem_slot *slots, unsigned count);

/* The device is the VM's from here on. */
void vm_device_add(struct vm *vm, struct device *device);

/* Last made, first gone: PCI functions need their host, all need the interrupt controller. */
void vm_devices_destroy(struct vm *vm);

/* What a guest asks for through devices ends the VM accordingly. */
struct power_hooks vm_power_hooks(struct vm *vm);

#endif
