/* SPDX-License-Identifier: BSD-2-Clause */
#include "lpi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PROPBASER_ADDRESS MASK(51, 12)
#define PENDBASER_ADDRESS MASK(51, 16)
#define PENDBASER_PTZ     BIT(62)

#define CONFIG_ENABLE   0x01
#define CONFIG_PRIORITY 0xfc

/* --- the LPIs there are --- */

int gic_lpis_create(struct irqchip *chip)
{
    chip->lpis = calloc(1, sizeof(*chip->lpis));
    return chip->lpis != NULL ? 0 : -ENOMEM;
}

void gic_lpis_destroy(struct irqchip *chip)
{
    if (chip->lpis == NULL)
        return;
    for (unsigned i = 0; i < ARRAY_SIZE(chip->lpis->leaves); i++)
        free(atomic_load(&chip->lpis->leaves[i]));
    free(chip->lpis);
    chip->lpis = NULL;
}

uint64_t gic_lpis_bytes(const struct irqchip *chip)
{
    if (chip->lpis == NULL)
        return 0;
    return sizeof(*chip->lpis) + atomic_load(&chip->lpis->leaf_count) * LPI_LEAF * sizeof(struct gic_lpi);
}

struct gic_irq *gic_lpi_find(struct irqchip *chip, uint32_t intid)
{
    uint32_t index = intid - GIC_LPI_FIRST;
    struct gic_lpi *leaf;

    if (chip->lpis == NULL || index >= GIC_LPIS)
        return NULL;
    leaf = atomic_load_explicit(&chip->lpis->leaves[index / LPI_LEAF], memory_order_acquire);
    return leaf != NULL ? &leaf[index % LPI_LEAF].irq : NULL;
}

static struct gic_lpi *leaf_make(struct irqchip *chip, unsigned index)
{
    struct gic_lpi *leaf = calloc(LPI_LEAF, sizeof(*leaf)), *other = NULL;

    if (leaf == NULL)
        return NULL;
    for (unsigned i = 0; i < LPI_LEAF; i++) {
        gic_irq_init(&leaf[i].irq, GIC_LPI_FIRST + index * LPI_LEAF + i, 0);
        atomic_init(&leaf[i].epoch, atomic_load(&chip->config_epoch) - 1);
    }
    /* Another vCPU may find pending LPIs in its table meanwhile. */
    if (!atomic_compare_exchange_strong(&chip->lpis->leaves[index], &other, leaf)) {
        free(leaf);
        return other;
    }
    atomic_fetch_add(&chip->lpis->leaf_count, 1);
    return leaf;
}

struct gic_lpi *gic_lpi_ensure(struct irqchip *chip, uint32_t intid)
{
    uint32_t index = intid - GIC_LPI_FIRST;
    struct gic_lpi *leaf;

    if (chip->lpis == NULL || index >= GIC_LPIS)
        return NULL;
    leaf = atomic_load_explicit(&chip->lpis->leaves[index / LPI_LEAF], memory_order_acquire);
    if (leaf == NULL)
        leaf = leaf_make(chip, index / LPI_LEAF);
    return leaf != NULL ? &leaf[index % LPI_LEAF] : NULL;
}

void gic_lpis_reset(struct irqchip *chip)
{
    if (chip->lpis == NULL)
        return;
    for (unsigned i = 0; i < ARRAY_SIZE(chip->lpis->leaves); i++) {
        struct gic_lpi *leaf = atomic_load(&chip->lpis->leaves[i]);

        for (unsigned j = 0; leaf != NULL && j < LPI_LEAF; j++) {
            gic_irq_forget(chip, &leaf[j].irq);
            leaf[j].is_mapped = false;
        }
    }
    atomic_fetch_add(&chip->config_epoch, 1);
}

/* --- configuration: 5.1.1 (one byte per LPI from GICR_PROPBASER) --- */

/* One beyond the INTIDs that the tables are said to have room for. */
static uint32_t intid_end(const struct gic_cpu *cpu)
{
    unsigned bits = (unsigned)FIELD(atomic_load(&cpu->propbaser), 4, 0) + 1;

    return 1U << MIN(bits, GIC_ID_BITS);
}

static uint8_t config_byte(const struct gic_cpu *cpu, uint32_t intid)
{
    uint64_t base = atomic_load(&cpu->propbaser) & PROPBASER_ADDRESS;
    uint8_t byte;

    if (!(atomic_load(&cpu->ctlr) & RCTLR_ENABLE_LPIS) || intid >= intid_end(cpu) ||
        gmem_read(cpu->chip->gmem, gpa(base + intid - GIC_LPI_FIRST), &byte, sizeof(byte)) != 0)
        return 0;
    return byte;
}

