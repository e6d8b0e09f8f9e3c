/* SPDX-License-Identifier: BSD-2-Clause */
#include "../gicv3/lpi.h"
#include "model.h"

/*
 * What state an interrupt is in and where it queues: IHI 0069H, 4.1 (states), 4.8 (priorities), 2.3
 * (routing). Whoever changes an interrupt locks its home, changes it, and settles it.
 */

/* --- finding --- */

struct gic_irq *gic_irq_find(struct gic_cpu *cpu, uint32_t intid)
{
    struct irqchip *chip = cpu->chip;

    if (intid < GIC_PRIVATE)
        return &cpu->private_irqs[intid];
    if (intid - GIC_PRIVATE < chip->spi_count)
        return &chip->spis[intid - GIC_PRIVATE];
    return intid >= GIC_LPI_FIRST ? gic_lpi_find(chip, intid) : NULL;
}

void gic_irq_init(struct gic_irq *irq, uint32_t intid, unsigned home)
{
    irq->intid = intid;
    irq->queue = QUEUE_NONE;
    atomic_init(&irq->flags, intid >= GIC_LPI_FIRST ? IRQ_LPI | IRQ_EDGE | IRQ_GROUP1 : 0);
    atomic_init(&irq->home, (uint16_t)home);
    atomic_init(&irq->route, (uint16_t)home);
}

bool gic_attention_raise(struct gic_cpu *cpu, uint32_t bits)
{
    uint32_t before = atomic_fetch_or(&cpu->attention, bits);

    if ((bits & ~before & ATTENTION_RESYNC) != 0)
        atomic_fetch_add(&cpu->chip->resyncs, 1);
    return (before & ~(uint32_t)ATTENTION_AWAY) == 0;
}

void gic_attention_tell(struct gic_cpu *cpu, uint32_t bits)
{
    if (gic_attention_raise(cpu, bits))
        vcpu_kick(cpu->vcpu);
}

/* --- queues --- */

static void queue_occupied(struct gic_cpu *cpu, unsigned queue)
{
    if (queue < QUEUE_ACTIVE)
        atomic_fetch_or(&cpu->pending[queue / GIC_PRIORITIES], 1U << queue % GIC_PRIORITIES);
    else if (queue < QUEUE_LIMBO)
        cpu->active |= 1U << queue % GIC_PRIORITIES;
    else
        cpu->limbo_count++;
}

void gic_irq_unqueue(struct gic_cpu *cpu, struct gic_irq *irq)
{
    unsigned queue = irq->queue;

    if (queue == QUEUE_NONE)
        return;
    TAILQ_REMOVE(&cpu->queues[queue], irq, link);
    irq->queue = QUEUE_NONE;
    if (queue == QUEUE_LIMBO) {
        cpu->limbo_count--;
        if (atomic_load(&cpu->limbo_todo) > cpu->limbo_count)
            atomic_store(&cpu->limbo_todo, cpu->limbo_count);
    } else if (TAILQ_EMPTY(&cpu->queues[queue])) {
        if (queue < QUEUE_ACTIVE)
            atomic_fetch_and(&cpu->pending[queue / GIC_PRIORITIES], ~(1U << queue % GIC_PRIORITIES));
        else
            cpu->active &= ~(1U << queue % GIC_PRIORITIES);
    }
}

/* Where it belongs. */
static unsigned queue_wanted(struct gic_cpu *cpu, const struct gic_irq *irq, bool *is_todo)
{
    uint32_t flags = irq_flags(irq);

    *is_todo = false;
    if (flags & IRQ_ACTIVE)
        return QUEUE_ACTIVE + irq_bucket(irq);
    if (!irq_is_pending(flags) || atomic_load_explicit(&irq->route, memory_order_relaxed) == ROUTE_NONE)
        return QUEUE_NONE;
    if (flags & IRQ_LPI) {
        *is_todo = gic_lpi_is_stale(cpu->chip, irq);
        if (*is_todo || !(flags & IRQ_ENABLED))
            return QUEUE_LIMBO;
    }
    if (!(flags & IRQ_ENABLED))
        return QUEUE_NONE;
    return (flags & IRQ_GROUP1 ? GIC_PRIORITIES : 0) + irq_bucket(irq);
}

void gic_irq_place(struct gic_cpu *cpu, struct gic_irq *irq, bool is_front)
{
    bool is_todo;
    unsigned queue = queue_wanted(cpu, irq, &is_todo);

    if (queue == irq->queue && !is_todo)
        return;
    gic_irq_unqueue(cpu, irq);
    irq->queue = (uint8_t)queue;
    if (queue == QUEUE_NONE)
        return;
    if (is_front || is_todo)
        TAILQ_INSERT_HEAD(&cpu->queues[queue], irq, link);
    else
        TAILQ_INSERT_TAIL(&cpu->queues[queue], irq, link);
    queue_occupied(cpu, queue);
    if (is_todo)
        atomic_store(&cpu->limbo_todo, MIN(atomic_load(&cpu->limbo_todo) + 1, cpu->limbo_count));
}

