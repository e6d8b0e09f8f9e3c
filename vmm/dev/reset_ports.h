/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_RESET_PORTS_H
#define VMM_DEV_RESET_PORTS_H

#include "bus.h"
#include "device.h"
#include "power.h"

/*
 * What is left of the keyboard controller, without a keyboard: its command port 0x64 (0xfe pulses the reset
 * line) and data port 0x60, and system control port A, 0x92 (fast reset, A20 that is always open). The reset
 * control register 0xcf9 lies among the PCI host's ports and is there. -ENOMEM, -EEXIST. Context: thread.
 */
must_check int reset_ports_create(struct bus *pio, const struct power_hooks *power, struct device **out);

#endif
