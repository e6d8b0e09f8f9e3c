/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_HTTP_APP_H
#define TESTS_UNIT_HTTP_APP_H

/* A small set of resources that use every way there is to answer, for the tests and the fuzz target of the
 * engine. */

#include <stdio.h>

#include "http_mock.h"

struct app {
    struct http_server *server;
    unsigned handled;
    unsigned completed;
    struct http_result last;     /* what the completed hook saw */
    const char *last_pattern;    /* of the route, or NULL */
    unsigned released;           /* owned bodies and sources given back */
    unsigned aborted;            /* requests that will not be answered */
    int abort_error;             /* what the sink was told */
    struct http_request *parked; /* deferred, or its body blocked */
    struct http_response *stream;
    const char *stream_text; /* the source's next piece; NULL: none at present */
    bool stream_end;
    int stream_error;
    size_t sink_portion; /* taken per call; 0: everything */
    size_t sink_room;    /* taken until resumed; SIZE_MAX: no limit */
    int sink_status;     /* answer of on_data, if negative */
    bool sink_responds;  /* answers within on_data */
    char uploaded[4096];
    size_t uploaded_len;
    char raw[256]; /* input of the upgraded connection */
    size_t raw_len;
    size_t raw_room;
    struct http_conn *raw_conn;
    unsigned raw_writable;
    unsigned raw_eof;
    unsigned raw_closed;
    bool deny;
    bool deny_silently;
    bool has_date;
};

static struct app app;
static const char app_big[20000] = {[0 ... 19999] = 'b'};

static inline void app_hello(struct http_request *req)
{
    app.handled++;
    http_respond_static(req, 200, "text/plain", "hello\n", 6);
}

static inline void app_release(void *body)
{
    app.released++;
    memset(body, 'X', 1); /* whoever still sends it is found out */
    free(body);
}

static inline void app_owned(struct http_request *req)
{
    char *body = malloc(1000);

    memset(body, 'o', 1000);
    http_response_header(req, "ETag", "\"o\"");
    http_response_header_u64(req, "X-Number", 18446744073709551615ULL);
    http_respond_owned(req, 200, "text/plain", body, 1000, app_release);
}

static inline void app_item(struct http_request *req)
{
    char text[256];
    char query[32] = "";
    struct http_str agent = {"-", 1};
    int q = http_query_get(req->query, "q", query, sizeof(query));
    int len;

    http_request_header(req, "User-Agent", &agent);
    len =
        snprintf(text, sizeof(text), "%.*s|%.*s|%s|%d|%.*s", (int)req->params[0].len, req->params[0].ptr,
                 req->n_params > 1 ? (int)req->params[1].len : 0, req->n_params > 1 ? req->params[1].ptr : "",
                 query, q, (int)(agent.len < 50 ? agent.len : 50), agent.ptr);
    http_respond_copy(req, 200, "text/plain", text, (size_t)(len < 250 ? len : 250));
}

static inline void app_delete(struct http_request *req)
{
    http_respond_empty(req, 204);
}

static inline void app_echo_body(struct http_request *req, char *body, size_t len)
{
    char *copy = malloc(len + 1);

    for (int i = 0; i < 8; i++)
        assert(body[len + (size_t)i] == '\0');
    memcpy(copy, body, len);
    http_respond_owned(req, 200, "application/octet-stream", copy, len, app_release);
}

static inline void app_echo(struct http_request *req)
{
    app.handled++;
    http_request_read_body(req, 100, app_echo_body);
}

static inline void app_on_abort(struct http_request *req)
{
    app.aborted++;
    app.parked = NULL;
}

static inline void app_later(struct http_request *req)
{
    app.handled++;
    app.parked = req;
    http_request_defer(req, app_on_abort);
}

static inline void app_later_body(struct http_request *req, char *body, size_t len)
{
    app.parked = req;
}

/* Holds something while the body is read. */
static inline void app_careful(struct http_request *req)
{
    http_request_defer(req, app_on_abort);
    http_request_read_body(req, 100000, app_later_body);
}

static inline ssize_t app_sink_data(struct http_request *req, const void *bytes, size_t len)
{
    size_t n = len;

    if (app.sink_responds || app.sink_status)
        app.parked = NULL;
    if (app.sink_responds) {
        http_respond_problem(req, 507, "insufficient_storage", NULL, "%u bytes are free", 17U);
        return 0;
    }
    if (app.sink_status)
        return app.sink_status;
    if (app.sink_portion && n > app.sink_portion)
        n = app.sink_portion;
    if (n > app.sink_room)
        n = app.sink_room;
    if (app.sink_room != SIZE_MAX)
        app.sink_room -= n;
    if (n > sizeof(app.uploaded) - app.uploaded_len) {
        app.uploaded_len += n;
    } else {
        memcpy(app.uploaded + app.uploaded_len, bytes, n);
        app.uploaded_len += n;
    }
    app.uploaded_len %= sizeof(app.uploaded);
    if (n < len)
        app.parked = req;
    return (ssize_t)n;
}

