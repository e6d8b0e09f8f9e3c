/* SPDX-License-Identifier: BSD-2-Clause */
#include "ioapic.h"

#include <arch/io.h>
#include <core/cpu.h>
#include <core/host_info.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/sync.h>
#include <core/vmap.h>
#include <errno.h>
#include <stdlib.h>

#include "lapic.h"
#include "vectors.h"

/* Intel 82093AA datasheet, 3.1 and 3.2. */
#define IOREGSEL         0
#define IOWIN            4 /* byte offset 0x10 */
#define IOAPIC_VERSION   1
#define IOAPIC_REDIR(n)  (0x10 + 2 * (n))
#define REDIR_MASKED     0x10000
#define REDIR_LEVEL      0x08000
#define REDIR_ACTIVE_LOW 0x02000
#define REDIR_NMI        0x00400

struct ioapic {
    volatile uint32_t *registers; /* immutable */
    uint32_t gsi_base, lines;     /* immutable */
    struct irq_action **actions;  /* first of each line's chain; lock */
};

static struct ioapic *ioapics; /* immutable after init */
static size_t ioapic_count;
static struct spinlock ioapic_lock = SPINLOCK_INIT(LOCK_RANK_IRQ);

static uint32_t ioapic_read(struct ioapic *ioapic, uint32_t reg)
{
    ioapic->registers[IOREGSEL] = reg;
    return ioapic->registers[IOWIN];
}

static void ioapic_write(struct ioapic *ioapic, uint32_t reg, uint32_t value)
{
    ioapic->registers[IOREGSEL] = reg;
    ioapic->registers[IOWIN] = value;
}

/* The high word first while masked, so that the line never points at a half-written destination. */
static void route(struct ioapic *ioapic, uint32_t line, uint32_t apic_id, uint32_t low)
{
    ioapic_write(ioapic, IOAPIC_REDIR(line), REDIR_MASKED);
    ioapic_write(ioapic, IOAPIC_REDIR(line) + 1, apic_id << 24);
    ioapic_write(ioapic, IOAPIC_REDIR(line), low);
}

static struct ioapic *ioapic_of(uint32_t gsi)
{
    for (size_t i = 0; i < ioapic_count; i++)
        if (gsi >= ioapics[i].gsi_base && gsi - ioapics[i].gsi_base < ioapics[i].lines)
            return &ioapics[i];
    return NULL;
}

/* Masked for good: we only use the APICs (Intel 8259A datasheet, OCW1). */
static void legacy_pics_mask(void)
{
    arch_out8(0x21, 0xff);
    arch_out8(0xa1, 0xff);
}

static void setup_nmis(void)
{
    const struct host_irqchip_x86 *chip = &host_info()->x86;

    for (size_t i = 0; i < chip->ioapic_nmi_count; i++) {
        const struct host_ioapic_nmi *nmi = &chip->ioapic_nmis[i];
        struct ioapic *ioapic = ioapic_of(nmi->gsi);

        if (ioapic != NULL)
            route(ioapic, nmi->gsi - ioapic->gsi_base, lapic_id(),
                  REDIR_NMI | (nmi->active_low ? REDIR_ACTIVE_LOW : 0) |
                      (nmi->level_triggered ? REDIR_LEVEL : 0));
    }
}

void ioapic_init(void)
{
    const struct host_irqchip_x86 *chip = &host_info()->x86;

    if (chip->has_8259)
        legacy_pics_mask();
    ioapics = calloc(chip->ioapic_count, sizeof(*ioapics));
    if (ioapics == NULL)
        return;
    for (size_t i = 0; i < chip->ioapic_count; i++) {
        struct ioapic *ioapic = &ioapics[ioapic_count];

        ioapic->registers = mmio_map(chip->ioapics[i].address, PAGE_SIZE, MMIO_UNCACHED);
        if (ioapic->registers == NULL)
            continue;
        ioapic->gsi_base = chip->ioapics[i].gsi_base;
        ioapic->lines = (ioapic_read(ioapic, IOAPIC_VERSION) >> 16 & 0xff) + 1;
        ioapic->actions = calloc(ioapic->lines, sizeof(struct irq_action *));
        if (ioapic->actions == NULL)
            continue;
        for (uint32_t line = 0; line < ioapic->lines; line++)
            ioapic_write(ioapic, IOAPIC_REDIR(line), REDIR_MASKED);
        ioapic_count++;
        log_info("ioapic: %u lines from GSI %u", (unsigned)ioapic->lines, (unsigned)ioapic->gsi_base);
    }
    setup_nmis();
}

