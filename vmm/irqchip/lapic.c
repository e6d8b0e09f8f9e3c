/* SPDX-License-Identifier: BSD-2-Clause */
#include "lapic.h"

#include "chip.h"
#include <errno.h>
#include <string.h>

/* The interrupt logic of a local APIC: IRR to ISR to EOI, priorities, local sources. SDM vol. 3A, 11.8. */

/* --- requests --- */

static inline unsigned highest_bit(uint32_t word)
{
    return (unsigned)__builtin_clz(word) ^ 31; /* one instruction; a subtraction is not */
}

/* Word `word` of the IRR looks empty. A sender sets IRR, then summary: what it sets meanwhile is not lost. */
static void summary_clear(struct lapic *lapic, unsigned word)
{
    atomic_fetch_and(&lapic->summary, ~(1U << word));
    if (atomic_load(&lapic->irr[word]) != 0)
        atomic_fetch_or(&lapic->summary, 1U << word);
}

/* -1: none. */
static inline int highest_request(struct lapic *lapic, uint32_t summary)
{
    for (summary &= 0xff; summary != 0;) {
        unsigned word = highest_bit(summary);
        uint32_t bits = atomic_load_explicit(&lapic->irr[word], memory_order_acquire);

        if (likely(bits != 0))
            return (int)(word * 32 + highest_bit(bits));
        summary_clear(lapic, word); /* taken before its sender came to set the summary */
        summary &= ~(1U << word);
    }
    return -1;
}

/* LINT0 as ExtINT, or no local APIC at all between PIC and CPU (11.4.3). */
static bool is_extint_accepted(const struct lapic *lapic)
{
    uint32_t lvt = atomic_load_explicit(&lapic->lvt[LVT_LINT0], memory_order_relaxed);

    return (atomic_load_explicit(&lapic->mode, memory_order_relaxed) & LAPIC_MODE_ENABLED) == 0 ||
           ((lvt & LVT_MASKED) == 0 && FIELD(lvt, 10, 8) == DELIVER_EXTINT);
}

int lapic_pending_vector(struct lapic *lapic)
{
    uint32_t summary = atomic_load_explicit(&lapic->summary, memory_order_acquire);
    uint32_t ppr = atomic_load_explicit(&lapic->ppr, memory_order_relaxed);
    int vector;

    if (likely(summary == 0))
        return -1;
    if (unlikely((summary & SUMMARY_EXTINT) != 0) && is_extint_accepted(lapic))
        return pic_vector_peek(&lapic->chip->pic);
    vector = highest_request(lapic, summary);
    return vector >> 4 > (int)(ppr >> 4) ? vector : -1;
}

/* The request has gone by the time the CPU answers: the PIC yields its IR7, the local APIC what the SVR says.
 */
static int spurious_vector(struct lapic *lapic)
{
    lapic->is_taken_own = false;
    if (lapic == lapic->chip->pic.lapic && is_extint_accepted(lapic))
        return pic_acknowledge(&lapic->chip->pic);
    return (int)(lapic->svr & 0xff);
}

int lapic_acknowledge(struct lapic *lapic)
{
    uint32_t summary = atomic_load_explicit(&lapic->summary, memory_order_acquire);
    unsigned word;
    uint32_t bit;
    int vector;

    if (unlikely((summary & SUMMARY_EXTINT) != 0) && is_extint_accepted(lapic)) {
        lapic->is_taken_own = false;
        return pic_acknowledge(&lapic->chip->pic);
    }
    vector = highest_request(lapic, summary);
    if (vector >> 4 <= (int)(atomic_load_explicit(&lapic->ppr, memory_order_relaxed) >> 4))
        return spurious_vector(lapic);
    word = (unsigned)vector / 32;
    bit = 1U << (unsigned)vector % 32;
    atomic_fetch_and(&lapic->irr[word], ~bit); /* no use of the result: one locked instruction, no loop */
    if (atomic_load(&lapic->irr[word]) == 0)
        summary_clear(lapic, word);
    lapic->isr[word] |= bit;
    lapic->isr_summary |= 1U << word;
    lapic->is_taken_own = true;
    /* It was above the PPR, so it is the highest in service and above the TPR (11.8.3.1). */
    atomic_store_explicit(&lapic->ppr, (uint32_t)vector & 0xf0, memory_order_relaxed);
    return vector;
}