static inline void app_sink_end(struct http_request *req)
{
    char location[64];

    app.parked = NULL;
    snprintf(location, sizeof(location), "/upload/%.*s", (int)(req->params[0].len % 32), req->params[0].ptr);
    http_response_header(req, "Location", location);
    http_respond_copy(req, 201, "application/json", "{}", 2);
}

static inline void app_sink_abort(struct http_request *req, int error)
{
    app.parked = NULL;
    app.aborted++;
    app.abort_error = error;
}

static const struct http_sink app_sink = {app_sink_data, app_sink_end, app_sink_abort};

static inline void app_upload(struct http_request *req)
{
    app.handled++;
    http_request_stream_body(req, &app_sink);
}

static inline ssize_t app_stream_read(void *ctx, uint64_t offset, const void **bytes)
{
    const char *text = app.stream_text;

    if (app.stream_error)
        return app.stream_error;
    if (!text)
        return app.stream_end ? HTTP_SOURCE_END : 0;
    *bytes = text;
    app.stream_text = NULL;
    return (ssize_t)strlen(text);
}

static inline void app_stream_release(void *ctx)
{
    app.released++;
    app.stream = NULL;
}

static inline void app_stream_get(struct http_request *req)
{
    static const struct http_source source = {app_stream_read, app_stream_release, 0};

    app.stream = http_respond_source(req, 200, "text/event-stream", HTTP_LENGTH_UNKNOWN, &source, &app);
}

static inline ssize_t app_big_read(void *ctx, uint64_t offset, const void **bytes)
{
    *bytes = app_big + offset;
    if (offset >= sizeof(app_big))
        return HTTP_SOURCE_END;
    return offset + 3000 < sizeof(app_big) ? 3000 : (ssize_t)(sizeof(app_big) - offset);
}

static inline void app_big_get(struct http_request *req)
{
    static const struct http_source source = {app_big_read, app_stream_release, HTTP_SOURCE_STABLE};
    char value[8];
    int64_t length = (int64_t)sizeof(app_big) - 5;

    if (http_query_get(req->query, "short", value, sizeof(value)) >= 0)
        length = sizeof(app_big) + 10; /* the source ends early */
    if (http_query_get(req->query, "zero", value, sizeof(value)) >= 0)
        length = 0;
    if (http_query_get(req->query, "chunked", value, sizeof(value)) >= 0)
        length = HTTP_LENGTH_UNKNOWN;
    http_respond_source(req, 200, "application/octet-stream", length, &source, NULL);
}

static inline size_t app_raw_input(void *ctx, const void *bytes, size_t len)
{
    size_t n = len < app.raw_room ? len : app.raw_room;

    if (n > sizeof(app.raw) - app.raw_len)
        app.raw_len = 0;
    if (n > sizeof(app.raw))
        n = sizeof(app.raw);
    memcpy(app.raw + app.raw_len, bytes, n);
    app.raw_len += n;
    if (app.raw_room != SIZE_MAX)
        app.raw_room -= n;
    if (n > 0 && memchr(bytes, '!', n) && app.raw_conn)
        http_raw_close(app.raw_conn);
    return n;
}

static inline void app_raw_writable(void *ctx)
{
    app.raw_writable++;
}

static inline void app_raw_eof(void *ctx)
{
    app.raw_eof++;
    if (app.raw_conn)
        http_raw_close(app.raw_conn);
}

static inline void app_raw_closed(void *ctx)
{
    app.raw_closed++;
    app.raw_conn = NULL;
}

static inline void app_raw_get(struct http_request *req)
{
    static const struct http_raw raw = {app_raw_input, app_raw_writable, app_raw_eof, app_raw_closed};
    struct http_conn *conn;

    http_response_header(req, "Sec-WebSocket-Accept", "x");
    conn = http_respond_upgrade(req, "websocket", &raw, NULL);
    if (conn) {
        app.raw_conn = conn;
        assert(http_raw_write(conn, "early", 5) == 0);
    }
}

