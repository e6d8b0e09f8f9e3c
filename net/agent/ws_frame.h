/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_WS_FRAME_H
#define AGENT_WS_FRAME_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * WebSocket frames (RFC 6455, 5): a server's side. Pure: no allocation, no globals. Messages have any length;
 * they are handed on as they arrive.
 */
enum ws_opcode { WS_CONTINUATION, WS_TEXT, WS_BINARY, WS_CLOSE = 8, WS_PING, WS_PONG };

/* Status codes of a close frame (RFC 6455, 7.4.1). */
enum ws_status {
    WS_STATUS_NORMAL = 1000,
    WS_STATUS_GOING_AWAY = 1001,
    WS_STATUS_PROTOCOL_ERROR = 1002,
    WS_STATUS_NONE = 1005, /* never sent: a close frame without a code */
    WS_STATUS_BAD_DATA = 1007,
};

#define WS_CONTROL_MAX 125 /* bytes in a control frame */
#define WS_HEAD_MAX    14  /* with a mask */
#define WS_HEAD_SENT   4   /* of ours at most: no mask, up to 64 KiB */

enum ws_event_type {
    WS_EVENT_NONE, /* more bytes are needed */
    WS_EVENT_DATA, /* a piece of a text or binary message */
    WS_EVENT_PING, /* bytes: what the pong has to say */
    WS_EVENT_PONG,
    WS_EVENT_CLOSE, /* status: the peer's */
    WS_EVENT_ERROR, /* status: to close with; nothing can be parsed any more */
};

struct ws_event {
    enum ws_event_type type;
    uint16_t status;
    const uint8_t *bytes; /* in the parser or the caller's buffer; valid until the next call */
    size_t length;
};

/* Follows a text's bytes: are they UTF-8 (RFC 3629)? Zero: at its beginning. */
struct ws_utf8 {
    uint8_t missing;   /* continuation bytes of the present character */
    uint8_t low, high; /* bounds of the next one */
};

/* All members are the parser's own. Zero is its initial state. */
struct ws_parser {
    uint8_t head[WS_HEAD_MAX];
    uint8_t n_head;
    uint8_t n_control;
    uint8_t control[WS_CONTROL_MAX];
    bool is_in_payload;
    bool is_in_message; /* fragments follow */
    bool is_text;       /* the message is */
    bool is_failed;
    uint8_t n_masked; /* position in the mask */
    uint64_t left;    /* of the payload */
    struct ws_utf8 utf8;
};

/*
 * Takes bytes from `in` up to the next event; returns how many. What arrives of a message is unmasked into
 * `out`, `size` (> 0) bytes at most. With type NONE everything was taken.
 */
size_t ws_parse(struct ws_parser *parser, const uint8_t *in, size_t length, uint8_t *out, size_t size,
                struct ws_event *event);

/* Writes the head of an unfragmented frame of `length` (< 65536) bytes; returns its size. */
size_t ws_frame_head(uint8_t out[WS_HEAD_SENT], enum ws_opcode opcode, size_t length);

/* False: these bytes cannot follow the ones before in UTF-8. */
must_check bool ws_utf8_take(struct ws_utf8 *utf8, const uint8_t *bytes, size_t length);

#endif
