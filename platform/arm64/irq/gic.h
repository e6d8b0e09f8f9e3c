/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_GIC_H
#define ARM64_GIC_H

#include <core/compiler.h>
#include <core/irq.h>
#include <core/types.h>

/*
 * The host's interrupt controller: GICv3 (IHI 0069), affinity routing, group 1. INTIDs: 0-15 software
 * generated, 16-31 private to a CPU, 32-1019 shared lines, from 8192 on messages (LPI).
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

/* Finds and resets it (boot CPU, once), then this CPU's part (each CPU). False: no redistributor for this
 * CPU. */
void gic_init(void);
must_check bool gic_cpu_init(void);

/* Number of INTIDs below the messages, GIC_SPI_FIRST .. GIC_SPI_END. After gic_init(). */
unsigned gic_lines(void);

/* Lets a private interrupt of this CPU through. Level-triggered, as timers are. */
void gic_ppi_enable(unsigned intid);

/* Routes a shared line to the CPU with this affinity and lets it through; or masks it. Lock of the caller. */
void gic_spi_enable(unsigned intid, uint64_t mpidr, bool is_edge);
void gic_spi_disable(unsigned intid);

/* The most urgent pending interrupt, now active (1020 and up: none); and its end. Interrupts off. */
unsigned gic_acknowledge(void);
void gic_end(unsigned intid);

/* Software-generated interrupts: to one CPU; to all others. Ordered after earlier stores. Context: any. */
void gic_send(uint64_t mpidr, unsigned sgi);
void gic_send_others(unsigned sgi);

/* --- messages (its.c) -------------------------------------------------------------------------------------
 */

/* What its.c has to know of a CPU's redistributor: this one's, or another's that is up. */
struct gic_redistributor {
    volatile char *registers;
    hpa_t address;
    uint64_t type; /* GICR_TYPER */
};
const struct gic_redistributor *gic_redistributor(void);
const struct gic_redistributor *gic_redistributor_of(unsigned cpu);

/* Sets up the ITS if there is one (boot CPU, once), then this CPU's pending table and collection (each CPU).
 */
void its_init(unsigned intid_bits);
void its_cpu_init(void);

/* Takes an LPI for the next event of device `requester`. -ENOTSUP: no ITS; -ENOSPC; -ENOMEM. Context: thread.
 */
must_check int its_bind(struct irq_action *action, unsigned cpu, uint32_t requester, struct msi_message *out);
/* After it returns the handler is not entered any more. Context: thread. */
void its_release(struct irq_action *action);
/* Runs the handler of an LPI; false: nobody's. Interrupts off. */
bool its_handle(unsigned intid);

#endif
