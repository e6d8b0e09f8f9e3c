/* SPDX-License-Identifier: BSD-2-Clause */
#include "../json_out.h"
#include "../query.h"

#include <core/log.h>
#include <core/time.h>
#include <errno.h>
#include <net/http.h>
#include <net/net.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/*
 * GET /v1/host/log?offset=&limit=&level=&follow: a page of the log as JSON or, with Accept: text/plain, as
 * lines. With `follow` it does not end: one JSON object per line, or lines of text.
 */
#define PAGE_DEFAULT 100
#define PAGE_MAX     1000

struct log_query {
    uint64_t offset, limit;
    enum log_level level;
    bool is_text, follow;
};

static bool query_level(struct http_request *req, enum log_level *out)
{
    char text[16];

    if (!query_text(req, "level", text, sizeof(text)))
        return false;
    *out = LOG_LEVEL_DEBUG;
    if (text[0] == '\0')
        return true;
    for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
        if (strcmp(text, log_level_name((enum log_level)level)) == 0) {
            *out = (enum log_level)level;
            return true;
        }
    }
    http_respond_problem(req, 400, "invalid_parameter", "level", "A level is error, warning, info or debug.");
    return false;
}

static bool query_read(struct http_request *req, struct log_query *query)
{
    static const char *const names[] = {"offset", "limit", "level", "follow", NULL};

    *query =
        (struct log_query){.offset = 0, .limit = PAGE_DEFAULT, .is_text = accept_prefers(req, "text/plain")};
    return query_only(req, names) && query_u64(req, "offset", 0, UINT64_MAX >> 1, &query->offset) &&
           query_u64(req, "limit", 1, PAGE_MAX, &query->limit) && query_level(req, &query->level) &&
           query_flag(req, "follow", &query->follow);
}

static void add_entry_json(struct json_out *json, const struct log_entry *entry)
{
    json_object(json, NULL);
    json_u64(json, "seq", entry->seq);
    json_u64(json, "time_ns", entry->time_ns);
    json_string(json, "level", log_level_name(entry->level));
    json_u64(json, "cpu", entry->cpu);
    json_string_n(json, "message", entry->message, entry->length);
    json_object_end(json);
}

static void add_entry_text(struct text *text, const struct log_entry *entry)
{
    text_printf(text, "[%5llu.%06llu] %-7s ", (unsigned long long)(entry->time_ns / NSEC_PER_SEC),
                (unsigned long long)(entry->time_ns % NSEC_PER_SEC / NSEC_PER_USEC),
                log_level_name(entry->level));
    text_add(text, entry->message, entry->length);
    text_add(text, "\n", 1);
}

/*
 * The next entry at or behind *offset that the query wants; *offset moves behind it, *dropped counts what was
 * overwritten before. False: there is none yet.
 */
static bool next_entry(const struct log_query *query, uint64_t *offset, uint64_t *dropped,
                       struct log_entry *entry)
{
    for (;;) {
        int error = log_read(*offset, entry);

        if (error == -ESTALE) {
            uint64_t first = log_first_seq();

            if (first <= *offset)
                first = *offset + 1;
            *dropped += first - *offset;
            *offset = first;
            continue;
        }
        if (error)
            return false;
        (*offset)++;
        if (entry->level <= query->level)
            return true;
    }
}

static void respond_page(struct http_request *req, const struct log_query *query)
{
    uint64_t offset = query->offset, dropped = 0;
    struct json_out json = {0};
    struct log_entry entry;
    uint64_t n = 0;

    if (!query->is_text) {
        json_object(&json, NULL);
        json_array(&json, "entries");
    }
    while (n < query->limit && next_entry(query, &offset, &dropped, &entry)) {
        n++;
        if (query->is_text)
            add_entry_text(&json.text, &entry);
        else
            add_entry_json(&json, &entry);
    }
    if (query->is_text) {
        text_respond(req, 200, "text/plain; charset=utf-8", &json.text);
        return;
    }
    json_array_end(&json);
    json_u64(&json, "next_offset", offset);
    json_u64(&json, "dropped", dropped);
    json_object_end(&json);
    json_respond(req, 200, &json);
}

/* ---- follow ---- */

/* One follower: it holds one formatted entry at a time, however far behind it is. */
struct follower {
    LIST_ENTRY(follower) link;
    struct log_query query;
    uint64_t offset, dropped;
    struct json_out line; /* what read() last pointed to */
    uint64_t line_start;  /* its offset in the answer */
    struct http_response *response;
};

static LIST_HEAD(, follower) followers = LIST_HEAD_INITIALIZER(followers);

/* There are new lines: the net thread tells all followers, and those who want them come for them. */
static void wake_followers(struct net_call *call)
{
    struct follower *follower, *next;

    (void)call;
    LIST_FOREACH_SAFE (follower, &followers, link, next) {
        if (follower->response)
            http_response_wake(follower->response);
    }
}

static struct net_call written = {.fn = wake_followers};

static void on_line(struct log_listener *listener)
{
    (void)listener;
    net_call(&written);
}

/* Armed only by a follower that has read everything: nobody is disturbed when nobody follows. */
static struct log_listener listener = {.fn = on_line};

static bool next_or_listen(struct follower *self, struct log_entry *entry)
{
    if (next_entry(&self->query, &self->offset, &self->dropped, entry))
        return true;
    log_listen(&listener);
    return next_entry(&self->query, &self->offset, &self->dropped, entry);
}

static ssize_t follower_read(void *ctx, uint64_t offset, const void **bytes)
{
    struct follower *self = ctx;
    struct log_entry entry;

    while (offset >= self->line_start + self->line.text.length) {
        self->line_start += self->line.text.length;
        self->line.text.length = 0;
        self->line.needs_comma = false;
        if (self->line.text.is_failed)
            return -ENOMEM;
        if (!next_or_listen(self, &entry))
            return 0;
        if (self->query.is_text) {
            add_entry_text(&self->line.text, &entry);
        } else {
            add_entry_json(&self->line, &entry);
            text_add(&self->line.text, "\n", 1);
        }
    }
    *bytes = text_bytes(&self->line.text) + (offset - self->line_start);
    return (ssize_t)(self->line_start + self->line.text.length - offset);
}

static void follower_release(void *ctx)
{
    struct follower *self = ctx;

    LIST_REMOVE(self, link);
    text_free(&self->line.text);
    free(self);
}

static const struct http_source follower_source = {.read = follower_read, .release = follower_release};

static void respond_follow(struct http_request *req, const struct log_query *query)
{
    struct follower *self = calloc(1, sizeof(*self));
    struct http_response *response;

    if (!self) {
        http_respond_problem(req, 503, "out_of_memory", NULL, "The host has no memory left to answer this.");
        return;
    }
    self->query = *query;
    self->offset = query->offset;
    LIST_INSERT_HEAD(&followers, self, link);
    response =
        http_respond_source(req, 200, query->is_text ? "text/plain; charset=utf-8" : "application/x-ndjson",
                            HTTP_LENGTH_UNKNOWN, &follower_source, self);
    if (response)
        self->response = response;
}

static void log_get(struct http_request *req)
{
    struct log_query query;

    if (!query_read(req, &query))
        return;
    if (query.follow)
        respond_follow(req, &query);
    else
        respond_page(req, &query);
}
HTTP_ROUTE(host_log, .pattern = "/v1/host/log", .methods = HTTP_BIT(HTTP_GET), .scope = HTTP_SCOPE_READ,
           .handler = log_get, .flags = HTTP_ROUTE_STREAMING);
