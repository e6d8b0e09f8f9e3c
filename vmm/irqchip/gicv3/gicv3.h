/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_IRQCHIP_GICV3_H
#define VMM_IRQCHIP_GICV3_H

#include "../irqchip.h"
#include <stdatomic.h>

/*
 * The guest's GICv3 (Arm IHI 0069H) towards vmm/vm, vmm/arm64 and the backend: distributor, one redistributor
 * per vCPU, one ITS. Affinity routing is always on, there is one Security state (GICD_CTLR.DS is 1). Lines
 * are SPIs: irqchip_line_set(chip, n) is INTID 32 + n. Messages are writes to GITS_TRANSLATER, the requester
 * being the DeviceID, or to GICD_SETSPI_NSR.
 *
 * A vCPU's CPU interface is hardware: list registers that the backend owns, loaded and read back here through
 * an image in memory (struct gicv3_lrs). What an interrupt is about is guarded by one lock, that of the vCPU
 * whose queue it is in or was last in.
 */
struct bus;
struct device;
struct gic_cpu;
struct gmem;

#define GICV3_LRS_MAX      16
#define GICV3_SPIS_MAX     960 /* INTIDs 32..991 */
#define GICV3_DIST_SIZE    0x10000ULL
#define GICV3_REDIST_SIZE  0x20000ULL /* of one vCPU: RD_base and SGI_base */
#define GICV3_ITS_SIZE     0x20000ULL
#define GICV3_TRANSLATER   0x10040ULL /* from the ITS's base */
#define GICV3_REDIST_PARTS 2

/* --- What the backend owns: a vCPU's virtual CPU interface, 12.4 (ICH_*_EL2) --- */

struct gicv3_lrs {
    uint64_t lr[GICV3_LRS_MAX];
    uint32_t hcr;       /* ICH_HCR_EL2: enables to be written, EOIcount as read back */
    uint32_t vmcr;      /* ICH_VMCR_EL2 */
    uint32_t apr[2][4]; /* ICH_AP0R<n>_EL2, ICH_AP1R<n>_EL2 */
    uint8_t used;       /* lr[0 .. used) are to be written and read back; the others hold nothing */
    uint8_t count;      /* i: ICH_VTR_EL2.ListRegs + 1 */
    uint8_t pri_bits;   /* i: ICH_VTR_EL2.PREbits + 1: group priorities, thus bits in apr[] */
};

/* Reads list registers [0, used), ICH_HCR_EL2 and ICH_VMCR_EL2 back into the image if they are in hardware.
 * Context: own vCPU's thread, outside the guest; or no vCPU runs. Must not block. */
void vcpu_lrs_read(struct vcpu *vcpu, struct gicv3_lrs *lrs);
/* The same for ICH_AP<x>R<n>_EL2. */
void vcpu_apr_read(struct vcpu *vcpu, struct gicv3_lrs *lrs);
/* Has the image's list registers and hcr in hardware at the next entry. Context: as above. */
void vcpu_lrs_write(struct vcpu *vcpu, const struct gicv3_lrs *lrs);
/* Has the image's vmcr and apr[] in hardware at the next entry: after reset, or a state record. */
void vcpu_interface_write(struct vcpu *vcpu, const struct gicv3_lrs *lrs);
/* Deactivates a physical interrupt whose virtual one is done without the guest's deactivation having reached
 * it (ICC_DIR_EL1). Context: as above. */
void vcpu_host_irq_deactivate(struct vcpu *vcpu, uint32_t intid);
/* Which vCPU of this VM the calling thread is; GICV3_NOBODY. Context: any. */
unsigned vcpu_current(const struct irqchip *chip);
#define GICV3_NOBODY (~0U)

/* --- Life --- */

