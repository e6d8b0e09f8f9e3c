/* SPDX-License-Identifier: BSD-2-Clause */
#include "lr.h"

#include "../gicv3/lpi.h"

/*
 * List registers: IHI 0069H, 12.4 (ICH_LR<n>_EL2, ICH_HCR_EL2), chapter 6 (virtual interrupts). An entry puts
 * what has become pending into those that are free. If they are too few, or something that is loaded has
 * changed, it takes everything out of them, and puts in what matters most now. As long as nothing changes
 * they are left alone over any number of exits.
 */
struct gic_lrs *gic_lrs(struct gic_cpu *cpu)
{
    return &cpu->lrs;
}

const struct irqchip *gic_chip(const struct gic_cpu *cpu)
{
    return cpu->chip;
}

/* --- out of the list registers --- */

/* Whether it is to move; then it is in no queue until that has happened. */
static bool move_note(struct gic_cpu *cpu, struct gic_irq *irq, struct moves *moves)
{
    uint16_t route = atomic_load_explicit(&irq->route, memory_order_relaxed);

    if (likely(route == cpu->index || route >= ROUTE_ANY) || (irq_flags(irq) & IRQ_ACTIVE))
        return false;
    gic_irq_unqueue(cpu, irq);
    moves->irqs[moves->count++] = irq;
    return true;
}

/*
 * The guest has ended interrupts that were active in no list register: those of highest priority, as it ends
 * them in the reverse order of taking them (4.8).
 */
static void unlisted_end(struct gic_cpu *cpu, struct moves *moves)
{
    unsigned count = (unsigned)FIELD(cpu->lrs.hcr, 31, 27);

    for (; count > 0 && cpu->active != 0; count--) {
        struct gic_irq *irq = TAILQ_FIRST(&cpu->queues[QUEUE_ACTIVE + __builtin_ctz(cpu->active)]);

        gic_irq_deactivated(cpu, irq);
        if (!move_note(cpu, irq, moves))
            gic_irq_place(cpu, irq, false);
    }
    cpu->lrs.hcr &= ~(uint32_t)HCR_EOICOUNT;
}

/* What the list register says, and what was asked for meanwhile. */
static void irq_fold(struct gic_cpu *cpu, struct gic_irq *irq, uint64_t lr)
{
    uint32_t flags = irq_flags(irq);
    bool is_pending = (lr & LR_STATE_PENDING) != 0, is_active = (lr & LR_STATE_ACTIVE) != 0;
    bool was_listed = is_pending || is_active;

    if (is_pending && (flags & (IRQ_LR_LATCH | IRQ_CLR_LATCH)) == IRQ_LR_LATCH) {
        flags |= IRQ_LATCH;
        if (flags & IRQ_SOURCES)
            atomic_fetch_or(&irq->sources, (uint8_t)BIT(atomic_load(&irq->source)));
    }
    if (flags & IRQ_SET_ACTIVE)
        is_active = true;
    if (flags & IRQ_CLR_ACTIVE)
        is_active = false;
    flags &= ~(uint32_t)(IRQ_WHILE_LOADED | IRQ_ACTIVE);
    irq_flags_set(irq, flags | (is_active ? IRQ_ACTIVE : 0));
    /* Hardware has not deactivated the physical interrupt, and never will. */
    if (irq->host_intid != 0 && was_listed && !is_active && !(flags & IRQ_LATCH))
        gic_irq_deactivated(cpu, irq);
}

