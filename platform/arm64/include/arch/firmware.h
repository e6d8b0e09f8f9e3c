/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_FIRMWARE_H
#define ARCH_FIRMWARE_H

#include <stdint.h>

/* Calls the firmware above EL2 (SMC Calling Convention, DEN0028); -1, "not supported", where there is none or
 * it does not know the function. Acts on this CPU. Context: any. */
int32_t arch_firmware_call(uint32_t function, uint64_t argument);

#endif
