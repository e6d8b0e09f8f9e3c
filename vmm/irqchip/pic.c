/* SPDX-License-Identifier: BSD-2-Clause */
#include "pic.h"

#include "../dev/device.h"
#include "lapic.h"
#include <string.h>

/*
 * Two 8259As (Intel 231468, "8259A data sheet") with the edge/level control registers of PC chipsets (ICH9
 * data sheet, 13.4). An edge stays latched until it is acknowledged, even if its line falls: devices may
 * pulse.
 */

#define CASCADE_INPUT 2
#define MASTER        0
#define SLAVE         1

/* Inputs that can be level-triggered: not timer, keyboard, cascade; not RTC, FPU. */
static const uint8_t elcr_writable[2] = {0xf8, 0xde};

/* --- masks --- */

static inline uint8_t imr(const struct pic *pic, unsigned which)
{
    return (uint8_t)atomic_load(&pic->control[which]);
}

static inline unsigned init_step(const struct pic *pic, unsigned which)
{
    return atomic_load_explicit(&pic->control[which], memory_order_relaxed) >> 8;
}

/* Lock held. */
static void control_set(struct pic *pic, unsigned which, unsigned mask, unsigned step)
{
    atomic_store(&pic->control[which], (uint16_t)(mask | step << 8));
}

/* Lines that the CPU does not hear of. A slave behind a masked cascade input is looked at again when that is
 * unmasked. */
static uint32_t masked_lines(const struct pic *pic)
{
    uint32_t masked = imr(pic, MASTER) | (uint32_t)imr(pic, SLAVE) << 8;

    return (masked & 1U << CASCADE_INPUT) != 0 ? masked | 0xff00 : masked;
}

/* --- priorities --- */

/* 0 is the highest; 8: none of the inputs in the mask. */
static unsigned highest_priority(const struct pic_half *half, unsigned mask)
{
    unsigned first = (half->lowest + 1U) & 7;
    /* Rotated right by `first`. */
    unsigned rotated = (mask >> first | mask << (8 - first)) & 0xff;

    return rotated != 0 ? (unsigned)__builtin_ctz(rotated) : 8;
}

static unsigned input_of(const struct pic_half *half, unsigned priority)
{
    return (half->lowest + 1U + priority) & 7;
}

static unsigned half_irr(const struct pic *pic, unsigned which);

/* The input whose request INT is about, or -1. */
static int half_request(const struct pic *pic, unsigned which)
{
    const struct pic_half *half = &pic->half[which];
    unsigned mask = imr(pic, which), requested = half_irr(pic, which) & ~mask & 0xffU;
    unsigned in_service = half->isr, priority = highest_priority(half, requested);

    if (half->is_special_mask)
        in_service &= ~mask;
    if (half->is_fully_nested && which == MASTER)
        in_service &= ~(1U << CASCADE_INPUT);
    return priority < highest_priority(half, in_service) ? (int)input_of(half, priority) : -1;
}

/* Bit per input: level-triggered ones show their line, the others what is latched; the cascade the slave's
 * INT. */
static unsigned half_irr(const struct pic *pic, unsigned which)
{
    const struct pic_half *half = &pic->half[which];
    uint32_t inputs = atomic_load(&pic->inputs);
    unsigned levels = inputs >> which * 8 & 0xff, edges = inputs >> (16 + which * 8) & 0xff;
    unsigned irr = (levels & half->elcr) | (edges & ~(unsigned)half->elcr);

    if (which == SLAVE)
        return irr;
    irr &= ~(1U << CASCADE_INPUT);
    return half_request(pic, SLAVE) >= 0 ? irr | 1U << CASCADE_INPUT : irr;
}

/* Whether any input that is not masked requests service: usually none does, and no priorities need be
 * compared. */
static bool has_request(const struct pic *pic, uint32_t masked)
{
    uint32_t inputs = atomic_load(&pic->inputs);
    uint32_t level_triggered = pic->half[MASTER].elcr | (uint32_t)pic->half[SLAVE].elcr << 8;

    return (((inputs & level_triggered) | (inputs >> 16 & ~level_triggered)) & ~masked & 0xffff) != 0;
}

