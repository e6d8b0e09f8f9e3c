/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <core/compiler.h>
#include <core/cpu.h>
#include <core/types.h>
#include <stdatomic.h>

/* The host's log: a ring in memory (served over the API) that a thread copies to the console. */

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

/* Longest message, in bytes; the rest is cut. */
#define LOG_MESSAGE_MAX 240

struct log_entry {
    uint64_t seq; /* 0, 1, 2 … since boot */
    uint64_t time_ns;
    uint32_t cpu;
    enum log_level level;
    uint32_t length; /* of message, without the terminating 0 */
    char message[LOG_MESSAGE_MAX];
};

/* Appends one line (no newline in it). Never blocks, never allocates. Context: any, interrupts included. */
void log_write(enum log_level level, const char *format, ...) printf_like(2, 3);

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

/*
 * Copies entry `seq` to `out`. -ENOENT: not written yet. -ESTALE: overwritten since; go on at
 * log_first_seq(). Context: any.
 */
must_check int log_read(uint64_t seq, struct log_entry *out);

/* The oldest entry still there. Context: any. */
uint64_t log_first_seq(void);

/* Whether log_read(seq) would give an entry, or -ESTALE: something other than "not yet". Context: any. */
bool log_has(uint64_t seq);

/*
 * Who wants to be told of the next line. All but fn belongs to the log; the object lasts forever, since one
 * that is armed cannot be taken back.
 */
struct log_listener {
    void (*fn)(struct log_listener *self); /* called from an interrupt, interrupts off */
    struct log_listener *next;
    struct cpu_call call;
    atomic_bool is_armed;
};

/*
 * Arms the listener: fn is called once, soon after a line is complete. Whoever arms looks again (log_has)
 * before waiting: a line that came just before is not reported. Lines that come together are reported once.
 * Arming twice is arming once. Context: any, once threads run.
 */
void log_listen(struct log_listener *listener);

/* Messages of that level since boot. Context: any. */
uint64_t log_count(enum log_level level);

const char *log_level_name(enum log_level level);

#endif
