/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

#include <core/compiler.h>
#include <core/types.h>

/* Host interrupts, as drivers see them. The interrupt controllers are the platform's. */

/* A handler and its argument; embedded in the driver's object, alive until irq_release() returns. */
struct irq_action {
    void (*handler)(void *arg); /* interrupts off, short: mostly wakes a thread */
    void *arg;
    const char *name;
    uint64_t count;          /* how often it ran */
    struct irq_action *next; /* shared lines; owner: interrupt controller */
    uint32_t cpu, vector;    /* where it is bound; owner: interrupt controller */
    uint32_t gsi;            /* IRQ_GSI_NONE for message-signalled ones */
};

#define IRQ_GSI_NONE (~0U)

/* What a device writes to raise a message-signalled interrupt (PCI 3.0, 6.8). */
struct msi_message {
    uint64_t address;
    uint32_t data;
};

enum irq_trigger {
    IRQ_EDGE_HIGH,
    IRQ_LEVEL_LOW, /* PCI INTx */
    IRQ_LEVEL_HIGH,
    IRQ_ISA, /* as the firmware's overrides say, edge/high if they say nothing */
};

/*
 * Binds a message-signalled interrupt to `cpu`. `requester` is who will send it, as buses name it (PCI:
 * segment << 16 | bus << 8 | device << 3 | function); controllers that translate messages by their sender
 * need it. -ENOSPC: no vector left there; -ENOTSUP: there are no messages here. Context: thread.
 */
must_check int irq_request_msi(struct irq_action *action, unsigned cpu, uint32_t requester,
                               struct msi_message *out);

/*
 * Binds interrupt line `gsi` (ACPI global system interrupt; ISA numbers with IRQ_ISA); lines can be shared if
 * the triggers agree (-EBUSY if not). -ENODEV: no controller owns the line. Context: thread.
 */
must_check int irq_request_line(struct irq_action *action, uint32_t gsi, enum irq_trigger trigger);

/* After it returns the handler is not running and will not run. Context: thread. */
void irq_release(struct irq_action *action);

#endif
