/* SPDX-License-Identifier: BSD-2-Clause */
#include "chip.h"

/* Who gets an interrupt message: SDM vol. 3A, 11.6 (IPIs, destinations) and 11.11 (message-signalled). */

#define BROADCAST_XAPIC  0xff
#define BROADCAST_X2APIC 0xffffffff

struct sending {
    const struct apic_message *message;
    struct lapic *self;
    const struct lapic *except;
    struct lapic *best; /* so far, when one is to be chosen */
    uint32_t best_priority;
    bool is_choosing;
    unsigned taken;
};

/* Fixed, or lowest priority once there is nothing left to choose. */
static always_inline bool take_fixed(struct lapic *lapic, uint8_t vector, bool is_level,
                                     const struct lapic *self)
{
    const uint32_t usable = LAPIC_MODE_ENABLED | LAPIC_MODE_SOFT;

    if (unlikely((atomic_load_explicit(&lapic->mode, memory_order_relaxed) & usable) != usable))
        return false;
    if (unlikely(vector < 16)) {
        lapic_error_raise(lapic, ESR_RECEIVE_VECTOR, lapic == self);
        return false;
    }
    if (lapic_irr_set(lapic, vector, is_level) && lapic != self)
        vcpu_kick(lapic->vcpu);
    return true;
}

/* The message has reached `lapic`. */
static bool take(struct lapic *lapic, const struct apic_message *message, const struct lapic *self)
{
    /* A local APIC that is off answers to nothing (11.4.3). */
    if ((atomic_load_explicit(&lapic->mode, memory_order_relaxed) & LAPIC_MODE_ENABLED) == 0)
        return false;
    switch (message->mode) {
    case DELIVER_FIXED:
    case DELIVER_LOWEST:
        return take_fixed(lapic, message->vector, message->is_level, self);
    case DELIVER_NMI:
        vcpu_signal_nmi(lapic->vcpu);
        return true;
    case DELIVER_INIT:
        vcpu_signal_init(lapic->vcpu);
        return true;
    case DELIVER_STARTUP:
        vcpu_signal_sipi(lapic->vcpu, message->vector);
        return true;
    default: /* SMI: there is no SMM; ExtINT: only from LINT0 */
        return false;
    }
}

static void offer(struct sending *sending, struct lapic *lapic)
{
    uint32_t usable = LAPIC_MODE_ENABLED | LAPIC_MODE_SOFT, priority;

    if (lapic == sending->except)
        return;
    if (!sending->is_choosing) {
        sending->taken += take(lapic, sending->message, sending->self);
        return;
    }
    if ((atomic_load_explicit(&lapic->mode, memory_order_relaxed) & usable) != usable)
        return;
    priority = atomic_load_explicit(&lapic->ppr, memory_order_relaxed);
    if (sending->best == NULL || priority < sending->best_priority) {
        sending->best = lapic;
        sending->best_priority = priority;
    }
}

/* 11.6.2.2 and 11.12.10.2. */
static bool is_logical_match(const struct lapic *lapic, uint32_t destination)
{
    uint32_t ldr = atomic_load_explicit(&lapic->ldr, memory_order_relaxed);
    uint32_t dfr = atomic_load_explicit(&lapic->dfr, memory_order_relaxed);

    if ((atomic_load_explicit(&lapic->mode, memory_order_relaxed) & LAPIC_MODE_X2APIC) != 0)
        return ldr >> 16 == destination >> 16 && (ldr & destination & 0xffff) != 0;
    ldr >>= 24;
    if (destination > 0xff)
        return false;
    if (dfr >> 28 == 0xf)
        return (ldr & destination) != 0;
    return dfr >> 28 == 0 && ldr >> 4 == destination >> 4 && (ldr & destination & 0xf) != 0;
}

/* Offers to all that match; who comes first depends on the vector, so that equals share lowest priority. */
static void offer_scan(struct irqchip *chip, struct sending *sending)
{
    const struct apic_message *message = sending->message;
    unsigned start = message->vector % chip->count;

    for (unsigned i = 0; i < chip->count; i++) {
        unsigned id = start + i < chip->count ? start + i : start + i - chip->count;

        if (message->is_broadcast || is_logical_match(&chip->lapics[id], message->destination))
            offer(sending, &chip->lapics[id]);
    }
}

/* Everybody is in x2APIC mode: the logical id says the APIC id. */
static void offer_cluster(struct irqchip *chip, struct sending *sending)
{
    uint32_t destination = sending->message->destination;
    unsigned first = (destination >> 16) * 16;
    uint32_t members = destination & 0xffff;
    unsigned turn = sending->message->vector % 16;

    /* As above: rotate the start. */
    for (uint32_t high = members >> turn << turn; high != 0; high &= high - 1)
        if (first + (unsigned)__builtin_ctz(high) < chip->count)
            offer(sending, &chip->lapics[first + (unsigned)__builtin_ctz(high)]);
    for (uint32_t low = members & ((1U << turn) - 1); low != 0; low &= low - 1)
        if (first + (unsigned)__builtin_ctz(low) < chip->count)
            offer(sending, &chip->lapics[first + (unsigned)__builtin_ctz(low)]);
}

