/* SPDX-License-Identifier: BSD-2-Clause */
#include "ioapic.h"

#include "../dev/device.h"
#include "chip.h"

/* Intel 82093AA data sheet, section 3; the EOI register as in ICH9's (data sheet, 13.5.4). */

#define WINDOW_INDEX 0x00
#define WINDOW_DATA  0x10
#define WINDOW_EOI   0x40

#define REG_ID      0x00
#define REG_VERSION 0x01
#define REG_ARB     0x02
#define REG_TABLE   0x10

#define VERSION_VALUE (0x20 | (IOAPIC_PINS - 1) << 16)

#define ENTRY_STATUS     BIT(12) /* delivery is immediate: always 0 */
#define ENTRY_POLARITY   BIT(13) /* kept, not used: a line's level here is whether it is asserted */
#define ENTRY_REMOTE_IRR BIT(14)
#define ENTRY_LEVEL      BIT(15)
#define ENTRY_MASKED     BIT(16)
#define ENTRY_WRITABLE   (MASK(63, 49) | MASK(16, 15) | ENTRY_POLARITY | MASK(11, 0))

static bool send(struct ioapic *ioapic, uint64_t entry)
{
    struct apic_message message = {
        /* Bits 55:49 are bits 14:8 of the destination, as in MSI addresses. */
        .destination = (uint32_t)(FIELD(entry, 63, 56) | FIELD(entry, 55, 49) << 8),
        .vector = (uint8_t)entry,
        .mode = FIELD(entry, 10, 8),
        .is_logical = (entry & BIT(11)) != 0,
        .is_level = (entry & ENTRY_LEVEL) != 0,
    };

    message.is_broadcast = message.destination == 0xff && ioapic->chip->count <= 0xff;
    return apic_message_send(ioapic->chip, &message, NULL, NULL) != 0;
}

/*
 * The line of a level-triggered pin may be asserted: sends once until the EOI. Everyone who changes line,
 * entry or remote IRR comes here afterwards and looks at the others, so that no assertion is missed.
 */
static void level_service(struct ioapic *ioapic, unsigned pin)
{
    uint32_t bit = 1U << pin;
    uint64_t entry = atomic_load(&ioapic->entries[pin]);

    if ((entry & (ENTRY_LEVEL | ENTRY_MASKED)) != ENTRY_LEVEL || (atomic_load(&ioapic->lines) & bit) == 0)
        return;
    if ((atomic_fetch_or(&ioapic->remote_irr, bit) & bit) != 0)
        return;
    /* Only fixed and lowest priority are answered by an EOI; nor is what nobody has taken. */
    if (!send(ioapic, entry) || FIELD(entry, 10, 8) > DELIVER_LOWEST)
        atomic_fetch_and(&ioapic->remote_irr, ~bit);
}

void ioapic_line_set(struct ioapic *ioapic, unsigned pin, bool level)
{
    uint32_t bit = 1U << pin;
    uint64_t entry;

    if (!level) {
        if ((atomic_load(&ioapic->lines) & bit) != 0)
            atomic_fetch_and(&ioapic->lines, ~bit);
        return;
    }
    if ((atomic_load(&ioapic->lines) & bit) != 0 || (atomic_fetch_or(&ioapic->lines, bit) & bit) != 0)
        return;
    entry = atomic_load(&ioapic->entries[pin]);
    if ((entry & ENTRY_MASKED) != 0)
        return; /* an edge on a masked pin is lost (data sheet, 3.2.4: "ignored") */
    if ((entry & ENTRY_LEVEL) != 0)
        level_service(ioapic, pin);
    else
        (void)send(ioapic, entry);
}

void ioapic_eoi(struct ioapic *ioapic, uint8_t vector)
{
    uint32_t pins = atomic_load(&ioapic->remote_irr);

    for (; pins != 0; pins &= pins - 1) {
        unsigned pin = (unsigned)__builtin_ctz(pins);

        if ((uint8_t)atomic_load(&ioapic->entries[pin]) != vector)
            continue;
        atomic_fetch_and(&ioapic->remote_irr, ~(1U << pin));
        level_service(ioapic, pin);
    }
}

/* --- registers --- */

