/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_I8254_H
#define VMM_DEV_I8254_H

#include "../irqchip/irqchip.h"
#include "../vm/vm_clock.h"
#include "bus.h"
#include "device.h"

/*
 * The interval timer at ports 0x40-0x43 and the port 0x61 that gates its channel 2. Channel 0 drives line
 * `gsi`; the others are computed when somebody looks. No channel counts before the guest programs it (the
 * 8254's state is undefined after power-on), so that a VM that has no use for it costs no host timer.
 * -ENOMEM, -EEXIST (ports). Context: thread.
 */
must_check int i8254_create(struct bus *pio, struct irqchip *chip, unsigned gsi, struct vm_clock *clock,
                            struct device **out);

#endif
