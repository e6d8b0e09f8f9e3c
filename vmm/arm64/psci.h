/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_ARM64_PSCI_H
#define VMM_ARM64_PSCI_H

#include "smccc.h"

/* PSCI 1.1 (Arm DEN 0022D). False: `function` is none of its calls, and nothing has been done. Arguments are
 * cut to 32 bits already if they are to be. Context: any. */
must_check bool psci_handle(uint32_t function, const struct smccc_call *call, struct smccc_action *action);

#endif
