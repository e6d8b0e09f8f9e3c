/* SPDX-License-Identifier: BSD-2-Clause */
#include "pl031.h"

#include "primecell.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Arm DDI 0224C, chapter 3. */
#define RTCDR   0x000
#define RTCMR   0x004
#define RTCLR   0x008
#define RTCCR   0x00c
#define RTCIMSC 0x010
#define RTCRIS  0x014
#define RTCMIS  0x018
#define RTCICR  0x01c
#define PART_ID 0x00041031U

#define NEVER (~0ULL)

struct pl031 {
    struct device device;
    struct bus_region region;
    struct irqchip *chip;         /* i */
    unsigned gsi;                 /* i */
    struct vm_clock *clock;       /* i */
    struct spinlock lock;         /* LOCK_RANK_DEVICE: setting count and alarm */
    struct vm_timer timer;        /* the alarm's */
    _Atomic uint64_t deadline_ns; /* of the alarm; written: lock */
    _Atomic uint32_t offset;      /* count at VM time 0; written: lock */
    _Atomic uint32_t match, load; /* written: lock */
    int64_t ahead_ns;      /* lock: the host's clock is ahead of VM time by that, as far as is counted */
    atomic_uint imsc, ris; /* 0 or 1 */
};

static uint32_t count_now(const struct pl031 *r)
{
    return (uint32_t)(vm_clock_now_ns(r->clock) / NSEC_PER_SEC) + atomic_load(&r->offset);
}

/* Another vCPU may change a register between the look and the act, so look again. */
static void line_update(struct pl031 *r)
{
    bool level;

    do {
        level = (r->ris & r->imsc) != 0;
        irqchip_line_set(r->chip, r->gsi, level);
    } while (level != ((r->ris & r->imsc) != 0));
}

static void alarm_fire(struct vm_timer *timer)
{
    struct pl031 *r = container_of(timer, struct pl031, timer);

    /* The alarm may have been moved after the timer was taken off its queue. */
    if (vm_clock_now_ns(r->clock) < atomic_load(&r->deadline_ns))
        return;
    atomic_store(&r->deadline_ns, NEVER);
    r->ris = 1;
    line_update(r);
}

/* When the count is what the match register says, next time. With lock. */
static void alarm_arm(struct pl031 *r)
{
    uint64_t second = vm_clock_now_ns(r->clock) / NSEC_PER_SEC;
    uint32_t wait = atomic_load(&r->match) - ((uint32_t)second + atomic_load(&r->offset));

    atomic_store(&r->deadline_ns, (second + wait) * NSEC_PER_SEC);
    vm_timer_arm(&r->timer, (second + wait) * NSEC_PER_SEC);
}

static void clock_write(struct pl031 *r, uint64_t offset, uint32_t value)
{
    arch_irq_state_t state = spin_lock_irqsave(&r->lock);

    if (offset == RTCMR) {
        atomic_store(&r->match, value);
    } else {
        atomic_store(&r->load, value);
        atomic_store(&r->offset, value - (uint32_t)(vm_clock_now_ns(r->clock) / NSEC_PER_SEC));
    }
    alarm_arm(r);
    spin_unlock_irqrestore(&r->lock, state);
}

static uint64_t pl031_read(void *device, uint64_t offset, unsigned size)
{
    struct pl031 *r = device;

    if (size != 4)
        return 0;
    switch (offset) {
    case RTCDR:
        return count_now(r);
    case RTCMR:
        return atomic_load(&r->match);
    case RTCLR:
        return atomic_load(&r->load);
    case RTCCR:
        return 1; /* started, and cannot be stopped (3.3.4) */
    case RTCIMSC:
        return r->imsc;
    case RTCRIS:
        return r->ris;
    case RTCMIS:
        return r->ris & r->imsc;
    default:
        if (offset >= PRIMECELL_ID && offset <= PRIMECELL_ID_LAST && (offset & 3) == 0)
            return primecell_id_read(PART_ID, offset);
        return 0;
    }
}

