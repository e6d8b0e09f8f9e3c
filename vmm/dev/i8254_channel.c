/* SPDX-License-Identifier: BSD-2-Clause */
#include "i8254_channel.h"

#include <errno.h>

#define ACCESS_LOW  1
#define ACCESS_HIGH 2

#define STATUS_OUT  0x80
#define STATUS_NULL 0x40 /* the count written last is not the one being counted */

#define MODES 6

/* By mode (8254 datasheet, "Gate pin operations summary"): */
static const bool is_periodic[MODES] = {[2] = true, [3] = true};
static const bool is_triggered[MODES] = {
    [1] = true, [5] = true}; /* by a rising gate; a low one does not stop it */

void i8254_channel_init(struct i8254_channel *c, bool gate)
{
    *c = (struct i8254_channel){.access = ACCESS_LOW | ACCESS_HIGH, .gate = gate};
}

static uint64_t elapsed(const struct i8254_channel *c, uint64_t now)
{
    if (!c->is_counting)
        return c->elapsed;
    return now > c->start ? now - c->start : 0;
}

/* A new count of a periodic mode is in force once the period in which it was written is over. */
static void settle(struct i8254_channel *c, uint64_t now)
{
    if (c->next_period == 0 || !is_periodic[c->mode] || !c->is_counting || elapsed(c, now) < c->period)
        return;
    c->start += c->period;
    c->period = c->next_period;
    c->next_period = 0;
}

static void count_begin(struct i8254_channel *c, uint64_t now)
{
    c->start = now;
    c->elapsed = 0;
    c->is_counting = true;
}

static void count_load(struct i8254_channel *c, uint64_t now, uint16_t value)
{
    uint32_t period = value;

    if (c->is_bcd)
        period = (value >> 12) * 1000U + (value >> 8 & 15) * 100U + (value >> 4 & 15) * 10U + (value & 15);
    if (period == 0)
        period = c->is_bcd ? 10000 : 65536;
    settle(c, now);
    /* Periodic modes go on with the present period, triggered ones with what the trigger began. */
    if (c->is_loaded && (is_periodic[c->mode] || (is_triggered[c->mode] && c->is_counting))) {
        if (is_periodic[c->mode] && c->is_counting)
            c->start = now - elapsed(c, now) % c->period;
        c->next_period = period;
        return;
    }
    c->period = period;
    c->next_period = 0;
    c->is_loaded = true;
    c->elapsed = 0;
    c->is_counting = false;
    if (c->gate && !is_triggered[c->mode])
        count_begin(c, now);
}

void i8254_channel_control(struct i8254_channel *c, uint8_t word)
{
    unsigned mode = word >> 1 & 7;

    c->access = word >> 4 & 3;
    c->mode = (uint8_t)(mode >= MODES ? mode - 4 : mode); /* the upper bit is "don't care" for 2 and 3 */
    c->is_bcd = word & 1;
    c->is_loaded = c->is_counting = false;
    c->is_high_next_rd = c->is_high_next_wr = false;
    c->latched_bytes = 0;
    c->is_status_latched = false;
    c->next_period = 0;
    c->elapsed = 0;
}

void i8254_channel_write(struct i8254_channel *c, uint64_t now, uint8_t value)
{
    if (c->access == ACCESS_LOW) {
        count_load(c, now, value);
    } else if (c->access == ACCESS_HIGH) {
        count_load(c, now, (uint16_t)(value << 8));
    } else if (!c->is_high_next_wr) {
        c->low_written = value;
        c->is_high_next_wr = true;
        if (c->mode == 0) { /* the first byte stops mode 0 and lowers OUT */
            c->is_loaded = c->is_counting = false;
            c->elapsed = 0;
        }
    } else {
        c->is_high_next_wr = false;
        count_load(c, now, (uint16_t)(value << 8 | c->low_written));
    }
}

/* The counting element. */
static uint16_t count_value(const struct i8254_channel *c, uint64_t now)
{
    uint64_t passed = elapsed(c, now);
    uint32_t wrap = c->is_bcd ? 10000 : 65536;
    uint32_t value, half;

    if (c->period == 0)
        return 0;
    if (c->mode == 2) {
        value = c->period - (uint32_t)(passed % c->period);
    } else if (c->mode == 3) {
        /* Counts down by two, twice; an odd count is one longer while OUT is high. */
        half = (c->period + 1) / 2;
        value = (uint32_t)(passed % c->period);
        value = (c->period & ~1U) - 2 * (value < half ? value : value - half);
    } else {
        value = (c->period + wrap - (uint32_t)(passed % wrap)) % wrap;
    }
    value %= wrap;
    if (c->is_bcd)
        value = value / 1000 << 12 | value / 100 % 10 << 8 | value / 10 % 10 << 4 | value % 10;
    return (uint16_t)value;
}

uint8_t i8254_channel_read(struct i8254_channel *c, uint64_t now)
{
    uint16_t value;
    bool is_high;

    settle(c, now);
    if (c->is_status_latched) {
        c->is_status_latched = false;
        return c->latched_status;
    }
    is_high = c->access == ACCESS_HIGH || (c->access != ACCESS_LOW && c->is_high_next_rd);
    if (c->access == (ACCESS_LOW | ACCESS_HIGH))
        c->is_high_next_rd = !c->is_high_next_rd;
    value = c->latched_bytes > 0 ? c->latched_count : count_value(c, now);
    if (c->latched_bytes > 0)
        c->latched_bytes--;
    return (uint8_t)(is_high ? value >> 8 : value);
}

