/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "append.h"
#include "conn.h"

void *http_server_alloc(struct http_server *server, size_t size)
{
    void *ptr;

    if (size > server->config.max_memory - server->stats.memory_bytes)
        return NULL;
    ptr = malloc(size);
    if (ptr)
        server->stats.memory_bytes += size;
    return ptr;
}

void http_server_release(struct http_server *server, void *ptr, size_t size)
{
    free(ptr);
    server->stats.memory_bytes -= size;
}

static uint64_t or_default(uint64_t value, uint64_t fallback)
{
    return value ? value : fallback;
}

static void config_defaults(struct http_server *s)
{
    struct http_config *config = &s->config;

    if (!config->server_name)
        config->server_name = "basalt";
    config->max_connections = (unsigned)or_default(config->max_connections, 1024);
    config->max_memory = (size_t)or_default(config->max_memory, 16 << 20);
    config->retry_after_s = (unsigned)or_default(config->retry_after_s, 1);
    s->timeouts_ns[TIMER_HEADER] = or_default(config->header_timeout_ns, 10 * NSEC_PER_SEC);
    s->timeouts_ns[TIMER_IDLE] = or_default(config->idle_timeout_ns, 60 * NSEC_PER_SEC);
    s->timeouts_ns[TIMER_BODY] = or_default(config->body_timeout_ns, 30 * NSEC_PER_SEC);
    s->timeouts_ns[TIMER_WRITE] = or_default(config->write_timeout_ns, 30 * NSEC_PER_SEC);
    s->timeouts_ns[TIMER_LINGER] = or_default(config->linger_timeout_ns, 2 * NSEC_PER_SEC);
}

/* The texts that are in every answer are made once. */
static void texts_init(struct http_server *s)
{
    struct append field = {s->server_field, sizeof(s->server_field) - 2, 0, false};
    struct append retry = {s->retry_after, sizeof(s->retry_after) - 1, 0, false};

    append_str(&field, "Server: ");
    append_str(&field, s->config.server_name);
    memcpy(s->server_field + field.len, "\r\n", 2);
    s->server_field_len = field.len + 2;
    append_u64(&retry, s->config.retry_after_s);
    s->retry_after[retry.len] = '\0';
}

int http_server_create(const struct http_config *config, struct http_server **server)
{
    struct http_server *s;
    int err;

    if (!config->now_ns)
        return -EINVAL;
    s = calloc(1, sizeof(*s));
    if (!s)
        return -ENOMEM;
    err = http_router_init(&s->router, config->routes, config->n_routes, NULL);
    if (err) {
        free(s);
        return err;
    }
    s->config = *config;
    config_defaults(s);
    texts_init(s);
    for (int i = 0; i < TIMER_COUNT; i++)
        TAILQ_INIT(&s->timers[i]);
    s->now_ns = config->now_ns();
    *server = s;
    return 0;
}

void http_server_destroy(struct http_server *s)
{
    while (s->spare) {
        struct http_exchange *x = s->spare;

        s->spare = x->next_spare;
        http_server_release(s, x, sizeof(*x));
    }
    http_router_fini(&s->router);
    free(s);
}

void http_server_drain(struct http_server *s)
{
    struct http_conn *c;

    s->draining = true;
    /* Each leaves the list for that of the lingering ones, or for good. */
    while ((c = TAILQ_FIRST(&s->timers[TIMER_IDLE])) != NULL) {
        conn_enter(c);
        conn_finish(c);
        conn_leave(c);
    }
}

void http_server_stats(const struct http_server *server, struct http_stats *out)
{
    *out = server->stats;
}
