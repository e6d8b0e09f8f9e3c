/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages: a device writes an event number, the translation service makes of device and event one of the
 * interrupts from 8192 on (LPIs) and sends it to the CPU whose collection it is mapped to. IHI 0069, chapter
 * 5.
 */
#include "its.h"

#include <arch/cpu.h>
#include <core/cpu.h>
#include <core/host_info.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/mm.h>
#include <core/sync.h>
#include <core/waitq.h>
#include <errno.h>
#include <platform/mmio.h>
#include <stdlib.h>

#include "../boot/boot.h"
#include "gic.h"

/* Redistributor registers of LPIs: 12.11. */
#define GICR_CTLR            0x0000
#define GICR_PROPBASER       0x0070
#define GICR_PENDBASER       0x0078
#define GICR_CTLR_LPIS       BIT(0)
#define GICR_TYPER_LPIS      BIT(0)
#define GICR_TYPER_NUMBER(t) FIELD(t, 23, 8)
#define LPI_CACHED           (7ULL << 7) /* inner: read- and write-allocate, write-back */
#define LPI_NOCACHE          (1ULL << 7)
#define LPI_SHARED           (1ULL << 10)
#define LPI_SHARE_MASK       (3ULL << 10)
#define PENDING_IS_ZERO      BIT(62)
#define PENDING_ALIGN_ORDER  4 /* 64 KiB */

#define GITS_TRANSLATER  0x10040
#define TYPER_PTA        BIT(19)
#define TYPER_ENTRY(t)   (FIELD(t, 7, 4) + 1)
#define TYPER_ID_BITS(t) (FIELD(t, 12, 8) + 1)

/* 8192 messages. */
#define LPI_ID_BITS 14
#define LPI_COUNT   (BIT(LPI_ID_BITS) - GIC_LPI_FIRST)
#define TABLE_ALIGN 256 /* of a device's translation table (5.3.9) */

#define LPI_ENABLED 3 /* configuration byte: enabled, bit 1 is RES1; priority above */

static struct its *services; /* immutable after its_init(), with service_count */
static size_t service_count;
static uint8_t *configuration; /* a byte per LPI */
static unsigned id_bits;
static struct spinlock its_lock = SPINLOCK_INIT(LOCK_RANK_IRQ); /* commands */
static struct mutex devices_mutex;                              /* devices, events, choice of LPIs */
static uint32_t next_lpi; /* where the search for a free one begins; mutex */

/* Who handles which LPI; lock: the mutex. */
static struct lpi {
    struct irq_action *action; /* atomic: read without the lock by the CPU that it goes to */
    struct its *its;           /* NULL: free */
    uint32_t device, event;
    unsigned cpu;
} *lpis;

void its_init(unsigned intid_bits)
{
    const struct host_irqchip_gic *gic = &host_info()->gic;
    hpa_t table;

    if (gic->its_count == 0 || intid_bits < LPI_ID_BITS)
        return;
    id_bits = LPI_ID_BITS;
    mutex_init(&devices_mutex, LOCK_RANK_QUEUE);
    table = page_alloc(1, PAGE_ZERO, NODE_ANY); /* 8 KiB */
    lpis = calloc(LPI_COUNT, sizeof(*lpis));
    services = calloc(gic->its_count, sizeof(*services));
    if (!hpa_valid(table) || lpis == NULL || services == NULL) {
        log_error("its: no memory; devices use interrupt lines");
        return;
    }
    configuration = hpa_to_ptr(table);
    its_publish(NULL, configuration, LPI_COUNT);
    for (size_t i = 0; i < gic->its_count; i++) {
        if (its_open(&services[service_count], gic->its[i].base))
            service_count++;
        else
            log_error("its: the one at %#llx cannot be used", (unsigned long long)gic->its[i].base.v);
    }
    if (service_count > 0)
        log_info("its: %u of them, %u devices, %u messages", (unsigned)service_count,
                 (unsigned)services[0].device_count, (unsigned)LPI_COUNT);
}

static void write64(volatile char *base, unsigned offset, uint64_t value)
{
    *(volatile uint64_t *)(base + offset) = value;
}

/* Tells the redistributor of the tables, with caches if it takes them. */
static void lpi_tables_set(volatile char *rd, hpa_t pending)
{
    uint64_t shared = LPI_SHARED | LPI_CACHED, value = ptr_to_hpa(configuration).v | (id_bits - 1);

    write64(rd, GICR_PROPBASER, value | shared);
    if (!(*(volatile uint64_t *)(rd + GICR_PROPBASER) & LPI_SHARE_MASK)) {
        write64(rd, GICR_PROPBASER, value | LPI_NOCACHE);
        for (size_t i = 0; i < service_count; i++)
            services[i].is_coherent = false;
    }
    value = pending.v | PENDING_IS_ZERO;
    write64(rd, GICR_PENDBASER, value | shared);
    if (!(*(volatile uint64_t *)(rd + GICR_PENDBASER) & LPI_SHARE_MASK))
        write64(rd, GICR_PENDBASER, value | LPI_NOCACHE);
}