struct gicv3_config {
    uint64_t dist_base;
    struct {
        uint64_t base;
        unsigned count; /* of vCPUs whose redistributors are here */
    } redist[GICV3_REDIST_PARTS];
    uint64_t its_base;    /* 0: no ITS and no LPIs */
    unsigned spi_count;   /* a multiple of 32, at most GICV3_SPIS_MAX */
    unsigned lr_count;    /* ICH_VTR_EL2.ListRegs + 1 */
    unsigned lr_pri_bits; /* ICH_VTR_EL2.PREbits + 1: 5 to 7 */
    struct vcpu **vcpus;  /* [vcpu_count] */
    unsigned vcpu_count;  /* <= the sum of redist[].count */
    struct bus *mmio;
    struct gmem *gmem;
};

/* -EINVAL: configuration out of bounds; -EEXIST: addresses taken; -ENOMEM. Context: thread, no vCPU runs. */
must_check int gicv3_create(const struct gicv3_config *config, struct irqchip **out);
void gicv3_destroy(struct irqchip *chip);
/* The whole as one device ("gicv3"): reset, save and load; destroy is gicv3_destroy(). */
struct device *gicv3_device(struct irqchip *chip);
struct gic_cpu *gicv3_cpu(struct irqchip *chip, unsigned vcpu);
struct gicv3_lrs *gicv3_lrs(struct gic_cpu *cpu);
const struct irqchip *gicv3_chip(const struct gic_cpu *cpu);

/* The affinity by which interrupts are routed to a vCPU: MPIDR_EL1 as {Aff3, Aff2, Aff1, Aff0}. 16 vCPUs
 * share Aff1, so that one ICC_SGI1R_EL1 can name them. */
static inline uint32_t gicv3_affinity(unsigned vcpu)
{
    return (vcpu & 0xf) | (vcpu >> 4 & 0xff) << 8 | (vcpu >> 12) << 16;
}

/* --- vCPU's own thread --- */

/* First member of struct gic_cpu: nonzero if there is something to do before the guest is entered. */
static always_inline bool gicv3_wants_entry(struct gic_cpu *cpu)
{
    return atomic_load_explicit((_Atomic uint32_t *)cpu, memory_order_relaxed) != 0;
}

/*
 * Makes list registers agree with what is pending: folds their state back, chooses anew. To be called before
 * the guest is entered if gicv3_wants_entry(). True: there is more to do; look at the vCPU's requests and
 * call again before entering. Bounded.
 */
must_check bool gicv3_entry(struct gic_cpu *cpu);

/* A maintenance interrupt: something in the list registers wants attention. */
void gicv3_maintenance(struct gic_cpu *cpu);

/* The vCPU stops running (WFI, CPU_OFF, pause): takes everything out of its list registers, which
 * are read for the last time. */
void gicv3_leave(struct gic_cpu *cpu);

/* After gicv3_leave(): the CPU interface would signal an interrupt, so WFI ends. May also be true when there
 * is something to look at that may turn out to be none. To be looked at again after each vcpu_kick(). */
bool gicv3_is_signalled(struct gic_cpu *cpu);

/* ICC_SGI1R_EL1, ICC_ASGI1R_EL1 (which = 1) or ICC_SGI0R_EL1 (which = 0) is written: 12.2 and 4.4. */
void gicv3_sgi_write(struct gic_cpu *cpu, unsigned which, uint64_t value);

/* ICC_DIR_EL1 is written and was trapped (ICH_HCR_EL2.TDIR): 12.2. */
void gicv3_dir_write(struct gic_cpu *cpu, uint32_t intid);

/* PSCI CPU_ON, reset of one vCPU: its virtual CPU interface is as after reset; its interrupts stay. */
void gicv3_interface_reset(struct gic_cpu *cpu);

/* --- any context, interrupts included --- */

/* Level of a private interrupt's line (16..31): timers, PMU, maintenance. */
void gicv3_ppi_set(struct gic_cpu *cpu, unsigned intid, bool level);

/*
 * The guest's deactivation of PPI `intid` is to deactivate the physical interrupt `host_intid` too (LR.HW),
 * as for the timer: whoever acknowledges the physical one and leaves it active says gicv3_ppi_set(true),
 * which makes the guest's pending once; if the line stays high the physical one comes again. Before any vCPU
 * runs.
 */
void gicv3_ppi_host_set(struct gic_cpu *cpu, unsigned intid, uint32_t host_intid);

#endif
