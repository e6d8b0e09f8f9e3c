/* SPDX-License-Identifier: BSD-2-Clause */
#include "console.h"

#include <arch/cpu.h>
#include <contract/uart.h>
#include <core/boot.h>
#include <core/cmdline.h>
#include <core/log.h>
#include <core/sync.h>
#include <core/thread.h>
#include <core/waitq.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

/*
 * Copies the log ring to the UART. Before the log thread runs, and in a panic, the writer does it; afterwards
 * only the thread, which sleeps until there is a line and until the UART has room.
 */
static size_t console_level = CONFIG_LOG_LEVEL;
static atomic_bool is_threaded;
static atomic_bool is_panic;
static uint64_t next; /* the next entry to print; owner: who prints */
static struct spinlock early_lock = SPINLOCK_INIT(LOCK_RANK_LOG);
static struct waitq lines = WAITQ_INIT(lines);
static struct waitq room = WAITQ_INIT(room);
static atomic_bool has_room;

static const char *const level_names[] = {"error", "warning", "info", "debug"};

static int option_loglevel(const char *value)
{
    return cmdline_parse_choice(value, level_names, ARRAY_SIZE(level_names), &console_level);
}
BOOT_OPTION("loglevel", option_loglevel, "error|warning|info|debug");

#define LINE_MAX (LOG_MESSAGE_MAX + 32)

/* The next line for the console, 0 when there is none now. */
static size_t next_line(char line[LINE_MAX])
{
    struct log_entry e;

    for (;;) {
        int error = log_read(next, &e);
        int length;

        if (error == -ENOENT)
            return 0;
        if (error == -ESTALE) {
            next = log_first_seq() > next ? log_first_seq() : next + 1;
            continue;
        }
        next++;
        if (e.level > console_level)
            continue;
        length = snprintf(line, LINE_MAX, "[%5u.%06u] %s%s\r\n", (unsigned)(e.time_ns / NSEC_PER_SEC),
                          (unsigned)(e.time_ns % NSEC_PER_SEC / 1000),
                          e.level == LOG_LEVEL_ERROR     ? "error: "
                          : e.level == LOG_LEVEL_WARNING ? "warning: "
                                                         : "",
                          e.message);
        return length < 0 ? 0 : (size_t)length < LINE_MAX ? (size_t)length : LINE_MAX - 1;
    }
}

static void print_polled(void)
{
    char line[LINE_MAX];
    size_t length;

    while ((length = next_line(line)) != 0)
        uart_write_polled(line, length);
}

static void wake_thread(struct log_listener *listener)
{
    (void)listener;
    waitq_wake_one(&lines);
}

static struct log_listener listener = {.fn = wake_thread};

void console_log_written(void)
{
    if (atomic_load_explicit(&is_panic, memory_order_relaxed)) {
        print_polled();
    } else if (!atomic_load_explicit(&is_threaded, memory_order_relaxed)) {
        arch_irq_state_t state = arch_irq_save();

        /* Before threads there is one CPU, so the lock is only ever held by ourselves: by an interrupted
         * line. */
        if (spin_trylock_irqoff(&early_lock)) {
            print_polled();
            spin_unlock_irqoff(&early_lock);
        }
        arch_irq_restore(state);
    }
}

void console_enter_panic(void)
{
    atomic_store(&is_panic, true);
    print_polled();
}

void console_writable(void)
{
    atomic_store(&has_room, true);
    waitq_wake_one(&room);
}

static bool has_line(void)
{
    if (log_has(next))
        return true;
    log_listen(&listener);
    return log_has(next);
}

static void write_all(const char *text, size_t length)
{
    while (length > 0) {
        size_t n;

        atomic_store(&has_room, false);
        n = uart_write(text, length);
        text += n;
        length -= n;
        if (n == 0)
            wait_event(&room, atomic_load(&has_room));
    }
}

static void console_thread(void *arg)
{
    char line[LINE_MAX];
    size_t length;

    (void)arg;
    for (;;) {
        wait_event(&lines, has_line());
        while ((length = next_line(line)) != 0 && !atomic_load(&is_panic))
            write_all(line, length);
    }
}

static int console_start(void)
{
    struct thread *t;
    /* Shares with guests: where they take all there is, the line would be silent just when it is wanted. */
    struct thread_params params = {
        .name = "log", .prio = THREAD_PRIO_VCPU, .cpu = THREAD_CPU_ANY, .fn = console_thread};
    int error = thread_create(&params, &t);

    if (error)
        return error;
    thread_detach(t);
    atomic_store(&is_threaded, true);
    return 0;
}

/* Shutdown: whatever is left goes out before the machine does. */
static void console_stop(void)
{
    console_enter_panic();
}

BOOT_STEP(BOOT_SCHED, console, console_start, console_stop);
