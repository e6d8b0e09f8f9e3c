/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_ARM64_PSCI_H
#define VMM_ARM64_PSCI_H

#include "smccc.h"

/* PSCI 1.1 (Arm DEN 0022D): the numbers of its calls, without SMCCC_64BIT. */
#define PSCI_FIRST 0x84000000U
#define PSCI_LAST  0x8400001fU

/* See smccc_handle(); for calls whose number is one of those. Context: any. */
enum smccc_action_kind psci_handle(uint64_t x[4], struct smccc_action *action);

#endif