/* How commands name a redistributor: its address, or its number (GITS_TYPER.PTA). */
static uint64_t target(const struct its *its, const struct gic_redistributor *rd)
{
    return its->type & TYPER_PTA ? rd->address.v & MASK(51, 16) : GICR_TYPER_NUMBER(rd->type) << 16;
}

void its_cpu_init(void)
{
    const struct gic_redistributor *rd = gic_redistributor();
    unsigned cpu = cpu_id();
    hpa_t pending;

    if (service_count == 0 || !(rd->type & GICR_TYPER_LPIS))
        return;
    /* Once on, LPIs may not be turned off again: a former owner's tables stay. */
    if (mmio_read32(rd->registers, GICR_CTLR) & GICR_CTLR_LPIS) {
        log_warning("its: somebody has left messages on; CPU %u gets none", cpu);
        return;
    }
    pending = page_alloc(PENDING_ALIGN_ORDER, PAGE_ZERO, NODE_ANY);
    if (!hpa_valid(pending)) {
        log_error("its: no memory; CPU %u gets no messages", cpu);
        return;
    }
    its_publish(NULL, hpa_to_ptr(pending), PAGE_SIZE << PENDING_ALIGN_ORDER);
    lpi_tables_set(rd->registers, pending);
    mmio_write32(rd->registers, GICR_CTLR, mmio_read32(rd->registers, GICR_CTLR) | GICR_CTLR_LPIS);
    __asm__ volatile("dsb sy" ::: "memory");
    spin_lock_irqoff(&its_lock);
    for (size_t i = 0; i < service_count; i++) {
        struct its *its = &services[i];

        if (!its_command(its, ITS_MAPC, 0, BIT(63) | target(its, rd) | cpu) ||
            !its_command(its, ITS_SYNC, 0, target(its, rd)))
            log_error("its: CPU %u is not made known", cpu);
    }
    spin_unlock_irqoff(&its_lock);
}

/* The service that translates this requester's messages, and the number it knows it by. NULL: none does. */
static struct its *service_of(uint32_t requester, uint32_t *device)
{
    const struct host_info *info = host_info();
    uint32_t segment = requester >> 16, id = requester & 0xffff;

    *device = id;
    if (info->msi_map_count == 0)
        return service_count > 0 ? &services[0] : NULL;
    for (size_t i = 0; i < info->msi_map_count; i++) {
        const struct host_msi_map *map = &info->msi_maps[i];

        if (map->segment != segment || id < map->base || id - map->base >= map->count)
            continue;
        *device = map->device + (id - map->base);
        for (size_t k = 0; k < service_count; k++)
            if (services[k].base.v == map->its.v)
                return &services[k];
    }
    return NULL;
}

static struct its_device *device_known(const struct its *its, uint32_t id)
{
    struct its_device *d = its->known;

    while (d != NULL && d->id != id)
        d = d->next;
    return d;
}

static must_check bool command(struct its *its, uint64_t d0, uint64_t d1, uint64_t d2)
{
    arch_irq_state_t state = spin_lock_irqsave(&its_lock);
    bool is_taken = its_command(its, d0, d1, d2);

    spin_unlock_irqrestore(&its_lock, state);
    return is_taken;
}

/* Gives the service a table for the device's events, for ever: it costs as much to take it back. Mutex held.
 */
static struct its_device *device_make(struct its *its, uint32_t id)
{
    struct its_device *d = calloc(1, sizeof(*d));
    unsigned order = 0, bits;
    uint64_t size;
    hpa_t table;

    if (d == NULL || its_device_room(its, id) != 0) {
        free(d);
        return NULL;
    }
    bits = (unsigned)MIN(TYPER_ID_BITS(its->type), 11); /* 2048 */
    d->id = id;
    d->events = 1U << bits;
    size = MAX(d->events * TYPER_ENTRY(its->type), TABLE_ALIGN);
    while (PAGE_SIZE << order < size)
        order++;
    table = page_alloc(order, PAGE_ZERO, NODE_ANY);
    if (!hpa_valid(table)) {
        free(d);
        return NULL;
    }
    its_publish(NULL, hpa_to_ptr(table), PAGE_SIZE << order);
    if (!command(its, ITS_MAPD | (uint64_t)id << 32, bits - 1, BIT(63) | table.v)) {
        page_free(table, order);
        free(d);
        return NULL;
    }
    d->next = its->known;
    its->known = d;
    return d;
}