/* Something has changed: tells the local APIC. Lock held. */
static void update(struct pic *pic)
{
    bool output = has_request(pic, masked_lines(pic)) && half_request(pic, MASTER) >= 0;

    if (output != pic->output) {
        __atomic_store_n(&pic->output, output, __ATOMIC_RELAXED);
        lapic_extint_set(pic->lapic, output);
    }
}

void pic_line_set(struct pic *pic, unsigned line, bool level)
{
    uint32_t bit = 1U << line, before = atomic_load(&pic->inputs);
    arch_irq_state_t state;

    do {
        if (((before & bit) != 0) == level)
            return;
    } while (!atomic_compare_exchange_weak(&pic->inputs, &before,
                                           level ? before | bit | bit << 16 : before & ~bit));
    if ((masked_lines(pic) & bit) != 0)
        return;
    state = spin_lock_irqsave(&pic->lock);
    update(pic);
    spin_unlock_irqrestore(&pic->lock, state);
}

/* --- acknowledge --- */

/* Lock held. Returns the input; 7 if the request has gone (data sheet: "default IR7"), which is not in
 * service. */
static unsigned half_acknowledge(struct pic *pic, unsigned which, int input)
{
    struct pic_half *half = &pic->half[which];

    if (input < 0)
        return 7;
    atomic_fetch_and(&pic->inputs, ~(1U << (16 + which * 8 + (unsigned)input)));
    if (!half->is_auto_eoi)
        half->isr |= (uint8_t)(1U << input);
    else if (half->is_auto_rotating)
        half->lowest = (uint8_t)input;
    return (unsigned)input;
}

uint8_t pic_acknowledge(struct pic *pic)
{
    arch_irq_state_t state = spin_lock_irqsave(&pic->lock);
    /* One look: inputs and masks change without the lock. */
    int input = half_request(pic, MASTER);
    unsigned vector = pic->half[MASTER].base + half_acknowledge(pic, MASTER, input);

    if (input == CASCADE_INPUT)
        vector = pic->half[SLAVE].base + half_acknowledge(pic, SLAVE, half_request(pic, SLAVE));
    update(pic);
    spin_unlock_irqrestore(&pic->lock, state);
    return (uint8_t)vector;
}

uint8_t pic_vector_peek(struct pic *pic)
{
    arch_irq_state_t state = spin_lock_irqsave(&pic->lock);
    int input = half_request(pic, MASTER);
    unsigned vector = pic->half[MASTER].base + (input >= 0 ? (unsigned)input : 7);

    if (input == CASCADE_INPUT) {
        input = half_request(pic, SLAVE);
        vector = pic->half[SLAVE].base + (input >= 0 ? (unsigned)input : 7);
    }
    spin_unlock_irqrestore(&pic->lock, state);
    return (uint8_t)vector;
}

/* --- command words --- */

static void icw1_write(struct pic *pic, unsigned which, uint8_t value)
{
    struct pic_half *half = &pic->half[which];

    *half = (struct pic_half){
        .base = half->base,
        .elcr = half->elcr,
        .lowest = 7,
        .needs_icw4 = (value & 1) != 0,
        .is_single = (value & 2) != 0,
    };
    control_set(pic, which, 0, 2);
    /* "The edge sense circuit is reset" (data sheet, ICW1): a line must fall and rise to interrupt. */
    atomic_fetch_and(&pic->inputs, ~(0xffU << (16 + which * 8)));
}

static void eoi(struct pic_half *half, unsigned input, bool is_rotating)
{
    half->isr &= (uint8_t)~(1U << input);
    if (is_rotating)
        half->lowest = (uint8_t)input;
}

