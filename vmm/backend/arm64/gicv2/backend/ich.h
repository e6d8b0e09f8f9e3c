/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BACKEND_ICH_H
#define BACKEND_ICH_H

#include "../../../../irqchip/gic/gic.h"
#include "../lr_pack.h"
#include <core/compiler.h>

/*
 * The virtual interface control registers of a GICv2 (GICH): IHI 0048B, 5.3. In memory, of each CPU its own.
 * GICH_HCR and GICH_VMCR have their fields where those of a GICv3 have them.
 */
#define GICH_HCR   0x00
#define GICH_VTR   0x04
#define GICH_VMCR  0x08
#define GICH_EISR  0x20
#define GICH_ELSR  0x30
#define GICH_APR   0xf0
#define GICH_LR(n) (0x100 + 4 * (n))

/* Bits of ICH_HCR_EL2 that are here, too; GICC_DIR needs no trap (vmm/irqchip/gicv2). */
#define GICH_HCR_MASK (MASK(31, 27) | MASK(7, 0))

extern volatile char *ich_base; /* immutable after ich_prepare() */

static inline uint32_t ich_read(unsigned offset)
{
    return *(const volatile uint32_t *)(ich_base + offset);
}

static inline void ich_write(unsigned offset, uint32_t value)
{
    *(volatile uint32_t *)(ich_base + offset) = value;
}

/* `image`: what was written there. */
static inline uint64_t ich_lr_read(unsigned n, uint64_t image)
{
    return gich_lr_unpack(image, ich_read(GICH_LR(n)));
}

static inline void ich_lr_write(unsigned n, uint64_t value)
{
    ich_write(GICH_LR(n), gich_lr_pack(value));
}

/* One register for both groups, of five bits of priority: GICH_APR. */
static inline void ich_apr_read(struct gic_lrs *lrs)
{
    lrs->apr[0][0] = ich_read(GICH_APR);
}

static inline void ich_apr_write(const struct gic_lrs *lrs)
{
    ich_write(GICH_APR, lrs->apr[0][0]);
}

/* List registers that are neither pending nor active: those with an end to be told of do not count as empty.
 */
static inline uint32_t ich_empty_read(void)
{
    return ich_read(GICH_ELSR) | ich_read(GICH_EISR);
}

static inline uint32_t ich_hcr_read(void)
{
    return ich_read(GICH_HCR);
}

static inline void ich_hcr_write(uint32_t value)
{
    ich_write(GICH_HCR, value & (uint32_t)GICH_HCR_MASK);
}

static inline uint32_t ich_vmcr_read(void)
{
    return ich_read(GICH_VMCR);
}

static inline void ich_vmcr_write(uint32_t value)
{
    ich_write(GICH_VMCR, value);
}

/* What was written has had its effect: a read from the same device comes back after it. */
static inline void ich_sync(void)
{
    (void)ich_hcr_read();
    __asm__ volatile("dsb sy; isb" ::: "memory");
}

/* --- ich.c --- */

/* Once per CPU, before ich_cpu_enable() on any. -ENOMEM. Context: thread. */
must_check int ich_prepare(void);
/* This CPU's are there for guests and hold nothing; or arm64_host.lr_count stays 0. */
void ich_cpu_enable(void);

#endif
