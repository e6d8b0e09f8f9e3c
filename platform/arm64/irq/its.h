/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_ITS_H
#define ARM64_ITS_H

#include <core/compiler.h>
#include <core/types.h>

/* What gicv3.c has to do with the service. */

/* A CPU's redistributor: this one's, or another's that is up. */
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

/* What the files of the interrupt translation service share: IHI 0069, chapter 5; registers 12.18 and 12.19.
 */

#define ITS_EVENTS_MAX 2048 /* MSI-X knows no more of a function (PCI 3.0, 6.8.2) */

/* A device that sends messages: its events, numbered from 0. Lock: its.c's mutex. */
struct its_device {
    struct its_device *next;
    uint32_t id;
    uint32_t events; /* room in its translation table; immutable */
    uint64_t used[ITS_EVENTS_MAX / 64];
};

struct its {
    volatile char *registers;
    hpa_t base;
    uint64_t type;        /* GITS_TYPER */
    uint64_t *queue;      /* commands */
    uint32_t queue_next;  /* byte offset; its.c's spin lock */
    uint64_t *devices;    /* first level of the device table, or all of it */
    uint64_t device_span; /* devices per second-level page; 0: one level */
    uint32_t device_count;
    bool is_coherent;         /* it sees our caches */
    struct its_device *known; /* its.c's mutex */
};

/* Makes what lies at [p, p + size) seen by redistributors and ITSs. */
void its_publish(const struct its *its, const void *p, size_t size);

/* Commands (5.3). */
#define ITS_MAPD    0x08
#define ITS_MAPC    0x09
#define ITS_MAPTI   0x0a
#define ITS_INV     0x0c
#define ITS_DISCARD 0x0f
#define ITS_SYNC    0x05

/* Queues one and waits for it; false: it was not taken. its.c's spin lock held. */
must_check bool its_command(struct its *its, uint64_t d0, uint64_t d1, uint64_t d2);

/* Enables it with empty tables: registers, command queue, device and collection table. Boot CPU. */
must_check bool its_open(struct its *its, hpa_t base);

/*
 * Makes an entry for the device in a two-level table. -ENOSPC: it has no room for that number; -ENOMEM.
 * Context: thread, its.c's mutex held.
 */
must_check int its_device_room(struct its *its, uint32_t id);

#endif
