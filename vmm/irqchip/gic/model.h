/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_IRQCHIP_GIC_MODEL_H
#define VMM_IRQCHIP_GIC_MODEL_H

#include "../../dev/bus.h"
#include "../../dev/device.h"
#include "../../mem/gmem.h"
#include "gic.h"
#include <core/sync.h>
#include <stdatomic.h>
#include <sys/queue.h>

/*
 * The interrupt controller behind the registers. Its core knows no address: irq.c has what an interrupt's
 * state is and where it queues, lr.c, entry.c and wait.c the list registers, bits.c the registers that both
 * distributors have, chip.c the life of all that. Of its faces, ../gicv3 and ../gicv2, one is linked. A
 * GICv2's SGIs have sources: one interrupt that is pending as long as it is of any source, and then comes
 * once for each.
 *
 * (i) immutable, (a) atomic, (t) own vCPU's thread, (h) the lock of the interrupt's home vCPU.
 */
#define GIC_PRIVATE    32
#define GIC_SGIS       16
#define GIC_LPI_FIRST  8192
#define GIC_ID_BITS    16 /* GICD_TYPER.IDbits + 1 */
#define GIC_LPIS       ((1U << GIC_ID_BITS) - GIC_LPI_FIRST)
#define GIC_PRIORITIES 32 /* five bits, the high ones of eight */
#define GIC_SPURIOUS   1020
#define GIC_SOURCES    8 /* of a GICv2's SGIs */
#define GIC_REGIONS    4

/* struct gic_irq.flags */
#define IRQ_ENABLED    0x0001
#define IRQ_LATCH      0x0002 /* pending by an edge, a message, a write; not what a level line says */
#define IRQ_LINE       0x0004
#define IRQ_ACTIVE     0x0008
#define IRQ_EDGE       0x0010
#define IRQ_GROUP1     0x0020
#define IRQ_LOADED     0x0040 /* is in a list register of its home vCPU, which knows more than this word */
#define IRQ_LR_LATCH   0x0080 /* loaded as pending, by the latch */
#define IRQ_LR_LINE    0x0100 /* loaded as pending, by the line */
#define IRQ_LR_ACTIVE  0x0200 /* loaded as active */
#define IRQ_CLR_LATCH  0x0400 /* while loaded: at the next fold, take the pending state from it, */
#define IRQ_CLR_ACTIVE 0x0800 /* and the active state, */
#define IRQ_SET_ACTIVE 0x1000 /* or give it to it */
#define IRQ_LPI        0x2000
#define IRQ_SOURCES    0x4000 /* SGI that has sources: latched, it is pending if any of them is */
#define IRQ_WHILE_LOADED                                                                        \
    (IRQ_LOADED | IRQ_LR_LATCH | IRQ_LR_LINE | IRQ_LR_ACTIVE | IRQ_CLR_LATCH | IRQ_CLR_ACTIVE | \
     IRQ_SET_ACTIVE)

/* struct gic_irq.route */
#define ROUTE_NONE 0xffff /* nobody has that affinity */
#define ROUTE_ANY  0xfffe /* 1 of N */

/* A vCPU's queues: pending Group 0 and 1 by priority, active by priority, LPIs that are not enabled or whose
 * configuration must be read again first. */
#define QUEUE_ACTIVE (2 * GIC_PRIORITIES)
#define QUEUE_LIMBO  (3 * GIC_PRIORITIES)
#define QUEUES       (QUEUE_LIMBO + 1)
#define QUEUE_NONE   0xff

struct gic_irq {
    TAILQ_ENTRY(gic_irq) link; /* h */
    uint32_t intid;            /* i */
    _Atomic uint32_t flags;    /* written: h */
    _Atomic uint16_t home;     /* written: h, of the one it was */
    _Atomic uint16_t route;    /* written: h; a vCPU or ROUTE_* */
    _Atomic uint8_t priority;  /* written: h */
    uint8_t queue;             /* h */
    uint16_t host_intid;       /* i once vCPUs run: physical interrupt behind a PPI; 0: none */
    _Atomic uint32_t probe;    /* a: see active_probe() */
    _Atomic uint8_t sources;   /* a, bits cleared: h; of whom it is pending, but for what is loaded */
    _Atomic uint8_t source;    /* written: h; of whom it is loaded, active, or was last */
};
TAILQ_HEAD(gic_queue, gic_irq);

