/* SPDX-License-Identifier: BSD-2-Clause */

/* The ways to answer a request. */

#include "conn.h"

/* Statuses that a handler may give; 101 has its own way. */
static unsigned status_checked(unsigned status)
{
    return status >= 200 && status <= 599 ? status : 500;
}

/* Answers with one piece of memory. release may be NULL. */
static void respond_memory(struct http_request *req, unsigned status, const char *content_type,
                           const void *body, size_t len, void (*release)(void *ctx), void *release_ctx)
{
    struct http_exchange *x = exchange_of(req);
    struct http_conn *c = x->conn;

    conn_enter(c);
    status = status_checked(status);
    if (response_begin(x, status)) {
        x->release = release;
        x->release_ctx = release_ctx;
        x->release_on_ack = true;
        response_head(x, status, content_type, (int64_t)len);
        if (!response_is_bodyless(x, status)) {
            output_add(x, body, len, HTTP_IOV_STABLE);
            x->bytes_out = len;
        }
    } else if (release) {
        release(release_ctx);
    }
    conn_leave(c);
}

void http_respond_empty(struct http_request *req, unsigned status)
{
    respond_memory(req, status, NULL, NULL, 0, NULL, NULL);
}

void http_respond_static(struct http_request *req, unsigned status, const char *content_type,
                         const void *body, size_t len)
{
    respond_memory(req, status, content_type, body, len, NULL, NULL);
}

void http_respond_owned(struct http_request *req, unsigned status, const char *content_type, void *body,
                        size_t len, void (*release)(void *body))
{
    respond_memory(req, status, content_type, body, len, release, body);
}

void http_respond_copy(struct http_request *req, unsigned status, const char *content_type, const void *body,
                       size_t len)
{
    struct http_exchange *x = exchange_of(req);
    struct http_conn *c = x->conn;

    if (len > HTTP_COPY_MAX) {
        http_respond_problem(req, 500, NULL, NULL, "The answer is larger than what can be copied.");
        return;
    }
    conn_enter(c);
    status = status_checked(status);
    if (response_begin(x, status)) {
        response_head(x, status, content_type, (int64_t)len);
        if (!response_is_bodyless(x, status) && len > 0) {
            /* Behind the head, in one piece with it. */
            memcpy(x->out_bytes + x->out_len, body, len);
            x->out[x->out_n - 1].len += len;
            x->bytes_out = len;
        }
    }
    conn_leave(c);
}

/* Nothing will be asked of the source. */
static struct http_response *respond_unsourced(struct http_conn *c, const struct http_source *source,
                                               void *ctx)
{
    source->release(ctx);
    conn_leave(c);
    return NULL;
}

struct http_response *http_respond_source(struct http_request *req, unsigned status, const char *content_type,
                                          int64_t length, const struct http_source *source, void *ctx)
{
    struct http_exchange *x = exchange_of(req);
    struct http_conn *c = x->conn;
    struct http_response *handle = (struct http_response *)c;

    conn_enter(c);
    status = status_checked(status);
    if (!response_begin(x, status))
        return respond_unsourced(c, source, ctx);
    response_head(x, status, content_type, length);
    if (response_is_bodyless(x, status))
        return respond_unsourced(c, source, ctx);
    x->source = source;
    x->source_ctx = ctx;
    x->source_len = length;
    x->source_done = length == 0;
    x->release = source->release;
    x->release_ctx = ctx;
    x->release_on_ack = source->flags & HTTP_SOURCE_STABLE;
    conn_leave(c);
    return handle;
}

/* The handle is the connection: it outlives the source, and waking it once too often does no harm. */
void http_response_wake(struct http_response *response)
{
    struct http_conn *c = (struct http_conn *)response;

    conn_enter(c);
    conn_leave(c);
}

bool http_request_header_next(const struct http_request *req, const char *name, unsigned *index,
                              struct http_str *value)
{
    const struct http_exchange *x = container_of(req, const struct http_exchange, req);

    return http_head_field(&x->head, x->bytes, (struct http_str){name, strlen(name)}, index, value);
}

bool http_request_header(const struct http_request *req, const char *name, struct http_str *value)
{
    unsigned index = 0;

    return http_request_header_next(req, name, &index, value);
}
