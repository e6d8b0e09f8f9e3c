/* SPDX-License-Identifier: BSD-2-Clause */
#include "its.h"

#include <errno.h>

/*
 * The ITS's commands: IHI 0069H, 5.3. Those that are wrong are ignored, as 5.3 permits, and the next one is
 * executed.
 */
#define COMMAND_MOVI    0x01
#define COMMAND_INT     0x03
#define COMMAND_CLEAR   0x04
#define COMMAND_SYNC    0x05
#define COMMAND_MAPD    0x08
#define COMMAND_MAPC    0x09
#define COMMAND_MAPTI   0x0a
#define COMMAND_MAPI    0x0b
#define COMMAND_INV     0x0c
#define COMMAND_INVALL  0x0d
#define COMMAND_MOVALL  0x0e
#define COMMAND_DISCARD 0x0f

/* What a command may do at once that takes longer the more is mapped or pending. */
#define STEPS 64

struct command {
    uint64_t words[4];
};

static uint32_t command_device(const struct command *c)
{
    return (uint32_t)(c->words[0] >> 32);
}

static uint32_t command_event(const struct command *c)
{
    return (uint32_t)c->words[1];
}

static uint16_t command_collection(const struct command *c)
{
    return (uint16_t)c->words[2];
}

static bool command_is_valid(const struct command *c)
{
    return (c->words[2] & BIT(63)) != 0;
}

/* GITS_TYPER.PTA is 0: vCPUs are named by GICR_TYPER.Processor_Number. */
static unsigned command_target(const struct command *c, unsigned word)
{
    return (unsigned)FIELD(c->words[word], 51, 16);
}

/* --- the guest's tables: 5.2; only their size counts, and whether there is a second level --- */

static bool table_has(struct its *its, unsigned table, uint64_t id)
{
    static const uint32_t page_sizes[] = {0x1000, 0x4000, 0x10000, 0x10000};
    uint64_t baser = atomic_load(&its->baser[table]), entry;
    uint64_t page = page_sizes[FIELD(baser, 9, 8)], per_page = page / 8;
    uint64_t entries = (FIELD(baser, 7, 0) + 1) * per_page;

    if (!(baser & ITS_BASER_VALID))
        return false;
    if (!(baser & ITS_BASER_INDIRECT))
        return id < entries;
    return id / per_page < entries &&
           gmem_read(its->chip->gmem, gpa((baser & MASK(47, 12)) + id / per_page * 8), &entry, 8) == 0 &&
           (entry & BIT(63)) != 0;
}

/* --- events --- */

static void event_drop(struct its *its, struct gic_lpi *lpi)
{
    its_event_remove(its, lpi);
    gic_irq_clear(its->chip, &lpi->irq, GIC_BITS_PENDING);
}

/* Unmaps some of a device's events; -EAGAIN: not all yet. */
static int device_empty(struct its *its, uint32_t device)
{
    for (unsigned i = 0; i < STEPS; i++) {
        struct gic_lpi *lpi = its_event_first(its, device);

        if (lpi == NULL)
            return 0;
        event_drop(its, lpi);
    }
    return its_event_first(its, device) != NULL ? -EAGAIN : 0;
}

static int do_mapd(struct its *its, const struct command *c)
{
    uint32_t id = command_device(c), bits = (uint32_t)FIELD(c->words[1], 4, 0) + 1;
    struct its_device *device;
    int err;

    if (id >> ITS_ID_BITS != 0)
        return 0;
    device = its_device_find(its, id);
    if (device != NULL) {
        err = device_empty(its, id);
        if (err != 0)
            return err;
        its_device_remove(its, device);
    }
    if (!command_is_valid(c) || bits > ITS_ID_BITS || !table_has(its, 0, id))
        return 0;
    err = its_device_add(its, id, 1U << bits);
    return err == -ENOMEM ? 0 : err; /* its events will be ignored */
}

static int do_mapc(struct its *its, const struct command *c)
{
    uint16_t id = command_collection(c);
    unsigned target = command_target(c, 2);

    if (id >= ITS_COLLECTIONS)
        return 0;
    if (!command_is_valid(c))
        atomic_store(&its->collections[id], ROUTE_NONE);
    else if (target < its->chip->cpu_count && table_has(its, 1, id))
        atomic_store(&its->collections[id], (uint16_t)target);
    return 0;
}

/* MAPTI; MAPI, whose INTID is the EventID. */
static int do_map(struct its *its, const struct command *c, uint32_t intid)
{
    const struct its_device *device = its_device_find(its, command_device(c));
    uint16_t collection = command_collection(c), target;
    uint32_t event = command_event(c);
    struct gic_lpi *lpi;

    if (device == NULL || event >= device->event_end || collection >= ITS_COLLECTIONS)
        return 0;
    lpi = gic_lpi_ensure(its->chip, intid);
    if (lpi == NULL)
        return 0;
    its_event_add(its, device->id, event, lpi, collection);
    target = atomic_load(&its->collections[collection]);
    if (target != ROUTE_NONE)
        gic_irq_route_set(its->chip, &lpi->irq, target);
    gic_lpi_config_read(its->chip, &lpi->irq);
    return 0;
}

static int do_movi(struct its *its, const struct command *c)
{
    struct gic_lpi *lpi = its_event_find(its, command_device(c), command_event(c));
    uint16_t collection = command_collection(c), target;

    if (lpi == NULL || collection >= ITS_COLLECTIONS)
        return 0;
    target = atomic_load(&its->collections[collection]);
    if (target == ROUTE_NONE)
        return 0;
    its_event_collect(its, lpi, collection);
    gic_irq_route_set(its->chip, &lpi->irq, target);
    return 0;
}