/* struct gic_cpu.attention */
#define ATTENTION_NEW    0x1  /* something is queued */
#define ATTENTION_RESYNC 0x2  /* something loaded has changed */
#define ATTENTION_LIMBO  0x4  /* LPIs whose configuration is to be read */
#define ATTENTION_ITS    0x8  /* the ITS has commands left */
#define ATTENTION_HOST   0x10 /* physical interrupts to be deactivated */
#define ATTENTION_AWAY   0x20 /* list registers have been emptied; no reason to kick */

struct gic_cpu {
    _Atomic uint32_t attention;          /* a; struct gic_cpu_head, as the next */
    bool is_waiting;                     /* t */
    uint32_t why;                        /* t: attention taken and not yet handled */
    struct irqchip *chip;                /* i */
    struct vcpu *vcpu;                   /* i */
    unsigned index;                      /* i */
    struct spinlock lock;                /* LOCK_RANK_IRQCHIP; interrupts take it */
    _Atomic uint32_t pending[2];         /* written: lock; priorities that have a queue, by group */
    uint32_t active;                     /* lock */
    _Atomic uint32_t limbo_todo;         /* written: lock; of limbo's head */
    uint32_t limbo_count;                /* lock */
    _Atomic uint32_t folds;              /* written: t */
    _Atomic uint32_t host_done;          /* a: PPIs whose physical interrupt is to be deactivated */
    _Atomic uint32_t raised;             /* a: private interrupts that are pending by a latch not yet set */
    struct gic_queue queues[QUEUES];     /* lock */
    struct gic_irq *loaded[GIC_LRS_MAX]; /* lock, written: t */
    struct gic_lrs lrs;                  /* t */
    struct gic_irq private_irqs[GIC_PRIVATE];

    /* GICv3: the redistributor. */
    _Atomic uint32_t ctlr, waker;          /* a */
    _Atomic uint64_t propbaser, pendbaser; /* a */
} aligned_to(64);
_Static_assert(offsetof(struct gic_cpu, attention) == offsetof(struct gic_cpu_head, attention) &&
                   offsetof(struct gic_cpu, is_waiting) == offsetof(struct gic_cpu_head, is_waiting),
               "gic_is_signalled() knows it");

struct gic_lpi;
struct its;

struct irqchip {
    struct gic_cpu *cpus;          /* i: [cpu_count] */
    unsigned cpu_count;            /* i */
    struct gic_irq *spis;          /* i: [spi_count] */
    unsigned spi_count;            /* i */
    _Atomic uint32_t ctlr;         /* a: GICD_CTLR, enables */
    _Atomic uint32_t resyncs;      /* a: vCPUs that have not yet noticed a write: RWP */
    _Atomic uint32_t rotor;        /* a: whose turn it is, 1 of N */
    _Atomic uint32_t config_epoch; /* a: LPI configuration read before this is stale */
    struct gmem *gmem;             /* i */
    struct bus *mmio;              /* i */
    struct bus_region regions[GIC_REGIONS];
    unsigned region_count;
    uint64_t dist_base;          /* i */
    uint32_t dir_trap, icc_ctlr; /* i: struct gic_config's */
    struct device device;

    /* GICv3. */
    _Atomic uint64_t *irouter;          /* i: [spi_count]; a */
    struct its *its;                    /* i; NULL: no LPIs */
    struct gic_lpis *lpis;              /* i; NULL: no LPIs */
    uint64_t its_base;                  /* i */
    unsigned region_first[GIC_REGIONS]; /* of redistributors' regions: whose the first one is */

    /* GICv2. */
    _Atomic uint8_t *targets;       /* i: [spi_count]; a */
    uint64_t frame_base;            /* i; 0: none */
    unsigned frame_spi, frame_spis; /* i */
};

#define CTLR_GRP0 0x1
#define CTLR_GRP1 0x2

/* Redistributor's GICR_CTLR */
#define RCTLR_ENABLE_LPIS 0x1
#define RCTLR_CES         0x2
#define RCTLR_IR          0x4
#define RCTLR_RWP         0x8
#define RCTLR_DPG0        BIT(24)
#define RCTLR_DPG1NS      BIT(25)

/* --- irq.c: one interrupt's state --- */

