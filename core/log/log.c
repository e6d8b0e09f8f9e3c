/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/clock.h>
#include <arch/cpu.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/time.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "console.h"
#include "listener.h"

/*
 * A ring of fixed slots. A writer takes a number, and with it a slot, by one atomic addition; the slot's own
 * number says what it holds, so readers need no lock: they copy, and look whether it is still the same.
 */
#define SLOTS    1024
#define SEQ_BUSY (~0ULL)

struct slot {
    _Atomic uint64_t seq; /* SEQ_BUSY while being written; number + 1 otherwise, so 0 is "never" */
    uint64_t cycles;
    uint16_t cpu;
    uint8_t level;
    uint8_t length;
    char message[LOG_MESSAGE_MAX];
};

static struct slot ring[SLOTS];
static _Atomic uint64_t next_seq;
static _Atomic uint64_t level_counts[LOG_LEVEL_DEBUG + 1];

_Static_assert(LOG_MESSAGE_MAX <= 255, "slot.length");

void log_write(enum log_level level, const char *format, ...)
{
    uint64_t seq = atomic_fetch_add(&next_seq, 1);
    struct slot *slot = &ring[seq % SLOTS];
    va_list args;
    int length;

    atomic_store_explicit(&slot->seq, SEQ_BUSY, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    slot->cycles = arch_clock_cycles();
    slot->cpu = (uint16_t)cpu_id();
    slot->level = (uint8_t)level;
    va_start(args, format);
    length = vsnprintf(slot->message, sizeof(slot->message), format, args);
    va_end(args);
    slot->length = (uint8_t)(length < 0 ? 0 : length < LOG_MESSAGE_MAX ? length : LOG_MESSAGE_MAX - 1);
    atomic_store_explicit(&slot->seq, seq + 1, memory_order_release);
    atomic_fetch_add_explicit(&level_counts[level], 1, memory_order_relaxed);
    console_log_written();
    log_listeners_wake();
}

/* Whether slot holds entry seq, held it once (-ESTALE), or will (-ENOENT). */
static int entry_state(const struct slot *slot, uint64_t seq)
{
    uint64_t now = atomic_load_explicit(&slot->seq, memory_order_acquire);

    if (seq >= atomic_load(&next_seq) || now == SEQ_BUSY || now < seq + 1)
        return seq < log_first_seq() ? -ESTALE : -ENOENT;
    return now == seq + 1 ? 0 : -ESTALE;
}

bool log_has(uint64_t seq)
{
    return entry_state(&ring[seq % SLOTS], seq) != -ENOENT;
}

int log_read(uint64_t seq, struct log_entry *out)
{
    const struct slot *slot = &ring[seq % SLOTS];
    int error = entry_state(slot, seq);

    if (error)
        return error;
    out->seq = seq;
    out->time_ns = clock_cycles_to_ns(slot->cycles);
    out->cpu = slot->cpu;
    out->level = slot->level;
    out->length = slot->length;
    memcpy(out->message, slot->message, sizeof(out->message));
    atomic_thread_fence(memory_order_acquire);
    if (atomic_load_explicit(&slot->seq, memory_order_relaxed) != seq + 1)
        return -ESTALE;
    out->message[out->length] = 0;
    return 0;
}

uint64_t log_first_seq(void)
{
    uint64_t next = atomic_load(&next_seq);

    return next > SLOTS ? next - SLOTS : 0;
}

uint64_t log_count(enum log_level level)
{
    return atomic_load_explicit(&level_counts[level], memory_order_relaxed);
}

const char *log_level_name(enum log_level level)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};

    return names[level];
}