static void do_int(struct its *its, const struct command *c)
{
    struct gic_lpi *lpi = its_event_find(its, command_device(c), command_event(c));

    if (likely(lpi != NULL))
        its_lpi_signal(its, lpi);
}

static int do_event(struct its *its, const struct command *c, unsigned code)
{
    struct gic_lpi *lpi = its_event_find(its, command_device(c), command_event(c));

    if (lpi == NULL)
        return 0;
    switch (code) {
    case COMMAND_CLEAR:
        gic_irq_clear(its->chip, &lpi->irq, GIC_BITS_PENDING);
        break;
    case COMMAND_INV:
        gic_lpi_config_read(its->chip, &lpi->irq);
        break;
    default:
        event_drop(its, lpi);
        break;
    }
    return 0;
}

static int do_invall(struct its *its, const struct command *c)
{
    uint16_t collection = command_collection(c);
    uint16_t target = collection < ITS_COLLECTIONS ? atomic_load(&its->collections[collection]) : ROUTE_NONE;

    if (target != ROUTE_NONE)
        gic_lpi_invalidate_all(&its->chip->cpus[target]);
    return 0;
}

static int do_movall(struct its *its, const struct command *c)
{
    unsigned from = command_target(c, 2), to = command_target(c, 3);

    if (from >= its->chip->cpu_count || to >= its->chip->cpu_count)
        return 0;
    return gic_lpi_move_some(&its->chip->cpus[from], to, STEPS) ? -EAGAIN : 0;
}

static unsigned command_code(const struct command *c)
{
    return (unsigned)(c->words[0] & 0xff);
}

/* What changes the map. -EAGAIN: it has not been completed. */
static no_inline int map_command_do(struct its *its, const struct command *c)
{
    unsigned code = command_code(c);

    switch (code) {
    case COMMAND_MAPD:
        return do_mapd(its, c);
    case COMMAND_MAPC:
        return do_mapc(its, c);
    case COMMAND_MAPTI:
        return do_map(its, c, (uint32_t)(c->words[1] >> 32));
    case COMMAND_MAPI:
        return do_map(its, c, command_event(c));
    case COMMAND_MOVI:
        return do_movi(its, c);
    case COMMAND_CLEAR:
    case COMMAND_INV:
    case COMMAND_DISCARD:
        return do_event(its, c, code);
    case COMMAND_INVALL:
        return do_invall(its, c);
    case COMMAND_MOVALL:
        return do_movall(its, c);
    default: /* SYNC: every command has had its effect when the next one begins */
        return 0;
    }
}

/* The one that devices' messages mean as well goes without what the others have to save. */
static always_inline int command_do(struct its *its, const struct command *c)
{
    if (unlikely(command_code(c) != COMMAND_INT))
        return map_command_do(its, c);
    do_int(its, c);
    return 0;
}

/* --- the queue: 5.2 --- */

/*
 * Whether there is a command at `at`. An end that is not in the queue would never be reached: one CPU may
 * have moved it while another shortened that.
 */
static always_inline bool has_commands(const struct its *its, uint32_t at, uint64_t *cbaser)
{
    uint32_t end = atomic_load(&its->cwriter);

    if (at == end)
        return false;
    *cbaser = atomic_load(&its->cbaser);
    return (atomic_load(&its->ctlr) & ITS_CTLR_ENABLED) && (*cbaser & ITS_CBASER_VALID) &&
           end < its_queue_size(*cbaser);
}

/* By is_busy's holder. False: no RAM there. */
static always_inline bool command_read(struct its *its, gpa_t at, struct command *command)
{
    const uint64_t *words = gmem_hint_ptr(its->chip->gmem, &its->queue, at, sizeof(*command));

    if (unlikely(words == NULL))
        return false;
    /* Once: the guest may write there. */
    command->words[0] = __atomic_load_n(&words[0], __ATOMIC_RELAXED);
    command->words[1] = __atomic_load_n(&words[1], __ATOMIC_RELAXED);
    command->words[2] = __atomic_load_n(&words[2], __ATOMIC_RELAXED);
    command->words[3] = __atomic_load_n(&words[3], __ATOMIC_RELAXED);
    return true;
}

/* Commands for `budget` steps; how many of those are left. By is_busy's holder. */
static always_inline unsigned queue_run(struct its *its, unsigned budget)
{
    uint32_t at = atomic_load(&its->creadr);
    struct command command;
    uint64_t cbaser;

    for (; budget > 0 && has_commands(its, at, &cbaser); budget--) {
        if (likely(command_read(its, gpa((cbaser & MASK(51, 12)) + at), &command)) &&
            unlikely(command_do(its, &command) == -EAGAIN)) {
            budget = MAX(budget, 8) - 7;
            continue; /* the same one */
        }
        at += ITS_COMMAND_SIZE;
        at = at < its_queue_size(cbaser) ? at : 0;
        atomic_store(&its->creadr, at);
    }
    return budget;
}

bool its_commands_run(struct its *its, unsigned budget)
{
    uint64_t cbaser;
    bool is_more;

    do {
        /* Who comes while another is at it may leave: that one looks again after it has let go. */
        if (unlikely(atomic_exchange(&its->is_busy, true)))
            return false;
        budget = queue_run(its, budget);
        atomic_store(&its->is_busy, false);
        is_more = has_commands(its, atomic_load(&its->creadr), &cbaser);
    } while (unlikely(is_more) && budget > 0);
    return is_more;
}
