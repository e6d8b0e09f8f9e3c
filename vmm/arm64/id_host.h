/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_ARM64_ID_HOST_H
#define VMM_ARM64_ID_HOST_H

#include "sysreg.h"

/* What this CPU has, by ID_INDEX(). Context: any, not preemptible. */
void id_host_read(uint64_t host[ID_REGISTERS]);

/* What guests may know of the CPUs of this host; `pa_range` is struct id_limits'. Context: any. */
void id_regs_get(unsigned pa_range, uint64_t guest[ID_REGISTERS]);

#endif
