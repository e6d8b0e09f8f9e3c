/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_PSCI_H
#define ARM64_PSCI_H

#include <core/compiler.h>
#include <core/types.h>

/* Power State Coordination Interface (DEN0022), the firmware above EL2. 64-bit calling convention where there
 * is one. */
#define PSCI_VERSION      0x84000000U
#define PSCI_CPU_ON       0xc4000003U
#define PSCI_SYSTEM_OFF   0x84000008U
#define PSCI_SYSTEM_RESET 0x84000009U

#define PSCI_SUCCESS       0
#define PSCI_NOT_SUPPORTED (-1)

/* Calls it by SMC. 32-bit errors come sign-extended or not: the low 32 bits count. PSCI_NOT_SUPPORTED where
 * there is none. Context: any. */
int32_t psci_call(uint32_t function, uint64_t a1, uint64_t a2, uint64_t a3);

#endif
