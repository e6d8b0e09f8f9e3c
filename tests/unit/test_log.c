/* SPDX-License-Identifier: BSD-2-Clause */
#include "console.h"

#include <arch/cpu.h>
#include <arch/fake.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/time.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define RING 1024 /* entries the log keeps */

/* What the log calls, in a process: an interrupt that a CPU sends itself comes at once, or when the test
 * says. */
static bool is_interrupt_late;
static struct cpu_call *late;
static atomic_uint interrupts;

bool cpu_call(unsigned cpu, struct cpu_call *call)
{
    cr_assert(!arch_irq_enabled(), "the CPU could change meanwhile");
    cr_assert_eq(cpu, cpu_id());
    atomic_fetch_add(&interrupts, 1);
    if (is_interrupt_late) {
        if (atomic_exchange(&call->queued, true))
            return false;
        call->next = late;
        late = call;
    } else {
        call->fn(call);
    }
    return true;
}

void console_log_written(void)
{
}

uint64_t clock_cycles_to_ns(uint64_t cycles)
{
    return cycles;
}

static unsigned called;

static void count(struct log_listener *listener)
{
    (void)listener;
    called++;
}

static struct log_listener listener = {.fn = count};

Test(log, entries)
{
    struct log_entry e;
    char longer[2 * LOG_MESSAGE_MAX];

    cr_assert_eq(log_read(0, &e), -ENOENT);
    cr_assert(!log_has(0));
    log_warning("%s %d", "line", 1);
    cr_assert(log_has(0));
    cr_assert_eq(log_read(0, &e), 0);
    cr_assert_str_eq(e.message, "line 1");
    cr_assert_eq(e.length, 6);
    cr_assert_eq(e.level, LOG_LEVEL_WARNING);
    cr_assert_eq(log_read(1, &e), -ENOENT);
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    log_info("%s", longer);
    cr_assert_eq(log_read(1, &e), 0);
    cr_assert_eq(e.length, LOG_MESSAGE_MAX - 1);
    cr_assert_eq(log_count(LOG_LEVEL_WARNING), 1);
    cr_assert_eq(log_count(LOG_LEVEL_ERROR), 0);
}

Test(log, the_ring_forgets_the_oldest)
{
    struct log_entry e;

    for (unsigned i = 0; i < RING + 10; i++)
        log_info("%u", i);
    cr_assert_eq(log_first_seq(), 10);
    cr_assert_eq(log_read(9, &e), -ESTALE);
    cr_assert(log_has(9), "so that a reader comes and finds out");
    cr_assert_eq(log_read(10, &e), 0);
    cr_assert_str_eq(e.message, "10");
    cr_assert_eq(log_read(RING + 10, &e), -ENOENT);
}

Test(log, listener_is_called_once)
{
    log_info("nobody listens");
    cr_assert_eq(interrupts, 0, "nobody is interrupted for nobody");
    log_listen(&listener);
    log_listen(&listener);
    cr_assert_eq(called, 0);
    log_info("one");
    log_info("two");
    cr_assert_eq(called, 1);
    cr_assert_eq(interrupts, 1);
    log_listen(&listener);
    log_info("three");
    cr_assert_eq(called, 2);
}

Test(log, several_listeners)
{
    static struct log_listener others[3] = {{.fn = count}, {.fn = count}, {.fn = count}};

    for (unsigned i = 0; i < 3; i++)
        log_listen(&others[i]);
    log_listen(&listener);
    log_info("one");
    cr_assert_eq(called, 4);
    log_listen(&others[1]);
    log_info("two");
    cr_assert_eq(called, 5);
}

static void listen_again(struct log_listener *self)
{
    called++;
    log_listen(self);
}

Test(log, listener_arms_itself)
{
    static struct log_listener again = {.fn = listen_again};

    log_listen(&again);
    for (unsigned i = 0; i < 5; i++)
        log_info("%u", i);
    cr_assert_eq(called, 5);
}

/* Armed again while the interrupt of an earlier line is still on its way. */
Test(log, late_interrupt)
{
    is_interrupt_late = true;
    log_listen(&listener);
    log_info("one");
    log_listen(&listener);
    log_info("two");
    cr_assert_eq(called, 0);
    cr_assert_eq(late, &listener.call);
    cr_assert_null(late->next, "queued twice");
    atomic_store(&late->queued, false);
    late->fn(late);
    cr_assert_eq(called, 1);
    late = NULL;
    log_listen(&listener);
    log_info("three");
    cr_assert_eq(late, &listener.call);
}

/* --- several CPUs write, one follows and sleeps whenever it has read everything --- */

#define WRITERS 3
#define EACH    20000

static sem_t there;

static void post(struct log_listener *self)
{
    (void)self;
    sem_post(&there);
}

static void *writer(void *arg)
{
    fake_cpu_enter((unsigned)(uintptr_t)arg);
    for (unsigned i = 0; i < EACH; i++)
        log_info("writer %u line %u", (unsigned)(uintptr_t)arg, i);
    return NULL;
}

Test(log, no_line_is_missed, .timeout = 120)
{
    static struct log_listener follower = {.fn = post};
    uint64_t seq = 0, read = 0, dropped = 0;
    pthread_t threads[WRITERS];
    struct log_entry e;

    fake_cpus_init(WRITERS + 1);
    sem_init(&there, 0, 0);
    for (uintptr_t i = 0; i < WRITERS; i++)
        pthread_create(&threads[i], NULL, writer, (void *)(i + 1));
    while (seq < WRITERS * EACH) {
        int error = log_read(seq, &e);

        if (error == 0) {
            unsigned cpu, line;

            cr_assert_eq(sscanf(e.message, "writer %u line %u", &cpu, &line), 2, "torn: %s", e.message);
            cr_assert_eq(cpu, e.cpu);
            read++;
            seq++;
        } else if (error == -ESTALE) {
            uint64_t first = log_first_seq() > seq ? log_first_seq() : seq + 1;

            dropped += first - seq;
            seq = first;
        } else {
            struct timespec deadline;

            log_listen(&follower);
            if (log_has(seq))
                continue;
            clock_gettime(CLOCK_REALTIME, &deadline);
            deadline.tv_sec += 30;
            cr_assert_eq(sem_timedwait(&there, &deadline), 0, "nobody said that entry %llu is there",
                         (unsigned long long)seq);
        }
    }
    for (unsigned i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(read + dropped, WRITERS * EACH);
    cr_assert_gt(read, 0);
}
