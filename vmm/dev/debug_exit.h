/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_DEBUG_EXIT_H
#define VMM_DEV_DEBUG_EXIT_H

#include "bus.h"
#include "device.h"
#include "power.h"

/*
 * A debugging aid of test guests, as QEMU's isa-debug-exit: a value written to `base` (4 bytes wide) ends the
 * VM. Where it is: port 0xf4 on a PC; on an arm64 machine an address that QEMU's `virt` leaves free.
 */
#define DEBUG_EXIT_PORT    0xf4
#define DEBUG_EXIT_ADDRESS 0x090f0000

/* -ENOMEM, -EEXIST. Context: thread. */
must_check int debug_exit_create(struct bus *bus, uint64_t base, const struct power_hooks *power,
                                 struct device **out);

#endif
