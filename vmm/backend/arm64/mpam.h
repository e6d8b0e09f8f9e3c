/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_MPAM_H
#define ARM64_MPAM_H

#include <core/compiler.h>
#include <core/types.h>

/* Whether a CPU with these ID_AA64PFR0_EL1 and ID_AA64PFR1_EL1 has MPAM (Arm DDI 0598) and its registers may
 * be touched: boot option `arm64.mpam`. Pure. */
bool mpam_is_used(uint64_t pfr0, uint64_t pfr1);

#endif
