/* SPDX-License-Identifier: BSD-2-Clause */
#include "rtc.h"
#include "rtc_time.h"
#include "ticks.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Motorola MC146818A datasheet, "Registers"; Intel ICH9 datasheet, 13.6. */
#define PORT_INDEX 0x70
#define PORTS      2
#define CMOS_SIZE  128
#define NMI_MASK   0x80

#define A_UPDATING     0x80
#define A_DIVIDER      0x70
#define A_DIVIDER_HOLD 0x60 /* both bits set: the divider is held in reset */
#define A_RATE         0x0f
#define A_DEFAULT      0x26 /* 32.768 kHz, 1024 Hz */

#define B_SET  0x80
#define B_IRQS 0x70 /* periodic, alarm, update: as in register C */
#define B_SQWE 0x08

#define C_IRQ      0x80
#define C_PERIODIC 0x40
#define C_ALARM    0x20
#define C_UPDATE   0x10

#define D_VALID 0x80

#define BASE_LIMIT ((int64_t)1 << 60)

#define CRYSTAL_HZ 32768ULL
#define UPDATE_NS  244000ULL    /* UIP is set that long before an update */
#define HALF_NS    500000000ULL /* the first update after the divider is released */

/* CMOS bytes that firmware fills in, as SeaBIOS reads them. */
#define CMOS_EQUIPMENT    0x14
#define CMOS_BASE_KB      0x15
#define CMOS_EXTENDED_KB  0x17
#define CMOS_CHECKSUM     0x2e /* of 0x10-0x2d, big-endian */
#define CMOS_EXTENDED_KB2 0x30
#define CMOS_ABOVE_16M    0x34 /* in units of 64 KiB */
#define CMOS_ABOVE_4G     0x5b /* in units of 64 KiB */
#define CMOS_CPUS         0x5f /* less one */

struct rtc {
    struct device device;
    struct bus_region region;
    struct irqchip *chip;   /* i */
    unsigned gsi;           /* i */
    struct vm_clock *clock; /* i */
    struct vm_timer timer;
    atomic_uchar index; /* with the NMI mask */
    struct spinlock lock;
    uint8_t cmos[CMOS_SIZE]; /* lock; the time registers only count while the clock is held */
    int64_t base;            /* lock: seconds since 1970 when VM time plus phase is 0 */
    uint64_t phase_ns;       /* lock: added to VM time, so that seconds begin where they should */
    uint64_t ahead_ns;       /* lock: what the host's date was ahead of VM time when last heard of */
    uint64_t flags_ns;       /* lock: VM time up to which register C is known */
    uint64_t deadline_ns;    /* lock: when an interrupt is due, or RTC_NEVER */
    atomic_uint changes;     /* a: counts changes of the deadline; changed under lock */
};

/* While held, the time stands still in the registers. Lock held, here and in the functions below. */
static bool is_held(const struct rtc *r)
{
    return (r->cmos[RTC_B] & B_SET) || (r->cmos[RTC_A] & A_DIVIDER_HOLD) == A_DIVIDER_HOLD;
}

static int64_t seconds_at(const struct rtc *r, uint64_t ns)
{
    return r->base + (int64_t)((ns + r->phase_ns) / NSEC_PER_SEC);
}

static uint64_t fraction_at(const struct rtc *r, uint64_t ns)
{
    return (ns + r->phase_ns) % NSEC_PER_SEC;
}

static void time_set(struct rtc *r, uint64_t ns, int64_t seconds)
{
    r->base = seconds - (int64_t)((ns + r->phase_ns) / NSEC_PER_SEC);
}

static void phase_set(struct rtc *r, uint64_t ns, uint64_t fraction)
{
    r->phase_ns = (fraction + NSEC_PER_SEC - ns % NSEC_PER_SEC) % NSEC_PER_SEC;
}

/* The periodic interrupt comes every 2^shift ticks of the crystal; -1: never. */
static int periodic_shift(const struct rtc *r)
{
    int rate = r->cmos[RTC_A] & A_RATE;

    if (rate == 0 || is_held(r))
        return -1;
    return rate <= 2 ? rate + 6 : rate - 1;
}