unsigned apic_message_send(struct irqchip *chip, const struct apic_message *message, struct lapic *self,
                           const struct lapic *except)
{
    struct sending sending = {.message = message, .self = self, .except = except};

    if (likely(!message->is_logical && !message->is_broadcast)) {
        if (unlikely(message->destination >= chip->count))
            return 0;
        return take(&chip->lapics[message->destination], message, self);
    }
    sending.is_choosing =
        message->mode == DELIVER_LOWEST || (message->mode == DELIVER_FIXED && message->is_redirected);
    if (!message->is_broadcast && atomic_load_explicit(&chip->n_x2apic, memory_order_relaxed) == chip->count)
        offer_cluster(chip, &sending);
    else
        offer_scan(chip, &sending);
    if (sending.best != NULL)
        sending.taken += take(sending.best, message, self);
    return sending.taken;
}

/* --- the interrupt command register: 11.6.1, 11.12.9 --- */

#define ICR_LOGICAL       0x00800
#define ICR_LEVEL_ASSERT  0x04000
#define ICR_TRIGGER_LEVEL 0x08000
#define ICR_UNCOMMON      0xc0f00 /* shorthand, logical, any mode but fixed */

static bool is_icr_ignored(const struct lapic *lapic, uint32_t icr)
{
    unsigned mode = FIELD(icr, 10, 8), shorthand = FIELD(icr, 19, 18);

    /* INIT level de-assert only set arbitration ids, which are gone. */
    if (mode == DELIVER_INIT && (icr & (ICR_TRIGGER_LEVEL | ICR_LEVEL_ASSERT)) == ICR_TRIGGER_LEVEL)
        return true;
    /* Nobody restarts itself by shorthand (table 11-3: invalid). */
    return (mode == DELIVER_INIT || mode == DELIVER_STARTUP) && (shorthand == 1 || shorthand == 2);
}

static void icr_send_any(struct lapic *lapic)
{
    bool is_x2apic = (lapic->base & APIC_BASE_EXTD) != 0;
    uint32_t icr = lapic->icr;
    struct apic_message message = {
        .destination = is_x2apic ? lapic->icr_high : lapic->icr_high >> 24,
        .vector = (uint8_t)icr,
        .mode = FIELD(icr, 10, 8),
        .is_logical = (icr & ICR_LOGICAL) != 0,
    };
    const struct lapic *except = NULL;

    if (unlikely(message.mode <= DELIVER_LOWEST && message.vector < 16)) {
        lapic_error_raise(lapic, ESR_SEND_VECTOR, true);
        return;
    }
    if (unlikely(is_icr_ignored(lapic, icr)))
        return;
    switch (FIELD(icr, 19, 18)) {
    case 0:
        message.is_broadcast = message.destination == (is_x2apic ? BROADCAST_X2APIC : BROADCAST_XAPIC);
        break;
    case 1:
        message.destination = lapic->id;
        message.is_logical = false;
        break;
    case 2:
        message.is_broadcast = true;
        break;
    default:
        message.is_broadcast = true;
        except = lapic;
        break;
    }
    apic_message_send(lapic->chip, &message, lapic, except);
}

/* Fixed, by logical x2APIC id, with everybody in that mode: what Linux sends most. */
static void cluster_send(struct lapic *lapic, uint32_t destination, uint8_t vector)
{
    struct irqchip *chip = lapic->chip;
    unsigned first = (destination >> 16) * 16;

    for (uint32_t members = destination & 0xffff; members != 0; members &= members - 1) {
        unsigned id = first + (unsigned)__builtin_ctz(members);

        if (likely(id < chip->count))
            (void)take_fixed(&chip->lapics[id], vector, false, lapic);
    }
}

void lapic_icr_send(struct lapic *lapic)
{
    bool is_x2apic = (lapic->base & APIC_BASE_EXTD) != 0;
    uint32_t destination = is_x2apic ? lapic->icr_high : lapic->icr_high >> 24;
    uint8_t vector = (uint8_t)lapic->icr;

    /* The usual IPI goes straight to its target; 255 may be everybody. */
    if (likely((lapic->icr & ICR_UNCOMMON) == 0 && vector >= 16 && destination < lapic->chip->count &&
               destination != BROADCAST_XAPIC))
        (void)take_fixed(&lapic->chip->lapics[destination], vector, false, lapic);
    else if ((lapic->icr & ICR_UNCOMMON) == ICR_LOGICAL && is_x2apic && vector >= 16 &&
             destination != BROADCAST_X2APIC &&
             atomic_load_explicit(&lapic->chip->n_x2apic, memory_order_relaxed) == lapic->chip->count)
        cluster_send(lapic, destination, vector);
    else
        icr_send_any(lapic);
}

/* --- message-signalled interrupts: 11.11 --- */

/*
 * Bits 11:5 of the address are bits 14:8 of the destination for guests that were told so (the paravirtual
 * "extended destination id"), and zero for others.
 */
void irqchip_msi_send(struct irqchip *chip, uint32_t requester, const struct msi_message *msi)
{
    struct apic_message message = {
        .destination = (uint32_t)(FIELD(msi->address, 19, 12) | FIELD(msi->address, 11, 5) << 8),
        .vector = (uint8_t)msi->data,
        .mode = FIELD(msi->data, 10, 8),
        .is_logical = (msi->address & BIT(2)) != 0,
        .is_redirected = (msi->address & BIT(3)) != 0,
        .is_level = (msi->data & BIT(15)) != 0,
    };

    if (msi->address >> 20 != 0xfee)
        return;
    if (message.is_level && (msi->data & BIT(14)) == 0) /* de-assertion: no message on today's buses */
        return;
    message.is_broadcast = message.destination == BROADCAST_XAPIC && chip->count <= BROADCAST_XAPIC;
    apic_message_send(chip, &message, NULL, NULL);
}
