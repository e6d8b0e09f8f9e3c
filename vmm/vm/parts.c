/* SPDX-License-Identifier: BSD-2-Clause */
#include "parts.h"

int vm_slots_add(struct vm *vm, const struct gmem_slot *slots, unsigned count)
{
    int error = 0;

    for (unsigned i = 0; i < count && !error; i++)
        error = slots[i].size ? gmem_slot_add(&vm->gmem, &slots[i]) : 0;
    return error;
}

void vm_device_add(struct vm *vm, struct device *device)
{
    TAILQ_INSERT_TAIL(&vm->devices, device, link);
}

void vm_devices_destroy(struct vm *vm)
{
    struct device *device;

    while ((device = TAILQ_LAST(&vm->devices, device_list)) != NULL) {
        TAILQ_REMOVE(&vm->devices, device, link);
        device->ops->destroy(device);
    }
}

static void power_off(void *vm)
{
    vm_end(vm, VM_END_POWEROFF);
}

static void reset(void *vm)
{
    vm_end(vm, VM_END_RESET);
}

static void debug_exit(void *arg, uint32_t value)
{
    struct vm *vm = arg;

    vm->exit_code = value;
    vm_end(vm, VM_END_DEBUG_EXIT);
}

struct power_hooks vm_power_hooks(struct vm *vm)
{
    return (struct power_hooks){
        .power_off = power_off, .reset = reset, .debug_exit = debug_exit, .context = vm};
}
