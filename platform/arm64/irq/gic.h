/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_GIC_H
#define ARM64_GIC_H

#include <core/compiler.h>
#include <core/irq.h>
#include <core/types.h>

/*
 * The host's interrupt controller, one of gicv2.c (IHI 0048) and gicv3.c (IHI 0069, affinity routing), with
 * what turns messages into interrupts: v2m.c or its.c. INTIDs: 0-15 software generated, 16-31 private to a
 * CPU, 32-1019 shared lines (some of which are messages to a GICv2), from 8192 on messages (LPI).
 */
#define GIC_PPI_FIRST 16
#define GIC_SPI_FIRST 32
#define GIC_SPI_END   1020
#define GIC_LPI_FIRST 8192

/* Software-generated interrupts between our own CPUs. */
#define SGI_KICK 0
#define SGI_STOP 1

/* One priority for all: handlers run with interrupts off and do not nest. */
#define GIC_PRIORITY 0xa0

/* Finds and resets it (boot CPU, once), then this CPU's part (each CPU). False: it has none for this CPU. */
void gic_init(void);
must_check bool gic_cpu_init(void);

/* Number of INTIDs below the messages, GIC_SPI_FIRST .. GIC_SPI_END. After gic_init(). */
unsigned gic_lines(void);

/* Lets a private interrupt of this CPU through. Level-triggered, as timers are. */
void gic_ppi_enable(unsigned intid);

/* Routes a shared line to a CPU and lets it through; or masks it. Lock of the caller. */
void gic_spi_enable(unsigned intid, unsigned cpu, bool is_edge);
void gic_spi_disable(unsigned intid);

/*
 * The most urgent pending interrupt, now active, and its end, which wants the same word again; with
 * `stays_active` only that of its priority. A GICv2 names in it the sender of a software-generated one, too.
 * gic_intid() is 1020 or more when nothing is pending. Interrupts off.
 */
unsigned gic_acknowledge(void);
void gic_end(unsigned acknowledged, bool stays_active);
static inline unsigned gic_intid(unsigned acknowledged)
{
    return IS_ENABLED(CONFIG_HOST_GICV2) ? acknowledged & 0x3ff : acknowledged;
}

/* Software-generated interrupts: to one CPU; to all others. Ordered after earlier stores. Context: any. */
void gic_send(unsigned cpu, unsigned sgi);
void gic_send_others(unsigned sgi);

/* --- messages: its.c with a GICv3, v2m.c with a GICv2 ------------------------------------------------------
 */

/*
 * interrupts.c: gives a line to an action, alone or shared with those that agree about the trigger, and takes
 * it back. -EBUSY: others have it. Context: thread.
 */
must_check int gic_line_bind(struct irq_action *action, unsigned intid, unsigned cpu, bool is_edge,
                             bool is_shared);
void gic_line_unbind(struct irq_action *action);

/*
 * Takes an interrupt for the next message of `requester` (core/irq.h). -ENOTSUP: messages are not translated
 * here; -ENOSPC; -ENOMEM. Context: thread.
 */
must_check int gic_message_bind(struct irq_action *action, unsigned cpu, uint32_t requester,
                                struct msi_message *out);
/* After it returns the handler is not entered any more by later messages. Context: thread. */
void gic_message_release(struct irq_action *action);
/* Runs the handler of a message; false: nobody's. Interrupts off. */
bool gic_message_handle(unsigned intid);

#endif
