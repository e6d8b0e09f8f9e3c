/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_I8254_CHANNEL_H
#define VMM_DEV_I8254_CHANNEL_H

#include "device.h"
#include <core/compiler.h>
#include <core/types.h>

/*
 * One channel of an 8254, as a function of time: what it counts from is written down, everything else follows
 * from the tick at which somebody asks. Pure; the caller serialises. Intel 8254 datasheet (order number
 * 231164).
 */
#define I8254_HZ 1193182ULL

#define I8254_NEVER (~0ULL)

struct i8254_channel {
    uint8_t mode;   /* 0-5 */
    uint8_t access; /* 1: low byte, 2: high byte, 3: low, then high */
    bool is_bcd;
    bool gate;
    bool is_loaded;       /* a count has been written since the control word */
    bool is_counting;     /* else `elapsed` stands still */
    bool is_high_next_rd; /* which byte of a pair is next */
    bool is_high_next_wr;
    uint8_t low_written;
    uint8_t latched_bytes; /* of the latched count, still to be read: 0-2 */
    uint16_t latched_count;
    bool is_status_latched;
    uint8_t latched_status;
    uint32_t period;      /* what is counted down from, in ticks: 1-65536; 0 before the first count */
    uint32_t next_period; /* modes 2 and 3: in force when the present period ends; 0: none */
    uint64_t start;       /* is_counting: the tick at which the period was loaded */
    uint64_t elapsed;     /* !is_counting: ticks that had passed */
};

/* `gate` is how the channel is wired at first. */
void i8254_channel_init(struct i8254_channel *channel, bool gate);

/* The control word's bits for this channel, the count's bytes, and reading them: ports 0x43 and 0x40-0x42. */
void i8254_channel_control(struct i8254_channel *channel, uint8_t word);
void i8254_channel_write(struct i8254_channel *channel, uint64_t now, uint8_t value);
uint8_t i8254_channel_read(struct i8254_channel *channel, uint64_t now);
void i8254_channel_latch(struct i8254_channel *channel, uint64_t now);
void i8254_channel_latch_status(struct i8254_channel *channel, uint64_t now);
void i8254_channel_gate(struct i8254_channel *channel, uint64_t now, bool gate);

/* The OUT pin; the tick after `now` at which it next rises, or I8254_NEVER. */
bool i8254_channel_out(struct i8254_channel *channel, uint64_t now);
uint64_t i8254_channel_next_rise(struct i8254_channel *channel, uint64_t now);

void i8254_channel_save(const struct i8254_channel *channel, struct state_writer *writer);
/* -EINVAL: not a state that the channel can be in. */
must_check int i8254_channel_load(struct i8254_channel *channel, struct state_reader *reader);

#endif
