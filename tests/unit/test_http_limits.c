/* SPDX-License-Identifier: BSD-2-Clause */

/* Timeouts, limits of the server, draining, and connections that stop speaking HTTP. */

#include <errno.h>

#include "http_session.h"

static void pass_seconds(unsigned n)
{
    mock_now += n * NSEC_PER_SEC;
    http_server_tick(app.server);
}

Test(http_limits, configuration)
{
    struct http_server *s;
    const struct http_route bad = {.pattern = "no", .methods = 1};
    const struct http_route *list[] = {&bad};
    struct http_config config = {0};

    cr_assert_eq(http_server_create(&config, &s), -EINVAL);
    config = (struct http_config){.now_ns = mock_clock, .routes = list, .n_routes = 1};
    cr_assert_eq(http_server_create(&config, &s), -EINVAL);
    config = (struct http_config){.now_ns = mock_clock, .server_name = "basalt/1.2"};
    cr_assert_eq(http_server_create(&config, &app.server), 0);
    cr_assert_eq(http_server_next_deadline(app.server), UINT64_MAX);
    cr_assert_eq(app_connect(&m), 0);
    mock_send_str(&m, GET("/"));
    cr_assert(answered("404 Not Found\r\nServer: basalt/1.2\r\n"));
    stop();
}

Test(http_limits, slow_head)
{
    start((struct http_config){0});
    mock_send_str(&m, "G");
    cr_assert_eq(http_server_next_deadline(app.server), mock_now + 10 * NSEC_PER_SEC);
    for (int i = 0; i < 9; i++) {
        pass_seconds(1);
        mock_send_str(&m, "E");
    }
    cr_assert_eq(m.out_len, 0);
    pass_seconds(1);
    cr_assert(answered("HTTP/1.1 408 Request Timeout\r\n"));
    cr_assert(m.shut);
    /* It has two seconds to hear it. */
    pass_seconds(1);
    cr_assert_not(m.closed);
    mock_settle(&m);
    pass_seconds(2);
    cr_assert(m.closed);
    stop();
}

Test(http_limits, each_head_has_its_own_time)
{
    start((struct http_config){0});
    mock_send_str(&m, "GET /hel");
    pass_seconds(9);
    mock_send_str(&m, "lo HTTP/1.1\r\n" HOST "\r\nGET /hel");
    pass_seconds(9);
    mock_send_str(&m, "lo HTTP/1.1\r\n" HOST "\r\n");
    cr_assert_not(answered("408"));
    stop();
}

Test(http_limits, idle)
{
    start((struct http_config){.idle_timeout_ns = 5 * NSEC_PER_SEC});
    mock_send_str(&m, GET("/hello"));
    pass_seconds(4);
    mock_send_str(&m, GET("/hello"));
    pass_seconds(4);
    cr_assert_not(m.shut);
    pass_seconds(1);
    cr_assert(m.shut);
    cr_assert_not(answered("408"));
    pass_seconds(2);
    cr_assert(m.closed);
    stop();
}

Test(http_limits, reader_that_stalls)
{
    start((struct http_config){0});
    m.room = 1000;
    m.manual_ack = true;
    mock_send_str(&m, GET("/big"));
    pass_seconds(29);
    m.room = 10;
    http_conn_sent(m.conn, 10);
    m.acked = 10;
    pass_seconds(29);
    http_conn_sent(m.conn, 0); /* a poll is no progress */
    cr_assert_not(m.aborted);
    pass_seconds(1);
    cr_assert(m.aborted);
    cr_assert_eq(app.released, 1);
    cr_assert(app.last.aborted);
    stop();
}

Test(http_limits, reader_that_never_acknowledges)
{
    start((struct http_config){0});
    m.manual_ack = true;
    mock_send_str(&m, "GET /owned HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    cr_assert(m.shut);
    pass_seconds(29);
    cr_assert_not(m.aborted);
    cr_assert_eq(app.released, 0);
    pass_seconds(1);
    cr_assert(m.aborted);
    cr_assert_eq(app.released, 1);
    stop();
}

Test(http_limits, pipeline_that_is_never_acknowledged)
{
    start((struct http_config){0});
    m.manual_ack = true;
    for (int i = 0; i < 6; i++)
        mock_send_str(&m, GET("/owned"));
    cr_assert_eq(http_server_next_deadline(app.server), mock_now + 30 * NSEC_PER_SEC);
    pass_seconds(30);
    cr_assert(m.aborted);
    cr_assert_eq(app.released, 5);
    stop();
}

Test(http_limits, waiting_for_the_handler_has_no_deadline)
{
    start((struct http_config){0});
    mock_send_str(&m, GET("/later"));
    cr_assert_eq(http_server_next_deadline(app.server), UINT64_MAX);
    pass_seconds(100000);
    http_respond_empty(app.parked, 204);
    cr_assert(answered("HTTP/1.1 204"));
    cr_assert_eq(app.last.duration_ns, 100000 * NSEC_PER_SEC);
    stop();
}

Test(http_limits, many_deadlines)
{
    static struct mock more[100];
    struct http_stats stats;

    start((struct http_config){0});
    for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
        cr_assert_eq(app_connect(&more[i]), 0);
        mock_send_str(&more[i], i % 2 ? "GET" : GET("/hello"));
        mock_now += NSEC_PER_MSEC;
    }
    pass_seconds(10);
    http_server_stats(app.server, &stats);
    cr_assert_eq(stats.timeouts_total, 50);
    cr_assert_eq(stats.connections, 101);
    for (size_t i = 0; i < ARRAY_SIZE(more); i++)
        mock_settle(&more[i]);
    pass_seconds(60);
    pass_seconds(60);
    http_server_stats(app.server, &stats);
    cr_assert_eq(stats.connections, 0);
    cr_assert_eq(stats.timeouts_total, 50);
    cr_assert_eq(stats.connections_total, 101);
    for (size_t i = 0; i < ARRAY_SIZE(more); i++)
        mock_fini(&more[i]);
    stop();
}