/* The interrupt, by the number that `cpu` knows it by; NULL: not implemented. LPIs: if ever mapped. */
struct gic_irq *gic_irq_find(struct gic_cpu *cpu, uint32_t intid);
void gic_irq_init(struct gic_irq *irq, uint32_t intid, unsigned home);

/*
 * Makes a private interrupt pending, as an edge does: without a lock, since this is what vCPUs do to each
 * other and timers to them. A bit in `raised` is as good as the interrupt's latch, and becomes that when
 * somebody takes its lock. Context: any.
 */
void gic_private_raise(struct gic_cpu *cpu, unsigned intid);
/* Does that; what is in a list register is found there by its vCPU. With the vCPU's lock. */
void gic_raised_latch(struct gic_cpu *cpu);

/* Locks what guards the interrupt. */
must_check struct gic_cpu *gic_irq_lock(struct irqchip *chip, struct gic_irq *irq, arch_irq_state_t *state);
/* After a change: puts the interrupt where it belongs, unlocks, and tells the vCPU. */
void gic_irq_settle(struct gic_cpu *cpu, struct gic_irq *irq, arch_irq_state_t state);
/* One step of it: into the right queue of its home, at the head if `is_front`. With its lock. */
void gic_irq_place(struct gic_cpu *cpu, struct gic_irq *irq, bool is_front);
void gic_irq_unqueue(struct gic_cpu *cpu, struct gic_irq *irq);
/* Not pending, not active, in no queue and no list register. No vCPU runs. */
void gic_irq_forget(struct irqchip *chip, struct gic_irq *irq);

/* Sets (clears) what is meant by the flags below; any context. */
enum gic_bits {
    GIC_BITS_GROUP,
    GIC_BITS_ENABLE,
    GIC_BITS_PENDING,
    GIC_BITS_ACTIVE,
};
void gic_irq_set(struct irqchip *chip, struct gic_irq *irq, enum gic_bits what);
void gic_irq_clear(struct irqchip *chip, struct gic_irq *irq, enum gic_bits what);
/* What a register shows of it now. */
bool gic_irq_get(struct irqchip *chip, struct gic_irq *irq, enum gic_bits what);
void gic_irq_priority_set(struct irqchip *chip, struct gic_irq *irq, uint8_t priority);
void gic_irq_config_set(struct irqchip *chip, struct gic_irq *irq, bool is_edge);
void gic_irq_line_set(struct irqchip *chip, struct gic_irq *irq, bool level);
void gic_irq_route_set(struct irqchip *chip, struct gic_irq *irq, uint16_t route);
/* GICC_DIR, ICC_DIR_EL1: wherever it is. On the vCPU's thread. */
void gic_irq_deactivate(struct irqchip *chip, struct gic_irq *irq);
/* Deactivation of one that no list register holds; with home's lock. */
void gic_irq_deactivated(struct gic_cpu *cpu, struct gic_irq *irq);

/* Sets bits in a vCPU's attention; true if the vCPU must be kicked. */
must_check bool gic_attention_raise(struct gic_cpu *cpu, uint32_t bits);
/* And kicks it. Interrupts off: whoever comes next finds the attention raised, and tells nobody; so this CPU
 * must not go to another thread in between. */
void gic_attention_tell(struct gic_cpu *cpu, uint32_t bits);

static inline bool irq_is_pending(uint32_t flags)
{
    return (flags & IRQ_LATCH) != 0 || (flags & (IRQ_EDGE | IRQ_LINE)) == IRQ_LINE;
}

static inline bool irq_is_private(const struct gic_irq *irq)
{
    return irq->intid < GIC_PRIVATE;
}

static inline bool irq_is_sgi(const struct gic_irq *irq)
{
    return irq->intid < GIC_SGIS;
}

static inline uint8_t irq_bucket(const struct gic_irq *irq)
{
    return atomic_load_explicit(&irq->priority, memory_order_relaxed) >> 3;
}

/* Flags have one writer at a time: plain load and store, no read-modify-write. */
static inline uint32_t irq_flags(const struct gic_irq *irq)
{
    return atomic_load_explicit(&irq->flags, memory_order_relaxed);
}

static inline void irq_flags_set(struct gic_irq *irq, uint32_t flags)
{
    atomic_store_explicit(&irq->flags, flags, memory_order_relaxed);
}

