/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A whole server under a peer, a network and handlers that do anything: the input is a program of events.
 * Each starts with a byte that says what happens; text is sent as it stands. The mock checks the contract,
 * the sanitizers the rest, and at the end nothing may be left over.
 */

#include "../unit/http_app.h"

enum { PEERS = 2, STEPS_MAX = 400 };

static struct mock peers[PEERS];

struct program {
    const uint8_t *at;
    size_t left;
};

static uint8_t next_byte(struct program *p)
{
    if (p->left == 0)
        return 0;
    p->left--;
    return *p->at++;
}

static void peer_reconnect(struct mock *m)
{
    app_disconnect(m);
    if (app_connect(m))
        m->aborted = true;
}

/* Bytes up to the next one from 0xe0 on, which are the events. */
static void peer_send(struct mock *m, struct program *p)
{
    size_t n = 0;

    while (n < p->left && p->at[n] < 0xe0)
        n++;
    mock_send(m, p->at, n);
    p->at += n;
    p->left -= n;
}

static void peer_ack(struct mock *m, size_t n)
{
    size_t acked = n < m->out_len - m->acked ? n : m->out_len - m->acked;

    if (mock_gone(m))
        return;
    m->acked += acked;
    mock_check_refs(m, m->acked);
    http_conn_sent(m->conn, acked);
}

static void handler_event(struct program *p)
{
    uint8_t what = next_byte(p);

    app.sink_portion = what >> 5;
    app.sink_room = what & 0x10 ? what & 3 : SIZE_MAX;
    app.sink_status = what & 0x08 ? -507 : 0;
    app.sink_responds = what & 0x04;
    app.raw_room = what & 0x02 ? 2 : SIZE_MAX;
    app.deny = what == 1;
    app.deny_silently = what == 3;
}

/* Something that a handler does from outside of the engine. */
static void later_event(struct program *p)
{
    uint8_t what = next_byte(p);
    struct http_request *req = app.parked;

    app.stream_text = what & 0x80 ? "text" : NULL;
    app.stream_end = what & 0x40;
    app.stream_error = (what & 0x30) == 0x30 ? -5 : 0;
    if ((what & 1) && app.stream)
        http_response_wake(app.stream);
    if ((what & 2) && app.raw_conn)
        http_raw_write(app.raw_conn, "written", 7);
    if ((what & 4) && app.raw_conn)
        http_raw_resume(app.raw_conn);
    if (what == 8 && app.raw_conn)
        http_raw_close(app.raw_conn);
    if ((what & 16) && req) {
        http_request_resume_body(req);
    } else if ((what & 32) && req) {
        app.parked = NULL;
        http_respond_problem(req, 409, NULL, NULL, "later");
    }
}

static void event(struct program *p)
{
    uint8_t what = next_byte(p);
    struct mock *m = &peers[what & 1];

    switch (what < 0xe0 ? 0 : what & 0x1e) {
    case 0x00:
        peer_send(m, p);
        break;
    case 0x02:
        m->in_portion = next_byte(p);
        break;
    case 0x04:
        m->out_portion = next_byte(p);
        break;
    case 0x06:
        m->room = next_byte(p) * 16U;
        m->manual_ack = true;
        break;
    case 0x08:
        peer_ack(m, next_byte(p) * 4U);
        break;
    case 0x0a:
        m->room = SIZE_MAX;
        mock_settle(m);
        break;
    case 0x0c:
        mock_eof(m);
        break;
    case 0x0e:
        peer_reconnect(m);
        break;
    case 0x10:
        mock_now += next_byte(p) * NSEC_PER_SEC;
        http_server_tick(app.server);
        break;
    case 0x12:
        handler_event(p);
        break;
    case 0x14:
        later_event(p);
        break;
    case 0x16:
        m->fail_writes = true;
        break;
    case 0x18:
        http_server_drain(app.server);
        break;
    default:
        m->manual_ack = !m->manual_ack;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct program p = {data, size};
    struct http_stats stats;

    /* Every now and then memory or connections are short. */
    app_start((struct http_config){.max_memory = next_byte(&p) & 1 ? 9000 : 0,
                                   .max_connections = next_byte(&p) & 1});
    for (int i = 0; i < PEERS; i++) {
        if (app_connect(&peers[i]))
            peers[i].aborted = true;
    }
    for (int i = 0; i < STEPS_MAX && p.left > 0; i++)
        event(&p);
    for (int i = 0; i < PEERS; i++)
        app_disconnect(&peers[i]);
    http_server_stats(app.server, &stats);
    assert(stats.connections == 0 && stats.requests == 0);
    assert(!app.parked && !app.stream && !app.raw_conn);
    app_stop();
    return 0;
}
