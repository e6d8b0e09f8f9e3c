/* SPDX-License-Identifier: BSD-2-Clause */
#include "../gicv3/its.h"
#include "../gicv3/lpi.h"
#include "lr.h"

/* What is done before the guest is entered, and when its vCPU stops: list registers and what is pending
 * agree. */

/* LPIs whose configuration is read per entry: each costs an access to guest memory. */
#define LIMBO_BATCH 32

/* --- LPIs whose configuration has to be read again --- */

/* One from limbo's head; NULL: none left to look at. It is in no queue then, and its home is here. */
static struct gic_irq *limbo_take(struct gic_cpu *cpu)
{
    arch_irq_state_t state = spin_lock_irqsave(&cpu->lock);
    uint32_t todo = atomic_load(&cpu->limbo_todo);
    struct gic_irq *irq = todo != 0 ? TAILQ_FIRST(&cpu->queues[QUEUE_LIMBO]) : NULL;

    if (irq != NULL) {
        gic_irq_unqueue(cpu, irq);
        atomic_store(&cpu->limbo_todo, MIN(todo - 1, cpu->limbo_count));
    }
    spin_unlock_irqrestore(&cpu->lock, state);
    return irq;
}

/* True: more to do. */
static bool limbo_resolve(struct gic_cpu *cpu)
{
    for (unsigned i = 0; i < LIMBO_BATCH; i++) {
        struct gic_irq *irq = limbo_take(cpu);

        if (irq == NULL)
            return false;
        gic_lpi_config_read(cpu->chip, irq);
    }
    return atomic_load(&cpu->limbo_todo) != 0;
}

/* --- towards the vCPU --- */

void lr_host_deactivate(struct gic_cpu *cpu)
{
    uint32_t done = atomic_exchange(&cpu->host_done, 0);

    for (; done != 0; done &= done - 1)
        vcpu_host_irq_deactivate(cpu->vcpu, cpu->private_irqs[__builtin_ctz(done)].host_intid);
}

/* What comes after a fold, without the lock. */
static always_inline void fold_finish(struct gic_cpu *cpu, const struct moves *moves)
{
    if (unlikely(moves->count != 0))
        lr_moves_do(cpu->chip, moves);
    if (unlikely(atomic_load_explicit(&cpu->host_done, memory_order_relaxed) != 0))
        lr_host_deactivate(cpu);
}

static no_inline bool entry_do(struct gic_cpu *cpu)
{
    struct moves moves;
    arch_irq_state_t state;
    bool is_more = false;

    moves.count = 0;
    if (unlikely((cpu->why & ATTENTION_ITS) != 0))
        is_more = its_continue(cpu);
    if (unlikely(atomic_load_explicit(&cpu->limbo_todo, memory_order_relaxed) != 0))
        is_more |= limbo_resolve(cpu);
    state = spin_lock_irqsave(&cpu->lock);
    cpu->is_waiting = false;
    if (unlikely(!lr_fill_free(cpu, &moves))) {
        lr_fold(cpu, &moves);
        lr_fill(cpu);
        vcpu_lrs_write(cpu->vcpu, &cpu->lrs);
    }
    /* LPIs found stale on the way into a list register. */
    is_more |= atomic_load_explicit(&cpu->limbo_todo, memory_order_relaxed) != 0;
    spin_unlock_irqrestore(&cpu->lock, state);
    /* Interrupts are no longer pending before the guest, which takes them, looks for their reason: a sender
     * that still finds one pending adds nothing. */
    atomic_thread_fence(memory_order_seq_cst);
    resync_done(cpu);
    cpu->why = 0;
    fold_finish(cpu, &moves);
    if (unlikely(is_more))
        atomic_fetch_or(&cpu->attention, ATTENTION_LIMBO);
    return is_more;
}

/* --- one private interrupt was raised, and the guest has ended what it had before: IPIs, timers --- */

/* Nothing but its list register makes it more than one that is enabled, and it is private to this vCPU. */
static always_inline bool is_plain(const struct gic_irq *irq)
{
    return (irq_flags(irq) & ~(uint32_t)(IRQ_EDGE | IRQ_GROUP1)) ==
               (IRQ_ENABLED | IRQ_LOADED | IRQ_LR_LATCH) &&
           irq->intid < GIC_PRIVATE && atomic_load_explicit(&irq->probe, memory_order_relaxed) == 0;
}

/* Of the list registers, all of which the guest has ended, the one for `irq`: where it is already, or the
 * first. False: one of them takes more thought. */
