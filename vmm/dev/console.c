/* SPDX-License-Identifier: BSD-2-Clause */
#include "console.h"

#include <arch/cpu.h>
#include <errno.h>
#include <stdlib.h>

#define NOBODY (~0ULL)

int console_create(struct vm_console **out)
{
    struct vm_console *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return -ENOMEM;
    c->ring = malloc(CONSOLE_RING_SIZE);
    if (c->ring == NULL) {
        free(c);
        return -ENOMEM;
    }
    atomic_init(&c->wanted, NOBODY);
    *out = c;
    return 0;
}

void console_destroy(struct vm_console *c)
{
    if (c == NULL)
        return;
    free(c->ring);
    free(c);
}

static void report(struct vm_console *c, uint64_t written)
{
    uint64_t wanted = atomic_load(&c->wanted);

    if (likely(wanted == NOBODY) || written <= wanted ||
        !atomic_compare_exchange_strong(&c->wanted, &wanted, NOBODY))
        return;
    atomic_load (&c->notify)(atomic_load(&c->notify_arg));
}

/*
 * Several vCPUs may print at once: each takes a place, fills it, and waits until those before it are filled
 * too, which is a few instructions away.
 */
void console_put(struct vm_console *c, uint8_t byte)
{
    uint64_t at = atomic_fetch_add_explicit(&c->reserved, 1, memory_order_relaxed);

    __atomic_store_n(&c->ring[at % CONSOLE_RING_SIZE], byte, __ATOMIC_RELAXED);
    /* Acquire: whoever sees our byte must see those before it too. */
    while (unlikely(atomic_load_explicit(&c->written, memory_order_acquire) != at))
        arch_relax();
    atomic_store(&c->written, at + 1);
    report(c, at + 1);
}

void vm_console_range(struct vm_console *c, uint64_t *first, uint64_t *next)
{
    *next = atomic_load_explicit(&c->written, memory_order_acquire);
    *first = *next > CONSOLE_RING_SIZE ? *next - CONSOLE_RING_SIZE : 0;
}

size_t vm_console_read(struct vm_console *c, uint64_t *offset, void *to, size_t size)
{
    for (;;) {
        uint64_t first, next, reserved;
        size_t n;

        vm_console_range(c, &first, &next);
        if (*offset < first)
            *offset = first;
        if (*offset >= next)
            return 0;
        n = (size_t)MIN(next - *offset, size);
        for (size_t i = 0; i < n; i++)
            ((uint8_t *)to)[i] =
                __atomic_load_n(&c->ring[(*offset + i) % CONSOLE_RING_SIZE], __ATOMIC_RELAXED);
        atomic_thread_fence(memory_order_acquire);
        /* If the guest has gone round the ring meanwhile, the copy is not what it should be. */
        reserved = atomic_load(&c->reserved);
        if (reserved <= *offset + CONSOLE_RING_SIZE)
            return n;
    }
}

size_t vm_console_input(struct vm_console *c, const void *from, size_t size)
{
    uint32_t head, tail;
    size_t n = 0;

    while (atomic_flag_test_and_set_explicit(&c->input_lock, memory_order_acquire))
        arch_relax();
    head = atomic_load_explicit(&c->input_head, memory_order_relaxed);
    tail = atomic_load_explicit(&c->input_tail, memory_order_acquire);
    for (; n < size && head - tail < CONSOLE_INPUT_SIZE; n++, head++)
        c->input[head % CONSOLE_INPUT_SIZE] = ((const uint8_t *)from)[n];
    atomic_store_explicit(&c->input_head, head, memory_order_release);
    atomic_flag_clear_explicit(&c->input_lock, memory_order_release);
    if (n > 0 && c->input_ready != NULL)
        c->input_ready(c->input_arg);
    return n;
}

bool console_has_input(const struct vm_console *c)
{
    return atomic_load_explicit(&c->input_head, memory_order_acquire) !=
           atomic_load_explicit(&c->input_tail, memory_order_relaxed);
}

static void report_room(struct vm_console *c)
{
    uint32_t used = atomic_load(&c->input_head) - atomic_load(&c->input_tail);

    if (used < CONSOLE_INPUT_SIZE && atomic_exchange(&c->wants_room, false))
        atomic_load (&c->notify_room)(atomic_load(&c->notify_room_arg));
}

int console_take(struct vm_console *c)
{
    uint32_t tail = atomic_load_explicit(&c->input_tail, memory_order_relaxed);
    uint8_t byte;

    if (!console_has_input(c))
        return -1;
    byte = c->input[tail % CONSOLE_INPUT_SIZE];
    atomic_store(&c->input_tail, tail + 1);
    if (unlikely(atomic_load(&c->wants_room)))
        report_room(c);
    return byte;
}

void vm_console_notify(struct vm_console *c, uint64_t offset, void (*fn)(void *arg), void *arg)
{
    atomic_store(&c->wanted, NOBODY);
    atomic_store(&c->notify_arg, arg);
    atomic_store(&c->notify, fn);
    atomic_store(&c->wanted, offset);
    report(c, atomic_load(&c->written));
}

void vm_console_notify_room(struct vm_console *c, void (*fn)(void *arg), void *arg)
{
    atomic_store(&c->wants_room, false);
    atomic_store(&c->notify_room_arg, arg);
    atomic_store(&c->notify_room, fn);
    atomic_store(&c->wants_room, true);
    report_room(c);
}