bool lapic_put_back(struct lapic *lapic, uint8_t vector)
{
    unsigned word = vector / 32U;
    uint32_t bit = 1U << vector % 32U;

    if (!lapic->is_taken_own || (lapic->isr[word] & bit) == 0)
        return false;
    lapic->isr[word] &= ~bit;
    if (lapic->isr[word] == 0)
        lapic->isr_summary &= ~(1U << word);
    lapic_ppr_update(lapic);
    atomic_fetch_or(&lapic->irr[word], bit);
    atomic_fetch_or(&lapic->summary, 1U << word);
    return true;
}

/* --- priority and end of interrupt --- */

void lapic_ppr_update(struct lapic *lapic)
{
    uint32_t ppr = lapic->tpr;

    if (lapic->isr_summary != 0) {
        unsigned word = highest_bit(lapic->isr_summary);
        uint32_t service = (word * 32 + highest_bit(lapic->isr[word])) & 0xf0;

        if (service > (ppr & 0xf0))
            ppr = service;
    }
    atomic_store_explicit(&lapic->ppr, ppr, memory_order_relaxed);
}

void lapic_service_end(struct lapic *lapic)
{
    unsigned word;
    uint32_t bit;

    if (lapic->isr_summary == 0)
        return;
    word = highest_bit(lapic->isr_summary);
    bit = 1U << highest_bit(lapic->isr[word]);
    lapic->isr[word] &= ~bit;
    if (lapic->isr[word] == 0)
        lapic->isr_summary &= ~(1U << word);
    lapic_ppr_update(lapic);
    if (unlikely((atomic_load_explicit(&lapic->tmr[word], memory_order_relaxed) & bit) != 0))
        ioapic_eoi(&lapic->chip->ioapic, (uint8_t)(word * 32 + highest_bit(bit)));
}

uint8_t lapic_cr8_get(const struct lapic *lapic)
{
    return (uint8_t)(lapic->tpr >> 4);
}

void lapic_cr8_set(struct lapic *lapic, uint8_t cr8)
{
    lapic->tpr = (uint32_t)(cr8 & 0xf) << 4;
    lapic_ppr_update(lapic);
}

/* --- local sources --- */

void lapic_error_raise(struct lapic *lapic, uint32_t error, bool is_own)
{
    uint32_t before = atomic_fetch_or(&lapic->errors, error);
    uint32_t lvt = atomic_load(&lapic->lvt[LVT_ERROR]);
    uint8_t vector = (uint8_t)lvt;

    /* A write to the ESR re-arms what an error has triggered (11.5.3). */
    if ((before & error) == error || (lvt & LVT_MASKED) != 0)
        return;
    if (vector < 16)
        atomic_fetch_or(&lapic->errors, ESR_RECEIVE_VECTOR);
    else if (lapic_irr_set(lapic, vector, false) && !is_own)
        vcpu_kick(lapic->vcpu);
}

bool lapic_lvt_raise(struct lapic *lapic, enum lapic_lvt which)
{
    uint32_t lvt = atomic_load(&lapic->lvt[which]);
    uint8_t vector = (uint8_t)lvt;

    if ((lvt & LVT_MASKED) != 0)
        return false;
    switch (FIELD(lvt, 10, 8)) {
    case DELIVER_FIXED:
        if (vector >= 16)
            return lapic_irr_set(lapic, vector, false);
        lapic_error_raise(lapic, ESR_RECEIVE_VECTOR, false);
        return false;
    case DELIVER_NMI:
        vcpu_signal_nmi(lapic->vcpu);
        return false;
    default: /* ExtINT is a level, which lapic_pending_vector() looks at; SMI and INIT: not connected */
        return false;
    }
}

