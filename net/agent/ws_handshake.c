/* SPDX-License-Identifier: BSD-2-Clause */
#include "ws_handshake.h"

#include <errno.h>
#include <mbedtls/sha1.h>
#include <string.h>

#define KEY_SIZE   16
#define KEY_LENGTH (BASE64_SIZE(KEY_SIZE) - 1)

int ws_accept(struct http_str key, char out[WS_ACCEPT_SIZE])
{
    /* RFC 6455, 1.3. */
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char joined[KEY_LENGTH + sizeof(guid) - 1], hash[20];
    uint8_t nonce[KEY_SIZE];

    if (base64_decode(key.ptr, key.len, nonce, sizeof(nonce)) != 0)
        return -EINVAL;
    memcpy(joined, key.ptr, KEY_LENGTH);
    memcpy(joined + KEY_LENGTH, guid, sizeof(guid) - 1);
    if (mbedtls_sha1(joined, sizeof(joined), hash) != 0)
        return -EINVAL;
    base64_encode(hash, sizeof(hash), out);
    return 0;
}
