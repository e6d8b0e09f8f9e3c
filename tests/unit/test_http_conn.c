/* SPDX-License-Identifier: BSD-2-Clause */

/* Requests and responses on a connection: order, framing, persistence, splits. */

#include "http_session.h"

static void setup(void)
{
    start((struct http_config){0});
}

TestSuite(http_conn, .init = setup, .fini = stop);

static unsigned count(const char *text)
{
    unsigned n = 0;

    for (const char *p = m.out; (p = strstr(p, text)) != NULL; p++)
        n++;
    return n;
}

Test(http_conn, answers)
{
    mock_send_str(&m, GET("/hello"));
    cr_assert_str_eq(m.out,
                     "HTTP/1.1 200 OK\r\nServer: basalt\r\nX-Request-Id: 1\r\nContent-Type: text/plain\r\n"
                     "Content-Length: 6\r\n\r\nhello\n");
    cr_assert_eq(app.completed, 1);
    cr_assert_eq(app.last.status, 200);
    cr_assert_eq(app.last.bytes_out, 6);
    cr_assert_str_eq(app.last_pattern, "/hello");
    cr_assert_eq(m.pushes, 1);
    mock_clear(&m);
    app.has_date = true;
    mock_send_str(&m, "HEAD /hello HTTP/1.1\r\n" HOST "X-Request-Id: abc-1.2_Z\r\n\r\n");
    cr_assert_str_eq(m.out, "HTTP/1.1 200 OK\r\nServer: basalt\r\nDate: Sun, 06 Nov 1994 08:49:37 "
                            "GMT\r\nX-Request-Id: abc-1.2_Z\r\n"
                            "Content-Type: text/plain\r\nContent-Length: 6\r\n\r\n");
    cr_assert_not(m.shut);
}

Test(http_conn, ids_of_clients_are_checked)
{
    static const char *const bad[] = {
        "",          "a b", "a\"",
        "a\xc3\xa4", "a;b", "0123456789012345678901234567890123456789012345678901234567890123x"};
    char text[256];

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        snprintf(text, sizeof(text), "GET /hello HTTP/1.1\r\n" HOST "X-Request-Id: %s\r\n\r\n", bad[i]);
        mock_send_str(&m, text);
        snprintf(text, sizeof(text), "X-Request-Id: %zx\r\n", i + 1);
        cr_assert(answered(text), "%s", bad[i]);
    }
}

Test(http_conn, gives_owned_bodies_back_when_acknowledged)
{
    m.manual_ack = true;
    mock_send_str(&m, GET("/owned"));
    cr_assert(answered("ETag: \"o\"\r\nX-Number: 18446744073709551615\r\n"));
    cr_assert(answered("Content-Length: 1000\r\n"));
    cr_assert_eq(app.completed, 1);
    cr_assert_eq(app.released, 0);
    http_conn_sent(m.conn, m.out_len - 1);
    cr_assert_eq(app.released, 0);
    m.acked = m.out_len - 1;
    mock_settle(&m);
    cr_assert_eq(app.released, 1);
}

Test(http_conn, referenced_bodies_are_bounded)
{
    m.manual_ack = true;
    for (int i = 0; i < 10; i++)
        mock_send_str(&m, GET("/owned"));
    /* Four are kept, and a fifth waits for room to be noted. */
    cr_assert_eq(count("HTTP/1.1 200"), 5);
    cr_assert_eq(app.completed, 4);
    mock_settle(&m);
    cr_assert_eq(count("HTTP/1.1 200"), 10);
    cr_assert_eq(app.released, 10);
}

Test(http_conn, body_of_a_lost_connection_is_given_back)
{
    m.manual_ack = true;
    mock_send_str(&m, GET("/owned") GET("/owned"));
    http_conn_lost(m.conn);
    m.closed = true;
    cr_assert_eq(app.released, 2);
}