void lapic_extint_set(struct lapic *lapic, bool level)
{
    if (!level) {
        atomic_fetch_and(&lapic->summary, ~(uint32_t)SUMMARY_EXTINT);
        return;
    }
    if ((atomic_fetch_or(&lapic->summary, SUMMARY_EXTINT) & SUMMARY_EXTINT) != 0)
        return;
    if (is_extint_accepted(lapic) || lapic_lvt_raise(lapic, LVT_LINT0))
        vcpu_kick(lapic->vcpu);
}

void lapic_nmi_pin(struct lapic *lapic)
{
    if ((atomic_load(&lapic->mode) & LAPIC_MODE_ENABLED) == 0)
        vcpu_signal_nmi(lapic->vcpu); /* LINT1 is the CPU's NMI pin then (11.4.3) */
    else if (lapic_lvt_raise(lapic, LVT_LINT1))
        vcpu_kick(lapic->vcpu);
}

/* --- life --- */

void lapic_mode_update(struct lapic *lapic)
{
    uint32_t mode = 0, before;

    if ((lapic->base & APIC_BASE_EN) != 0)
        mode |= LAPIC_MODE_ENABLED;
    if ((lapic->base & APIC_BASE_EXTD) != 0)
        mode |= LAPIC_MODE_X2APIC;
    if ((lapic->svr & SVR_ENABLED) != 0)
        mode |= LAPIC_MODE_SOFT;
    before = atomic_exchange(&lapic->mode, mode);
    if (((before ^ mode) & LAPIC_MODE_X2APIC) == 0)
        return;
    if ((mode & LAPIC_MODE_X2APIC) != 0)
        atomic_fetch_add(&lapic->chip->n_x2apic, 1);
    else
        atomic_fetch_sub(&lapic->chip->n_x2apic, 1);
}

/*
 * Nothing is requested or in service. Summary before IRR: what a sender sets in between is either wiped in
 * both or leaves a summary bit too many, which is harmless.
 */
static void requests_reset(struct lapic *lapic)
{
    atomic_fetch_and(&lapic->summary, SUMMARY_EXTINT);
    for (unsigned word = 0; word < ARRAY_SIZE(lapic->irr); word++) {
        atomic_store(&lapic->irr[word], 0);
        atomic_store(&lapic->tmr[word], 0);
        lapic->isr[word] = 0;
    }
    lapic->isr_summary = 0;
}

void lapic_init_reset(struct lapic *lapic)
{
    bool is_x2apic = (lapic->base & APIC_BASE_EXTD) != 0;

    lapic_timer_reset(lapic);
    for (unsigned i = 0; i < LVTS; i++)
        atomic_store(&lapic->lvt[i], LVT_MASKED);
    /* What firmware leaves on a PC: virtual wire through the boot processor's LINT0 (MP spec 1.4, 3.6.2.2).
     */
    if (lapic->id == 0)
        atomic_store(&lapic->lvt[LVT_LINT0], DELIVER_EXTINT << 8);
    lapic->tpr = lapic->esr = lapic->icr = lapic->icr_high = 0;
    lapic->svr = 0xff;
    atomic_store(&lapic->errors, 0);
    atomic_store(&lapic->dfr, ~0U);
    atomic_store(&lapic->ldr, is_x2apic ? (lapic->id >> 4) << 16 | 1U << (lapic->id & 15) : 0);
    lapic_mode_update(lapic);
    requests_reset(lapic);
    lapic_ppr_update(lapic);
}

void lapic_reset(struct lapic *lapic)
{
    lapic->base = APIC_BASE_NORMAL | APIC_BASE_EN | (lapic->id == 0 ? APIC_BASE_BSP : 0);
    lapic_init_reset(lapic);
}