/* Turns an ISA number into a line and its trigger, by the firmware's overrides (ACPI 6.5, 5.2.12.5). */
static uint32_t isa_redirect(uint32_t *gsi)
{
    const struct host_irqchip_x86 *chip = &host_info()->x86;

    for (size_t i = 0; i < chip->override_count; i++) {
        const struct host_irq_override *o = &chip->overrides[i];

        if (o->irq == *gsi) {
            *gsi = o->gsi;
            return (o->active_low ? REDIR_ACTIVE_LOW : 0) | (o->level_triggered ? REDIR_LEVEL : 0);
        }
    }
    return 0;
}

static uint32_t trigger_bits(uint32_t *gsi, enum irq_trigger trigger)
{
    switch (trigger) {
    case IRQ_ISA:
        return isa_redirect(gsi);
    case IRQ_LEVEL_LOW:
        return REDIR_LEVEL | REDIR_ACTIVE_LOW;
    case IRQ_LEVEL_HIGH:
        return REDIR_LEVEL;
    case IRQ_EDGE_HIGH:
    default:
        return 0;
    }
}

static int line_share(struct ioapic *ioapic, uint32_t line, struct irq_action *action, uint32_t bits)
{
    struct irq_action *first = ioapic->actions[line];

    if ((ioapic_read(ioapic, IOAPIC_REDIR(line)) & (REDIR_LEVEL | REDIR_ACTIVE_LOW)) != bits)
        return -EBUSY;
    action->cpu = first->cpu;
    action->vector = first->vector;
    action->next = first->next;
    __atomic_store_n(&first->next, action, __ATOMIC_RELEASE);
    return 0;
}

int irq_request_line(struct irq_action *action, uint32_t gsi, enum irq_trigger trigger)
{
    uint32_t bits = trigger_bits(&gsi, trigger);
    struct ioapic *ioapic = ioapic_of(gsi);
    arch_irq_state_t state;
    uint32_t line;
    int error = 0;

    if (ioapic == NULL)
        return -ENODEV;
    line = gsi - ioapic->gsi_base;
    action->gsi = gsi;
    action->next = NULL;
    if (ioapic->actions[line] == NULL) {
        error = vector_bind(action, 0);
        if (error)
            return error;
    }
    state = spin_lock_irqsave(&ioapic_lock);
    if (ioapic->actions[line] == NULL) {
        ioapic->actions[line] = action;
        route(ioapic, line, (uint32_t)cpu_hw_id(action->cpu), bits | action->vector);
    } else {
        error = line_share(ioapic, line, action, bits);
    }
    spin_unlock_irqrestore(&ioapic_lock, state);
    return error;
}

int irq_request_msi(struct irq_action *action, unsigned cpu, uint32_t requester, struct msi_message *out)
{
    int error;

    (void)requester; /* without interrupt remapping nobody asks */
    action->gsi = IRQ_GSI_NONE;
    action->next = NULL;
    /* Without interrupt remapping a message names 8 bits of APIC id (SDM vol. 3A, 11.11.1). */
    if (cpu_hw_id(cpu) > 0xfe)
        cpu = 0;
    error = vector_bind(action, cpu);
    if (error)
        return error;
    out->address = 0xfee00000 | (uint64_t)cpu_hw_id(cpu) << 12;
    out->data = action->vector;
    return 0;
}

/* Takes `action` out of a shared line's chain. Returns whether the line has other handlers. */
static bool line_leave(struct ioapic *ioapic, uint32_t line, struct irq_action *action)
{
    struct irq_action *first = ioapic->actions[line];

    if (first == action && action->next == NULL) {
        ioapic_write(ioapic, IOAPIC_REDIR(line), REDIR_MASKED);
        ioapic->actions[line] = NULL;
        return false;
    }
    if (first == action)
        ioapic->actions[line] = action->next;
    for (; first != NULL; first = first->next)
        if (first->next == action)
            __atomic_store_n(&first->next, action->next, __ATOMIC_RELEASE);
    return true;
}

void irq_release(struct irq_action *action)
{
    struct ioapic *ioapic = action->gsi == IRQ_GSI_NONE ? NULL : ioapic_of(action->gsi);
    bool is_shared = false;

    if (ioapic != NULL) {
        arch_irq_state_t state = spin_lock_irqsave(&ioapic_lock);

        is_shared = line_leave(ioapic, action->gsi - ioapic->gsi_base, action);
        spin_unlock_irqrestore(&ioapic_lock, state);
    }
    vector_release(action, is_shared ? ioapic->actions[action->gsi - ioapic->gsi_base] : NULL);
}