/* Brings register C and the interrupt line up to date. */
static void flags_update(struct rtc *r, uint64_t now)
{
    int shift = periodic_shift(r);
    int64_t before = seconds_at(r, r->flags_ns), after = seconds_at(r, now);

    if (now > r->flags_ns) {
        if (shift >= 0 && ticks_at(now, CRYSTAL_HZ) >> shift != ticks_at(r->flags_ns, CRYSTAL_HZ) >> shift)
            r->cmos[RTC_C] |= C_PERIODIC;
        if (!is_held(r) && after > before) {
            r->cmos[RTC_C] |= C_UPDATE;
            if (rtc_alarm_distance(r->cmos, before) <= (uint64_t)(after - before))
                r->cmos[RTC_C] |= C_ALARM;
        }
        r->flags_ns = now;
    }
    if (r->cmos[RTC_B] & r->cmos[RTC_C] & B_IRQS)
        r->cmos[RTC_C] |= C_IRQ;
    else
        r->cmos[RTC_C] &= (uint8_t)~C_IRQ;
    irqchip_line_set(r->chip, r->gsi, r->cmos[RTC_C] & C_IRQ);
}

/* While an interrupt waits for the guest, another one would change nothing: no timer then. */
static uint64_t next_interrupt(const struct rtc *r, uint64_t now)
{
    uint64_t second = now + NSEC_PER_SEC - fraction_at(r, now), next = RTC_NEVER, distance;
    int shift = periodic_shift(r);

    if (r->cmos[RTC_C] & C_IRQ)
        return RTC_NEVER;
    if ((r->cmos[RTC_B] & C_PERIODIC) && shift >= 0)
        next = ticks_to_ns(((ticks_at(now, CRYSTAL_HZ) >> shift) + 1) << shift, CRYSTAL_HZ);
    if (is_held(r))
        return next;
    if ((r->cmos[RTC_B] & C_UPDATE) && second < next)
        next = second;
    if (r->cmos[RTC_B] & C_ALARM) {
        distance = rtc_alarm_distance(r->cmos, seconds_at(r, now));
        if (distance != RTC_NEVER && second + (distance - 1) * NSEC_PER_SEC < next)
            next = second + (distance - 1) * NSEC_PER_SEC;
    }
    return next;
}

static void deadline_update(struct rtc *r, uint64_t now)
{
    flags_update(r, now);
    r->deadline_ns = next_interrupt(r, now);
    atomic_fetch_add(&r->changes, 1);
}

/*
 * Without the lock, which the timer's function takes. Whoever changed the deadline last comes here last or is
 * seen by the one who does. A timer that is not needed any more fires for nothing.
 */
static void timer_update(struct rtc *r)
{
    unsigned seen;

    do {
        arch_irq_state_t state = spin_lock_irqsave(&r->lock);
        uint64_t deadline_ns = r->deadline_ns;

        seen = atomic_load(&r->changes);
        spin_unlock_irqrestore(&r->lock, state);
        if (deadline_ns != RTC_NEVER)
            vm_timer_arm(&r->timer, deadline_ns);
    } while (seen != atomic_load(&r->changes));
}

static void timer_fire(struct vm_timer *vm_timer)
{
    struct rtc *r = container_of(vm_timer, struct rtc, timer);
    arch_irq_state_t state = spin_lock_irqsave(&r->lock);

    deadline_update(r, vm_clock_now_ns(r->clock));
    spin_unlock_irqrestore(&r->lock, state);
    timer_update(r);
}

static bool is_time(unsigned index)
{
    return (index <= RTC_YEAR && (index % 2 == 0 || index >= RTC_WEEKDAY)) || index == RTC_CENTURY;
}

static uint8_t register_read(struct rtc *r, uint64_t now, unsigned index)
{
    uint8_t value;

    if (is_time(index) && !is_held(r))
        rtc_time_encode(r->cmos, seconds_at(r, now));
    value = r->cmos[index];
    if (index == RTC_A && !is_held(r) && fraction_at(r, now) >= NSEC_PER_SEC - UPDATE_NS)
        value |= A_UPDATING;
    if (index == RTC_C) {
        flags_update(r, now);
        value = r->cmos[RTC_C];
        r->cmos[RTC_C] = 0;
    }
    return value;
}

/* A and B may stop the clock, start it, or change what the registers mean. */
static void control_write(struct rtc *r, uint64_t now, unsigned index, uint8_t value)
{
    bool was_held = is_held(r), was_reset = (r->cmos[RTC_A] & A_DIVIDER_HOLD) == A_DIVIDER_HOLD;

    if (!was_held)
        rtc_time_encode(r->cmos, seconds_at(r, now));
    if (index == RTC_A)
        r->cmos[RTC_A] = value & (A_DIVIDER | A_RATE);
    else
        r->cmos[RTC_B] = value & B_SET ? value & (uint8_t)~C_UPDATE : value; /* SET clears UIE */
    if (was_reset && (r->cmos[RTC_A] & A_DIVIDER_HOLD) != A_DIVIDER_HOLD)
        phase_set(r, now, HALF_NS);
    if (was_held && !is_held(r))
        time_set(r, now, rtc_time_decode(r->cmos));
}