void lapic_create(struct lapic *lapic, struct irqchip *chip, struct vcpu *vcpu, uint32_t id,
                  struct vm_clock *clock)
{
    memset(lapic, 0, sizeof(*lapic));
    lapic->chip = chip;
    lapic->vcpu = vcpu;
    lapic->id = id;
    lapic_timer_init(lapic, clock);
    lapic_reset(lapic);
}

/* --- state record --- */

void lapic_save(const struct lapic *lapic, struct state_writer *writer)
{
    state_put_u64(writer, lapic->base);
    for (unsigned word = 0; word < ARRAY_SIZE(lapic->irr); word++) {
        state_put_u32(writer, atomic_load(&lapic->irr[word]));
        state_put_u32(writer, atomic_load(&lapic->tmr[word]));
        state_put_u32(writer, lapic->isr[word]);
    }
    state_put_u32(writer, lapic->tpr);
    state_put_u32(writer, lapic->svr);
    state_put_u32(writer, lapic->esr);
    state_put_u32(writer, atomic_load(&lapic->errors));
    state_put_u32(writer, lapic->icr);
    state_put_u32(writer, lapic->icr_high);
    state_put_u32(writer, atomic_load(&lapic->ldr));
    state_put_u32(writer, atomic_load(&lapic->dfr));
    for (unsigned i = 0; i < LVTS; i++)
        state_put_u32(writer, atomic_load(&lapic->lvt[i]));
    lapic_timer_save(lapic, writer);
}

static void requests_load(struct lapic *lapic, struct state_reader *reader)
{
    uint32_t summary = 0;

    lapic->isr_summary = 0;
    for (unsigned word = 0; word < ARRAY_SIZE(lapic->irr); word++) {
        uint32_t legal = word == 0 ? 0xffff0000 : ~0U; /* vectors 0-15 are never requested */
        uint32_t irr = state_get_u32(reader) & legal, tmr = state_get_u32(reader) & legal;

        atomic_store(&lapic->irr[word], irr);
        atomic_store(&lapic->tmr[word], tmr);
        lapic->isr[word] = state_get_u32(reader) & legal;
        summary |= irr != 0 ? 1U << word : 0;
        lapic->isr_summary |= lapic->isr[word] != 0 ? 1U << word : 0;
    }
    atomic_fetch_and(&lapic->summary, SUMMARY_EXTINT);
    atomic_fetch_or(&lapic->summary, summary);
}

int lapic_load(struct lapic *lapic, struct state_reader *reader)
{
    uint64_t base = state_get_u64(reader);
    bool is_x2apic = (base & APIC_BASE_EXTD) != 0;

    if ((base & ~MASK(lapic->chip->phys_bits - 1, 12) & ~(APIC_BASE_BSP | APIC_BASE_EXTD | APIC_BASE_EN)) !=
            0 ||
        (is_x2apic && (base & APIC_BASE_EN) == 0))
        return -EINVAL;
    lapic->base = base;
    requests_load(lapic, reader);
    lapic->tpr = state_get_u32(reader) & 0xff;
    lapic->svr = state_get_u32(reader) & 0x3ff;
    lapic->esr = state_get_u32(reader) & 0xff;
    atomic_store(&lapic->errors, state_get_u32(reader) & 0xff);
    lapic->icr = state_get_u32(reader);
    lapic->icr_high = state_get_u32(reader);
    atomic_store(&lapic->ldr, state_get_u32(reader));
    atomic_store(&lapic->dfr, state_get_u32(reader) | 0x0fffffff);
    if (is_x2apic)
        atomic_store(&lapic->ldr, (lapic->id >> 4) << 16 | 1U << (lapic->id & 15));
    for (unsigned i = 0; i < LVTS; i++)
        atomic_store(&lapic->lvt[i], state_get_u32(reader) & 0x7f7ff);
    lapic_timer_load(lapic, reader);
    lapic_mode_update(lapic);
    lapic_ppr_update(lapic);
    return 0;
}