/* A number that the device does not use yet. Mutex held. */
static int event_take(struct its_device *d)
{
    for (uint32_t i = 0; i < d->events / 64 || i == 0; i++) {
        uint32_t event = i * 64 + (uint32_t)__builtin_ctzll(~d->used[i]);

        if (~d->used[i] == 0 || event >= d->events)
            continue;
        d->used[i] |= BIT(event % 64);
        return (int)event;
    }
    return -ENOSPC;
}

/* The search goes on where it ended last, so it is short unless nearly all are taken. Mutex held. */
static struct lpi *lpi_take(void)
{
    for (uint32_t tries = 0; tries < LPI_COUNT; tries++) {
        struct lpi *lpi = &lpis[next_lpi++ % LPI_COUNT];

        if (lpi->its == NULL)
            return lpi;
    }
    return NULL;
}

static void configure(const struct lpi *lpi, uint8_t value)
{
    uint8_t *byte = &configuration[lpi - lpis];

    __atomic_store_n(byte, value, __ATOMIC_RELEASE);
    its_publish(lpi->its, byte, 1);
}

/* Translation, configuration, and both known to the redistributor. Mutex held. */
static bool lpi_map(const struct lpi *lpi)
{
    uint64_t device = (uint64_t)lpi->device << 32, intid = (uint64_t)(lpi - lpis) + GIC_LPI_FIRST;
    struct its *its = lpi->its;

    configure(lpi, GIC_PRIORITY | LPI_ENABLED);
    return command(its, ITS_MAPTI | device, lpi->event | intid << 32, lpi->cpu) &&
           command(its, ITS_INV | device, lpi->event, 0) &&
           command(its, ITS_SYNC, 0, target(its, gic_redistributor_of(lpi->cpu)));
}

static void release_locked(struct irq_action *action)
{
    struct lpi *lpi = &lpis[action->vector];
    struct its_device *d = device_known(lpi->its, lpi->device);
    struct its *its = lpi->its;

    configure(lpi, 0);
    if (!command(its, ITS_DISCARD | (uint64_t)lpi->device << 32, lpi->event, 0) ||
        !command(its, ITS_SYNC, 0, target(its, gic_redistributor_of(lpi->cpu))))
        log_error("its: message %u stays mapped", action->vector);
    __atomic_store_n(&lpi->action, NULL, __ATOMIC_RELEASE);
    d->used[lpi->event / 64] &= ~BIT(lpi->event % 64);
    lpi->its = NULL;
}

static int bind_locked(struct irq_action *action, unsigned cpu, struct its *its, uint32_t id,
                       struct msi_message *out)
{
    struct its_device *d = device_known(its, id);
    struct lpi *lpi;
    int event;

    if (d == NULL)
        d = device_make(its, id);
    if (d == NULL)
        return -ENOMEM;
    event = event_take(d);
    lpi = event >= 0 ? lpi_take() : NULL;
    if (lpi == NULL) {
        if (event >= 0)
            d->used[event / 64] &= ~BIT(event % 64);
        return -ENOSPC;
    }
    *lpi = (struct lpi){.its = its, .device = id, .event = (uint32_t)event, .cpu = cpu};
    action->cpu = cpu;
    action->vector = (uint32_t)(lpi - lpis);
    __atomic_store_n(&lpi->action, action, __ATOMIC_RELEASE);
    if (!lpi_map(lpi)) {
        release_locked(action);
        return -EIO;
    }
    *out = (struct msi_message){.address = its->base.v + GITS_TRANSLATER, .data = lpi->event};
    return 0;
}

int gic_message_bind(struct irq_action *action, unsigned cpu, uint32_t requester, struct msi_message *out)
{
    uint32_t id;
    struct its *its = service_of(requester, &id);
    int error;

    if (its == NULL)
        return -ENOTSUP;
    mutex_lock(&devices_mutex);
    error = bind_locked(action, cpu, its, id, out);
    mutex_unlock(&devices_mutex);
    return error;
}

void gic_message_release(struct irq_action *action)
{
    mutex_lock(&devices_mutex);
    release_locked(action);
    mutex_unlock(&devices_mutex);
}

bool gic_message_handle(unsigned intid)
{
    struct irq_action *action;

    if (lpis == NULL || intid - GIC_LPI_FIRST >= LPI_COUNT)
        return false;
    action = __atomic_load_n(&lpis[intid - GIC_LPI_FIRST].action, __ATOMIC_ACQUIRE);
    if (action == NULL)
        return false;
    action->count++;
    action->handler(action->arg);
    return true;
}