void lr_fold(struct gic_cpu *cpu, struct moves *moves)
{
    struct gic_lrs *lrs = &cpu->lrs;

    vcpu_lrs_read(cpu->vcpu, lrs);
    unlisted_end(cpu, moves);
    gic_raised_latch(cpu);
    /* Backwards: each goes to the head of its queue. */
    for (unsigned i = lrs->used; i-- > 0;) {
        struct gic_irq *irq = cpu->loaded[i];

        if (irq == NULL)
            continue;
        irq_fold(cpu, irq, lrs->lr[i]);
        if (!move_note(cpu, irq, moves))
            gic_irq_place(cpu, irq, true);
        cpu->loaded[i] = NULL;
    }
    lrs->used = 0;
    cpu->is_waiting = false;
    atomic_store_explicit(&cpu->folds, atomic_load_explicit(&cpu->folds, memory_order_relaxed) + 2,
                          memory_order_release);
}

void lr_moves_do(struct irqchip *chip, const struct moves *moves)
{
    for (unsigned i = 0; i < moves->count; i++) {
        arch_irq_state_t state;
        struct gic_cpu *cpu = gic_irq_lock(chip, moves->irqs[i], &state);

        gic_irq_settle(cpu, moves->irqs[i], state);
    }
}

/* --- into them --- */

/* Only the answer of the fold just done is worth keeping (irq.c, active_probe()). */
static void probe_keep(const struct gic_cpu *cpu, struct gic_irq *irq)
{
    if (atomic_load(&irq->probe) != ((atomic_load(&cpu->folds) - 2) | 1))
        atomic_store(&irq->probe, 0);
}

/* Which source's is next, in turn. False: nobody waits behind it. */
static bool source_take(struct gic_irq *irq)
{
    uint8_t last = atomic_load(&irq->source), waiting = atomic_load(&irq->sources);
    unsigned source = (unsigned)__builtin_ctz(waiting >> (last + 1) != 0 ? waiting & 0xfeU << last : waiting);

    atomic_store(&irq->source, (uint8_t)source);
    return (atomic_fetch_and(&irq->sources, (uint8_t)~BIT(source)) & ~BIT(source)) != 0;
}

/*
 * List registers must not have a number in common, whatever their sources (IHI 0048B, GICH_LR<n>.VirtualID):
 * one source's comes at a time, and the end of it, which is asked to be told of, brings the next.
 */
static void load_sourced(struct gic_cpu *cpu, unsigned slot, struct gic_irq *irq)
{
    uint32_t flags = irq_flags(irq), lr_flags = IRQ_LOADED;
    bool is_active = (flags & IRQ_ACTIVE) != 0, is_pending = true, is_more;
    uint8_t itself = (uint8_t)BIT(atomic_load(&irq->source));

    if (is_active) {
        /* Once more, and nobody else's, is what the list register can hold. */
        is_pending = (flags & IRQ_ENABLED) && atomic_compare_exchange_strong(&irq->sources, &itself, 0);
        is_more = !is_pending && atomic_load(&irq->sources) != 0;
    } else {
        is_more = source_take(irq);
    }
    gic_irq_unqueue(cpu, irq);
    cpu->lrs.lr[slot] = lr_make(irq, flags, is_pending, is_active) | (is_more ? LR_EOI : 0) |
                        (uint64_t)atomic_load(&irq->source) << 10;
    cpu->loaded[slot] = irq;
    lr_flags |= (is_pending ? IRQ_LR_LATCH : 0) | (is_active ? IRQ_LR_ACTIVE : 0);
    irq_flags_set(irq, (flags & ~(uint32_t)IRQ_LATCH) | lr_flags | (is_more ? IRQ_LATCH : 0));
}

