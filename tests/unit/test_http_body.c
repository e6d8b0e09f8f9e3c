/* SPDX-License-Identifier: BSD-2-Clause */

/* Request bodies: buffered, streamed, refused, cut off. */

#include <errno.h>

#include "http_session.h"

static void setup(void)
{
    start((struct http_config){.max_memory = 1 << 20});
}

TestSuite(http_body, .init = setup, .fini = stop);

#define POST(path, fields) "POST " path " HTTP/1.1\r\n" HOST fields "\r\n"
#define PUT(fields)        "PUT /upload/n HTTP/1.1\r\n" HOST fields "\r\n"

static void send_zeros(size_t n)
{
    char *zeros = calloc(1, n);

    mock_send(&m, zeros, n);
    free(zeros);
}

Test(http_body, buffered_up_to_its_limit)
{
    mock_send_str(&m, POST("/echo", "Content-Length: 100\r\n"));
    send_zeros(99);
    cr_assert_eq(m.out_len, 0);
    mock_send(&m, "e", 1);
    cr_assert(answered("Content-Length: 100\r\n"));
    cr_assert_eq(app.last.bytes_in, 100);
    mock_clear(&m);
    mock_send_str(&m, POST("/echo", "Content-Length: 101\r\n"));
    cr_assert(answered("HTTP/1.1 413 Content Too Large\r\n"));
    /* The rest is dropped, and the connection goes on. */
    cr_assert_not(answered("Connection: close"));
    send_zeros(101);
    mock_send_str(&m, GET("/hello"));
    cr_assert(ends_with("hello\n"));
}

Test(http_body, buffered_without_a_body)
{
    mock_send_str(&m, POST("/echo", ""));
    cr_assert(answered("HTTP/1.1 200 OK\r\n"));
    cr_assert(answered("Content-Length: 0\r\n"));
    mock_clear(&m);
    mock_send_str(&m, POST("/echo", "Expect: 100-continue\r\nContent-Length: 0\r\n"));
    cr_assert_not(answered("100 Continue"));
    cr_assert(answered("HTTP/1.1 200 OK\r\n"));
}

Test(http_body, buffered_chunks_beyond_the_limit)
{
    mock_send_str(&m, POST("/echo", "Transfer-Encoding: chunked\r\n") "40\r\n");
    send_zeros(64);
    mock_send_str(&m, "\r\n26\r\n");
    send_zeros(38);
    cr_assert(answered("HTTP/1.1 413"));
    cr_assert(answered("Connection: close"));
    cr_assert_eq(app.aborted, 0);
}

Test(http_body, a_handler_hears_when_its_body_fails)
{
    mock_send_str(&m, POST("/careful", "Content-Length: 1000000\r\n"));
    cr_assert(answered("HTTP/1.1 413"));
    cr_assert_eq(app.aborted, 1);
    mock_fini(&m);
    mock_init(&m);
    cr_assert_eq(app_connect(&m), 0);
    mock_send_str(&m, POST("/careful", "Transfer-Encoding: chunked\r\n") "1\r\naX");
    cr_assert(answered("HTTP/1.1 400"));
    cr_assert_eq(app.aborted, 2);
    mock_fini(&m);
    mock_init(&m);
    cr_assert_eq(app_connect(&m), 0);
    mock_send_str(&m, POST("/careful", "Content-Length: 3000\r\n"));
    send_zeros(2000);
    mock_send_str(&m, "");
    send_zeros(1000);
    cr_assert_not_null(app.parked);
    http_conn_lost(m.conn);
    m.closed = true;
    cr_assert_eq(app.aborted, 3);
}

