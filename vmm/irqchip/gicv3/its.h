/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_IRQCHIP_GICV3_ITS_H
#define VMM_IRQCHIP_GICV3_ITS_H

#include "../../mem/hint.h"
#include "lpi.h"

/*
 * The ITS: IHI 0069H, 5.2 (translation), 5.3 (commands), 12.18 (registers). Which event of which device is
 * which LPI is kept in host memory, one record per LPI and one per device, and devices must lie within the
 * table that the guest has provided for them. So a message, which may come from an interrupt handler, never
 * touches guest memory. Commands are executed by one thread at a time, so only it changes anything.
 */
#define ITS_COLLECTIONS 256 /* GITS_TYPER.CIDbits: 8 */
#define ITS_ID_BITS     16  /* of DeviceIDs and EventIDs */
#define ITS_CACHE       256 /* translations */
#define ITS_BASERS      2   /* devices, collections */

struct its_device {
    RB_ENTRY(its_device) link;
    uint32_t id;
    uint32_t event_end;
};

RB_HEAD(its_events, gic_lpi);
RB_HEAD(its_devices, its_device);

struct its {
    struct irqchip *chip;                          /* i */
    struct spinlock lock;                          /* LOCK_RANK_ITS; interrupts take it */
    struct its_events events;                      /* lock */
    struct its_devices devices;                    /* written: is_busy's holder */
    _Atomic uint16_t collections[ITS_COLLECTIONS]; /* a: vCPU or ROUTE_NONE */
    _Atomic uint32_t epoch;                        /* written: lock; of translations: 1..0xffff */
    _Atomic uint64_t cache[ITS_CACHE];             /* written: lock */
    atomic_bool is_busy;                           /* a: commands are being executed */
    struct gmem_hint queue;                        /* is_busy's holder */
    _Atomic uint32_t ctlr, cwriter, creadr;        /* a */
    _Atomic uint64_t cbaser, baser[ITS_BASERS];    /* a */
    _Atomic uint32_t device_count;                 /* written: is_busy's holder */
};

#define ITS_CTLR_ENABLED   0x1
#define ITS_CBASER_VALID   BIT(63)
#define ITS_BASER_VALID    BIT(63)
#define ITS_BASER_INDIRECT BIT(62)
#define ITS_COMMAND_SIZE   32

/* The size of the command queue in bytes. */
static inline uint32_t its_queue_size(uint64_t cbaser)
{
    return (uint32_t)(FIELD(cbaser, 7, 0) + 1) << PAGE_SHIFT;
}

must_check int its_create(struct irqchip *chip);
void its_destroy(struct irqchip *chip);
uint64_t its_bytes(const struct irqchip *chip);
void its_reset(struct irqchip *chip); /* no vCPU runs */
void its_save(struct irqchip *chip, struct state_writer *writer);
must_check int its_load(struct irqchip *chip, struct state_reader *reader);

uint64_t its_read(void *device, uint64_t offset, unsigned size);
void its_write(void *device, uint64_t offset, unsigned size, uint64_t value);

/* A message has come: an LPI becomes pending, or nothing happens. Context: any. */
void its_signal(struct its *its, uint32_t device, uint32_t event);
/* The same, of an event that has been found. */
static inline void its_lpi_signal(struct its *its, struct gic_lpi *lpi)
{
    uint16_t target = atomic_load(&its->collections[atomic_load(&lpi->collection)]);

    if (likely(target != ROUTE_NONE))
        gic_lpi_trigger(its->chip, lpi, target);
}

/* Executes some of the commands that are left; true: there are more. Context: the vCPU's thread. */
must_check bool its_continue(struct gic_cpu *cpu);

/* --- its_command.c --- */

/* Executes commands up to `budget` steps; true if it stopped for that. Context: thread. */
must_check bool its_commands_run(struct its *its, unsigned budget);

/* --- its_map.c: who is what --- */

/* The LPI of an event, or NULL. Context: any. */
struct gic_lpi *its_event_find(struct its *its, uint32_t device, uint32_t event);
/* Changes of the map; only by is_busy's holder. */
void its_event_add(struct its *its, uint32_t device, uint32_t event, struct gic_lpi *lpi,
                   uint16_t collection);
void its_event_remove(struct its *its, struct gic_lpi *lpi);
void its_event_collect(struct its *its, struct gic_lpi *lpi, uint16_t collection);
/* The first mapped event of a device, or NULL. */
struct gic_lpi *its_event_first(struct its *its, uint32_t device);
struct its_device *its_device_find(struct its *its, uint32_t device);
must_check int its_device_add(struct its *its, uint32_t device, uint32_t event_end);
void its_device_remove(struct its *its, struct its_device *device);
void its_map_clear(struct its *its);
void its_map_save(struct its *its, struct state_writer *writer);
must_check int its_map_load(struct its *its, struct state_reader *reader);

#endif
