/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_GICV2_FIXTURE_H
#define TESTS_UNIT_GICV2_FIXTURE_H

#include "../../vmm/irqchip/gicv2/gicv2.h"
/* Whatever the source: IHI 0048B, GICH_LR<n>.VirtualID. */
#define LR_NUMBER MASK(9, 0)
#include "gic_fixture.h"

/* A GICv2 for guests. What the tests and the fuzzer share. */
#define INTERFACE  0x08010000ULL
#define FRAME      0x08020000ULL
#define FRAME_SPI  16 /* INTIDs 48 to 79 */
#define FRAME_SPIS 32

/* What GICC_IAR shows of an SGI. */
#define SGI(intid, source) ((intid) | (unsigned)(source) << 10)

static inline void gic_start_with(unsigned count, unsigned lrs)
{
    struct vcpu *pointers[VCPUS_MAX];
    struct gicv2_config config = {
        .gic = gic_config_make(pointers, count, lrs),
        .interface_base = INTERFACE,
        .frame_base = FRAME,
        .frame_spi = FRAME_SPI,
        .frame_spis = FRAME_SPIS,
    };

    if (gicv2_create(&config, &chip) != 0)
        abort();
    vcpus_attach();
}

static inline void gic_stop(void)
{
    gic_end();
}

/* GICC_DIR. */
static inline void dir(unsigned v, unsigned intid)
{
    current = v;
    write_at(INTERFACE + 0x1000, 4, intid);
}

static inline void sgir(unsigned v, uint32_t value)
{
    current = v;
    gicd_write(0xf00, value);
}

static inline void spi_target(unsigned intid, uint8_t targets)
{
    write_at(DIST + 0x800 + intid, 1, targets);
}

/* Both groups on; everything has a priority, SPIs have vCPU 0 for a target. */
static inline void gic_enable(void)
{
    gicd_write(0, 3);
    for (unsigned i = 0; i < n_vcpus; i++) {
        current = i;
        gicd_write(0x100, ~0U);
        for (unsigned n = 0; n < 32; n += 4)
            gicd_write(0x400 + n, 0xa0a0a0a0);
    }
    current = 0;
    for (unsigned i = 32; i < 32 + SPIS; i += 4) {
        gicd_write(0x400 + i, 0xa0a0a0a0);
        gicd_write(0x800 + i, 0x01010101);
    }
}

#endif