void gic_lpi_config_read(struct irqchip *chip, struct gic_irq *irq)
{
    struct gic_lpi *lpi = (struct gic_lpi *)irq;
    /* Before the byte: it may be written again, and invalidated, while it is being read. */
    uint32_t epoch = atomic_load(&chip->config_epoch);
    uint8_t config = config_byte(&chip->cpus[atomic_load(&irq->home)], irq->intid);
    arch_irq_state_t state;
    struct gic_cpu *cpu = gic_irq_lock(chip, irq, &state);
    uint32_t flags = irq_flags(irq) & ~(uint32_t)IRQ_ENABLED;

    gic_irq_unqueue(cpu, irq);
    irq_flags_set(irq, flags | (config & CONFIG_ENABLE ? IRQ_ENABLED : 0));
    atomic_store_explicit(&irq->priority, config & CONFIG_PRIORITY & 0xf8, memory_order_relaxed);
    atomic_store_explicit(&lpi->epoch, epoch, memory_order_relaxed);
    gic_irq_settle(cpu, irq, state);
}

void gic_lpi_invalidate_all(struct gic_cpu *cpu)
{
    arch_irq_state_t state;
    uint32_t why = ATTENTION_LIMBO;

    atomic_fetch_add(&cpu->chip->config_epoch, 1);
    state = spin_lock_irqsave(&cpu->lock);
    atomic_store(&cpu->limbo_todo, cpu->limbo_count);
    /* What is in list registers may have been disabled. */
    for (unsigned i = 0; i < ARRAY_SIZE(cpu->loaded); i++)
        if (cpu->loaded[i] != NULL && (irq_flags(cpu->loaded[i]) & IRQ_LPI))
            why |= ATTENTION_RESYNC;
    gic_attention_tell(cpu, why);
    spin_unlock_irqrestore(&cpu->lock, state);
}

/* --- pending --- */

void gic_lpi_trigger(struct irqchip *chip, struct gic_lpi *lpi, unsigned vcpu)
{
    struct gic_irq *irq = &lpi->irq;
    arch_irq_state_t state;
    struct gic_cpu *cpu;

    if (vcpu >= chip->cpu_count || !(atomic_load(&chip->cpus[vcpu].ctlr) & RCTLR_ENABLE_LPIS))
        return;
    /*
     * Pending already, and nobody has taken it: nothing to add. What the device has written for the guest to
     * find comes before the look; the other half is in gic_entry().
     */
    atomic_thread_fence(memory_order_seq_cst);
    if ((atomic_load_explicit(&irq->flags, memory_order_acquire) & IRQ_LATCH) &&
        atomic_load_explicit(&irq->route, memory_order_relaxed) == vcpu)
        return;
    cpu = gic_irq_lock(chip, irq, &state);
    atomic_store_explicit(&irq->route, (uint16_t)vcpu, memory_order_relaxed);
    irq_flags_set(irq, irq_flags(irq) | IRQ_LATCH);
    if (!(irq_flags(irq) & IRQ_LOADED)) {
        gic_irq_settle(cpu, irq, state);
        return;
    }
    /* Most likely the guest is done with the one before, which its vCPU will see. */
    gic_attention_tell(cpu, ATTENTION_NEW);
    spin_unlock_irqrestore(&cpu->lock, state);
}

/* Pending tables have a bit per INTID, from INTID 0 on: 5.1.2. */
static gpa_t pending_address(const struct gic_cpu *cpu, unsigned leaf)
{
    return gpa((atomic_load(&cpu->pendbaser) & PENDBASER_ADDRESS) + (GIC_LPI_FIRST + leaf * LPI_LEAF) / 8);
}

static void pending_word_read(struct gic_cpu *cpu, unsigned leaf, uint64_t bits)
{
    for (; bits != 0; bits &= bits - 1) {
        uint32_t intid = GIC_LPI_FIRST + leaf * LPI_LEAF + (unsigned)__builtin_ctzll(bits);
        struct gic_lpi *lpi = gic_lpi_ensure(cpu->chip, intid);

        if (lpi != NULL && intid < intid_end(cpu))
            gic_lpi_trigger(cpu->chip, lpi, cpu->index);
    }
}