/* --- locking --- */

void gic_raised_latch(struct gic_cpu *cpu)
{
    for (uint32_t raised = gic_raised_take(cpu); unlikely(raised != 0); raised &= raised - 1) {
        struct gic_irq *irq = &cpu->private_irqs[__builtin_ctz(raised)];

        irq_flags_set(irq, irq_flags(irq) | IRQ_LATCH);
        if (!(irq_flags(irq) & IRQ_LOADED))
            gic_irq_place(cpu, irq, false);
    }
}

static always_inline struct gic_cpu *home_lock(struct irqchip *chip, struct gic_irq *irq,
                                               arch_irq_state_t *state)
{
    struct gic_cpu *cpu = &chip->cpus[atomic_load_explicit(&irq->home, memory_order_acquire)];

    *state = spin_lock_irqsave(&cpu->lock);
    return cpu;
}

static always_inline bool is_home(const struct gic_cpu *cpu, const struct gic_irq *irq)
{
    return atomic_load_explicit(&irq->home, memory_order_acquire) == cpu->index;
}

/* It has moved meanwhile. */
static no_inline struct gic_cpu *home_follow(struct gic_cpu *cpu, struct gic_irq *irq,
                                             arch_irq_state_t *state)
{
    while (!is_home(cpu, irq)) {
        spin_unlock_irqrestore(&cpu->lock, *state);
        cpu = home_lock(cpu->chip, irq, state);
    }
    return cpu;
}

struct gic_cpu *gic_irq_lock(struct irqchip *chip, struct gic_irq *irq, arch_irq_state_t *state)
{
    struct gic_cpu *cpu = home_lock(chip, irq, state);

    if (unlikely(!is_home(cpu, irq)))
        cpu = home_follow(cpu, irq, state);
    if (unlikely(atomic_load_explicit(&cpu->raised, memory_order_relaxed) != 0))
        gic_raised_latch(cpu);
    return cpu;
}

/* What its vCPU has to know once it has been placed. */
static uint32_t attention_wanted(const struct gic_cpu *cpu, const struct gic_irq *irq)
{
    if (irq->queue < QUEUE_LIMBO)
        return ATTENTION_NEW;
    return irq->queue == QUEUE_LIMBO && atomic_load(&cpu->limbo_todo) != 0 ? ATTENTION_LIMBO : 0;
}

/* --- routing --- */

/*
 * 1 of N (2.3): any vCPU that is awake and has not asked to be left out; which is the implementation's
 * choice. Nobody: it stays where it is.
 */
static uint16_t any_choose(struct gic_cpu *cpu, uint32_t flags)
{
    struct irqchip *chip = cpu->chip;
    uint32_t left_out = (uint32_t)(flags & IRQ_GROUP1 ? RCTLR_DPG1NS : RCTLR_DPG0);
    unsigned at = atomic_fetch_add_explicit(&chip->rotor, 1, memory_order_relaxed) % chip->cpu_count;

    for (unsigned i = 0; i < chip->cpu_count; i++) {
        const struct gic_cpu *c = &chip->cpus[at];

        if (atomic_load(&c->waker) == 0 && (atomic_load(&c->ctlr) & left_out) == 0)
            return (uint16_t)at;
        at = at + 1 < chip->cpu_count ? at + 1 : 0;
    }
    return (uint16_t)cpu->index;
}

static uint16_t target(struct gic_cpu *cpu, const struct gic_irq *irq, bool is_chosen)
{
    uint32_t flags = irq_flags(irq);
    uint16_t route = atomic_load_explicit(&irq->route, memory_order_relaxed);

    if ((flags & (IRQ_LOADED | IRQ_ACTIVE)) != 0 || route == ROUTE_NONE)
        return (uint16_t)cpu->index;
    if (likely(route != ROUTE_ANY))
        return route;
    if (is_chosen || irq->queue != QUEUE_NONE || !irq_is_pending(flags) || !(flags & IRQ_ENABLED))
        return (uint16_t)cpu->index;
    return any_choose(cpu, flags);
}