void i8254_channel_latch(struct i8254_channel *c, uint64_t now)
{
    if (c->latched_bytes > 0)
        return;
    settle(c, now);
    c->latched_count = count_value(c, now);
    c->latched_bytes = c->access == (ACCESS_LOW | ACCESS_HIGH) ? 2 : 1;
}

void i8254_channel_latch_status(struct i8254_channel *c, uint64_t now)
{
    if (c->is_status_latched)
        return;
    settle(c, now);
    c->latched_status = (uint8_t)(c->access << 4 | c->mode << 1 | c->is_bcd);
    if (i8254_channel_out(c, now))
        c->latched_status |= STATUS_OUT;
    if (!c->is_loaded || c->next_period != 0)
        c->latched_status |= STATUS_NULL;
    c->is_status_latched = true;
}

void i8254_channel_gate(struct i8254_channel *c, uint64_t now, bool gate)
{
    bool is_rising = gate && !c->gate;
    uint64_t passed;

    settle(c, now);
    passed = elapsed(c, now);
    if (gate == c->gate)
        return;
    c->gate = gate;
    if (!c->is_loaded)
        return;
    if (is_rising && (is_periodic[c->mode] || is_triggered[c->mode])) {
        if (c->next_period != 0)
            c->period = c->next_period;
        c->next_period = 0;
        count_begin(c, now);
    } else if (is_rising) {
        c->start = now - passed;
        c->is_counting = true;
    } else if (!is_triggered[c->mode]) {
        c->elapsed = is_periodic[c->mode] ? passed % c->period : passed;
        c->is_counting = false;
    }
}

bool i8254_channel_out(struct i8254_channel *c, uint64_t now)
{
    uint64_t passed;

    settle(c, now);
    if (!c->is_loaded)
        return c->mode != 0;
    passed = elapsed(c, now);
    switch (c->mode) {
    case 0:
        return passed >= c->period;
    case 1:
        return !c->is_counting || passed >= c->period;
    case 2: /* a low gate forces the output high */
        return !c->is_counting || passed % c->period != c->period - 1;
    case 3:
        return !c->is_counting || passed % c->period < (c->period + 1) / 2;
    default:
        return !c->is_counting || passed != c->period;
    }
}

uint64_t i8254_channel_next_rise(struct i8254_channel *c, uint64_t now)
{
    uint64_t passed, at;

    settle(c, now);
    if (!c->is_loaded || !c->is_counting)
        return I8254_NEVER;
    passed = elapsed(c, now);
    if (is_periodic[c->mode])
        return now - passed % c->period + c->period;
    at = c->mode >= 4 ? c->period + 1 : c->period; /* strobes end one tick after the count */
    return passed < at ? now - passed + at : I8254_NEVER;
}

void i8254_channel_save(const struct i8254_channel *c, struct state_writer *w)
{
    state_put_u8(w, c->mode);
    state_put_u8(w, c->access);
    state_put_u8(w, c->is_bcd);
    state_put_u8(w, c->gate);
    state_put_u8(w, c->is_loaded);
    state_put_u8(w, c->is_counting);
    state_put_u8(w, c->is_high_next_rd);
    state_put_u8(w, c->is_high_next_wr);
    state_put_u8(w, c->low_written);
    state_put_u8(w, c->latched_bytes);
    state_put_u32(w, c->latched_count);
    state_put_u8(w, c->is_status_latched);
    state_put_u8(w, c->latched_status);
    state_put_u32(w, c->period);
    state_put_u32(w, c->next_period);
    state_put_u64(w, c->start);
    state_put_u64(w, c->elapsed);
}

int i8254_channel_load(struct i8254_channel *c, struct state_reader *r)
{
    c->mode = state_get_u8(r);
    c->access = state_get_u8(r);
    c->is_bcd = state_get_u8(r) != 0;
    c->gate = state_get_u8(r) != 0;
    c->is_loaded = state_get_u8(r) != 0;
    c->is_counting = state_get_u8(r) != 0;
    c->is_high_next_rd = state_get_u8(r) != 0;
    c->is_high_next_wr = state_get_u8(r) != 0;
    c->low_written = state_get_u8(r);
    c->latched_bytes = state_get_u8(r);
    c->latched_count = (uint16_t)state_get_u32(r);
    c->is_status_latched = state_get_u8(r) != 0;
    c->latched_status = state_get_u8(r);
    c->period = state_get_u32(r);
    c->next_period = state_get_u32(r);
    c->start = state_get_u64(r);
    c->elapsed = state_get_u64(r);
    if (c->mode >= MODES || c->access > 3 || c->latched_bytes > 2 || c->period > 65536 ||
        c->next_period > 65536 || (c->is_loaded && c->period == 0) || (c->next_period != 0 && c->period == 0))
        return -EINVAL;
    return state_reader_status(r);
}
