/* SPDX-License-Identifier: BSD-2-Clause */
#include "timer.h"

#include <core/host_info.h>
#include <core/log.h>
#include <core/time.h>
#include <core/vmap.h>
#include <platform/mmio.h>

void rtc_read_wall_clock(void)
{
    const struct host_info *info = host_info();
    volatile void *regs;

    if (info->boot_time_seconds > 0) {
        clock_wall_set((uint64_t)info->boot_time_seconds * NSEC_PER_SEC, 0);
        return;
    }
    if (!hpa_valid(info->rtc))
        return;
    regs = mmio_map(info->rtc, sizeof(uint32_t), MMIO_UNCACHED);
    if (regs == NULL)
        log_warning("rtc: no memory for its registers: the date is not known");
    else
        clock_wall_set(mmio_read32(regs, 0) * NSEC_PER_SEC, clock_now_ns());
}
