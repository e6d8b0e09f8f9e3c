/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_POWER_H
#define VMM_DEV_POWER_H

#include <core/types.h>

/*
 * What a guest asks of its machine through a device: to be switched off, to be reset, to end with a value.
 * The functions are called on the vCPU's thread within the guest's access, possibly on several vCPUs at once,
 * and hold no lock of the device; they only note the wish.
 */
struct power_hooks {
    void (*power_off)(void *context);
    void (*reset)(void *context);
    void (*debug_exit)(void *context, uint32_t value);
    void *context;
};

#endif
