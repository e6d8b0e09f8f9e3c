/* SPDX-License-Identifier: BSD-2-Clause */
#include "its.h"

#include <errno.h>
#include <stdlib.h>

/* Devices and events in balanced trees: guests choose the numbers. Before the events' there is a cache. */

static inline int event_compare(const struct gic_lpi *a, const struct gic_lpi *b)
{
    return a->key < b->key ? -1 : a->key > b->key;
}

static inline int device_compare(const struct its_device *a, const struct its_device *b)
{
    return a->id < b->id ? -1 : a->id > b->id;
}

RB_GENERATE_STATIC(its_events, gic_lpi, link, event_compare)
RB_GENERATE_STATIC(its_devices, its_device, link, device_compare)

static inline uint32_t event_key(uint32_t device, uint32_t event)
{
    return device << ITS_ID_BITS | event;
}

/* --- the cache: device, event, INTID and epoch in a word each --- */

static inline unsigned cache_slot(uint32_t key)
{
    return (key ^ key >> ITS_ID_BITS) % ITS_CACHE;
}

static inline uint64_t cache_word(uint32_t key, uint32_t intid, uint32_t epoch)
{
    return (uint64_t)key << 32 | intid << 16 | epoch;
}

/* What is cached is void. With lock. */
static void cache_drop(struct its *its)
{
    uint32_t epoch = atomic_load(&its->epoch) + 1;

    if (epoch > 0xffff) {
        epoch = 1;
        for (unsigned i = 0; i < ITS_CACHE; i++)
            atomic_store(&its->cache[i], 0);
    }
    atomic_store(&its->epoch, epoch);
}

static no_inline struct gic_lpi *event_search(struct its *its, uint32_t key)
{
    struct gic_lpi wanted = {.key = key}, *lpi;
    arch_irq_state_t state = spin_lock_irqsave(&its->lock);

    lpi = RB_FIND(its_events, &its->events, &wanted);
    if (lpi != NULL)
        atomic_store_explicit(&its->cache[cache_slot(key)],
                              cache_word(key, lpi->irq.intid, atomic_load(&its->epoch)),
                              memory_order_relaxed);
    spin_unlock_irqrestore(&its->lock, state);
    return lpi;
}

struct gic_lpi *its_event_find(struct its *its, uint32_t device, uint32_t event)
{
    uint32_t key = event_key(device, event);
    uint64_t word;

    if (unlikely((device | event) >> ITS_ID_BITS != 0))
        return NULL;
    word = atomic_load_explicit(&its->cache[cache_slot(key)], memory_order_relaxed);
    if (likely(word >> 32 == key &&
               (word & 0xffff) == atomic_load_explicit(&its->epoch, memory_order_acquire)))
        return gic_lpi_at(its->chip, (uint32_t)word >> 16);
    return event_search(its, key);
}

/* --- events --- */

/* With lock. */
static void event_unlink(struct its *its, struct gic_lpi *lpi)
{
    RB_REMOVE(its_events, &its->events, lpi);
    lpi->is_mapped = false;
}

void its_event_add(struct its *its, uint32_t device, uint32_t event, struct gic_lpi *lpi, uint16_t collection)
{
    struct gic_lpi wanted = {.key = event_key(device, event)}, *old;
    arch_irq_state_t state = spin_lock_irqsave(&its->lock);

    old = RB_FIND(its_events, &its->events, &wanted);
    if (old != NULL)
        event_unlink(its, old);
    if (lpi->is_mapped) /* by another event: UNPREDICTABLE; here the last one has it */
        event_unlink(its, lpi);
    lpi->key = wanted.key;
    lpi->is_mapped = true;
    atomic_store(&lpi->collection, collection);
    RB_INSERT(its_events, &its->events, lpi);
    cache_drop(its);
    spin_unlock_irqrestore(&its->lock, state);
}

void its_event_remove(struct its *its, struct gic_lpi *lpi)
{
    arch_irq_state_t state = spin_lock_irqsave(&its->lock);

    event_unlink(its, lpi);
    cache_drop(its);
    spin_unlock_irqrestore(&its->lock, state);
}

void its_event_collect(struct its *its, struct gic_lpi *lpi, uint16_t collection)
{
    atomic_store(&lpi->collection, collection);
}