static uint32_t table_read(const struct ioapic *ioapic, unsigned pin, bool is_high)
{
    uint64_t entry = atomic_load(&ioapic->entries[pin]);

    if ((atomic_load(&ioapic->remote_irr) & 1U << pin) != 0)
        entry |= ENTRY_REMOTE_IRR;
    return (uint32_t)(is_high ? entry >> 32 : entry);
}

static void table_write(struct ioapic *ioapic, unsigned pin, bool is_high, uint32_t value)
{
    uint64_t before = atomic_load(&ioapic->entries[pin]), after;

    /* Another vCPU may be writing the other half. */
    do {
        after = is_high ? (before & 0xffffffff) | (uint64_t)value << 32 : (before & ~0xffffffffULL) | value;
        after &= ENTRY_WRITABLE;
    } while (!atomic_compare_exchange_weak(&ioapic->entries[pin], &before, after));
    /* Guests clear a stuck remote IRR by way of edge mode. */
    if ((after & ENTRY_LEVEL) == 0)
        atomic_fetch_and(&ioapic->remote_irr, ~(1U << pin));
    else
        level_service(ioapic, pin);
}

static uint32_t reg_read(const struct ioapic *ioapic, unsigned index)
{
    switch (index) {
    case REG_ID:
    case REG_ARB:
        return atomic_load(&ioapic->id);
    case REG_VERSION:
        return VERSION_VALUE;
    case REG_TABLE ... REG_TABLE + 2 * IOAPIC_PINS - 1:
        return table_read(ioapic, (index - REG_TABLE) / 2, index % 2);
    default:
        return 0;
    }
}

uint64_t ioapic_read(void *device, uint64_t offset, unsigned size)
{
    struct ioapic *ioapic = device;

    switch (offset & 0xff) {
    case WINDOW_INDEX:
        return atomic_load(&ioapic->index);
    case WINDOW_DATA:
        return size == 4 ? reg_read(ioapic, atomic_load(&ioapic->index)) : 0;
    default:
        return 0;
    }
}

void ioapic_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    struct ioapic *ioapic = device;
    unsigned index;

    switch (offset & 0xff) {
    case WINDOW_INDEX:
        atomic_store(&ioapic->index, (uint8_t)value);
        break;
    case WINDOW_DATA:
        index = atomic_load(&ioapic->index);
        if (size != 4)
            break;
        if (index == REG_ID)
            atomic_store(&ioapic->id, (uint32_t)value & 0x0f000000);
        else if (index >= REG_TABLE && index < REG_TABLE + 2 * IOAPIC_PINS)
            table_write(ioapic, (index - REG_TABLE) / 2, index % 2, (uint32_t)value);
        break;
    case WINDOW_EOI:
        if (size == 4)
            ioapic_eoi(ioapic, (uint8_t)value);
        break;
    default:
        break;
    }
}

/* --- life --- */

void ioapic_reset(struct ioapic *ioapic)
{
    /* Lines belong to the devices that drive them. */
    atomic_store(&ioapic->remote_irr, 0);
    atomic_store(&ioapic->index, 0);
    atomic_store(&ioapic->id, 0);
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++)
        atomic_store(&ioapic->entries[pin], ENTRY_MASKED);
}

void ioapic_save(const struct ioapic *ioapic, struct state_writer *writer)
{
    state_put_u32(writer, atomic_load(&ioapic->lines));
    state_put_u32(writer, atomic_load(&ioapic->remote_irr));
    state_put_u32(writer, atomic_load(&ioapic->index));
    state_put_u32(writer, atomic_load(&ioapic->id));
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++)
        state_put_u64(writer, atomic_load(&ioapic->entries[pin]));
}

void ioapic_load(struct ioapic *ioapic, struct state_reader *reader)
{
    const uint32_t pins = (1U << IOAPIC_PINS) - 1;

    atomic_store(&ioapic->lines, state_get_u32(reader) & pins);
    atomic_store(&ioapic->remote_irr, state_get_u32(reader) & pins);
    atomic_store(&ioapic->index, state_get_u32(reader) & 0xff);
    atomic_store(&ioapic->id, state_get_u32(reader) & 0x0f000000);
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++)
        atomic_store(&ioapic->entries[pin], state_get_u64(reader) & ENTRY_WRITABLE);
}
