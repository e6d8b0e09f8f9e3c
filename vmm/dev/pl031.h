/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_PL031_H
#define VMM_DEV_PL031_H

#include "../irqchip/irqchip.h"
#include "../vm/vm_clock.h"
#include "bus.h"
#include "device.h"

#define PL031_SIZE 0x1000ULL

/*
 * An Arm PL031 real-time clock: seconds since 1970, UTC, `wall_seconds` at VM time 0, going with the VM's
 * clock. -ENOMEM, -EEXIST (address). Context: thread.
 */
must_check int pl031_create(struct bus *mmio, uint64_t base, struct irqchip *chip, unsigned gsi,
                            struct vm_clock *clock, uint64_t wall_seconds, struct device **out);

/*
 * It has a battery: what the host's clock, which shows `wall_ns` now, has gone on while VM time stood still
 * is added, to the nearest second. Context: any, no vCPU runs.
 */
void pl031_wall_follow(struct device *device, uint64_t wall_ns);

#endif