static void ocw2_write(struct pic *pic, unsigned which, uint8_t value)
{
    struct pic_half *half = &pic->half[which];
    unsigned command = value >> 5, input = value & 7, in_service = half->isr, priority;

    switch (command) {
    case 0: /* rotate in automatic EOI mode: clear, set */
    case 4:
        half->is_auto_rotating = command == 4;
        break;
    case 1: /* non-specific EOI, and with rotation */
    case 5:
        /* What is masked in special mask mode is not what such an EOI means (data sheet, special mask mode).
         */
        if (half->is_special_mask)
            in_service &= ~(unsigned)imr(pic, which);
        priority = highest_priority(half, in_service);
        if (priority < 8)
            eoi(half, input_of(half, priority), command == 5);
        break;
    case 3: /* specific EOI, and with rotation */
    case 7:
        eoi(half, input, command == 7);
        break;
    case 6: /* set priority */
        half->lowest = (uint8_t)input;
        break;
    default:
        break;
    }
}

static void ocw3_write(struct pic_half *half, uint8_t value)
{
    half->is_polled = (value & 4) != 0;
    if ((value & 2) != 0)
        half->is_isr_selected = (value & 1) != 0;
    if ((value & 0x40) != 0)
        half->is_special_mask = (value & 0x20) != 0;
}

/* ICW2-4, or the mask. */
static void data_write(struct pic *pic, unsigned which, uint8_t value)
{
    struct pic_half *half = &pic->half[which];

    switch (init_step(pic, which)) {
    case 2:
        half->base = value & 0xf8;
        control_set(pic, which, imr(pic, which), !half->is_single ? 3 : half->needs_icw4 ? 4 : 0);
        break;
    case 3: /* the wiring is fixed */
        control_set(pic, which, imr(pic, which), half->needs_icw4 ? 4 : 0);
        break;
    case 4:
        half->is_fully_nested = (value & 0x10) != 0;
        half->is_auto_eoi = (value & 2) != 0;
        control_set(pic, which, imr(pic, which), 0);
        break;
    default:
        control_set(pic, which, value, 0);
        break;
    }
}

static void port_write(struct pic *pic, unsigned which, unsigned offset, uint8_t value)
{
    if (offset == 1)
        data_write(pic, which, value);
    else if ((value & 0x10) != 0)
        icw1_write(pic, which, value);
    else if ((value & 8) != 0)
        ocw3_write(&pic->half[which], value);
    else
        ocw2_write(pic, which, value);
}

/* The read after a poll command acknowledges: bit 7 if there is a request, and its number. */
static uint8_t poll_read(struct pic *pic, unsigned which)
{
    int input = half_request(pic, which);

    pic->half[which].is_polled = false;
    return input >= 0 ? (uint8_t)(0x80 | half_acknowledge(pic, which, input)) : 0;
}

static uint8_t port_read(struct pic *pic, unsigned which, unsigned offset)
{
    const struct pic_half *half = &pic->half[which];

    if (half->is_polled)
        return poll_read(pic, which);
    if (offset == 1)
        return imr(pic, which);
    return half->is_isr_selected ? half->isr : (uint8_t)half_irr(pic, which);
}

/* --- ports: the pair at 0x20 and 0xa0, the ELCRs at 0x4d0; accesses of several bytes are several accesses
 * --- */

static no_inline uint64_t half_read_locked(struct pic *pic, unsigned which, uint64_t offset, unsigned size)
{
    arch_irq_state_t state = spin_lock_irqsave(&pic->lock);
    uint64_t value = 0;

    for (unsigned i = 0; i < size && offset + i < 2; i++)
        value |= (uint64_t)port_read(pic, which, (unsigned)offset + i) << i * 8;
    update(pic);
    spin_unlock_irqrestore(&pic->lock, state);
    return value;
}

static inline uint64_t half_read(struct pic *pic, unsigned which, uint64_t offset, unsigned size)
{
    const struct pic_half *half = &pic->half[which];

    /* The mask is one byte that changes nothing when it is read: as it is before or after somebody's write.
     */
    if (likely(offset == 1 && size == 1 && !__atomic_load_n(&half->is_polled, __ATOMIC_RELAXED)))
        return imr(pic, which);
    return half_read_locked(pic, which, offset, size);
}

