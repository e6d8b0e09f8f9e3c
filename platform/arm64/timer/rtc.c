/* SPDX-License-Identifier: BSD-2-Clause */
#include "timer.h"

#include <core/host_info.h>
#include <core/log.h>
#include <core/time.h>
#include <core/vmap.h>
#include <platform/mmio.h>

/* Arm PL031 (DDI 0224), 3.3.1: seconds, by convention since 1970 UTC. */
#define RTC_DR 0x000

void pl031_read_wall_clock(void)
{
    const struct host_info *info = host_info();
    volatile void *regs;

    if (info->boot_time_seconds > 0) {
        clock_wall_set((uint64_t)info->boot_time_seconds * NSEC_PER_SEC, 0);
        return;
    }
    if (info->pl031.v == HPA_NONE.v)
        return;
    regs = mmio_map(info->pl031, PAGE_SIZE, MMIO_UNCACHED);
    if (regs == NULL)
        log_warning("rtc: no memory for its registers: the date is not known");
    else
        clock_wall_set(mmio_read32(regs, RTC_DR) * NSEC_PER_SEC, clock_now_ns());
}