static void register_write(struct rtc *r, uint64_t now, unsigned index, uint8_t value)
{
    if (index == RTC_C || index == RTC_D)
        return;
    if (index == RTC_A || index == RTC_B) {
        control_write(r, now, index, value);
    } else if (is_time(index) && !is_held(r)) {
        rtc_time_encode(r->cmos, seconds_at(r, now));
        r->cmos[index] = value;
        time_set(r, now, rtc_time_decode(r->cmos));
    } else {
        r->cmos[index] = value;
    }
}

static uint64_t rtc_read(void *device, uint64_t offset, unsigned size)
{
    struct rtc *r = device;
    unsigned index = r->index & (CMOS_SIZE - 1);
    arch_irq_state_t state;
    uint64_t now;
    uint8_t value;

    if (size != 1 || offset == 0) /* the index is write-only */
        return ~0ULL;
    state = spin_lock_irqsave(&r->lock);
    now = vm_clock_now_ns(r->clock);
    value = register_read(r, now, index);
    if (index == RTC_C)
        deadline_update(r, now);
    spin_unlock_irqrestore(&r->lock, state);
    if (index == RTC_C)
        timer_update(r);
    return value;
}

static void rtc_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    struct rtc *r = device;
    arch_irq_state_t state;
    uint64_t now;

    if (offset == 0) {
        r->index = (uint8_t)value;
        if (size == 1)
            return;
        value >>= 8; /* both ports by one access */
    } else if (size != 1) {
        return;
    }
    state = spin_lock_irqsave(&r->lock);
    now = vm_clock_now_ns(r->clock);
    flags_update(r, now);
    register_write(r, now, r->index & (CMOS_SIZE - 1), (uint8_t)value);
    deadline_update(r, now);
    spin_unlock_irqrestore(&r->lock, state);
    timer_update(r);
}

/* RESET# leaves time, alarm and RAM, which have a battery. */
static void rtc_reset(struct device *device)
{
    struct rtc *r = container_of(device, struct rtc, device);

    vm_timer_cancel(&r->timer);
    r->index = 0;
    r->cmos[RTC_B] &= (uint8_t)~(B_IRQS | B_SQWE);
    r->cmos[RTC_C] = 0;
    r->flags_ns = vm_clock_now_ns(r->clock);
    r->deadline_ns = RTC_NEVER;
    irqchip_line_set(r->chip, r->gsi, false);
}

void rtc_wall_follow(struct device *device, uint64_t wall_ns)
{
    struct rtc *r = container_of(device, struct rtc, device);
    arch_irq_state_t state = spin_lock_irqsave(&r->lock);
    uint64_t ahead_ns = wall_ns - vm_clock_now_ns(r->clock);
    int64_t phase = (int64_t)(r->phase_ns + ahead_ns - r->ahead_ns), seconds = phase / (int64_t)NSEC_PER_SEC;

    if (phase < 0 && phase % (int64_t)NSEC_PER_SEC != 0)
        seconds--;
    if (r->base < BASE_LIMIT && r->base > -BASE_LIMIT) {
        r->base += seconds;
        r->phase_ns = (uint64_t)(phase - seconds * (int64_t)NSEC_PER_SEC);
    }
    r->ahead_ns = ahead_ns;
    spin_unlock_irqrestore(&r->lock, state);
}

static void rtc_save(struct device *device, struct state_writer *w)
{
    struct rtc *r = container_of(device, struct rtc, device);

    state_put_u8(w, r->index);
    state_put_bytes(w, r->cmos, sizeof(r->cmos));
    state_put_u64(w, (uint64_t)r->base);
    state_put_u64(w, r->phase_ns);
    state_put_u64(w, r->ahead_ns);
    state_put_u64(w, r->flags_ns);
}