static no_inline void half_write_locked(struct pic *pic, unsigned which, uint64_t offset, unsigned size,
                                        uint64_t value)
{
    arch_irq_state_t state = spin_lock_irqsave(&pic->lock);

    for (unsigned i = 0; i < size && offset + i < 2; i++)
        port_write(pic, which, (unsigned)offset + i, (uint8_t)(value >> i * 8));
    update(pic);
    spin_unlock_irqrestore(&pic->lock, state);
}

/*
 * The mask, which guests write all the time. As long as every line that requests is masked, before and after,
 * there was no output and is none, whatever else is in the registers. False: it is not the mask that is
 * written.
 */
static inline bool mask_write(struct pic *pic, unsigned which, uint8_t value)
{
    uint16_t before = atomic_load_explicit(&pic->control[which], memory_order_relaxed);
    uint32_t inputs, masked;
    arch_irq_state_t state;

    if (unlikely(before > 0xff || !atomic_compare_exchange_strong(&pic->control[which], &before, value)))
        return false;
    inputs = atomic_load(&pic->inputs);
    masked = (uint32_t)(before & value) << which * 8 | (uint32_t)imr(pic, !which) << !which * 8;
    if (likely(((inputs | inputs >> 16) & ~masked & 0xffff) == 0) &&
        likely(!__atomic_load_n(&pic->output, __ATOMIC_RELAXED)))
        return true;
    state = spin_lock_irqsave(&pic->lock);
    update(pic);
    spin_unlock_irqrestore(&pic->lock, state);
    return true;
}

static inline void half_write(struct pic *pic, unsigned which, uint64_t offset, unsigned size, uint64_t value)
{
    if (!likely(offset == 1 && size == 1) || unlikely(!mask_write(pic, which, (uint8_t)value)))
        half_write_locked(pic, which, offset, size, value);
}

static uint64_t master_read(void *device, uint64_t offset, unsigned size)
{
    return half_read(device, MASTER, offset, size);
}

static void master_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    half_write(device, MASTER, offset, size, value);
}

static uint64_t slave_read(void *device, uint64_t offset, unsigned size)
{
    return half_read(device, SLAVE, offset, size);
}

static void slave_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    half_write(device, SLAVE, offset, size, value);
}

static uint64_t elcr_read(void *device, uint64_t offset, unsigned size)
{
    struct pic *pic = device;
    arch_irq_state_t state = spin_lock_irqsave(&pic->lock);
    uint64_t both = pic->half[MASTER].elcr | (uint64_t)pic->half[SLAVE].elcr << 8;

    spin_unlock_irqrestore(&pic->lock, state);
    return both >> offset * 8;
}

static void elcr_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    struct pic *pic = device;
    arch_irq_state_t state = spin_lock_irqsave(&pic->lock);

    for (unsigned i = 0; i < size && offset + i < 2; i++)
        pic->half[offset + i].elcr = (uint8_t)(value >> i * 8) & elcr_writable[offset + i];
    update(pic);
    spin_unlock_irqrestore(&pic->lock, state);
}

/* --- life --- */

void pic_init(struct pic *pic, struct lapic *lapic)
{
    const struct bus_region regions[] = {
        {.base = 0x20, .size = 2, .read = master_read, .write = master_write, .name = "pic master"},
        {.base = 0xa0, .size = 2, .read = slave_read, .write = slave_write, .name = "pic slave"},
        {.base = 0x4d0, .size = 2, .read = elcr_read, .write = elcr_write, .name = "elcr"},
    };

    memset(pic, 0, sizeof(*pic));
    spin_init(&pic->lock, LOCK_RANK_IRQCHIP);
    pic->lapic = lapic;
    for (unsigned i = 0; i < ARRAY_SIZE(regions); i++) {
        pic->regions[i] = regions[i];
        pic->regions[i].device = pic;
    }
    pic_reset(pic);
}

