/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_WS_H
#define AGENT_WS_H

#include "ws_frame.h"

#include <core/time.h>
#include <net/http.h>

/*
 * A WebSocket connection (RFC 6455) over an upgraded HTTP connection. It holds one outgoing message at a
 * time, so a peer that does not read costs this much memory and, when the server's write timeout has passed,
 * its connection. Context of everything: net thread.
 */
#define WS_MESSAGE_MAX 4096
#define WS_PIECE_MAX   512

struct ws;

struct ws_ops {
    /* A piece of a message; returns how many bytes were taken: fewer means "no more until ws_resume()". */
    size_t (*on_data)(struct ws *ws, const uint8_t *bytes, size_t length);
    /* ws_send() would work: send until ws_can_send() says no or there is nothing. */
    void (*on_room)(struct ws *ws);
    /* It is over, whoever ended it. The last call; free it here. */
    void (*on_closed)(struct ws *ws);
};

enum ws_closing { WS_OPEN, WS_CLOSE_WANTED, WS_CLOSE_STAGED };

/* Embedded in its user's object. All members are ws.c's own. */
struct ws {
    const struct ws_ops *ops;
    struct http_conn *conn;
    struct ws_parser parser;
    uint64_t heard_ns; /* when the peer was last heard */
    unsigned depth;    /* calls under way that look at this object again */
    bool is_gone, is_eof;
    bool is_pinged;   /* a ping is not answered yet */
    bool is_dropping; /* input goes nowhere */
    enum ws_closing closing;
    uint16_t close_status;
    const char *close_reason;
    uint16_t out_at, out_length;
    uint16_t piece_at, piece_length;
    uint8_t n_pong; /* bytes of a pong to be sent, plus one */
    uint8_t pong[WS_CONTROL_MAX];
    uint8_t piece[WS_PIECE_MAX]; /* what arrived and was not taken yet */
    uint8_t out[WS_HEAD_SENT + WS_MESSAGE_MAX];
};

/*
 * Answers the request with the upgrade and begins; `protocol` is the subprotocol to confirm, or NULL. False:
 * it was no proper handshake and is answered 400 or 426; no operation is called then. on_closed() may come
 * before this returns true.
 */
must_check bool ws_open(struct ws *ws, struct http_request *req, const char *protocol,
                        const struct ws_ops *ops);

/* Does the client offer that subprotocol? */
bool ws_offers(const struct http_request *req, const char *protocol);

bool ws_can_send(const struct ws *ws);
/* Sends a message of at most WS_MESSAGE_MAX bytes (copied); ws_can_send() must hold. From inside on_room()
 * and on_data() only, or on_closed() may come before this returns. */
void ws_send(struct ws *ws, enum ws_opcode opcode, const void *bytes, size_t length);

/* The user has something to send: calls on_room() if that would work. on_closed() may come before this
 * returns. */
void ws_pump(struct ws *ws);

/* on_data takes bytes again. */
void ws_resume(struct ws *ws);

/* Drops input from now on until ws_resume(): for a user that has waited long enough. */
void ws_drop_input(struct ws *ws);

/* Says goodbye behind what is being sent, then closes; reason is a constant. on_closed() may come before this
 * returns. */
void ws_close(struct ws *ws, uint16_t status, const char *reason);

/*
 * To be called now and then: a peer that was silent for WS_SILENCE_NS is pinged, and closed if it stays
 * silent as long again. on_closed() may come before this returns.
 */
#define WS_SILENCE_NS (30 * NSEC_PER_SEC)
void ws_look(struct ws *ws, uint64_t now_ns);

#endif