static inline uint32_t gic_raised_take(struct gic_cpu *cpu)
{
    if (likely(atomic_load_explicit(&cpu->raised, memory_order_relaxed) == 0))
        return 0;
    return atomic_exchange(&cpu->raised, 0);
}

/* --- entry.c --- */

/* The calling thread's vCPU, if it is one of this VM's, takes its interrupts out of its list registers, so
 * that registers show the truth about them. */
void gic_own_fold(struct irqchip *chip);
/* Same for `cpu`, when its thread calls or no vCPU runs. */
void gic_cpu_fold(struct gic_cpu *cpu);

/* --- wait.c --- */

/* The highest active priority, as the CPU interface knows it: 4.8; 0x100: idle. */
unsigned gic_running_priority(const struct gic_lrs *lrs);

/* --- bits.c: registers with a field per interrupt --- */

/* Interrupts with INTIDs in a row: the shared ones, those private to a vCPU. */
struct gic_bank {
    struct gic_irq *irqs;
    unsigned first, count;
};

static inline struct gic_bank gic_bank_shared(const struct irqchip *chip)
{
    return (struct gic_bank){chip->spis, GIC_PRIVATE, chip->spi_count};
}

static inline struct gic_bank gic_bank_private(struct gic_cpu *cpu)
{
    return (struct gic_bank){cpu->private_irqs, 0, GIC_PRIVATE};
}

/* Registers at `offset` from GICD_base, or from a redistributor's SGI_base, as far as they are about the
 * bank's interrupts; false: none of those registers. The access is aligned. */
must_check bool gic_fields_read(struct irqchip *chip, struct gic_bank bank, uint64_t offset, unsigned size,
                                uint64_t *value);
must_check bool gic_fields_write(struct irqchip *chip, struct gic_bank bank, uint64_t offset, unsigned size,
                                 uint64_t value);

/* GICD_CTLR: enables of both groups. */
void gic_ctlr_write(struct irqchip *chip, uint32_t value);

/* --- chip.c: the life of what both have --- */

/* With its vCPUs and interrupts, none of them reset, and no regions; the rest of it is 0. -EINVAL:
 * configuration out of bounds; -ENOMEM. */
must_check int gic_chip_create(const struct gic_config *config, struct irqchip **out);
/* After gic_chip_create(), the face's own part being made or `err`: resets and returns it, or destroys it. */
must_check int gic_chip_finish(struct irqchip *chip, int err, struct irqchip **out);
must_check int gic_region_add(struct irqchip *chip, uint64_t base, uint64_t size,
                              const struct bus_region *region);

/* Not pending, not active, lowest priority value; `flags`: group, enabled. No vCPU runs. */
void gic_irq_reset(struct irqchip *chip, struct gic_irq *irq, uint32_t flags);
void gic_irq_save(const struct gic_irq *irq, struct state_writer *writer);
must_check int gic_irq_load(struct irqchip *chip, struct gic_irq *irq, struct state_reader *reader);

/* --- what the linked face supplies for that --- */

extern const char gic_face_name[]; /* of its state record */
/* Every interrupt, by gic_irq_reset(), and its own part. GICD_CTLR and CPU interfaces are reset. */
void gic_face_reset(struct irqchip *chip);
/* What comes in the record behind GICD_CTLR, CPU interfaces, and private and shared interrupts. */
void gic_face_save(struct irqchip *chip, struct state_writer *writer);
must_check int gic_face_load(struct irqchip *chip, struct state_reader *reader);
uint64_t gic_face_bytes(const struct irqchip *chip);
void gic_face_free(struct irqchip *chip); /* however much of it there is */

/* Parts of a 64-bit register, which may be accessed by halves. */
static inline uint64_t gic_part_get(uint64_t reg, uint64_t offset, unsigned size)
{
    return size == 8 ? reg : (uint32_t)(reg >> (offset & 4) * 8);
}

static inline uint64_t gic_part_set(uint64_t reg, uint64_t offset, unsigned size, uint64_t value)
{
    if (size == 8)
        return value;
    return (offset & 4) != 0 ? (uint32_t)reg | value << 32 : (reg & ~0xffffffffULL) | (uint32_t)value;
}

/* GICD_IIDR, GICR_IIDR, GITS_IIDR: product 'B', nobody's JEP106 code. */
#define GIC_IIDR     0x42000000U
#define GIC_ID_FIRST 0xffd0
#define GIC_PIDR2    0xffe8

#endif
