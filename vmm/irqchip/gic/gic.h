/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_IRQCHIP_GIC_H
#define VMM_IRQCHIP_GIC_H

#include "../irqchip.h"
#include <stdatomic.h>

/*
 * The guest's GIC towards vmm/vm, vmm/arm64 and the backend: what GICv3 (Arm IHI 0069H) and GICv2 (IHI 0048B)
 * have in common; ../gicv3 and ../gicv2 are what they differ in, and one of the two is linked. Lines are
 * SPIs: irqchip_line_set(chip, n) is INTID 32 + n.
 *
 * A vCPU's CPU interface is hardware: list registers that the backend owns, loaded and read back here through
 * an image in memory (struct gic_lrs). What an interrupt is about is guarded by one lock, that of the vCPU
 * whose queue it is in or was last in.
 */
struct bus;
struct device;
struct gic_cpu;
struct gmem;

#define GIC_LRS_MAX   16
#define GIC_SPIS_MAX  960 /* INTIDs 32..991 */
#define GIC_DIST_SIZE 0x10000ULL

/* --- What the backend owns: a vCPU's virtual CPU interface, 12.4 (ICH_*_EL2) --- */

struct gic_lrs {
    uint64_t lr[GIC_LRS_MAX];
    uint32_t hcr;       /* ICH_HCR_EL2: enables to be written, EOIcount as read back */
    uint32_t vmcr;      /* ICH_VMCR_EL2 */
    uint32_t apr[2][4]; /* ICH_AP0R<n>_EL2, ICH_AP1R<n>_EL2 */
    uint8_t used;     /* lr[0 .. used) are to be written and read back; the others hold nothing, as 0 does */
    uint8_t count;    /* i: ICH_VTR_EL2.ListRegs + 1 */
    uint8_t pri_bits; /* i: ICH_VTR_EL2.PREbits + 1: group priorities, thus bits in apr[] */
};

/* Reads list registers [0, used), ICH_HCR_EL2 and ICH_VMCR_EL2 back into the image if they are in hardware.
 * Context: own vCPU's thread, outside the guest; or no vCPU runs. Must not block. */
void vcpu_lrs_read(struct vcpu *vcpu, struct gic_lrs *lrs);
/* The same for ICH_AP<x>R<n>_EL2. */
void vcpu_apr_read(struct vcpu *vcpu, struct gic_lrs *lrs);
/* Has the image's list registers and hcr in hardware at the next entry. Context: as above. */
void vcpu_lrs_write(struct vcpu *vcpu, const struct gic_lrs *lrs);
/* The list registers, by number, that are neither pending nor active now (ICH_ELRSR_EL2); the others stay
 * unread. Reads ICH_VMCR_EL2 into the image. Context: own vCPU's thread, interrupts off. */
uint32_t vcpu_lrs_empty(struct vcpu *vcpu, struct gic_lrs *lrs);
/* Of the image only the list registers `changed`, and hcr, are new. Context: the same. */
void vcpu_lrs_update(struct vcpu *vcpu, const struct gic_lrs *lrs, uint32_t changed);
/* Has the image's vmcr and apr[] in hardware at the next entry: after reset, or a state record. */
void vcpu_interface_write(struct vcpu *vcpu, const struct gic_lrs *lrs);
/* Deactivates a physical interrupt whose virtual one is done without the guest's deactivation having reached
 * it (ICC_DIR_EL1). Context: as above. */
void vcpu_host_irq_deactivate(struct vcpu *vcpu, uint32_t intid);
/* Which vCPU of this VM the calling thread is; GIC_NOBODY. Context: any. */
unsigned vcpu_current(const struct irqchip *chip);
#define GIC_NOBODY (~0U)

/* --- Life: what gicv3_create() or gicv2_create() has made --- */

