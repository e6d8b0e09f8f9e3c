/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtual and physical timer: never early, never lost, and end a sleep. Arm ARM (DDI 0487), D11. */
#include "../lib/guest.h"

const char guest_name[] = "timer";

#define ENABLE  1
#define MASK    2
#define ISTATUS 4

struct timer {
    const char *name;
    unsigned intid;
    void (*control)(uint64_t value);
    uint64_t (*status)(void);
    void (*compare)(uint64_t value);
    void (*value)(uint64_t value);
    uint64_t (*now)(void);
};

#define ACCESSORS(which, counter)                      \
    static void which##_control(uint64_t value)        \
    {                                                  \
        sysreg_write("cnt" #which "_ctl_el0", value);  \
    }                                                  \
    static uint64_t which##_status(void)               \
    {                                                  \
        return sysreg_read("cnt" #which "_ctl_el0");   \
    }                                                  \
    static void which##_compare(uint64_t value)        \
    {                                                  \
        sysreg_write("cnt" #which "_cval_el0", value); \
    }                                                  \
    static void which##_value(uint64_t value)          \
    {                                                  \
        sysreg_write("cnt" #which "_tval_el0", value); \
    }                                                  \
    static uint64_t which##_now(void)                  \
    {                                                  \
        __asm__ volatile("isb");                       \
        return sysreg_read(counter);                   \
    }                                                  \
    static const struct timer which##_timer

ACCESSORS(v, "cntvct_el0") = {"virtual", TIMER_VIRT, v_control, v_status, v_compare, v_value, v_now};
ACCESSORS(p, "cntpct_el0") = {"physical", TIMER_PHYS, p_control, p_status, p_compare, p_value, p_now};

static const struct timer *current;
static volatile unsigned ticks, without_cause;
static volatile uint64_t arrived_at;

static void on_timer(unsigned intid)
{
    (void)intid;
    arrived_at = current->now();
    if (current->status() & ISTATUS) {
        current->control(0);
        ticks++;
    } else {
        without_cause++;
    }
}

/* Sleeps until each comes. */
static void sleeps_check(const struct timer *t, uint64_t us)
{
    for (unsigned i = 1; i <= 200; i++) {
        uint64_t deadline = t->now() + i * us * counter_hz() / 1000000;

        ticks = 0;
        t->compare(deadline);
        t->control(ENABLE);
        while (ticks == 0)
            wait_irq();
        expect(arrived_at >= deadline, "%s: %u ticks early", t->name, deadline - arrived_at);
        expect(ticks == 1, "%s: %u interrupts", t->name, (uint64_t)ticks);
    }
}

/* A deadline that is over, and one that is set while interrupts are off. */
static void past_check(const struct timer *t)
{
    for (unsigned i = 0; i < 200; i++) {
        ticks = 0;
        t->value(i & 1 ? 0 : (uint64_t)-1000);
        t->control(ENABLE);
        expect(t->status() == (ENABLE | ISTATUS), "%s: status %x", t->name, t->status());
        wait_irq();
        expect(ticks == 1, "%s, over: %u interrupts", t->name, (uint64_t)ticks);
    }
}

/* Masked, switched off, and taken back before it was taken. */
static void masked_check(const struct timer *t)
{
    ticks = 0;
    irq_on();
    t->value(0);
    t->control(ENABLE | MASK);
    delay_us(2000);
    expect(ticks == 0 && t->status() == (ENABLE | MASK | ISTATUS), "%s, masked: %u, status %x", t->name,
           (uint64_t)ticks, t->status());
    irq_off();
    t->control(ENABLE);
    delay_us(1000);
    t->compare(~0ULL >> 1);
    delay_us(1000);
    irq_on();
    delay_us(1000);
    /* One whose cause is gone may be on its way still, as software has to expect of any level (IHI
     * 0069, 4.1.2). */
    expect(ticks == 0 && without_cause <= 1, "%s: an interrupt whose cause is gone", t->name);
    expect(t->status() == ENABLE, "%s, far away: status %x", t->name, t->status());
    t->control(0);
    irq_off();
}

static void downcount_check(const struct timer *t, uint64_t (*read)(void))
{
    t->control(0);
    t->value(1000000);
    for (unsigned i = 0; i < 100; i++) {
        int32_t left = (int32_t)read();

        expect(left <= 1000000, "%s: TVAL is %u", t->name, (uint64_t)(uint32_t)left);
    }
    t->value((uint64_t)-5);
    expect((int32_t)read() < 0, "%s: TVAL has no sign", t->name);
}

static uint64_t v_left(void)
{
    return sysreg_read("cntv_tval_el0");
}

static uint64_t p_left(void)
{
    return sysreg_read("cntp_tval_el0");
}

static void check(const struct timer *t)
{
    current = t;
    without_cause = 0;
    irq_set(t->intid, on_timer);
    past_check(t);
    sleeps_check(t, 10);
    expect(without_cause == 0, "%s: %u interrupts without a cause", t->name, (uint64_t)without_cause);
    masked_check(t);
}

void guest_run(void)
{
    uint64_t last = 0;

    irq_init();
    expect(counter_hz() >= 1000000, "the counter has %u Hz", counter_hz());
    for (unsigned i = 0; i < 10000; i++) {
        uint64_t now = counter_read();

        expect(now >= last, "the counter goes back from %x to %x", last, now);
        last = now;
    }
    check(&v_timer);
    check(&p_timer);
    downcount_check(&v_timer, v_left);
    downcount_check(&p_timer, p_left);
}
