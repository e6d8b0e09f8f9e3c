/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * Host events for operators (served as server-sent events): a bounded history, numbered from 1. Any room
 * publishes; the agent reads and is woken.
 */
#define EVENT_TYPE_MAX 32
#define EVENT_DATA_MAX 208

struct event {
    uint64_t id;
    uint64_t time_ns;
    char type[EVENT_TYPE_MAX]; /* "image.created" */
    char data[EVENT_DATA_MAX]; /* one JSON object */
};

/*
 * `json_format` makes one JSON object; strings put into it must be free of quotes and controls (names are).
 * Too long: the object is replaced by {"truncated":true}. Context: thread.
 */
void event_publish(const char *type, const char *json_format, ...) printf_like(2, 3);

/* -ENOENT: not published yet; -ESTALE: forgotten, go on at event_first_id(). Context: any. */
must_check int event_read(uint64_t id, struct event *out);
uint64_t event_first_id(void);
uint64_t event_next_id(void);

/* One listener: called after each publication, in the publisher's context. */
void event_set_listener(void (*fn)(void));

#endif