Test(http_limits, too_many_connections)
{
    static struct mock more[11];
    struct http_stats stats;

    start((struct http_config){.max_connections = 3, .retry_after_s = 7});
    for (size_t i = 0; i < 10; i++)
        cr_assert_eq(app_connect(&more[i]), 0);
    cr_assert_eq(app_connect(&more[10]), -EMFILE);
    mock_send_str(&more[1], GET("/hello"));
    cr_assert_not_null(strstr(more[1].out, "HTTP/1.1 200"));
    mock_send_str(&more[2], GET("/hello"));
    cr_assert_not_null(strstr(more[2].out, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n"));
    cr_assert_not_null(strstr(more[2].out, "Connection: close\r\n"));
    cr_assert(more[2].shut);
    /* Those in excess that say nothing have to go soon. */
    pass_seconds(2);
    cr_assert(more[3].closed && more[9].closed);
    cr_assert_not(more[1].shut);
    http_server_stats(app.server, &stats);
    cr_assert_eq(stats.connections_refused, 9);
    for (size_t i = 0; i < 10; i++)
        app_disconnect(&more[i]);
    mock_fini(&more[10]);
    stop();
}

Test(http_limits, no_memory_for_a_connection)
{
    app_start((struct http_config){.max_memory = 100});
    cr_assert_eq(app_connect(&m), -ENOMEM);
    mock_fini(&m);
    app_stop();
}

Test(http_limits, no_memory_for_a_request)
{
    start((struct http_config){.max_memory = 1000});
    mock_send_str(&m, GET("/hello"));
    cr_assert(answered("HTTP/1.1 503 Service Unavailable\r\n"));
    cr_assert(m.shut);
    const char *body = strstr(m.out, "\r\n\r\n");
    cr_assert_eq(strlen(body + 4), strtoul(strstr(m.out, "Content-Length: ") + 16, NULL, 10));
    mock_eof(&m);
    cr_assert(m.closed);
    app_disconnect(&m);
    /* And if even that cannot be said: */
    cr_assert_eq(app_connect(&m), 0);
    m.room = 10;
    mock_send_str(&m, "G");
    cr_assert(m.aborted);
    stop();
}

Test(http_limits, no_memory_for_a_head)
{
    static char text[10000];

    start((struct http_config){.max_memory = 10000});
    memset(text, 'a', sizeof(text));
    memcpy(text, "GET /", 5);
    mock_send(&m, text, sizeof(text));
    cr_assert(answered("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"));
    app_disconnect(&m);
    /* The head fits, its decoded path does not. */
    cr_assert_eq(app_connect(&m), 0);
    memset(text, 'a', 1000);
    memcpy(text, "GET /%20", 8);
    mock_send(&m, text, 1000);
    mock_send_str(&m, " HTTP/1.1\r\n" HOST "\r\n");
    cr_assert(answered("HTTP/1.1 404") || answered("HTTP/1.1 503"));
    stop();
}

Test(http_limits, large_heads)
{
    static char text[20000];

    start((struct http_config){0});
    memset(text, 'a', sizeof(text));
    memcpy(text, "GET /hello?", 11);
    mock_send(&m, text, 8000);
    mock_send_str(&m, " HTTP/1.1\r\n" HOST "\r\n");
    cr_assert(answered("HTTP/1.1 200"));
    mock_send(&m, text, sizeof(text));
    cr_assert(answered("HTTP/1.1 414 URI Too Long\r\n"));
    cr_assert(m.shut);
    app_disconnect(&m);
    cr_assert_eq(app_connect(&m), 0);
    mock_send_str(&m, "GET /hello HTTP/1.1\r\nX: ");
    mock_send(&m, text, sizeof(text));
    cr_assert(answered("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
    stop();
}

Test(http_limits, draining)
{
    struct mock idle;

    start((struct http_config){0});
    cr_assert_eq(app_connect(&idle), 0);
    mock_send_str(&m, GET("/later"));
    http_server_drain(app.server);
    cr_assert(idle.shut);
    cr_assert_not(m.shut);
    http_respond_empty(app.parked, 202);
    cr_assert(answered("Connection: close\r\n"));
    cr_assert(m.shut);
    app_disconnect(&idle);
    cr_assert_eq(app_connect(&idle), 0);
    mock_send_str(&idle, GET("/hello"));
    cr_assert_not_null(strstr(idle.out, "Connection: close\r\n"));
    app_disconnect(&idle);
    stop();
}

#define UPGRADE "GET /raw HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: h2c, WebSocket\r\n\r\n"

Test(http_limits, upgrade)
{
    start((struct http_config){0});
    m.manual_ack = true;
    mock_send_str(&m, UPGRADE "raw bytes");
    cr_assert_str_eq(m.out,
                     "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\nUpgrade: websocket\r\n"
                     "Server: basalt\r\nX-Request-Id: 1\r\nConnection: upgrade\r\n\r\n");
    cr_assert_eq(app.raw_len, 9);
    cr_assert_eq(app.raw_writable, 1);
    cr_assert_eq(app.last.status, 101);
    mock_settle(&m);
    m.room = 3;
    cr_assert_eq(http_raw_write(app.raw_conn, "hello", 5), 3);
    cr_assert_eq(http_raw_write(app.raw_conn, "lo", 2), 0);
    cr_assert_eq(http_server_next_deadline(app.server), mock_now + 30 * NSEC_PER_SEC);
    m.room = 10;
    mock_settle(&m);
    cr_assert_eq(app.raw_writable, 2);
    cr_assert_eq(http_raw_write(app.raw_conn, "lo", 2), 2);
    cr_assert_eq(memcmp(m.out + m.out_len - 5, "hello", 5), 0);
    app.raw_room = 0;
    mock_send_str(&m, "more");
    cr_assert_eq(m.in_len, 4);
    app.raw_room = SIZE_MAX;
    http_raw_resume(app.raw_conn);
    cr_assert_eq(app.raw_len, 13);
    mock_send_str(&m, "end!");
    cr_assert_eq(app.raw_closed, 1);
    cr_assert(m.shut);
    mock_settle(&m);
    mock_eof(&m);
    cr_assert(m.closed);
    stop();
}

Test(http_limits, upgraded_connections_that_end)
{
    start((struct http_config){0});
    mock_send_str(&m, UPGRADE);
    mock_eof(&m);
    cr_assert_eq(app.raw_eof, 1);
    cr_assert_eq(app.raw_closed, 1);
    cr_assert(m.closed);
    app_disconnect(&m);
    cr_assert_eq(app_connect(&m), 0);
    mock_send_str(&m, UPGRADE);
    http_conn_lost(m.conn);
    m.closed = true;
    cr_assert_eq(app.raw_closed, 2);
    app_disconnect(&m);
    cr_assert_eq(app_connect(&m), 0);
    mock_send_str(&m, UPGRADE);
    m.fail_writes = true;
    cr_assert_eq(http_raw_write(app.raw_conn, "x", 1), 0);
    cr_assert(m.aborted);
    cr_assert_eq(app.raw_closed, 3);
    stop();
}

Test(http_limits, upgrade_that_is_not_handed_over_yet)
{
    start((struct http_config){0});
    m.room = 5;
    mock_send_str(&m, UPGRADE);
    cr_assert_eq(app.raw_writable, 0);
    http_raw_close(app.raw_conn);
    cr_assert_eq(app.raw_closed, 1);
    m.room = SIZE_MAX;
    mock_settle(&m);
    cr_assert(m.shut);
    app_disconnect(&m);
    cr_assert_eq(app_connect(&m), 0);
    m.room = 5;
    mock_send_str(&m, UPGRADE);
    mock_eof(&m);
    m.room = SIZE_MAX;
    mock_settle(&m);
    cr_assert_eq(app.raw_eof, 1);
    cr_assert(m.closed);
    stop();
}

Test(http_limits, upgrades_that_are_not_wanted)
{
    start((struct http_config){0});
    mock_send_str(&m, GET("/raw"));
    cr_assert(answered("HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Accept: x\r\nUpgrade: websocket\r\n"));
    mock_clear(&m);
    mock_send_str(&m, "GET /raw HTTP/1.1\r\n" HOST "Connection: upgrade\r\nUpgrade: other\r\n\r\n");
    cr_assert(answered("HTTP/1.1 426"));
    mock_clear(&m);
    mock_send_str(&m, "POST /raw HTTP/1.1\r\n" HOST
                      "Content-Length: 1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nx");
    cr_assert(answered("HTTP/1.1 426"));
    cr_assert_null(app.raw_conn);
    stop();
}
