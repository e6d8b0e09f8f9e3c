/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BACKEND_LR_PACK_H
#define BACKEND_LR_PACK_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * A list register of a GICv2 (GICH_LR<n>, IHI 0048B, 5.3.8) and of a GICv3 (ICH_LR<n>_EL2, IHI 0069H, 12.4),
 * which is what vmm/irqchip keeps. Pure.
 */
#define ICH_LR_STATE MASK(63, 62)

/* State, HW and group are in bits 63:60 there; five bits of priority in 55:51; the physical INTID, or as bit
 * 9 of it whether the end is to be told of, in 41:32; below them the INTID, with an SGI's source. */
static inline uint32_t gich_lr_pack(uint64_t lr)
{
    return (uint32_t)(lr & 0x1fff) | (uint32_t)FIELD(lr, 41, 32) << 10 | (uint32_t)FIELD(lr, 55, 51) << 23 |
           (uint32_t)FIELD(lr, 63, 62) << 28 | (uint32_t)FIELD(lr, 61, 60) << 30;
}

/* Of what was written, its state is all that hardware changes. */
static inline uint64_t gich_lr_unpack(uint64_t written, uint32_t lr)
{
    return (written & ~ICH_LR_STATE) | FIELD((uint64_t)lr, 29, 28) << 62;
}

#endif
