/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_ARM64_ID_HOST_H
#define VMM_ARM64_ID_HOST_H

#include "sysreg.h"

/* What guests on this CPU may know of it. Context: any. */
void id_regs_read(uint64_t guest[ID_REGISTERS]);

#endif
