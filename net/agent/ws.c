/* SPDX-License-Identifier: BSD-2-Clause */
#include "ws.h"

#include "ws_handshake.h"

#include <string.h>

static void enter(struct ws *ws)
{
    ws->depth++;
}

/* May free ws. */
static void leave(struct ws *ws)
{
    if (--ws->depth == 0 && ws->is_gone)
        ws->ops->on_closed(ws);
}

/* ---- Out ---- */

static void stage(struct ws *ws, enum ws_opcode opcode, const void *bytes, size_t length)
{
    size_t head = ws_frame_head(ws->out, opcode, length);

    if (length > 0)
        memcpy(ws->out + head, bytes, length);
    ws->out_at = 0;
    ws->out_length = (uint16_t)(head + length);
}

/* Hands over what is staged. False: some is left, or the connection is gone. */
static bool flush(struct ws *ws)
{
    if (ws->is_gone)
        return false;
    if (ws->out_at < ws->out_length)
        ws->out_at +=
            (uint16_t)http_raw_write(ws->conn, ws->out + ws->out_at, (size_t)(ws->out_length - ws->out_at));
    return !ws->is_gone && ws->out_at == ws->out_length;
}

static void stage_close(struct ws *ws)
{
    uint8_t payload[WS_CONTROL_MAX];
    size_t length = ws->close_reason ? strlen(ws->close_reason) : 0;

    ws->closing = WS_CLOSE_STAGED;
    if (ws->close_status == WS_STATUS_NONE) {
        stage(ws, WS_CLOSE, NULL, 0);
        return;
    }
    length = MIN(length, sizeof(payload) - 2);
    payload[0] = (uint8_t)(ws->close_status >> 8);
    payload[1] = (uint8_t)ws->close_status;
    if (length > 0)
        memcpy(payload + 2, ws->close_reason, length);
    stage(ws, WS_CLOSE, payload, length + 2);
}

/* Sends what there is to send, the user's last. */
static void pump(struct ws *ws)
{
    while (flush(ws)) {
        if (ws->closing == WS_CLOSE_STAGED) {
            http_raw_close(ws->conn);
            return;
        }
        if (ws->closing == WS_CLOSE_WANTED) {
            stage_close(ws);
        } else if (ws->n_pong > 0) {
            stage(ws, WS_PONG, ws->pong, ws->n_pong - 1U);
            ws->n_pong = 0;
        } else {
            ws->ops->on_room(ws);
            return;
        }
    }
}

void ws_pump(struct ws *ws)
{
    if (!ws->conn || ws->is_gone)
        return;
    enter(ws);
    pump(ws);
    leave(ws);
}

bool ws_can_send(const struct ws *ws)
{
    return !ws->is_gone && ws->closing == WS_OPEN && ws->out_at == ws->out_length;
}

void ws_send(struct ws *ws, enum ws_opcode opcode, const void *bytes, size_t length)
{
    enter(ws);
    stage(ws, opcode, bytes, MIN(length, (size_t)WS_MESSAGE_MAX));
    (void)flush(ws);
    leave(ws);
}

static void close_begin(struct ws *ws, uint16_t status, const char *reason)
{
    if (ws->closing != WS_OPEN)
        return;
    ws->closing = WS_CLOSE_WANTED;
    ws->close_status = status;
    ws->close_reason = reason;
}

void ws_close(struct ws *ws, uint16_t status, const char *reason)
{
    enter(ws);
    close_begin(ws, status, reason);
    pump(ws);
    leave(ws);
}

/* ---- In ---- */

/* Offers the piece to the user. False: not all of it was taken. */
static bool deliver(struct ws *ws)
{
    if (ws->piece_at < ws->piece_length && !ws->is_dropping)
        ws->piece_at += (uint16_t)ws->ops->on_data(ws, ws->piece + ws->piece_at,
                                                   (size_t)(ws->piece_length - ws->piece_at));
    else
        ws->piece_at = ws->piece_length;
    return ws->piece_at == ws->piece_length;
}

static void on_event(struct ws *ws, const struct ws_event *event)
{
    switch (event->type) {
    case WS_EVENT_DATA:
        ws->piece_at = 0;
        ws->piece_length = (uint16_t)event->length;
        break;
    case WS_EVENT_PING:
        /* The latest one is enough (RFC 6455, 5.5.3). */
        memcpy(ws->pong, event->bytes, event->length);
        ws->n_pong = (uint8_t)(event->length + 1);
        break;
    case WS_EVENT_CLOSE:
        close_begin(ws, event->status, NULL);
        break;
    case WS_EVENT_ERROR:
        close_begin(ws, event->status,
                    event->status == WS_STATUS_BAD_DATA ? "text is not UTF-8" : "protocol error");
        break;
    default:
        break;
    }
}

