/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_WS_HANDSHAKE_H
#define AGENT_WS_HANDSHAKE_H

#include "base64.h"

#include <net/http_str.h>

#define WS_ACCEPT_SIZE BASE64_SIZE(20)

/*
 * Answers a Sec-WebSocket-Key (RFC 6455, 4.2.2): writes the Sec-WebSocket-Accept value. -EINVAL: the key is
 * not 16 bytes in base 64. Pure.
 */
must_check int ws_accept(struct http_str key, char out[WS_ACCEPT_SIZE]);

#endif