Test(http_conn, waits_for_acknowledgement_before_it_closes)
{
    m.manual_ack = true;
    mock_send_str(&m, "GET /owned HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    cr_assert(answered("Connection: close\r\n"));
    cr_assert(m.shut);
    mock_eof(&m);
    cr_assert_not(m.closed);
    mock_settle(&m);
    cr_assert(m.closed);
    cr_assert_eq(app.released, 1);
}

Test(http_conn, parameters_and_queries)
{
    mock_send_str(&m, "GET /items/a%20%C3%A4?x=1&q=%41b HTTP/1.1\r\n" HOST "User-Agent: t\r\n\r\n");
    cr_assert(ends_with("\r\n\r\na \xc3\xa4||Ab|2|t"));
    mock_send_str(&m, GET("http://h/items/x/y"));
    cr_assert(ends_with("\r\n\r\nx|y||-2|-"));
    /* A long path that has to be decoded: the buffer grows once more. */
    static char text[9000] = "GET /items/%41";
    memset(text + strlen(text), 'a', 8000);
    strcat(text, " HTTP/1.1\r\n" HOST "\r\n");
    mock_send_str(&m, text);
    cr_assert(answered("\r\n\r\nAaaaaaa"));
}

Test(http_conn, methods_and_missing_resources)
{
    mock_send_str(&m, GET("/nothing"));
    cr_assert(answered("HTTP/1.1 404 Not Found\r\n"));
    cr_assert(
        ends_with("{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"code\":\"not_found\","
                  "\"detail\":\"There is no such resource.\"}"));
    mock_clear(&m);
    mock_send_str(&m, "PUT /hello HTTP/1.1\r\n" HOST "\r\n");
    cr_assert(answered("HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD, OPTIONS\r\n"));
    mock_clear(&m);
    mock_send_str(&m, "OPTIONS /items/x HTTP/1.1\r\n" HOST "\r\n");
    cr_assert(answered("HTTP/1.1 204 No Content\r\nAllow: GET, HEAD, DELETE, OPTIONS\r\n"));
    cr_assert_not(answered("Content-Length"));
    mock_clear(&m);
    mock_send_str(&m, "OPTIONS * HTTP/1.1\r\n" HOST "\r\n");
    cr_assert(answered("Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"));
    mock_clear(&m);
    mock_send_str(&m, "DELETE /items/x HTTP/1.1\r\n" HOST "\r\n");
    cr_assert(answered("HTTP/1.1 204 No Content\r\n"));
    mock_send_str(&m, GET("/items/%2e%2e") GET("/items/%zz") GET("/items/a%2fb"));
    cr_assert_eq(count("HTTP/1.1 400 Bad Request\r\n"), 3);
    mock_send_str(&m, GET("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18"));
    cr_assert(answered("HTTP/1.1 404"));
    mock_clear(&m);
    mock_send_str(&m, GET("http://h"));
    cr_assert(answered("HTTP/1.1 404"));
    cr_assert_not(m.shut);
}

Test(http_conn, malformed_heads_end_the_connection)
{
    mock_send_str(&m, "GET / HTTP/1.1\r\nHost : h\r\n\r\n" GET("/hello"));
    cr_assert(answered("HTTP/1.1 400 Bad Request\r\n"));
    cr_assert(answered("Connection: close\r\n"));
    cr_assert(m.shut && !m.closed);
    cr_assert_eq(count("HTTP/1.1"), 1);
    cr_assert_eq(app.completed, 1);
    cr_assert_eq(app.last.status, 400);
    cr_assert_null(app.last_pattern);
    mock_send_str(&m, "what comes now is dropped");
    cr_assert_eq(m.in_len, 0);
    mock_eof(&m);
    cr_assert(m.closed);
}

Test(http_conn, authorization_comes_first)
{
    app.deny = true;
    mock_send_str(&m, GET("/nothing") GET("/hello") "PUT /hello HTTP/1.1\r\n" HOST "\r\n");
    cr_assert_eq(count("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n"), 3);
    cr_assert_eq(app.handled, 0);
    app.deny = false;
    app.deny_silently = true;
    mock_send_str(&m, GET("/hello"));
    cr_assert(answered("HTTP/1.1 403 Forbidden\r\n"));
    cr_assert_eq(app.handled, 0);
}

Test(http_conn, persistence)
{
    mock_send_str(&m, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    cr_assert(answered("Connection: keep-alive\r\n"));
    cr_assert_not(m.shut);
    mock_clear(&m);
    mock_send_str(&m, "GET /hello HTTP/1.0\r\n\r\n");
    cr_assert(answered("HTTP/1.1 200 OK\r\n"));
    cr_assert(answered("Connection: close\r\n"));
    cr_assert(m.shut);
    mock_eof(&m);
    cr_assert(m.closed);
}

Test(http_conn, half_closed_clients_are_answered)
{
    m.in_portion = 7;
    mock_send_str(&m, GET("/later"));
    cr_assert_not_null(app.parked);
    mock_eof(&m);
    cr_assert_eq(m.out_len, 0);
    http_respond_static(app.parked, 200, "text/plain", "late", 4);
    cr_assert(answered("Connection: close\r\n"));
    cr_assert(ends_with("late"));
    cr_assert(m.closed);
}

Test(http_conn, half_closed_in_a_head)
{
    mock_send_str(&m, "GET /hel");
    mock_eof(&m);
    cr_assert(m.closed);
    cr_assert_eq(m.out_len, 0);
    cr_assert_eq(app.completed, 1);
    cr_assert(app.last.aborted && app.last.status == 0);
}

Test(http_conn, closed_when_idle)
{
    mock_eof(&m);
    cr_assert(m.closed);
}

Test(http_conn, requests_that_are_answered_later)
{
    mock_send_str(&m, GET("/later") GET("/hello"));
    cr_assert_not_null(app.parked);
    cr_assert_eq(m.out_len, 0);
    /* What follows waits in the transport. */
    cr_assert_eq(m.in_len, sizeof(GET("/hello")) - 1);
    http_respond_empty(app.parked, 202);
    cr_assert_eq(m.resumes, 1);
    cr_assert_eq(m.in_len, 0);
    cr_assert(answered("HTTP/1.1 202 Accepted\r\n"));
    cr_assert(answered("Content-Length: 0\r\n"));
    cr_assert(ends_with("hello\n"));
    cr_assert_eq(app.aborted, 0);
}

Test(http_conn, lost_while_somebody_works_on_the_answer)
{
    mock_send_str(&m, GET("/later"));
    http_conn_lost(m.conn);
    m.closed = true;
    cr_assert_eq(app.aborted, 1);
    cr_assert_null(app.parked);
    cr_assert(app.last.aborted);
}

#define STREAM                                                                                              \
    "\r\n" GET(                                                                                             \
        "/hello") "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello"                           \
                  "HEAD /big HTTP/1.1\r\n" HOST "\r\n" GET(                                                 \
                      "/owned") "POST /echo HTTP/1.1\r\n" HOST                                              \
                                "Transfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n2\r\nde\r\n0\r\nT: "       \
                                "x\r\n\r\n"                                                                 \
                                "PUT /upload/n HTTP/1.1\r\n" HOST                                           \
                                "Content-Length: 10\r\n\r\n0123456789" GET(                                 \
                                    "/nothing") "PUT /hello HTTP/1.1\r\n" HOST                              \
                                                "Content-Length: 3\r\n\r\nxyz" GET("/big?chunked") GET(     \
                                                    "/items/a%20b/c") "PUT /upload/n HTTP/1.1\r\n" HOST     \
                                                                      "Expect: "                            \
                                                                      "100-continue\r\nTransfer-Encoding: " \
                                                                      "chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"  \
                                                                      "POST /echo HTTP/1.1\r\n" HOST "\r\n" \
                                                                      "GET /hello HTTP/1.1\r\n" HOST        \
                                                                      "Connection: close\r\n\r\n"

/* Runs the whole stream, cut into two at cut, and returns what was answered. */
static char *run_stream(size_t cut, size_t in_portion, size_t out_portion, bool manual_ack)
{
    struct mock c;
    char *out;

    /* The ids count on; let every run start alike. */
    app_start((struct http_config){0});
    cr_assert_eq(app_connect(&c), 0);
    c.in_portion = in_portion;
    c.out_portion = out_portion;
    c.manual_ack = manual_ack;
    mock_send(&c, STREAM, cut);
    mock_send(&c, STREAM + cut, sizeof(STREAM) - 1 - cut);
    mock_settle(&c);
    mock_eof(&c);
    mock_settle(&c);
    cr_assert(c.closed, "cut %zu in %zu out %zu", cut, in_portion, out_portion);
    out = c.out;
    c.out = NULL;
    app_disconnect(&c);
    app_stop();
    return out;
}

static void keep_fixture(struct app *saved)
{
    *saved = app;
}

Test(http_conn, every_split_of_a_pipeline_gives_the_same_answers)
{
    static struct app saved;
    char *expected;

    keep_fixture(&saved);
    expected = run_stream(0, 0, 0, false);
    cr_assert_not_null(strstr(expected, "\r\n\r\nabcde"));
    cr_assert_not_null(strstr(expected, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n"));
    for (size_t cut = 0; cut < sizeof(STREAM); cut++) {
        char *out = run_stream(cut, 0, 0, cut % 2);

        cr_assert_str_eq(out, expected, "cut at %zu", cut);
        free(out);
    }
    for (size_t portion = 1; portion < 60; portion++) {
        char *out = run_stream(0, portion, 0, false);

        cr_assert_str_eq(out, expected, "in portions of %zu", portion);
        free(out);
        out = run_stream(0, 61 - portion, portion, portion % 2);
        cr_assert_str_eq(out, expected, "out in portions of %zu", portion);
        free(out);
    }
    free(expected);
    app = saved;
}

Test(http_conn, writes_byte_by_byte)
{
    m.out_portion = 1;
    mock_send_str(&m, GET("/hello"));
    cr_assert(ends_with("\r\n\r\nhello\n"));
}

Test(http_conn, transport_that_fails)
{
    m.fail_writes = true;
    mock_send_str(&m, GET("/owned"));
    cr_assert(m.aborted);
    cr_assert_eq(app.released, 1);
    cr_assert(app.last.aborted);
}

Test(http_conn, sources_of_known_length)
{
    mock_send_str(&m, GET("/big"));
    cr_assert(answered("Content-Length: 19995\r\n\r\nbbb"));
    cr_assert_eq(count("b"), 19995 + 1); /* and one in "Server: basalt" */
    cr_assert_eq(app.released, 1);
    cr_assert_eq(app.last.bytes_out, 19995);
    mock_clear(&m);
    mock_send_str(&m, GET("/big?zero"));
    cr_assert(ends_with("Content-Length: 0\r\n\r\n"));
    cr_assert_eq(app.released, 2);
    mock_send_str(&m, "HEAD /big HTTP/1.1\r\n" HOST "\r\n");
    cr_assert(ends_with("Content-Length: 19995\r\n\r\n"));
    cr_assert_eq(app.released, 3);
    /* A source that cannot keep what the head promised: the client must notice. */
    mock_send_str(&m, GET("/big?short"));
    cr_assert(m.aborted);
    cr_assert_eq(app.released, 4);
}

Test(http_conn, sources_of_unknown_length)
{
    mock_send_str(&m, GET("/stream"));
    cr_assert(ends_with("Transfer-Encoding: chunked\r\n\r\n"));
    cr_assert_not_null(app.stream);
    mock_clear(&m);
    app.stream_text = "data: hello, world\n\n";
    http_response_wake(app.stream);
    mock_settle(&m);
    cr_assert_str_eq(m.out, "14\r\ndata: hello, world\n\n\r\n");
    cr_assert_gt(m.pushes, 0);
    http_response_wake(app.stream); /* for nothing */
    app.stream_end = true;
    http_response_wake(app.stream);
    cr_assert(ends_with("\r\n0\r\n\r\n"));
    cr_assert_eq(app.released, 1);
    mock_send_str(&m, GET("/hello"));
    cr_assert(ends_with("hello\n"));
}

Test(http_conn, first_piece_shares_a_write_with_the_head)
{
    app.stream_text = "first";
    m.manual_ack = true;
    mock_send_str(&m, GET("/stream"));
    cr_assert(ends_with("chunked\r\n\r\n5\r\nfirst\r\n"));
    cr_assert_eq(m.pushes, 1);
}

Test(http_conn, streams_to_old_clients_end_with_the_connection)
{
    app.stream_text = "abc";
    mock_send_str(&m, "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    cr_assert(answered("Connection: close\r\n"));
    cr_assert_not(answered("chunked"));
    cr_assert(ends_with("\r\n\r\nabc"));
    app.stream_end = true;
    http_response_wake(app.stream);
    cr_assert(m.shut);
}

Test(http_conn, streams_that_fail_or_lose_their_client)
{
    mock_send_str(&m, GET("/stream"));
    app.stream_error = -5;
    http_response_wake(app.stream);
    cr_assert(m.aborted);
    cr_assert_eq(app.released, 1);
    cr_assert_eq(app_connect(&m), 0);
    app.stream_error = 0;
    mock_send_str(&m, GET("/stream"));
    http_conn_lost(m.conn);
    m.closed = true;
    cr_assert_eq(app.released, 2);
    mock_fini(&m);
    cr_assert_eq(app_connect(&m), 0);
    mock_send_str(&m, "HEAD /stream HTTP/1.1\r\n" HOST "\r\n");
    cr_assert_null(app.stream);
    cr_assert_eq(app.released, 3);
    cr_assert(ends_with("text/event-stream\r\n\r\n"));
}

Test(http_conn, slow_readers_get_everything)
{
    m.room = 100;
    mock_send_str(&m, GET("/big?chunked"));
    cr_assert_eq(m.out_len, 100);
    while (app.completed == 0) {
        m.room += 777;
        mock_settle(&m);
    }
    cr_assert(ends_with("\r\n0\r\n\r\n"));
    cr_assert_eq(count("bbbbbbbbb"), 20000 - 7 * 8);
}

Test(http_conn, mistakes_of_handlers)
{
    mock_send_str(&m, GET("/odd/header") GET("/odd/name") GET("/odd/noname") GET("/odd/long")
                          GET("/odd/nothing") GET("/odd/copy") GET("/odd/status"));
    cr_assert_eq(count("HTTP/1.1 500 Internal Server Error\r\n"), 7);
    cr_assert_not(answered("Injected"));
    cr_assert_eq(app.released, 6);
    mock_send_str(&m, GET("/odd/type"));
    cr_assert(answered("Content-Type: application/octet-stream\r\n"));
}

Test(http_conn, problems_are_valid_json)
{
    mock_send_str(&m, GET("/odd/problem"));
    cr_assert(answered("Content-Type: application/problem+json\r\n"));
    cr_assert(ends_with(
        "\"title\":\"Unprocessable Content\",\"status\":422,\"code\":\"bad_name\",\"field\":\"na\\\"me\","
        "\"detail\":\"q\\\"b\\\\n\\u000a\\u0001\\u007f \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \\ufffd "
        "\\ufffd\"}"));
    mock_send_str(&m, GET("/odd/utf8"));
    cr_assert(ends_with("\"detail\":\"\\ufffd\\ufffd \\ufffd\\ufffd\\ufffd \\ufffd\\ufffd\\ufffd "
                        "\\ufffd\\ufffd\\ufffd\\ufffd \\ufffd\\ufffd\\ufffd\\ufffd\"}"));
    mock_clear(&m);
    mock_send_str(&m, GET("/odd/detail"));
    cr_assert(ends_with("xxx\"}"));
    cr_assert(answered("xxxx\",\"detail\":\"xxx"));
}
