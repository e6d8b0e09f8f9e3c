/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_ARM64_PSCI_H
#define VMM_ARM64_PSCI_H

#include "smccc.h"

/* PSCI 1.1 (Arm DEN 0022D): the numbers of its calls, without SMCCC_64BIT. */
#define PSCI_FIRST 0x84000000U
#define PSCI_LAST  0x8400001fU

static inline bool psci_owns(uint64_t function)
{
    return ((uint32_t)function & ~SMCCC_64BIT) - PSCI_FIRST <= PSCI_LAST - PSCI_FIRST;
}

/* See smccc_handle(); for calls that it owns. Context: any. */
enum smccc_action_kind psci_handle(uint64_t x[4], struct smccc_action *action);

#endif
