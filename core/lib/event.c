/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/event.h>
#include <core/sync.h>
#include <core/time.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* How many events are kept for readers that come late; 64 KiB. */
#define EVENTS_KEPT 256

static struct {
    struct spinlock lock;
    uint64_t next_id;                 /* lock */
    struct event events[EVENTS_KEPT]; /* lock; event n at n % EVENTS_KEPT */
    _Atomic(void (*)(void)) listener;
} history = {.lock = SPINLOCK_INIT(LOCK_RANK_QUEUE), .next_id = 1};

void event_publish(const char *type, const char *json_format, ...)
{
    struct event event = {.time_ns = clock_now_ns()};
    void (*listener)(void);
    va_list args;
    int length;

    snprintf(event.type, sizeof(event.type), "%s", type);
    va_start(args, json_format);
    length = vsnprintf(event.data, sizeof(event.data), json_format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= sizeof(event.data))
        strcpy(event.data, "{\"truncated\":true}");
    spin_lock(&history.lock);
    event.id = history.next_id++;
    history.events[event.id % EVENTS_KEPT] = event;
    spin_unlock(&history.lock);
    listener = atomic_load(&history.listener);
    if (listener)
        listener();
}

static uint64_t first_id(uint64_t next_id)
{
    return next_id > EVENTS_KEPT ? next_id - EVENTS_KEPT : 1;
}

int event_read(uint64_t id, struct event *out)
{
    int error = 0;

    spin_lock(&history.lock);
    if (id >= history.next_id)
        error = -ENOENT;
    else if (id < first_id(history.next_id))
        error = -ESTALE;
    else
        *out = history.events[id % EVENTS_KEPT];
    spin_unlock(&history.lock);
    return error;
}

uint64_t event_next_id(void)
{
    uint64_t id;

    spin_lock(&history.lock);
    id = history.next_id;
    spin_unlock(&history.lock);
    return id;
}

uint64_t event_first_id(void)
{
    return first_id(event_next_id());
}

void event_set_listener(void (*fn)(void))
{
    atomic_store(&history.listener, fn);
}