struct gic_lpi *its_event_first(struct its *its, uint32_t device)
{
    struct gic_lpi wanted = {.key = event_key(device, 0)};
    struct gic_lpi *lpi = RB_NFIND(its_events, &its->events, &wanted);

    return lpi != NULL && lpi->key >> ITS_ID_BITS == device ? lpi : NULL;
}

/* --- devices --- */

struct its_device *its_device_find(struct its *its, uint32_t device)
{
    struct its_device wanted = {.id = device};

    return RB_FIND(its_devices, &its->devices, &wanted);
}

int its_device_add(struct its *its, uint32_t device, uint32_t event_end)
{
    struct its_device *d = calloc(1, sizeof(*d));

    if (d == NULL)
        return -ENOMEM;
    d->id = device;
    d->event_end = event_end;
    RB_INSERT(its_devices, &its->devices, d);
    its->device_count++;
    return 0;
}

void its_device_remove(struct its *its, struct its_device *device)
{
    RB_REMOVE(its_devices, &its->devices, device);
    its->device_count--;
    free(device);
}

/* No vCPU runs, no device sends. */
void its_map_clear(struct its *its)
{
    struct gic_lpi *lpi;
    struct its_device *device;

    while ((lpi = RB_MIN(its_events, &its->events)) != NULL)
        its_event_remove(its, lpi);
    while ((device = RB_MIN(its_devices, &its->devices)) != NULL)
        its_device_remove(its, device);
    for (unsigned i = 0; i < ITS_COLLECTIONS; i++)
        atomic_store(&its->collections[i], ROUTE_NONE);
}

/* --- state record --- */

void its_map_save(struct its *its, struct state_writer *writer)
{
    struct its_device *device;
    struct gic_lpi *lpi;
    uint32_t events = 0;

    for (unsigned i = 0; i < ITS_COLLECTIONS; i++)
        state_put_u32(writer, atomic_load(&its->collections[i]));
    state_put_u32(writer, its->device_count);
    RB_FOREACH (device, its_devices, &its->devices) {
        state_put_u32(writer, device->id);
        state_put_u32(writer, device->event_end);
    }
    RB_FOREACH (lpi, its_events, &its->events)
        events++;
    state_put_u32(writer, events);
    RB_FOREACH (lpi, its_events, &its->events) {
        state_put_u32(writer, lpi->key);
        state_put_u32(writer, lpi->irq.intid);
        state_put_u32(writer, atomic_load(&lpi->collection));
    }
}

static int devices_load(struct its *its, struct state_reader *reader)
{
    uint32_t count = state_get_u32(reader);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t id = state_get_u32(reader), event_end = state_get_u32(reader);
        int err = state_reader_status(reader);

        if (err == 0 && (id >> ITS_ID_BITS != 0 || event_end > 1U << ITS_ID_BITS || its_device_find(its, id)))
            err = -EINVAL;
        if (err == 0)
            err = its_device_add(its, id, event_end);
        if (err != 0)
            return err;
    }
    return 0;
}

static int events_load(struct its *its, struct state_reader *reader)
{
    uint32_t count = state_get_u32(reader);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t key = state_get_u32(reader), intid = state_get_u32(reader),
                 collection = state_get_u32(reader);
        const struct its_device *device = its_device_find(its, key >> ITS_ID_BITS);
        struct gic_lpi *lpi;

        if (state_reader_status(reader) != 0 || intid - GIC_LPI_FIRST >= GIC_LPIS ||
            collection >= ITS_COLLECTIONS || device == NULL || (key & 0xffff) >= device->event_end)
            return -EINVAL;
        lpi = gic_lpi_ensure(its->chip, intid);
        if (lpi == NULL)
            return -ENOMEM;
        its_event_add(its, key >> ITS_ID_BITS, key & 0xffff, lpi, (uint16_t)collection);
    }
    return 0;
}

int its_map_load(struct its *its, struct state_reader *reader)
{
    int err;

    for (unsigned i = 0; i < ITS_COLLECTIONS; i++) {
        uint32_t target = state_get_u32(reader);

        if (target >= its->chip->cpu_count && target != ROUTE_NONE)
            return -EINVAL;
        atomic_store(&its->collections[i], (uint16_t)target);
    }
    err = devices_load(its, reader);
    return err != 0 ? err : events_load(its, reader);
}