static inline void app_odd(struct http_request *req)
{
    struct http_str kind = req->params[0];
    static char longer[2000];

    memset(longer, 'x', sizeof(longer) - 1);
    if (http_str_eq(kind, HTTP_STR("header")))
        http_response_header(req, "X-Bad", "a\r\nInjected: b");
    else if (http_str_eq(kind, HTTP_STR("name")))
        http_response_header(req, "X Bad", "a");
    else if (http_str_eq(kind, HTTP_STR("noname")))
        http_response_header(req, "", "a");
    else if (http_str_eq(kind, HTTP_STR("long")))
        http_response_header(req, "X-Long", longer);
    else if (http_str_eq(kind, HTTP_STR("nothing")))
        return;
    else if (http_str_eq(kind, HTTP_STR("copy")))
        http_respond_copy(req, 200, "text/plain", longer, sizeof(longer));
    else if (http_str_eq(kind, HTTP_STR("status")))
        http_respond_empty(req, 99);
    else if (http_str_eq(kind, HTTP_STR("type")))
        http_respond_static(req, 200, longer, "x", 1);
    else if (http_str_eq(kind, HTTP_STR("problem")))
        http_respond_problem(req, 422, "bad_name", "na\"me",
                             "q\"b\\n\n\x01\x7f \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \xff \xc3");
    else if (http_str_eq(kind, HTTP_STR("utf8")))
        http_respond_problem(req, 400, NULL, NULL,
                             "\xc0\x80 \xe0\x80\x80 \xed\xa0\x80 \xf0\x80\x80\x80 \xf4\x90\x80\x80");
    else if (http_str_eq(kind, HTTP_STR("detail")))
        http_respond_problem(req, 422, NULL, longer, "%s", longer);
    /* Answering twice, or after what was added failed, must do no harm. */
    http_respond_owned(req, 200, "text/plain", malloc(8), 8, app_release);
}

static const struct http_route app_routes[] = {
    {"/hello", app_hello, HTTP_BIT(HTTP_GET), HTTP_SCOPE_NONE, 0},
    {"/owned", app_owned, HTTP_BIT(HTTP_GET), HTTP_SCOPE_READ, 0},
    {"/items/{name}", app_item, HTTP_BIT(HTTP_GET), HTTP_SCOPE_READ, 0},
    {"/items/{name}/{part}", app_item, HTTP_BIT(HTTP_GET), HTTP_SCOPE_READ, 0},
    {"/items/{name}", app_delete, HTTP_BIT(HTTP_DELETE), HTTP_SCOPE_READ, 0},
    {"/echo", app_echo, HTTP_BIT(HTTP_POST), HTTP_SCOPE_READ, 0},
    {"/careful", app_careful, HTTP_BIT(HTTP_POST), HTTP_SCOPE_READ, 0},
    {"/upload/{name}", app_upload, HTTP_BIT(HTTP_PUT), HTTP_SCOPE_READ, HTTP_ROUTE_STREAMING},
    {"/later", app_later, HTTP_BIT(HTTP_GET) | HTTP_BIT(HTTP_POST), HTTP_SCOPE_READ, 0},
    {"/stream", app_stream_get, HTTP_BIT(HTTP_GET), HTTP_SCOPE_READ, HTTP_ROUTE_STREAMING},
    {"/big", app_big_get, HTTP_BIT(HTTP_GET), HTTP_SCOPE_READ, 0},
    {"/raw", app_raw_get, HTTP_BIT(HTTP_GET) | HTTP_BIT(HTTP_POST), HTTP_SCOPE_READ, 0},
    {"/odd/{kind}", app_odd, HTTP_BIT(HTTP_GET), HTTP_SCOPE_READ, 0},
};

static inline bool app_authorize(struct http_request *req)
{
    if (app.deny) {
        http_response_header(req, "WWW-Authenticate", "Bearer");
        http_respond_problem(req, 401, NULL, NULL, "Who are you?");
    }
    return !app.deny && !app.deny_silently;
}

static inline void app_completed(const struct http_request *req, const struct http_result *result)
{
    app.completed++;
    app.last = *result;
    app.last_pattern = req->route ? req->route->pattern : NULL;
}

static inline bool app_date(char out[29])
{
    memcpy(out, "Sun, 06 Nov 1994 08:49:37 GMT", 29);
    return app.has_date;
}

/* Starts a server with those resources and the limits of config. */
static inline void app_start(struct http_config config)
{
    static const struct http_route *list[ARRAY_SIZE(app_routes)];
    int err;

    for (size_t i = 0; i < ARRAY_SIZE(app_routes); i++)
        list[i] = &app_routes[i];
    memset(&app, 0, sizeof(app));
    app.sink_room = app.raw_room = SIZE_MAX;
    config.routes = list;
    config.n_routes = ARRAY_SIZE(list);
    config.now_ns = mock_clock;
    config.authorize = app_authorize;
    config.completed = app_completed;
    config.date = app_date;
    err = http_server_create(&config, &app.server);
    assert(err == 0);
    (void)err;
}

static inline void app_stop(void)
{
    http_server_destroy(app.server);
}

static inline int app_connect(struct mock *m)
{
    mock_init(m);
    return http_conn_open(app.server, m, "peer", &m->conn);
}

/* Whatever state it is in, the connection goes; nothing of it may be left. */
static inline void app_disconnect(struct mock *m)
{
    if (!mock_gone(m)) {
        mock_check_refs(m, m->out_len);
        http_conn_lost(m->conn);
    }
    mock_fini(m);
}

#endif
