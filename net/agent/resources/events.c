/* SPDX-License-Identifier: BSD-2-Clause */
#include "../agent.h"
#include "../query.h"
#include "../time_text.h"

#include <core/event.h>
#include <core/time.h>
#include <errno.h>
#include <net/http.h>
#include <net/net.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/*
 * GET /v1/events: server-sent events (WHATWG HTML, 9.2). A stream begins with what happens next; with
 * Last-Event-ID it goes on behind that event, as far as the history reaches. A client costs one block of this
 * size, however slow it is: it reads from the history that all share.
 */
#define KEEP_ALIVE_NS (15 * NSEC_PER_SEC)

struct stream {
    LIST_ENTRY(stream) link;
    uint64_t next_id;
    char text[EVENT_TYPE_MAX + EVENT_DATA_MAX + 112]; /* what read() last pointed to */
    size_t length;
    uint64_t start; /* offset of text in the answer */
    bool wants_keep_alive;
    struct net_timer timer;
    struct http_response *response;
};

static LIST_HEAD(, stream) streams = LIST_HEAD_INITIALIZER(streams);

/* The event's object, and in it when it was; `time` is null on a host that does not know the date. */
static size_t event_format(const struct event *event, char *text, size_t size)
{
    uint64_t wall_ns = clock_wall_at_ns(event->time_ns);
    char time[TIME_RFC3339_MS_SIZE + 2] = "null";
    const char *members = event->data + 1;

    if (wall_ns) {
        time[0] = '"';
        time_rfc3339_ms(wall_ns, time + 1);
        strcat(time, "\"");
    }
    return (size_t)snprintf(text, size, "id: %llu\nevent: %s\ndata: {\"time\":%s%s%s\n\n",
                            (unsigned long long)event->id, event->type, time, *members == '}' ? "" : ",",
                            members);
}

/* Formats what comes next. False: nothing. */
static bool stream_fill(struct stream *self)
{
    struct event event;
    int error = event_read(self->next_id, &event);

    if (error == -ESTALE) {
        /* Slower than the history is long: says so and goes on with what is left. */
        self->length = (size_t)snprintf(self->text, sizeof(self->text), ": %llu events were lost\n\n",
                                        (unsigned long long)(event_first_id() - self->next_id));
        self->next_id = event_first_id();
    } else if (error == 0) {
        self->length = event_format(&event, self->text, sizeof(self->text));
        self->next_id++;
    } else if (self->wants_keep_alive) {
        self->length = (size_t)snprintf(self->text, sizeof(self->text), ": keep-alive\n\n");
    } else {
        return false;
    }
    self->wants_keep_alive = false;
    return true;
}

static ssize_t stream_read(void *ctx, uint64_t offset, const void **bytes)
{
    struct stream *self = ctx;

    if (offset >= self->start + self->length) {
        self->start += self->length;
        self->length = 0;
        if (!stream_fill(self))
            return 0;
    }
    *bytes = self->text + (offset - self->start);
    return (ssize_t)(self->start + self->length - offset);
}

static void stream_release(void *ctx)
{
    struct stream *self = ctx;

    LIST_REMOVE(self, link);
    net_timer_cancel(&self->timer);
    free(self);
}

static const struct http_source stream_source = {.read = stream_read, .release = stream_release};

static void stream_keep_alive(struct net_timer *timer)
{
    struct stream *self = container_of(timer, struct stream, timer);

    net_timer_arm(timer, clock_now_ns() + KEEP_ALIVE_NS);
    self->wants_keep_alive = true;
    http_response_wake(self->response);
}

/* Something was published, anywhere: the net thread tells all streams. */
static void wake_streams(struct net_call *call)
{
    struct stream *stream, *next;

    LIST_FOREACH_SAFE (stream, &streams, link, next) {
        if (stream->response)
            http_response_wake(stream->response);
    }
}
static struct net_call published = {.fn = wake_streams};

static void on_publish(void)
{
    net_call(&published);
}

/* Where to begin. False: answered. */
static bool first_event(struct http_request *req, uint64_t *id)
{
    unsigned long long last;
    struct http_str field;

    *id = event_next_id();
    if (!http_request_header(req, "Last-Event-ID", &field))
        return true;
    if (!http_str_to_u64(http_str_trim(field), &last)) {
        http_respond_problem(req, 400, "invalid_header", "Last-Event-ID",
                             "Last-Event-ID is not an event's number.");
        return false;
    }
    /* An id of an earlier boot may lie in the future: then everything is new. */
    *id = last < *id ? last + 1 : event_first_id();
    if (*id == 1)
        *id = event_first_id();
    return true;
}

static void events_get(struct http_request *req)
{
    static const char *const no_names[] = {NULL};
    struct http_response *response;
    struct stream *self;
    uint64_t id;

    if (!query_only(req, no_names) || !first_event(req, &id))
        return;
    self = calloc(1, sizeof(*self));
    if (!self) {
        http_respond_problem(req, 503, "out_of_memory", NULL, "The host has no memory left to answer this.");
        return;
    }
    self->next_id = id;
    self->timer.fn = stream_keep_alive;
    /* The first bytes tell the client that it is connected. */
    self->length = (size_t)snprintf(self->text, sizeof(self->text), "retry: 2000\n\n");
    LIST_INSERT_HEAD(&streams, self, link);
    event_set_listener(on_publish);
    http_response_header(req, "Cache-Control", "no-store");
    response = http_respond_source(req, 200, "text/event-stream", HTTP_LENGTH_UNKNOWN, &stream_source, self);
    if (!response)
        return;
    self->response = response;
    net_timer_arm(&self->timer, clock_now_ns() + KEEP_ALIVE_NS);
}
HTTP_ROUTE(events, .pattern = "/v1/events", .methods = HTTP_BIT(HTTP_GET), .scope = HTTP_SCOPE_READ,
           .handler = events_get, .flags = HTTP_ROUTE_STREAMING);
