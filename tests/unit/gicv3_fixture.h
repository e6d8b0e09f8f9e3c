/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_GICV3_FIXTURE_H
#define TESTS_UNIT_GICV3_FIXTURE_H

#include "../../vmm/irqchip/gicv3/gicv3.h"
#include "gic_fixture.h"

/* A GICv3 for guests. What the tests and the fuzzer share. */
#define ITS    0x08080000ULL
#define REDIST 0x080a0000ULL

/* --- the machine --- */

static inline void gic_start_with(unsigned count, unsigned lrs, bool has_its)
{
    struct vcpu *pointers[VCPUS_MAX];
    struct gicv3_config config = {
        .gic = gic_config_make(pointers, count, lrs),
        .its_base = has_its ? ITS : 0,
        .redist = {{REDIST, 40}, {0x4000000000, 1000}},
    };

    fake_gmem_empty();
    fake_gmem_slot(RAM, RAM + MIB(16));
    if (gicv3_create(&config, &chip) != 0)
        abort();
    vcpus_attach();
}

static inline void gic_stop(void)
{
    gic_end();
    fake_gmem_free();
}

/* ICC_DIR_EL1. */
static inline void dir(unsigned v, unsigned intid)
{
    if (vcpus[v].hw.hcr & dir_trap) {
        current = v;
        gicv3_dir_write(vcpus[v].cpu, intid);
        return;
    }
    model_deactivate(v, intid);
    model_maintenance(v);
}

static inline uint64_t gicr_base(unsigned v)
{
    return v < 40 ? REDIST + v * GICV3_REDIST_SIZE : 0x4000000000 + (v - 40) * GICV3_REDIST_SIZE;
}

static inline void gicr_write(unsigned v, uint64_t offset, uint32_t value)
{
    write_at(gicr_base(v) + offset, 4, value);
}

static inline uint32_t gicr_read(unsigned v, uint64_t offset)
{
    return (uint32_t)read_at(gicr_base(v) + offset, 4);
}

static inline void spi_route(unsigned intid, uint64_t irouter)
{
    write_at(DIST + 0x6000 + intid * 8, 8, irouter);
}

/* Both groups on; SGIs and PPIs enabled. */
static inline void gic_enable(void)
{
    gicd_write(0, 3);
    for (unsigned i = 0; i < n_vcpus; i++) {
        gicr_write(i, 0x14, 0);
        gicr_write(i, 0x10100, ~0U);
        for (unsigned n = 0; n < 8; n++)
            gicr_write(i, 0x10400 + n * 4, 0xa0a0a0a0);
    }
    for (unsigned i = 32; i < 32 + SPIS; i += 4)
        gicd_write(0x400 + i, 0xa0a0a0a0);
}

#endif