/* Firmware masks everything before it hands over; so does reset here, as there is none. */
void pic_reset(struct pic *pic)
{
    arch_irq_state_t state = spin_lock_irqsave(&pic->lock);

    memset(pic->half, 0, sizeof(pic->half));
    for (unsigned i = 0; i < ARRAY_SIZE(pic->half); i++) {
        control_set(pic, i, 0xff, 0);
        pic->half[i].lowest = 7;
    }
    pic->half[MASTER].base = 0x08;
    pic->half[SLAVE].base = 0x70;
    atomic_fetch_and(&pic->inputs, 0xffff);
    update(pic);
    spin_unlock_irqrestore(&pic->lock, state);
}

/* --- state record --- */

enum pic_flag {
    FLAG_ICW4 = 1 << 0,
    FLAG_SINGLE = 1 << 1,
    FLAG_AUTO_EOI = 1 << 2,
    FLAG_AUTO_ROTATING = 1 << 3,
    FLAG_SPECIAL_MASK = 1 << 4,
    FLAG_FULLY_NESTED = 1 << 5,
    FLAG_ISR_SELECTED = 1 << 6,
    FLAG_POLLED = 1 << 7,
};

static void half_save(const struct pic *pic, unsigned which, struct state_writer *writer)
{
    const struct pic_half *half = &pic->half[which];
    unsigned flags =
        (half->needs_icw4 ? FLAG_ICW4 : 0) | (half->is_single ? FLAG_SINGLE : 0) |
        (half->is_auto_eoi ? FLAG_AUTO_EOI : 0) | (half->is_auto_rotating ? FLAG_AUTO_ROTATING : 0) |
        (half->is_special_mask ? FLAG_SPECIAL_MASK : 0) | (half->is_fully_nested ? FLAG_FULLY_NESTED : 0) |
        (half->is_isr_selected ? FLAG_ISR_SELECTED : 0) | (half->is_polled ? FLAG_POLLED : 0);

    state_put_u8(writer, imr(pic, which));
    state_put_u8(writer, half->isr);
    state_put_u8(writer, half->base);
    state_put_u8(writer, half->lowest);
    state_put_u8(writer, half->elcr);
    state_put_u8(writer, (uint8_t)init_step(pic, which));
    state_put_u8(writer, (uint8_t)flags);
}

static void half_load(struct pic *pic, unsigned which, struct state_reader *reader)
{
    struct pic_half *half = &pic->half[which];
    unsigned flags, mask, step;

    mask = state_get_u8(reader);
    half->isr = state_get_u8(reader);
    half->base = state_get_u8(reader) & 0xf8;
    half->lowest = state_get_u8(reader) & 7;
    half->elcr = state_get_u8(reader) & elcr_writable[which];
    step = state_get_u8(reader);
    control_set(pic, which, mask, step >= 2 && step <= 4 ? step : 0);
    flags = state_get_u8(reader);
    half->needs_icw4 = (flags & FLAG_ICW4) != 0;
    half->is_single = (flags & FLAG_SINGLE) != 0;
    half->is_auto_eoi = (flags & FLAG_AUTO_EOI) != 0;
    half->is_auto_rotating = (flags & FLAG_AUTO_ROTATING) != 0;
    half->is_special_mask = (flags & FLAG_SPECIAL_MASK) != 0;
    half->is_fully_nested = (flags & FLAG_FULLY_NESTED) != 0;
    half->is_isr_selected = (flags & FLAG_ISR_SELECTED) != 0;
    half->is_polled = (flags & FLAG_POLLED) != 0;
}

void pic_save(struct pic *pic, struct state_writer *writer)
{
    arch_irq_state_t state = spin_lock_irqsave(&pic->lock);

    state_put_u32(writer, atomic_load(&pic->inputs));
    half_save(pic, MASTER, writer);
    half_save(pic, SLAVE, writer);
    spin_unlock_irqrestore(&pic->lock, state);
}

void pic_load(struct pic *pic, struct state_reader *reader)
{
    arch_irq_state_t state = spin_lock_irqsave(&pic->lock);

    atomic_store(&pic->inputs, state_get_u32(reader));
    half_load(pic, MASTER, reader);
    half_load(pic, SLAVE, reader);
    update(pic);
    spin_unlock_irqrestore(&pic->lock, state);
}
