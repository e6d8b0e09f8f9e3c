/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_GIC_FIXTURE_H
#define TESTS_UNIT_GIC_FIXTURE_H

#include "../../vmm/dev/bus.h"
#include "../../vmm/dev/device.h"
#include "../../vmm/irqchip/gic/gic.h"
#include "fake_gmem.h"
#include "record_fixture.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * What stands behind a GIC for guests: each vCPU has a virtual CPU interface that does with its list
 * registers what IHI 0069H chapter 6 says. What the tests and fuzzers of both GICs share.
 */
#define DIST 0x08000000ULL
#define RAM  0x40000000ULL

#define SPIS      96
#define VCPUS_MAX 64
#define SPURIOUS  1023

#define LR_PENDING BIT(62)
#define LR_ACTIVE  BIT(63)
#define LR_HW      BIT(61)
#define LR_GROUP1  BIT(60)
#define LR_EOI     BIT(41)

/* What list registers must differ in. */
#ifndef LR_NUMBER
#define LR_NUMBER MASK(31, 0)
#endif

#define VMCR_EOIM  BIT(9)
#define VMCR_RESET 0xff000003U /* both groups, nothing masked, binary points 0 */

struct vcpu {
    struct gic_lrs hw;
    struct gic_cpu *cpu;
    _Atomic unsigned kicks;
    unsigned host_deactivations;
    uint32_t host_intid;
    bool is_maintenance;
};

static struct vcpu vcpus[VCPUS_MAX];
static struct bus mmio;
static struct irqchip *chip;
static unsigned n_vcpus;
static _Thread_local unsigned current;

void vcpu_kick(struct vcpu *vcpu)
{
    atomic_fetch_add(&vcpu->kicks, 1);
}

void vcpu_lrs_read(struct vcpu *vcpu, struct gic_lrs *lrs)
{
    if (lrs->used > lrs->count)
        abort();
    memcpy(lrs->lr, vcpu->hw.lr, lrs->used * sizeof(lrs->lr[0]));
    lrs->hcr = vcpu->hw.hcr;
    lrs->vmcr = vcpu->hw.vmcr;
}

void vcpu_apr_read(struct vcpu *vcpu, struct gic_lrs *lrs)
{
    memcpy(lrs->apr, vcpu->hw.apr, sizeof(lrs->apr));
}

/* What hardware calls UNPREDICTABLE must not be written: 12.4. */
static inline void lrs_check(const struct gic_lrs *lrs)
{
    for (unsigned i = 0; i < lrs->used; i++) {
        uint64_t lr = lrs->lr[i];

        if (lr == 0)
            continue;
        if (!(lr & (LR_PENDING | LR_ACTIVE)))
            abort();
        if ((lr & LR_HW) && (lr & LR_PENDING) && (lr & LR_ACTIVE))
            abort();
        if (FIELD(lr, 31, 0) >= 8192 && (lr & LR_ACTIVE))
            abort();
        if ((lr & LR_EOI) && (lr & LR_PENDING) && (lr & LR_ACTIVE))
            abort();
        for (unsigned j = 0; j < i; j++)
            if (lrs->lr[j] != 0 && ((lrs->lr[j] ^ lr) & LR_NUMBER) == 0) /* empty is not INTID 0 */
                abort();
    }
}

void vcpu_lrs_write(struct vcpu *vcpu, const struct gic_lrs *lrs)
{
    if (lrs->used > lrs->count)
        abort();
    lrs_check(lrs);
    memset(vcpu->hw.lr, 0, sizeof(vcpu->hw.lr));
    memcpy(vcpu->hw.lr, lrs->lr, lrs->used * sizeof(lrs->lr[0]));
    vcpu->hw.hcr = lrs->hcr;
}

uint32_t vcpu_lrs_empty(struct vcpu *vcpu, struct gic_lrs *lrs)
{
    uint32_t empty = 0;

    for (unsigned i = 0; i < lrs->count; i++)
        empty |= (uint32_t)!(vcpu->hw.lr[i] & (LR_PENDING | LR_ACTIVE)) << i;
    lrs->vmcr = vcpu->hw.vmcr;
    return empty;
}

void vcpu_lrs_update(struct vcpu *vcpu, const struct gic_lrs *lrs, uint32_t changed)
{
    if (lrs->used > lrs->count || changed >> lrs->used != 0)
        abort();
    lrs_check(lrs);
    for (unsigned i = 0; i < lrs->used; i++)
        if (changed >> i & 1)
            vcpu->hw.lr[i] = lrs->lr[i];
    vcpu->hw.hcr = lrs->hcr;
}