static no_inline void load_slowly(struct gic_cpu *cpu, unsigned slot, struct gic_irq *irq)
{
    uint32_t flags = irq_flags(irq);
    bool is_active = (flags & IRQ_ACTIVE) != 0,
         is_pending = irq_is_pending(flags) && (flags & IRQ_ENABLED) != 0;

    if (flags & IRQ_SOURCES) {
        load_sourced(cpu, slot, irq);
        return;
    }
    /*
     * Pending and active at once is for edges only: a level that the guest is about to lower would come
     * twice. Hardware has no such state for physical interrupts (ICH_LR<n>_EL2.HW). To another vCPU it goes
     * when it is done here.
     */
    if (is_active && (!(flags & IRQ_EDGE) || irq->host_intid != 0 ||
                      atomic_load_explicit(&irq->route, memory_order_relaxed) != cpu->index))
        is_pending = false;
    gic_irq_unqueue(cpu, irq);
    cpu->lrs.lr[slot] = lr_make(irq, flags, is_pending, is_active);
    cpu->loaded[slot] = irq;
    flags |= IRQ_LOADED | (is_active ? IRQ_LR_ACTIVE : 0);
    if (is_pending) {
        flags |= flags & IRQ_LATCH ? IRQ_LR_LATCH : IRQ_LR_LINE;
        flags &= ~(uint32_t)IRQ_LATCH;
    }
    irq_flags_set(irq, flags);
}

/* Pending by its latch, not active, of no source is what most are. */
static always_inline void load_at(struct gic_cpu *cpu, unsigned slot, struct gic_irq *irq)
{
    uint32_t flags = irq_flags(irq);

    if (unlikely((flags & (IRQ_ENABLED | IRQ_LATCH | IRQ_ACTIVE | IRQ_SOURCES)) !=
                 (IRQ_ENABLED | IRQ_LATCH))) {
        load_slowly(cpu, slot, irq);
        return;
    }
    if (irq->queue != QUEUE_NONE)
        gic_irq_unqueue(cpu, irq);
    cpu->lrs.lr[slot] = lr_make(irq, flags, true, false);
    cpu->loaded[slot] = irq;
    irq_flags_set(irq, (flags & ~(uint32_t)IRQ_LATCH) | IRQ_LOADED | IRQ_LR_LATCH);
}

/* After a fold. */
static void load(struct gic_cpu *cpu, struct gic_irq *irq)
{
    if (unlikely(atomic_load_explicit(&irq->probe, memory_order_relaxed) != 0))
        probe_keep(cpu, irq);
    load_at(cpu, cpu->lrs.used++, irq);
}

/* Active ones by priority, as the guest will end them in that order; one place stays free for what is
 * pending. */
static void active_load(struct gic_cpu *cpu, unsigned room)
{
    while (cpu->lrs.used < room && cpu->active != 0)
        load(cpu, TAILQ_FIRST(&cpu->queues[QUEUE_ACTIVE + __builtin_ctz(cpu->active)]));
}

/* The pending one of `groups` (bit 0, 1) of highest priority; 4.8. NULL: none. */
static always_inline struct gic_irq *pending_first(struct gic_cpu *cpu, uint32_t groups)
{
    uint32_t group0 = groups & 1 ? atomic_load_explicit(&cpu->pending[0], memory_order_relaxed) : 0;
    uint32_t group1 = groups & 2 ? atomic_load_explicit(&cpu->pending[1], memory_order_relaxed) : 0;
    unsigned bucket;

    if ((group0 | group1) == 0)
        return NULL;
    bucket = (unsigned)__builtin_ctz(group0 | group1);
    return TAILQ_FIRST(&cpu->queues[bucket + (group0 >> bucket & 1 ? 0 : GIC_PRIORITIES)]);
}

/* False: its configuration has to be read again first; it is put where that is done. Or it was raised for a
 * source whose interrupt has gone with another's. */
static always_inline bool is_loadable(struct gic_cpu *cpu, struct gic_irq *irq)
{
    uint32_t flags = irq_flags(irq);

    if (likely(!(flags & (IRQ_LPI | IRQ_SOURCES))))
        return true;
    if (flags & IRQ_LPI ? !gic_lpi_is_stale(cpu->chip, irq) : atomic_load(&irq->sources) != 0)
        return true;
    if (flags & IRQ_SOURCES)
        irq_flags_set(irq, flags & ~(uint32_t)IRQ_LATCH);
    gic_irq_place(cpu, irq, true);
    return false;
}