/* What both want to know. */
struct gic_config {
    uint64_t dist_base;
    unsigned spi_count;   /* a multiple of 32, at most GIC_SPIS_MAX */
    unsigned lr_count;    /* ICH_VTR_EL2.ListRegs + 1; GICH_VTR likewise */
    unsigned lr_pri_bits; /* ICH_VTR_EL2.PREbits + 1: 5 to 7 */
    uint32_t dir_trap;    /* what in ICH_HCR_EL2 has writes of ICC_DIR_EL1 trap; 0: they do anyway */
    uint32_t icc_ctlr;    /* what ICC_CTLR_EL1 tells of the CPUs */
    struct vcpu **vcpus;  /* [vcpu_count] */
    unsigned vcpu_count;
    struct bus *mmio;
    struct gmem *gmem;
};

/* The whole as one device: reset, save and load; destroy is gic_destroy(). */
struct device *gic_device(struct irqchip *chip);
/* Takes its regions away and frees it. */
void gic_destroy(struct irqchip *chip);
struct gic_cpu *gic_cpu(struct irqchip *chip, unsigned vcpu);
struct gic_lrs *gic_lrs(struct gic_cpu *cpu);
const struct irqchip *gic_chip(const struct gic_cpu *cpu);

/* The affinity by which interrupts are routed to a vCPU: MPIDR_EL1 as {Aff3, Aff2, Aff1, Aff0}. 16 vCPUs
 * share Aff1, so that one ICC_SGI1R_EL1 can name them. */
static inline uint32_t gic_affinity(unsigned vcpu)
{
    return (vcpu & 0xf) | (vcpu >> 4 & 0xff) << 8 | (vcpu >> 12) << 16;
}

/* --- vCPU's own thread --- */

/* What struct gic_cpu begins with. */
struct gic_cpu_head {
    _Atomic uint32_t attention; /* a: nonzero if there is something to do before the guest is entered */
    bool is_waiting;            /* t: in gic_wait(), with list registers as they are */
};

static always_inline bool gic_wants_entry(struct gic_cpu *cpu)
{
    return atomic_load_explicit(&((struct gic_cpu_head *)cpu)->attention, memory_order_relaxed) != 0;
}

/*
 * Makes list registers agree with what is pending: folds their state back, chooses anew. To be called before
 * the guest is entered if gic_wants_entry(). True: there is more to do; look at the vCPU's requests and
 * call again before entering. Bounded.
 */
must_check bool gic_entry(struct gic_cpu *cpu);

/* A maintenance interrupt: something in the list registers wants attention. */
void gic_maintenance(struct gic_cpu *cpu);

/* The vCPU stops running (WFI, CPU_OFF, pause): takes everything out of its list registers, which
 * are read for the last time. */
void gic_leave(struct gic_cpu *cpu);

/* gic_is_signalled() after gic_leave(). */
bool gic_would_signal(struct gic_cpu *cpu);

/* The vCPU waits for an interrupt. As gic_leave(), but if nothing in the list registers can end that they
 * stay as they are: most waits end on the CPU where they began. */
void gic_wait(struct gic_cpu *cpu);

/* After gic_leave() or gic_wait(): the CPU interface would signal an interrupt, so WFI ends. May also be true
 * when there is something to look at that may turn out to be none. To be looked at again after each
 * vcpu_kick(). */
static always_inline bool gic_is_signalled(struct gic_cpu *cpu)
{
    struct gic_cpu_head *head = (struct gic_cpu_head *)cpu;

    /* The wait began with nothing to look at: whatever comes up is for the next entry. */
    return likely(head->is_waiting) ? atomic_load(&head->attention) != 0 : gic_would_signal(cpu);
}

/* PSCI CPU_ON, reset of one vCPU: its virtual CPU interface is as after reset; its interrupts stay. */
void gic_interface_reset(struct gic_cpu *cpu);

/* --- any context, interrupts included --- */

/* Level of a private interrupt's line (16..31): timers, PMU, maintenance. */
void gic_ppi_set(struct gic_cpu *cpu, unsigned intid, bool level);

/*
 * The guest's deactivation of PPI `intid` is to deactivate the physical interrupt `host_intid` too (LR.HW),
 * as for the timer: whoever acknowledges the physical one and leaves it active says gic_ppi_set(true),
 * which makes the guest's pending once; if the line stays high the physical one comes again. Before any vCPU
 * runs.
 */
void gic_ppi_host_set(struct gic_cpu *cpu, unsigned intid, uint32_t host_intid);

#endif