void gic_irq_settle(struct gic_cpu *cpu, struct gic_irq *irq, arch_irq_state_t state)
{
    struct irqchip *chip = cpu->chip;
    bool is_chosen = false;
    uint32_t attention;

    for (;;) {
        uint16_t to = target(cpu, irq, is_chosen);

        if (likely(to == cpu->index))
            break;
        /* The new home's lock guards it from here on. */
        gic_irq_unqueue(cpu, irq);
        is_chosen = true;
        atomic_store_explicit(&irq->home, to, memory_order_release);
        spin_unlock_irqrestore(&cpu->lock, state);
        cpu = gic_irq_lock(chip, irq, &state);
    }
    if (irq_flags(irq) & IRQ_LOADED) {
        attention = ATTENTION_RESYNC;
    } else {
        gic_irq_place(cpu, irq, false);
        attention = attention_wanted(cpu, irq);
    }
    if (attention != 0)
        gic_attention_tell(cpu, attention);
    spin_unlock_irqrestore(&cpu->lock, state);
}

/* --- changes --- */

void gic_private_raise(struct gic_cpu *cpu, unsigned intid)
{
    uint32_t bit = 1U << intid;
    arch_irq_state_t state = arch_irq_save();

    /* Whoever has raised it before tells the vCPU. */
    if (!(atomic_fetch_or(&cpu->raised, bit) & bit))
        gic_attention_tell(cpu, ATTENTION_NEW);
    arch_irq_restore(state);
}

static void host_done(struct gic_cpu *cpu, struct gic_irq *irq)
{
    if (irq->host_intid == 0)
        return;
    atomic_fetch_or(&cpu->host_done, 1U << irq->intid);
    gic_attention_tell(cpu, ATTENTION_HOST);
}

void gic_irq_deactivated(struct gic_cpu *cpu, struct gic_irq *irq)
{
    irq_flags_set(irq, irq_flags(irq) & ~(uint32_t)IRQ_ACTIVE);
    host_done(cpu, irq);
}

static uint32_t set_flags(uint32_t flags, enum gic_bits what)
{
    switch (what) {
    case GIC_BITS_GROUP:
        return flags | IRQ_GROUP1;
    case GIC_BITS_ENABLE:
        return flags | IRQ_ENABLED;
    case GIC_BITS_PENDING:
        return flags | IRQ_LATCH;
    default:
        if (flags & IRQ_LOADED)
            return (flags & ~(uint32_t)IRQ_CLR_ACTIVE) | IRQ_SET_ACTIVE;
        return flags | IRQ_ACTIVE;
    }
}

static uint32_t clear_flags(uint32_t flags, enum gic_bits what)
{
    switch (what) {
    case GIC_BITS_GROUP:
        return flags & ~(uint32_t)IRQ_GROUP1;
    case GIC_BITS_ENABLE:
        return flags & ~(uint32_t)IRQ_ENABLED;
    case GIC_BITS_PENDING:
        return (flags & ~(uint32_t)IRQ_LATCH) | (flags & IRQ_LOADED ? IRQ_CLR_LATCH : 0);
    default:
        if (flags & IRQ_LOADED)
            return (flags & ~(uint32_t)IRQ_SET_ACTIVE) | IRQ_CLR_ACTIVE;
        return flags & ~(uint32_t)IRQ_ACTIVE;
    }
}

void gic_irq_set(struct irqchip *chip, struct gic_irq *irq, enum gic_bits what)
{
    arch_irq_state_t state;
    struct gic_cpu *cpu = gic_irq_lock(chip, irq, &state);

    irq_flags_set(irq, set_flags(irq_flags(irq), what));
    gic_irq_settle(cpu, irq, state);
}

void gic_irq_clear(struct irqchip *chip, struct gic_irq *irq, enum gic_bits what)
{
    arch_irq_state_t state;
    struct gic_cpu *cpu = gic_irq_lock(chip, irq, &state);
    uint32_t before = irq_flags(irq), after = clear_flags(before, what);

    irq_flags_set(irq, after);
    /* The physical interrupt waited for this one to be acknowledged and deactivated. */
    if ((before & ~after & (IRQ_LATCH | IRQ_ACTIVE)) != 0 &&
        (after & (IRQ_LOADED | IRQ_LATCH | IRQ_ACTIVE)) == 0)
        host_done(cpu, irq);
    gic_irq_settle(cpu, irq, state);
}

void gic_irq_priority_set(struct irqchip *chip, struct gic_irq *irq, uint8_t priority)
{
    arch_irq_state_t state;
    struct gic_cpu *cpu;

    priority &= 0xff << 3;
    if (priority == atomic_load(&irq->priority))
        return;
    cpu = gic_irq_lock(chip, irq, &state);
    /* It leaves its queue first: that is found by the priority it had. */
    gic_irq_unqueue(cpu, irq);
    atomic_store_explicit(&irq->priority, priority, memory_order_relaxed);
    gic_irq_settle(cpu, irq, state);
}