void gic_lpi_pending_read(struct gic_cpu *cpu)
{
    uint64_t words[64];

    _Static_assert(LPI_LEAF == 64 && GIC_LPIS / LPI_LEAF % ARRAY_SIZE(words) == 0, "a word per leaf");
    if (atomic_load(&cpu->pendbaser) & PENDBASER_PTZ)
        return;
    for (unsigned i = 0; i < GIC_LPIS / LPI_LEAF; i += ARRAY_SIZE(words)) {
        if (gmem_read(cpu->chip->gmem, pending_address(cpu, i), words, sizeof(words)) != 0)
            continue;
        for (unsigned j = 0; j < ARRAY_SIZE(words); j++)
            pending_word_read(cpu, i + j, words[j]);
    }
}

struct gic_irq *gic_lpi_pending_next(struct irqchip *chip, uint32_t intid)
{
    while (intid - GIC_LPI_FIRST < GIC_LPIS) {
        struct gic_irq *irq = gic_lpi_find(chip, intid);

        if (irq != NULL && (irq_flags(irq) & IRQ_LATCH))
            return irq;
        /* The next one, or the first one of the next leaf. */
        intid = irq != NULL ? intid + 1 : ALIGN_DOWN(intid, LPI_LEAF) + LPI_LEAF;
    }
    return NULL;
}

/* Takes it back from `cpu`; whether it was pending there. */
static bool pending_take(struct gic_cpu *cpu, struct gic_irq *irq)
{
    arch_irq_state_t state;
    struct gic_cpu *home;
    uint32_t flags = irq_flags(irq);

    if (!(flags & (IRQ_LATCH | IRQ_LR_LATCH)) || atomic_load(&irq->home) != cpu->index)
        return false;
    home = gic_irq_lock(cpu->chip, irq, &state);
    flags = irq_flags(irq);
    irq_flags_set(irq, (flags & ~(uint32_t)IRQ_LATCH) | (flags & IRQ_LOADED ? IRQ_CLR_LATCH : 0));
    gic_irq_settle(home, irq, state);
    return (flags & IRQ_LATCH) || (flags & (IRQ_LR_LATCH | IRQ_CLR_LATCH)) == IRQ_LR_LATCH;
}

void gic_lpi_pending_write(struct gic_cpu *cpu)
{
    struct irqchip *chip = cpu->chip;

    for (unsigned i = 0; i < ARRAY_SIZE(chip->lpis->leaves); i++) {
        struct gic_lpi *leaf = atomic_load_explicit(&chip->lpis->leaves[i], memory_order_acquire);
        uint64_t bits = 0;

        if (leaf == NULL)
            continue;
        for (unsigned j = 0; j < LPI_LEAF; j++)
            if (pending_take(cpu, &leaf[j].irq))
                bits |= BIT(j);
        /* No RAM there: the guest asked for it. */
        if (gmem_write(chip->gmem, pending_address(cpu, i), &bits, sizeof(bits)) != 0)
            return;
    }
}

/* --- MOVALL --- */

static struct gic_irq *movable_find(struct gic_cpu *from, unsigned queue, unsigned to)
{
    struct gic_irq *irq;

    TAILQ_FOREACH (irq, &from->queues[queue], link)
        if ((irq_flags(irq) & IRQ_LPI) && atomic_load(&irq->route) != to)
            return irq;
    return NULL;
}

/* The next LPI that waits at `from`, or NULL. Group 1 and limbo is where LPIs are. */
static struct gic_irq *movable_next(struct gic_cpu *from, unsigned to)
{
    arch_irq_state_t state = spin_lock_irqsave(&from->lock);
    uint32_t pending = atomic_load(&from->pending[1]);
    struct gic_irq *irq = movable_find(from, QUEUE_LIMBO, to);

    for (; irq == NULL && pending != 0; pending &= pending - 1)
        irq = movable_find(from, GIC_PRIORITIES + (unsigned)__builtin_ctz(pending), to);
    spin_unlock_irqrestore(&from->lock, state);
    return irq;
}

static void loaded_move(struct gic_cpu *from, unsigned to)
{
    arch_irq_state_t state = spin_lock_irqsave(&from->lock);

    for (unsigned i = 0; i < ARRAY_SIZE(from->loaded); i++)
        if (from->loaded[i] != NULL && (irq_flags(from->loaded[i]) & IRQ_LPI)) {
            atomic_store(&from->loaded[i]->route, (uint16_t)to);
            gic_attention_tell(from, ATTENTION_RESYNC);
        }
    spin_unlock_irqrestore(&from->lock, state);
}

bool gic_lpi_move_some(struct gic_cpu *from, unsigned to, unsigned count)
{
    if (from->index == to)
        return false;
    loaded_move(from, to);
    for (; count > 0; count--) {
        struct gic_irq *irq = movable_next(from, to);

        if (irq == NULL)
            return false;
        gic_irq_route_set(from->chip, irq, (uint16_t)to);
    }
    return true;
}