Test(http_body, without_memory)
{
    static struct mock hogs[12];
    char *zeros = calloc(1, 99000);
    size_t n = 0;

    /* Fill the server's memory with bodies that do not end. */
    while (n < ARRAY_SIZE(hogs)) {
        cr_assert_eq(app_connect(&hogs[n]), 0);
        mock_send_str(&hogs[n], POST("/careful", "Content-Length: 100000\r\n"));
        mock_send(&hogs[n], zeros, 99000);
        if (hogs[n++].out_len > 0)
            break;
    }
    free(zeros);
    cr_assert_not_null(strstr(hogs[n - 1].out, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"));
    cr_assert_eq(app.aborted, 1);
    while (n > 0)
        app_disconnect(&hogs[--n]);
    cr_assert_gt(app.aborted, 5);
}

Test(http_body, streamed_with_back_pressure)
{
    app.sink_portion = 3;
    mock_send_str(&m, PUT("Content-Length: 10\r\n") "0123456789");
    cr_assert_eq(app.uploaded_len, 3);
    cr_assert_eq(m.in_len, 7);
    http_request_resume_body(app.parked);
    cr_assert_eq(app.uploaded_len, 6);
    http_request_resume_body(app.parked);
    http_request_resume_body(app.parked);
    cr_assert_eq(app.uploaded_len, 10);
    cr_assert_eq(memcmp(app.uploaded, "0123456789", 10), 0);
    cr_assert(answered("HTTP/1.1 201 Created\r\nLocation: /upload/n\r\n"));
    cr_assert_eq(app.last.bytes_in, 10);
}

Test(http_body, streamed_chunks_with_back_pressure)
{
    app.sink_room = 0;
    m.in_portion = 2;
    mock_send_str(&m,
                  PUT("Transfer-Encoding: chunked\r\n") "4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n" GET("/hello"));
    for (int i = 0; i < 7; i++) {
        cr_assert_eq(app.uploaded_len, i);
        app.sink_room = 1;
        http_request_resume_body(app.parked);
    }
    mock_settle(&m);
    cr_assert_eq(memcmp(app.uploaded, "abcdefg", 7), 0);
    cr_assert(ends_with("hello\n"));
}

Test(http_body, streamed_without_a_body)
{
    mock_send_str(&m, PUT(""));
    cr_assert(answered("HTTP/1.1 201 Created\r\n"));
}

Test(http_body, sink_that_refuses)
{
    app.sink_status = -507;
    mock_send_str(&m, PUT("Content-Length: 10\r\n") "01234");
    cr_assert(answered("HTTP/1.1 507 Insufficient Storage\r\n"));
    cr_assert(answered("\"code\":\"insufficient_storage\""));
    cr_assert_not(m.shut);
    mock_send_str(&m, "56789" GET("/hello"));
    cr_assert(ends_with("hello\n"));
    cr_assert_eq(app.aborted, 0);
}

Test(http_body, sink_that_answers_early)
{
    app.sink_responds = true;
    mock_send_str(&m, PUT("Content-Length: 10000000\r\n") "01234");
    cr_assert(answered("HTTP/1.1 507"));
    cr_assert(answered("17 bytes are free"));
    cr_assert(answered("Connection: close\r\n"));
    cr_assert(m.shut);
    /* Lingering: what the client still sends is taken and dropped, so that it can read the answer. */
    send_zeros(100000);
    cr_assert_eq(m.in_len, 0);
    mock_eof(&m);
    cr_assert(m.closed);
    cr_assert_eq(app.aborted, 0);
}

Test(http_body, dropped_chunks_are_bounded)
{
    mock_send_str(&m, "PUT /hello HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    cr_assert(answered("HTTP/1.1 405"));
    for (int i = 0; i < 40 && !m.shut; i++) {
        mock_send_str(&m, "1000\r\n");
        send_zeros(4096);
        mock_send_str(&m, "\r\n");
        cr_assert(m.shut == (i >= 17), "%d", i);
    }
}

Test(http_body, dropped_chunks_that_are_malformed)
{
    mock_send_str(&m, "PUT /hello HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nx\r\n");
    cr_assert(answered("HTTP/1.1 405"));
    cr_assert(m.shut);
}

Test(http_body, continue_only_if_the_body_is_wanted)
{
    mock_send_str(&m, PUT("Expect: 100-continue\r\nContent-Length: 3\r\n"));
    cr_assert_str_eq(m.out, "HTTP/1.1 100 Continue\r\n\r\n");
    mock_send_str(&m, "abc");
    cr_assert(answered("HTTP/1.1 201"));
    mock_clear(&m);
    mock_send_str(&m, POST("/nothing", "Expect: 100-continue\r\nContent-Length: 3\r\n"));
    cr_assert_not(answered("100 Continue"));
    cr_assert(answered("HTTP/1.1 404"));
    /* Nobody knows whether the body follows. */
    cr_assert(answered("Connection: close\r\n"));
}

Test(http_body, other_expectations)
{
    mock_send_str(&m, PUT("Expect: more\r\nContent-Length: 3\r\n"));
    cr_assert(answered("HTTP/1.1 417 Expectation Failed\r\n"));
    cr_assert(m.shut);
}

Test(http_body, cut_off_upload)
{
    mock_send_str(&m, PUT("Content-Length: 10\r\n") "01234");
    mock_eof(&m);
    cr_assert_eq(app.aborted, 1);
    cr_assert_eq(app.abort_error, -ECONNRESET);
    cr_assert(answered("HTTP/1.1 400"));
    cr_assert(m.closed);
}

Test(http_body, reset_upload)
{
    mock_send_str(&m, PUT("Content-Length: 10\r\n") "01234");
    http_conn_lost(m.conn);
    m.closed = true;
    cr_assert_eq(app.aborted, 1);
    cr_assert_eq(app.abort_error, -ECONNRESET);
    cr_assert_eq(app.last.status, 0);
    cr_assert_eq(app.last.bytes_in, 5);
}

Test(http_body, malformed_upload)
{
    mock_send_str(&m, PUT("Transfer-Encoding: chunked\r\n") "5\r\nabcdeX");
    cr_assert_eq(app.aborted, 1);
    cr_assert_eq(app.abort_error, -EPROTO);
    cr_assert(answered("HTTP/1.1 400"));
    cr_assert_eq(app.uploaded_len, 5);
}

Test(http_body, stalled_upload)
{
    mock_send_str(&m, PUT("Content-Length: 10\r\n") "0");
    mock_now += 29 * NSEC_PER_SEC;
    http_server_tick(app.server);
    mock_send_str(&m, "1");
    mock_now += 29 * NSEC_PER_SEC;
    http_server_tick(app.server);
    cr_assert_eq(m.out_len, 0);
    mock_now += NSEC_PER_SEC;
    http_server_tick(app.server);
    cr_assert_eq(app.abort_error, -ETIMEDOUT);
    cr_assert(answered("HTTP/1.1 408 Request Timeout\r\n"));
    cr_assert(m.shut);
}

Test(http_body, a_sink_that_waits_costs_the_client_no_time)
{
    app.sink_room = 2;
    mock_send_str(&m, PUT("Content-Length: 10\r\n") "0123");
    cr_assert_eq(http_server_next_deadline(app.server), UINT64_MAX);
    mock_now += 1000 * NSEC_PER_SEC;
    http_server_tick(app.server);
    cr_assert_eq(app.aborted, 0);
    app.sink_room = SIZE_MAX;
    http_request_resume_body(app.parked);
    cr_assert_eq(http_server_next_deadline(app.server), mock_now + 30 * NSEC_PER_SEC);
    mock_send_str(&m, "456789");
    cr_assert(answered("HTTP/1.1 201"));
}

Test(http_body, deferred_request_keeps_its_body_outside)
{
    mock_send_str(&m, POST("/later", "Content-Length: 3\r\n") "abc" GET("/hello"));
    cr_assert_eq(m.in_len, 3 + sizeof(GET("/hello")) - 1);
    http_respond_empty(app.parked, 202);
    mock_settle(&m);
    cr_assert(ends_with("hello\n"));
    mock_send_str(&m, POST("/later", "Content-Length: 3\r\n") "a");
    http_request_read_body(app.parked, 10, app_echo_body);
    mock_send_str(&m, "bc");
    mock_settle(&m);
    cr_assert(ends_with("\r\n\r\nabc"));
}