static size_t on_input(void *ctx, const void *bytes, size_t length)
{
    struct ws *ws = ctx;
    size_t taken = 0;

    enter(ws);
    ws->heard_ns = clock_now_ns();
    ws->is_pinged = false;
    while (taken < length && ws->closing == WS_OPEN && !ws->is_gone && deliver(ws)) {
        struct ws_event event;

        taken += ws_parse(&ws->parser, (const uint8_t *)bytes + taken, length - taken, ws->piece,
                          sizeof(ws->piece), &event);
        on_event(ws, &event);
    }
    if (!ws->is_gone && ws->closing == WS_OPEN)
        (void)deliver(ws);
    else
        taken = length;
    pump(ws);
    leave(ws);
    return taken;
}

void ws_resume(struct ws *ws)
{
    enter(ws);
    ws->is_dropping = false;
    if (!ws->is_gone && deliver(ws))
        http_raw_resume(ws->conn);
    leave(ws);
}

void ws_drop_input(struct ws *ws)
{
    enter(ws);
    ws->is_dropping = true;
    if (!ws->is_gone && deliver(ws))
        http_raw_resume(ws->conn);
    leave(ws);
}

/* ---- Life ---- */

static void on_writable(void *ctx)
{
    /* Before http_respond_upgrade() has returned there is no connection to write to yet. */
    ws_pump(ctx);
}

static void on_eof(void *ctx)
{
    struct ws *ws = ctx;

    ws->is_eof = true;
    if (!ws->is_gone && ws->conn)
        http_raw_close(ws->conn);
}

static void on_closed(void *ctx)
{
    struct ws *ws = ctx;

    enter(ws);
    ws->is_gone = true;
    leave(ws);
}

static const struct http_raw raw = {on_input, on_writable, on_eof, on_closed};

bool ws_offers(const struct http_request *req, const char *protocol)
{
    struct http_str list, element;
    unsigned index = 0;

    while (http_request_header_next(req, "Sec-WebSocket-Protocol", &index, &list)) {
        while (http_list_next(&list, &element)) {
            if (http_str_eq(element, (struct http_str){protocol, strlen(protocol)}))
                return true;
        }
    }
    return false;
}

/* RFC 6455, 4.2.1. False: answered. */
static bool check_handshake(struct http_request *req, char accept[WS_ACCEPT_SIZE])
{
    struct http_str field;

    if (!http_request_header(req, "Sec-WebSocket-Version", &field) ||
        !http_str_eq(http_str_trim(field), HTTP_STR("13"))) {
        http_response_header(req, "Upgrade", "websocket");
        http_response_header(req, "Sec-WebSocket-Version", "13");
        http_respond_problem(req, 426, "upgrade_required", NULL, "This is a WebSocket (version 13).");
        return false;
    }
    if (!http_request_header(req, "Sec-WebSocket-Key", &field) ||
        ws_accept(http_str_trim(field), accept) != 0) {
        http_respond_problem(req, 400, "invalid_header", "Sec-WebSocket-Key",
                             "Sec-WebSocket-Key has 16 bytes in base 64.");
        return false;
    }
    return true;
}

bool ws_open(struct ws *ws, struct http_request *req, const char *protocol, const struct ws_ops *ops)
{
    char accept[WS_ACCEPT_SIZE];
    struct http_conn *conn;

    memset(ws, 0, offsetof(struct ws, pong));
    ws->ops = ops;
    ws->heard_ns = clock_now_ns();
    if (!check_handshake(req, accept))
        return false;
    http_response_header(req, "Sec-WebSocket-Accept", accept);
    if (protocol)
        http_response_header(req, "Sec-WebSocket-Protocol", protocol);
    enter(ws);
    conn = http_respond_upgrade(req, "websocket", &raw, ws);
    if (!conn)
        return false;
    ws->conn = conn;
    /* It may have come and gone already. */
    if (!ws->is_gone && ws->is_eof)
        http_raw_close(conn);
    pump(ws);
    leave(ws);
    return true;
}

void ws_look(struct ws *ws, uint64_t now_ns)
{
    uint64_t silent_ns = now_ns > ws->heard_ns ? now_ns - ws->heard_ns : 0;

    /* One whose input waits for the user cannot be heard. */
    if (!ws->conn || ws->is_gone || ws->piece_at < ws->piece_length || silent_ns < WS_SILENCE_NS)
        return;
    if (ws->is_pinged && silent_ns >= 2 * WS_SILENCE_NS) {
        http_raw_close(ws->conn);
    } else if (!ws->is_pinged && ws_can_send(ws)) {
        ws->is_pinged = true;
        ws_send(ws, WS_PING, NULL, 0);
    }
}