static always_inline bool ended_pass(struct gic_cpu *cpu, const struct gic_irq *irq, unsigned *slot)
{
    *slot = 0;
    for (unsigned i = 0; i < cpu->lrs.used; i++) {
        struct gic_irq *ended = cpu->loaded[i];

        if (ended == NULL)
            continue;
        if (unlikely(!is_plain(ended) || (cpu->lrs.lr[i] & LR_EOI) != 0))
            return false;
        if (ended == irq) {
            *slot = i;
            continue;
        }
        irq_flags_set(ended, irq_flags(ended) & ~(uint32_t)IRQ_WHILE_LOADED);
        cpu->loaded[i] = NULL;
        cpu->lrs.lr[i] = 0;
    }
    return true;
}

/* False: nothing has been done that the long way cannot go on with. With lock. */
static always_inline bool one_load(struct gic_cpu *cpu, uint32_t raised)
{
    struct gic_lrs *lrs = &cpu->lrs;
    struct gic_irq *irq = &cpu->private_irqs[__builtin_ctz(raised)];
    uint32_t groups = atomic_load_explicit(&cpu->chip->ctlr, memory_order_relaxed);
    uint32_t flags, empty;
    unsigned slot;

    if (unlikely((lrs->hcr & HCR_TO_TELL) != 0 || cpu->active != 0 || has_pending(cpu, 3) ||
                 atomic_load_explicit(&irq->probe, memory_order_relaxed) != 0))
        return false;
    empty = vcpu_lrs_empty(cpu->vcpu, lrs);
    if (unlikely((~empty & ((1U << lrs->used) - 1)) != 0 || !ended_pass(cpu, irq, &slot)))
        return false;
    flags = irq_flags(irq);
    if (unlikely((flags & (IRQ_ENABLED | IRQ_LATCH | IRQ_LINE | IRQ_ACTIVE | IRQ_SOURCES)) != IRQ_ENABLED ||
                 irq->queue != QUEUE_NONE || (groups >> ((flags & IRQ_GROUP1) != 0) & 1) == 0))
        return false;
    /* It may have been taken back since. */
    if (unlikely((atomic_fetch_and_explicit(&cpu->raised, ~raised, memory_order_relaxed) & raised) == 0))
        return false;
    irq_flags_set(irq, flags | IRQ_LOADED | IRQ_LR_LATCH);
    cpu->loaded[slot] = irq;
    lrs->lr[slot] = lr_make(irq, flags, true, false);
    lrs->used = MAX(lrs->used, 1);
    lrs->hcr = HCR_EN | deactivation_traps(cpu);
    vcpu_lrs_update(cpu->vcpu, lrs, 1U << slot);
    return true;
}

static always_inline bool is_one(uint32_t bits)
{
    return bits != 0 && (bits & (bits - 1)) == 0;
}

bool gic_entry(struct gic_cpu *cpu)
{
    arch_irq_state_t state;
    uint32_t raised;
    bool is_done;

    attention_take(cpu, 0);
    raised = atomic_load_explicit(&cpu->raised, memory_order_relaxed);
    if (unlikely(cpu->why != ATTENTION_NEW || !is_one(raised) ||
                 atomic_load_explicit(&cpu->limbo_todo, memory_order_relaxed) != 0))
        return entry_do(cpu);
    /* Nobody is woken with the lock held, so nothing is to be looked for when it is let go. */
    state = arch_irq_save();
    spin_lock_irqoff(&cpu->lock);
    is_done = one_load(cpu, raised);
    spin_unlock_irqoff(&cpu->lock);
    arch_irq_restore(state);
    if (unlikely(!is_done || atomic_load_explicit(&cpu->host_done, memory_order_relaxed) != 0))
        return entry_do(cpu);
    cpu->is_waiting = false;
    cpu->why = 0;
    /* See above. */
    atomic_thread_fence(memory_order_seq_cst);
    return false;
}

void gic_cpu_fold(struct gic_cpu *cpu)
{
    struct moves moves;
    arch_irq_state_t state = spin_lock_irqsave(&cpu->lock);

    moves.count = 0;
    lr_fold(cpu, &moves);
    spin_unlock_irqrestore(&cpu->lock, state);
    /* Nothing may be left to the hardware that has been taken out of it. */
    cpu->lrs.hcr = HCR_EN;
    vcpu_lrs_write(cpu->vcpu, &cpu->lrs);
    atomic_fetch_or(&cpu->attention, ATTENTION_NEW);
    fold_finish(cpu, &moves);
}

void gic_own_fold(struct irqchip *chip)
{
    unsigned current = vcpu_current(chip);

    if (current < chip->cpu_count && chip->cpus[current].lrs.used != 0)
        gic_cpu_fold(&chip->cpus[current]);
}

void gic_leave(struct gic_cpu *cpu)
{
    gic_cpu_fold(cpu);
    vcpu_apr_read(cpu->vcpu, &cpu->lrs);
    attention_take(cpu, ATTENTION_AWAY);
    resync_done(cpu);
}