void gic_irq_config_set(struct irqchip *chip, struct gic_irq *irq, bool is_edge)
{
    arch_irq_state_t state;
    struct gic_cpu *cpu;

    if (((irq_flags(irq) & IRQ_EDGE) != 0) == is_edge)
        return;
    cpu = gic_irq_lock(chip, irq, &state);
    irq_flags_set(irq, (irq_flags(irq) & ~(uint32_t)IRQ_EDGE) | (is_edge ? IRQ_EDGE : 0));
    gic_irq_settle(cpu, irq, state);
}

/* A rising edge makes an edge-triggered interrupt pending until it is acknowledged; a level-triggered one is
 * pending as long as its line is high (4.1.2). */
void gic_irq_line_set(struct irqchip *chip, struct gic_irq *irq, bool level)
{
    arch_irq_state_t state;
    struct gic_cpu *cpu;
    uint32_t flags;

    if (((irq_flags(irq) & IRQ_LINE) != 0) == level)
        return;
    cpu = gic_irq_lock(chip, irq, &state);
    flags = irq_flags(irq);
    if (!level)
        flags &= ~(uint32_t)IRQ_LINE;
    else if (!(flags & IRQ_LINE))
        flags |= IRQ_LINE | (flags & IRQ_EDGE ? IRQ_LATCH : 0);
    irq_flags_set(irq, flags);
    gic_irq_settle(cpu, irq, state);
}

void gic_irq_route_set(struct irqchip *chip, struct gic_irq *irq, uint16_t route)
{
    arch_irq_state_t state;
    struct gic_cpu *cpu;

    if (route == atomic_load(&irq->route))
        return;
    cpu = gic_irq_lock(chip, irq, &state);
    atomic_store_explicit(&irq->route, route, memory_order_relaxed);
    gic_irq_settle(cpu, irq, state);
}

void gic_irq_forget(struct irqchip *chip, struct gic_irq *irq)
{
    arch_irq_state_t state;
    struct gic_cpu *cpu = gic_irq_lock(chip, irq, &state);

    gic_irq_unqueue(cpu, irq);
    irq_flags_set(irq, irq_flags(irq) & ~(uint32_t)(IRQ_LATCH | IRQ_ACTIVE | IRQ_WHILE_LOADED));
    atomic_store(&irq->probe, 0);
    spin_unlock_irqrestore(&cpu->lock, state);
}

/* --- what registers show --- */

/*
 * The interrupt is in a list register of a vCPU that may be in the guest: whether it is active only that
 * vCPU's hardware knows. A wrong "no" lets guests free what a handler still uses, so the answer is "yes" and
 * the vCPU is asked to fold; who reads again after that sees what was found then. A reader that does not come
 * back leaves its answer to the next one, until the interrupt is loaded anew.
 */
static bool active_probe(struct irqchip *chip, struct gic_irq *irq, uint32_t flags)
{
    struct gic_cpu *cpu = &chip->cpus[atomic_load(&irq->home)];
    uint32_t folds = atomic_load(&cpu->folds) | 1, probe = atomic_load(&irq->probe);
    arch_irq_state_t state;

    if (probe != 0 && probe != folds) {
        atomic_store(&irq->probe, 0);
        return (flags & IRQ_LR_ACTIVE) != 0;
    }
    atomic_store(&irq->probe, folds);
    state = arch_irq_save();
    gic_attention_tell(cpu, ATTENTION_RESYNC);
    arch_irq_restore(state);
    return true;
}

static bool is_raised(struct irqchip *chip, const struct gic_irq *irq)
{
    return irq->intid < GIC_PRIVATE &&
           (atomic_load(&chip->cpus[atomic_load(&irq->home)].raised) >> irq->intid & 1) != 0;
}

bool gic_irq_get(struct irqchip *chip, struct gic_irq *irq, enum gic_bits what)
{
    uint32_t flags = irq_flags(irq);

    switch (what) {
    case GIC_BITS_GROUP:
        return (flags & IRQ_GROUP1) != 0;
    case GIC_BITS_ENABLE:
        return (flags & IRQ_ENABLED) != 0;
    case GIC_BITS_PENDING:
        return irq_is_pending(flags) || (flags & (IRQ_LR_LATCH | IRQ_CLR_LATCH)) == IRQ_LR_LATCH ||
               is_raised(chip, irq);
    default:
        if (unlikely((flags & IRQ_LOADED) != 0)) {
            if (flags & (IRQ_SET_ACTIVE | IRQ_CLR_ACTIVE))
                return (flags & IRQ_SET_ACTIVE) != 0;
            return active_probe(chip, irq, flags);
        }
        return (flags & IRQ_ACTIVE) != 0;
    }
}