void vcpu_interface_write(struct vcpu *vcpu, const struct gic_lrs *lrs)
{
    vcpu->hw.vmcr = lrs->vmcr;
    memcpy(vcpu->hw.apr, lrs->apr, sizeof(lrs->apr));
}

void vcpu_host_irq_deactivate(struct vcpu *vcpu, uint32_t intid)
{
    vcpu->host_deactivations++;
    vcpu->host_intid = intid;
}

unsigned vcpu_current(const struct irqchip *c)
{
    return current;
}

/* ICH_HCR_EL2.TDIR, or TC: what this CPU has. ICC_CTLR_EL1: five bits of priority, INTIDs of 24 bits, Aff3.
 */
#define HCR_TC   BIT(10)
#define HCR_TDIR BIT(14)
#define ICC_CTLR 0x8c00U
static uint32_t dir_trap = HCR_TDIR;

/* What both GICs want to know, for one to be made of new vCPUs, none of them in the guest. */
static inline struct gic_config gic_config_make(struct vcpu *pointers[VCPUS_MAX], unsigned count,
                                                unsigned lrs)
{
    memset(vcpus, 0, sizeof(vcpus));
    n_vcpus = count;
    current = 0;
    for (unsigned i = 0; i < VCPUS_MAX; i++)
        pointers[i] = &vcpus[i];
    return (struct gic_config){.dist_base = DIST,
                               .spi_count = SPIS,
                               .lr_count = lrs,
                               .lr_pri_bits = 5,
                               .dir_trap = dir_trap,
                               .icc_ctlr = ICC_CTLR,
                               .vcpus = pointers,
                               .vcpu_count = count,
                               .mmio = &mmio,
                               .gmem = &fake_gmem.gmem};
}

/* And after. */
static inline void vcpus_attach(void)
{
    for (unsigned i = 0; i < n_vcpus; i++) {
        vcpus[i].cpu = gic_cpu(chip, i);
        vcpus[i].hw.vmcr = VMCR_RESET;
    }
}

/* --- the virtual CPU interface --- */

/* What is done before the guest is entered. */
static inline void enter(unsigned v)
{
    current = v;
    for (unsigned i = 0; gic_wants_entry(vcpus[v].cpu); i++) {
        if (!gic_entry(vcpus[v].cpu))
            break;
        if (i > 100000)
            abort();
    }
}

static inline unsigned model_running(const struct vcpu *vcpu)
{
    uint32_t active = vcpu->hw.apr[0][0] | vcpu->hw.apr[1][0];

    return active != 0 ? (unsigned)__builtin_ctz(active) << 3 : 0x100;
}

static inline unsigned model_group_priority(const struct vcpu *vcpu, uint64_t lr)
{
    bool is_own = (lr & LR_GROUP1) != 0 && !(vcpu->hw.vmcr & BIT(4)); /* VCBPR */
    unsigned low =
        is_own ? (unsigned)FIELD(vcpu->hw.vmcr, 20, 18) : (unsigned)FIELD(vcpu->hw.vmcr, 23, 21) + 1;

    return (unsigned)(FIELD(lr, 55, 48) >> low << low) & 0xf8;
}

/* The list register that is signalled, or -1. */
static inline int model_highest(const struct vcpu *vcpu)
{
    int best = -1;

    for (unsigned i = 0; i < GIC_LRS_MAX; i++) {
        uint64_t lr = vcpu->hw.lr[i];

        if ((lr & (LR_PENDING | LR_ACTIVE)) != LR_PENDING || !(vcpu->hw.vmcr & (lr & LR_GROUP1 ? 2 : 1)))
            continue;
        if (best < 0 || FIELD(lr, 55, 48) < FIELD(vcpu->hw.lr[best], 55, 48))
            best = (int)i;
    }
    if (best >= 0 && (FIELD(vcpu->hw.lr[best], 55, 48) >= vcpu->hw.vmcr >> 24 ||
                      model_group_priority(vcpu, vcpu->hw.lr[best]) >= model_running(vcpu)))
        return -1;
    return best;
}