static void pending_load(struct gic_cpu *cpu, uint32_t groups)
{
    struct gic_irq *irq;

    while (cpu->lrs.used < cpu->lrs.count && (irq = pending_first(cpu, groups)) != NULL)
        if (is_loadable(cpu, irq))
            load(cpu, irq);
}

void lr_fill(struct gic_cpu *cpu)
{
    struct gic_lrs *lrs = &cpu->lrs;
    uint32_t groups = atomic_load(&cpu->chip->ctlr) & (CTLR_GRP0 | CTLR_GRP1), enabled = groups & lrs->vmcr;
    uint64_t hcr = HCR_EN;

    active_load(cpu, has_pending(cpu, groups) ? lrs->count - 1U : lrs->count);
    pending_load(cpu, enabled);
    /* A group that the guest has disabled for itself must not keep the other from being heard. */
    pending_load(cpu, groups & ~enabled);
    if (unlikely(has_pending(cpu, enabled)))
        hcr |= HCR_NPIE;
    if (unlikely(has_pending(cpu, groups & ~enabled)))
        hcr |= (groups & ~enabled & 1 ? HCR_VGRP0EIE : 0) | (groups & ~enabled & 2 ? HCR_VGRP1EIE : 0);
    if (unlikely(cpu->active != 0))
        hcr |= HCR_LRENPIE | cpu->chip->dir_trap;
    lrs->hcr = (uint32_t)hcr | deactivation_traps(cpu);
}

/* --- both, of as little as possible --- */

static void load_changed(struct gic_cpu *cpu, struct gic_irq *irq, uint32_t *empty, uint32_t *changed)
{
    unsigned slot = (unsigned)__builtin_ctz(*empty);

    *empty &= *empty - 1;
    *changed |= 1U << slot;
    if (slot >= cpu->lrs.used)
        cpu->lrs.used = (uint8_t)(slot + 1);
    /* What a fold has found of it is out of date. */
    if (unlikely(atomic_load_explicit(&irq->probe, memory_order_relaxed) != 0))
        atomic_store(&irq->probe, 0);
    load_at(cpu, slot, irq);
}

/* What is pending and has to wait for nothing, in no queue, and may have one of the free list registers; of a
 * source, is_loadable() says. */
static always_inline bool can_load(const struct gic_irq *irq, uint32_t flags, uint32_t groups, uint32_t empty)
{
    return (flags & (IRQ_ENABLED | IRQ_LATCH | IRQ_ACTIVE | IRQ_SOURCES)) == (IRQ_ENABLED | IRQ_LATCH) &&
           irq->queue == QUEUE_NONE && (groups >> ((flags & IRQ_GROUP1) != 0) & 1) != 0 && empty != 0;
}

/*
 * An LPI that the guest is done with has become pending once more: it is so in the list register where it
 * was. There is nothing else to be known of LPIs, which are never active. False: retire it.
 */
static always_inline bool lpi_reload(struct gic_cpu *cpu, unsigned slot, uint32_t groups, uint32_t *empty,
                                     uint32_t *changed)
{
    struct gic_irq *irq = cpu->loaded[slot];
    uint32_t flags = irq_flags(irq);

    if ((flags & (IRQ_LPI | IRQ_ENABLED | IRQ_LATCH | IRQ_CLR_LATCH)) !=
            (IRQ_LPI | IRQ_ENABLED | IRQ_LATCH) ||
        !(groups & CTLR_GRP1) ||
        unlikely(atomic_load_explicit(&irq->route, memory_order_relaxed) != cpu->index) ||
        unlikely(gic_lpi_is_stale(cpu->chip, irq)))
        return false;
    cpu->lrs.lr[slot] = lr_make(irq, flags, true, false);
    irq_flags_set(irq, (flags & ~(uint32_t)IRQ_LATCH) | IRQ_LR_LATCH);
    *empty &= ~(1U << slot);
    *changed |= 1U << slot;
    return true;
}

