/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_RTC_H
#define VMM_DEV_RTC_H

#include "../irqchip/irqchip.h"
#include "../vm/vm_clock.h"
#include "bus.h"
#include "device.h"

/* Where the century is; the FADT has to say so. */
#define RTC_CENTURY 0x32

struct rtc_config {
    uint64_t wall_ns;        /* UTC, since 1970, at VM time 0 */
    uint64_t low_ram_bytes;  /* RAM below 4 GiB, from 0 */
    uint64_t high_ram_bytes; /* RAM from 4 GiB */
    unsigned vcpu_count;
};

/*
 * MC146818 clock and its CMOS RAM, at ports 0x70 and 0x71, with what PC firmware leaves there about memory.
 * Goes with the VM's clock from the given date on. `gsi` is its interrupt. -ENOMEM, -EEXIST (ports). Context:
 * thread.
 */
must_check int rtc_create(struct bus *pio, struct irqchip *chip, unsigned gsi, struct vm_clock *clock,
                          const struct rtc_config *config, struct device **out);

/*
 * It has a battery: what the host's clock, which shows `wall_ns` now, has gone on while VM time stood still
 * (before the start, and while the VM was off) is made up for. What the guest has set it off by stays.
 * Context: thread, no vCPU runs.
 */
void rtc_wall_follow(struct device *device, uint64_t wall_ns);

#endif