static void pl031_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    struct pl031 *r = device;

    if (size != 4)
        return;
    switch (offset) {
    case RTCMR:
    case RTCLR:
        clock_write(r, offset, (uint32_t)value);
        break;
    case RTCIMSC:
        r->imsc = value & 1;
        line_update(r);
        break;
    case RTCICR:
        if (value & 1)
            r->ris = 0;
        line_update(r);
        break;
    default: /* RTCCR: writing 1 to a clock that runs does nothing */
        break;
    }
}

/* The battery keeps the time; the rest is as after reset. */
static void pl031_reset(struct device *device)
{
    struct pl031 *r = container_of(device, struct pl031, device);

    vm_timer_cancel(&r->timer);
    atomic_store(&r->deadline_ns, NEVER);
    atomic_store(&r->match, 0);
    r->imsc = r->ris = 0;
    line_update(r);
}

static void pl031_save(struct device *device, struct state_writer *w)
{
    struct pl031 *r = container_of(device, struct pl031, device);

    state_put_u32(w, atomic_load(&r->offset));
    state_put_u32(w, atomic_load(&r->match));
    state_put_u32(w, atomic_load(&r->load));
    state_put_u32(w, r->imsc);
    state_put_u32(w, r->ris);
    state_put_u64(w, atomic_load(&r->deadline_ns));
}

static int pl031_load(struct device *device, struct state_reader *reader, uint32_t version)
{
    struct pl031 *r = container_of(device, struct pl031, device);
    uint64_t deadline;

    vm_timer_cancel(&r->timer);
    atomic_store(&r->offset, state_get_u32(reader));
    atomic_store(&r->match, state_get_u32(reader));
    atomic_store(&r->load, state_get_u32(reader));
    r->imsc = state_get_u32(reader) & 1;
    r->ris = state_get_u32(reader) & 1;
    deadline = state_get_u64(reader);
    atomic_store(&r->deadline_ns, deadline);
    if (deadline != NEVER)
        vm_timer_arm(&r->timer, deadline);
    line_update(r);
    return state_reader_status(reader);
}

static void pl031_destroy(struct device *device)
{
    struct pl031 *r = container_of(device, struct pl031, device);

    vm_timer_cancel(&r->timer);
    free(r);
}

static const struct device_ops ops = {
    .name = "pl031",
    .version = 1,
    .reset = pl031_reset,
    .save = pl031_save,
    .load = pl031_load,
    .destroy = pl031_destroy,
};

void pl031_wall_follow(struct device *device, uint64_t wall_ns)
{
    struct pl031 *r = container_of(device, struct pl031, device);
    arch_irq_state_t state = spin_lock_irqsave(&r->lock);
    int64_t more = (int64_t)(wall_ns - vm_clock_now_ns(r->clock)) - r->ahead_ns;
    int64_t half = (int64_t)NSEC_PER_SEC / 2,
            seconds = (more + (more < 0 ? -half : half)) / (int64_t)NSEC_PER_SEC;

    r->ahead_ns += seconds * (int64_t)NSEC_PER_SEC;
    atomic_store(&r->offset, atomic_load(&r->offset) + (uint32_t)seconds);
    alarm_arm(r);
    spin_unlock_irqrestore(&r->lock, state);
}

int pl031_create(struct bus *mmio, uint64_t base, struct irqchip *chip, unsigned gsi, struct vm_clock *clock,
                 uint64_t wall_seconds, struct device **out)
{
    struct pl031 *r = calloc(1, sizeof(*r));
    int error;

    if (r == NULL)
        return -ENOMEM;
    r->device.ops = &ops;
    r->region = (struct bus_region){base, PL031_SIZE, pl031_read, pl031_write, r, "pl031"};
    r->chip = chip;
    r->gsi = gsi;
    r->clock = clock;
    spin_init(&r->lock, LOCK_RANK_DEVICE);
    vm_timer_init(&r->timer, clock, alarm_fire);
    atomic_init(&r->offset, (uint32_t)wall_seconds);
    r->ahead_ns = (int64_t)(wall_seconds * NSEC_PER_SEC);
    atomic_init(&r->load, (uint32_t)wall_seconds);
    error = bus_add(mmio, &r->region);
    if (error) {
        free(r);
        return error;
    }
    pl031_reset(&r->device);
    *out = &r->device;
    return 0;
}