/* What the guest is done with leaves its list register. */
static void retire(struct gic_cpu *cpu, unsigned slot, struct moves *moves, uint32_t *changed)
{
    struct gic_irq *irq = cpu->loaded[slot];

    irq_fold(cpu, irq, 0);
    if (!move_note(cpu, irq, moves) && unlikely((irq_flags(irq) & (IRQ_LATCH | IRQ_LINE | IRQ_ACTIVE)) != 0))
        gic_irq_place(cpu, irq, true);
    cpu->loaded[slot] = NULL;
    /* An empty one that asks for maintenance does so until it is written. */
    if (unlikely((cpu->lrs.lr[slot] & LR_EOI) != 0))
        *changed |= 1U << slot;
    cpu->lrs.lr[slot] = 0;
}

/* What was raised goes into a list register without having been in a queue, unless it is in one already. */
static void raised_load(struct gic_cpu *cpu, uint32_t groups, uint32_t *empty, uint32_t *changed)
{
    for (uint32_t raised = gic_raised_take(cpu); raised != 0; raised &= raised - 1) {
        struct gic_irq *irq = &cpu->private_irqs[__builtin_ctz(raised)];
        uint32_t flags = irq_flags(irq) | IRQ_LATCH;

        irq_flags_set(irq, flags);
        if (unlikely((flags & IRQ_LOADED) != 0))
            continue;
        if (likely(can_load(irq, flags, groups, *empty)))
            load_changed(cpu, irq, empty, changed);
        else
            gic_irq_place(cpu, irq, false);
    }
}

/* Something in a list register is pending once more, which only a fold can combine with what is left there;
 * other sources' than that one's wait for its end, if that is told. */
static bool has_again(const struct gic_cpu *cpu, uint32_t busy)
{
    for (; unlikely(busy != 0); busy &= busy - 1) {
        unsigned slot = (unsigned)__builtin_ctz(busy);
        const struct gic_irq *irq = cpu->loaded[slot];

        if (irq != NULL && (irq_flags(irq) & IRQ_LATCH) &&
            !((irq_flags(irq) & IRQ_SOURCES) && (cpu->lrs.lr[slot] & LR_EOI)))
            return true;
    }
    return false;
}

bool lr_fill_free(struct gic_cpu *cpu, struct moves *moves)
{
    struct gic_lrs *lrs = &cpu->lrs;
    uint32_t groups = atomic_load(&cpu->chip->ctlr) & (CTLR_GRP0 | CTLR_GRP1), empty, changed = 0;
    struct gic_irq *irq;
    uint32_t busy;

    /* Active ones without a list register, or conditions to be told of. */
    if (unlikely((cpu->why & ATTENTION_RESYNC) || cpu->active != 0 || (lrs->hcr & HCR_TO_TELL) != 0))
        return false;
    empty = vcpu_lrs_empty(cpu->vcpu, lrs) & ((1U << lrs->count) - 1);
    busy = ~empty & ((1U << lrs->used) - 1);
    for (uint32_t done = empty & ((1U << lrs->used) - 1); done != 0; done &= done - 1) {
        unsigned slot = (unsigned)__builtin_ctz(done);

        if (cpu->loaded[slot] != NULL && !lpi_reload(cpu, slot, groups, &empty, &changed))
            retire(cpu, slot, moves, &changed);
    }
    raised_load(cpu, groups, &empty, &changed);
    while (empty != 0 && (irq = pending_first(cpu, groups)) != NULL)
        if (is_loadable(cpu, irq))
            load_changed(cpu, irq, &empty, &changed);
    lrs->hcr = HCR_EN | deactivation_traps(cpu);
    vcpu_lrs_update(cpu->vcpu, lrs, changed);
    return cpu->active == 0 && !has_again(cpu, busy) && !has_pending(cpu, groups);
}