static int rtc_load(struct device *device, struct state_reader *reader, uint32_t version)
{
    struct rtc *r = container_of(device, struct rtc, device);
    uint8_t index = state_get_u8(reader), cmos[CMOS_SIZE];
    uint64_t phase_ns, ahead_ns, flags_ns;
    int64_t base;

    state_get_bytes(reader, cmos, sizeof(cmos));
    base = (int64_t)state_get_u64(reader);
    phase_ns = state_get_u64(reader);
    ahead_ns = state_get_u64(reader);
    flags_ns = state_get_u64(reader);
    /* No reset would bring back what a bad record leaves behind, so it leaves nothing. Times beyond the limit
     * overflow. */
    if (state_reader_status(reader) != 0 || phase_ns >= NSEC_PER_SEC || base > BASE_LIMIT ||
        base < -BASE_LIMIT)
        return -EINVAL;
    r->index = index;
    memcpy(r->cmos, cmos, sizeof(cmos));
    r->cmos[RTC_A] &= A_DIVIDER | A_RATE;
    r->cmos[RTC_D] = D_VALID;
    r->base = base;
    r->phase_ns = phase_ns;
    r->ahead_ns = ahead_ns;
    r->flags_ns = flags_ns;
    deadline_update(r, vm_clock_now_ns(r->clock));
    timer_update(r);
    return 0;
}

static void rtc_destroy(struct device *device)
{
    struct rtc *r = container_of(device, struct rtc, device);

    vm_timer_cancel(&r->timer);
    free(r);
}

static void cmos_put(struct rtc *r, unsigned index, unsigned bytes, uint64_t value)
{
    value = MIN(value, ~0ULL >> (64 - 8 * bytes));
    for (unsigned i = 0; i < bytes; i++)
        r->cmos[index + i] = (uint8_t)(value >> 8 * i);
}

/* What firmware found out about the machine. */
static void cmos_fill(struct rtc *r, const struct rtc_config *config)
{
    uint64_t above_1m = config->low_ram_bytes > MIB(1) ? config->low_ram_bytes - MIB(1) : 0;
    uint64_t above_16m = config->low_ram_bytes > MIB(16) ? config->low_ram_bytes - MIB(16) : 0;
    unsigned sum = 0;

    r->cmos[RTC_A] = A_DEFAULT;
    r->cmos[RTC_B] = RTC_B_24H;
    r->cmos[RTC_D] = D_VALID;
    r->cmos[CMOS_EQUIPMENT] = 0x02; /* a coprocessor; no display, no diskette */
    cmos_put(r, CMOS_BASE_KB, 2, 640);
    cmos_put(r, CMOS_EXTENDED_KB, 2, above_1m / KIB(1));
    cmos_put(r, CMOS_EXTENDED_KB2, 2, above_1m / KIB(1));
    cmos_put(r, CMOS_ABOVE_16M, 2, above_16m / KIB(64));
    cmos_put(r, CMOS_ABOVE_4G, 3, config->high_ram_bytes / KIB(64));
    cmos_put(r, CMOS_CPUS, 1, config->vcpu_count - 1);
    for (unsigned i = 0x10; i < CMOS_CHECKSUM; i++)
        sum += r->cmos[i];
    r->cmos[CMOS_CHECKSUM] = (uint8_t)(sum >> 8);
    r->cmos[CMOS_CHECKSUM + 1] = (uint8_t)sum;
}

static const struct device_ops ops = {
    .name = "rtc",
    .version = 2,
    .reset = rtc_reset,
    .save = rtc_save,
    .load = rtc_load,
    .destroy = rtc_destroy,
};

int rtc_create(struct bus *pio, struct irqchip *chip, unsigned gsi, struct vm_clock *clock,
               const struct rtc_config *config, struct device **out)
{
    struct rtc *r = calloc(1, sizeof(*r));
    int error;

    if (r == NULL)
        return -ENOMEM;
    r->device.ops = &ops;
    r->region = (struct bus_region){PORT_INDEX, PORTS, rtc_read, rtc_write, r, "rtc"};
    r->chip = chip;
    r->gsi = gsi;
    r->clock = clock;
    r->base = (int64_t)(config->wall_ns / NSEC_PER_SEC);
    r->phase_ns = config->wall_ns % NSEC_PER_SEC;
    r->ahead_ns = config->wall_ns;
    spin_init(&r->lock, LOCK_RANK_DEVICE);
    vm_timer_init(&r->timer, clock, timer_fire);
    cmos_fill(r, config);
    error = bus_add(pio, &r->region);
    if (error) {
        free(r);
        return error;
    }
    rtc_reset(&r->device);
    *out = &r->device;
    return 0;
}
