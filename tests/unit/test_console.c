/* SPDX-License-Identifier: BSD-2-Clause */
#include "console.h"
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct vm_console *console;
static atomic_uint calls;

static void start(void)
{
    cr_assert_eq(console_create(&console), 0);
}

static void stop(void)
{
    console_destroy(console);
}

TestSuite(console, .init = start, .fini = stop);

static void count_call(void *arg)
{
    ++*(atomic_uint *)arg;
}

static void put_text(const char *text)
{
    for (; *text; text++)
        console_put(console, (uint8_t)*text);
}

Test(console, output_by_offset)
{
    char text[16] = "";
    uint64_t offset = 0, first, next;

    cr_assert_eq(vm_console_read(console, &offset, text, sizeof(text)), 0);
    put_text("hello");
    cr_assert_eq(vm_console_read(console, &offset, text, 3), 3);
    cr_assert_eq(memcmp(text, "hel", 3), 0);
    offset += 3;
    cr_assert_eq(vm_console_read(console, &offset, text, sizeof(text)), 2);
    cr_assert_eq(memcmp(text, "lo", 2), 0);
    vm_console_range(console, &first, &next);
    cr_assert_eq(first, 0);
    cr_assert_eq(next, 5);
    offset = 99; /* beyond the end: nothing yet */
    cr_assert_eq(vm_console_read(console, &offset, text, sizeof(text)), 0);
}

Test(console, the_ring_forgets_the_oldest)
{
    uint64_t offset = 10, first, next;
    uint8_t bytes[64];

    for (unsigned i = 0; i < CONSOLE_RING_SIZE + 100; i++)
        console_put(console, (uint8_t)(i * 7));
    vm_console_range(console, &first, &next);
    cr_assert_eq(first, 100);
    cr_assert_eq(next, CONSOLE_RING_SIZE + 100);
    cr_assert_eq(vm_console_read(console, &offset, bytes, sizeof(bytes)), sizeof(bytes));
    cr_assert_eq(offset, 100);
    for (unsigned i = 0; i < sizeof(bytes); i++)
        cr_assert_eq(bytes[i], (uint8_t)((100 + i) * 7));
    offset = next - 5;
    cr_assert_eq(vm_console_read(console, &offset, bytes, sizeof(bytes)), 5);
}

Test(console, input)
{
    uint8_t many[CONSOLE_INPUT_SIZE + 10];

    console->input_arg = &calls;
    console->input_ready = count_call;
    cr_assert_eq(console_take(console), -1);
    cr_assert(!console_has_input(console));
    cr_assert_eq(vm_console_input(console, "ab", 2), 2);
    cr_assert_eq(calls, 1);
    cr_assert(console_has_input(console));
    cr_assert_eq(console_take(console), 'a');
    cr_assert_eq(console_take(console), 'b');
    cr_assert_eq(console_take(console), -1);
    memset(many, 'x', sizeof(many));
    cr_assert_eq(vm_console_input(console, many, sizeof(many)), CONSOLE_INPUT_SIZE);
    cr_assert_eq(vm_console_input(console, many, 1), 0);
    cr_assert_eq(calls, 2);
    cr_assert_eq(console_take(console), 'x');
    cr_assert_eq(vm_console_input(console, many, 5), 1);
}

Test(console, notification)
{
    put_text("abc");
    vm_console_notify(console, 3, count_call, &calls);
    cr_assert_eq(calls, 0);
    put_text("d");
    cr_assert_eq(calls, 1);
    put_text("e"); /* once */
    cr_assert_eq(calls, 1);
    vm_console_notify(console, 2, count_call, &calls); /* there already */
    cr_assert_eq(calls, 2);
}

Test(console, notification_of_room)
{
    static const uint8_t many[CONSOLE_INPUT_SIZE];

    vm_console_notify_room(console, count_call, &calls); /* there is room */
    cr_assert_eq(calls, 1);
    cr_assert_eq(vm_console_input(console, many, sizeof(many)), sizeof(many));
    vm_console_notify_room(console, count_call, &calls);
    cr_assert_eq(calls, 1);
    cr_assert_eq(console_take(console), 0);
    cr_assert_eq(calls, 2);
    cr_assert_eq(console_take(console), 0); /* once */
    cr_assert_eq(calls, 2);
}

Test(console, destroy_nothing)
{
    console_destroy(NULL);
}

/* --- several vCPUs print, a client reads, another types --- */

#define WRITERS 3
#define EACH    20000

static void *writer(void *arg)
{
    for (unsigned i = 0; i < EACH; i++)
        console_put(console, (uint8_t)((uintptr_t)arg << 6 | (i & 63)));
    return NULL;
}

static void *typist(void *arg)
{
    for (unsigned i = 0; i < EACH;)
        i += (unsigned)vm_console_input(console, "t", 1);
    return NULL;
}

/* Every writer's bytes arrive, in its order, none twice. EACH * WRITERS is less than the ring. */
Test(console, torture, .timeout = 60)
{
    pthread_t threads[WRITERS + 2];
    unsigned next[4] = {0}, taken = 0;
    uint64_t offset = 0;
    uint8_t bytes[512];

    for (uintptr_t i = 0; i < WRITERS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, writer, (void *)i), 0);
    for (unsigned i = WRITERS; i < WRITERS + 2; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, typist, NULL), 0);
    while (offset < (uint64_t)WRITERS * EACH || taken < 2 * EACH) {
        size_t n = vm_console_read(console, &offset, bytes, sizeof(bytes));

        offset += n;
        for (size_t i = 0; i < n; i++) {
            unsigned who = bytes[i] >> 6;

            cr_assert_eq(bytes[i] & 63, next[who] & 63);
            next[who]++;
        }
        while (console_take(console) == 't')
            taken++;
    }
    for (unsigned i = 0; i < WRITERS + 2; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < WRITERS; i++)
        cr_assert_eq(next[i], EACH);
    cr_assert_eq(taken, 2 * EACH);
}

/* A reader that is overtaken goes on at what is still there, and what it gets is consistent. */
Test(console, overtaken_reader, .timeout = 60)
{
    pthread_t threads[2];
    uint64_t offset = 0, last = 0;
    uint8_t bytes[4096];

    for (uintptr_t i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, writer, (void *)0), 0);
    for (unsigned i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(pthread_create(&threads[0], NULL, writer, (void *)1), 0);
    cr_assert_eq(pthread_create(&threads[1], NULL, writer, (void *)1), 0);
    while (offset < 4ULL * EACH) {
        size_t n = vm_console_read(console, &offset, bytes, sizeof(bytes));

        cr_assert_geq(offset, last);
        offset += n;
        last = offset;
    }
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
}