/* ICH_MISR_EL2: 12.4. */
static inline void model_maintenance(unsigned v)
{
    struct vcpu *vcpu = &vcpus[v];
    uint32_t hcr = vcpu->hw.hcr;
    bool has_pending = false, is_due = (hcr & BIT(2)) && hcr >> 27 != 0;

    for (unsigned i = 0; i < GIC_LRS_MAX; i++) {
        has_pending |= (vcpu->hw.lr[i] & LR_PENDING) != 0;
        is_due |= (vcpu->hw.lr[i] & (LR_PENDING | LR_ACTIVE | LR_HW | LR_EOI)) == LR_EOI;
    }
    is_due |= (hcr & BIT(3)) && !has_pending;
    is_due |= (hcr & BIT(4)) && (vcpu->hw.vmcr & 1);
    is_due |= (hcr & BIT(6)) && (vcpu->hw.vmcr & 2);
    vcpu->is_maintenance = (hcr & 1) && is_due;
    if (vcpu->is_maintenance)
        gic_maintenance(vcpu->cpu);
}

/* Reads ICC_IAR<n>_EL1 without entering anew. */
static inline unsigned iar_now(unsigned v)
{
    struct vcpu *vcpu = &vcpus[v];
    int i = model_highest(vcpu);
    uint64_t lr;

    if (i < 0)
        return SPURIOUS;
    lr = vcpu->hw.lr[i];
    vcpu->hw.apr[lr & LR_GROUP1 ? 1 : 0][0] |= 1U << (model_group_priority(vcpu, lr) >> 3);
    vcpu->hw.lr[i] &= ~LR_PENDING;
    if ((uint32_t)lr < 8192)
        vcpu->hw.lr[i] |= LR_ACTIVE;
    model_maintenance(v);
    return (uint32_t)lr;
}

static inline unsigned iar(unsigned v)
{
    enter(v);
    return iar_now(v);
}

static inline void model_deactivate(unsigned v, unsigned intid)
{
    struct vcpu *vcpu = &vcpus[v];

    if (intid >= 8192)
        return;
    for (unsigned i = 0; i < GIC_LRS_MAX; i++)
        if ((uint32_t)vcpu->hw.lr[i] == intid && (vcpu->hw.lr[i] & LR_ACTIVE)) {
            vcpu->hw.lr[i] &= ~LR_ACTIVE;
            if (vcpu->hw.lr[i] & LR_HW) {
                vcpu->host_deactivations++;
                vcpu->host_intid = (uint32_t)FIELD(vcpu->hw.lr[i], 44, 32);
            }
            return;
        }
    if (vcpu->hw.hcr >> 27 < 31)
        vcpu->hw.hcr += 1U << 27;
}

/* ICC_EOIR<n>_EL1. */
static inline void eoi(unsigned v, unsigned intid)
{
    struct vcpu *vcpu = &vcpus[v];
    uint32_t active = vcpu->hw.apr[0][0] | vcpu->hw.apr[1][0], lowest = active & -active;

    vcpu->hw.apr[0][0] &= ~lowest;
    vcpu->hw.apr[1][0] &= ~lowest;
    if (active != 0 && !(vcpu->hw.vmcr & VMCR_EOIM))
        model_deactivate(v, intid);
    model_maintenance(v);
}

/* Takes one and ends it. */
static inline unsigned take(unsigned v)
{
    unsigned intid = iar(v);

    if (intid != SPURIOUS)
        eoi(v, intid);
    return intid;
}

/* --- the end --- */

static inline void gic_end(void)
{
    gic_destroy(chip);
    bus_fini(&mmio);
    mmio = (struct bus){0};
}

/* --- registers --- */

static inline void write_at(uint64_t address, unsigned size, uint64_t value)
{
    if (!bus_write(&mmio, address, size, value))
        abort();
}

static inline uint64_t read_at(uint64_t address, unsigned size)
{
    uint64_t value;

    if (!bus_read(&mmio, address, size, &value))
        abort();
    return value;
}

static inline void gicd_write(uint64_t offset, uint32_t value)
{
    write_at(DIST + offset, 4, value);
}

static inline uint32_t gicd_read(uint64_t offset)
{
    return (uint32_t)read_at(DIST + offset, 4);
}

static inline void spi_enable(unsigned intid)
{
    gicd_write(0x100 + intid / 32 * 4, 1U << intid % 32);
}

static inline void spi_edge(unsigned intid)
{
    gicd_write(0xc00 + intid / 16 * 4, gicd_read(0xc00 + intid / 16 * 4) | 2U << intid % 16 * 2);
}

static inline void spi_priority(unsigned intid, uint8_t priority)
{
    write_at(DIST + 0x400 + intid, 1, priority);
}

static inline bool spi_bit(uint64_t reg, unsigned intid)
{
    return gicd_read(reg + intid / 32 * 4) >> intid % 32 & 1;
}

/* Saves, wrecks by reset, loads. */
static inline int gic_reload(void)
{
    return device_reload(gic_device(chip));
}

#endif
