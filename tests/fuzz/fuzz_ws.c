/* SPDX-License-Identifier: BSD-2-Clause */
#include "ws_frame.h"
#include "ws_handshake.h"

#include <stdlib.h>
#include <string.h>

/* The first two bytes choose the portions; the rest is what a client sends, at once and in portions. */

struct seen {
    uint64_t sum; /* of the data, by position */
    uint64_t length, controls;
    unsigned status;
    bool is_over;
};

static size_t take(struct ws_parser *parser, const uint8_t *bytes, size_t size, size_t room,
                   struct seen *seen)
{
    uint8_t *out = malloc(room);
    struct ws_event event;
    size_t n = ws_parse(parser, bytes, size, out, room, &event);

    if (n > size || (event.type == WS_EVENT_NONE && n < size) || event.length > MAX(room, WS_CONTROL_MAX))
        abort();
    for (size_t i = 0; i < event.length; i++) {
        if (event.type == WS_EVENT_DATA)
            seen->sum = seen->sum * 31 + event.bytes[i];
        else
            seen->controls = seen->controls * 31 + event.bytes[i];
    }
    if (event.type == WS_EVENT_DATA)
        seen->length += event.length;
    else if (event.type != WS_EVENT_NONE)
        seen->controls = seen->controls * 31 + event.type;
    if (event.type == WS_EVENT_ERROR || event.type == WS_EVENT_CLOSE) {
        seen->is_over = true;
        seen->status = event.status;
    }
    free(out);
    return n;
}

static struct seen run(const uint8_t *data, size_t size, size_t portion, size_t room)
{
    struct ws_parser parser = {0};
    struct seen seen = {0};

    for (size_t at = 0; at < size && !seen.is_over;) {
        size_t n = MIN(portion, size - at), used = 0;
        uint8_t *bytes = malloc(n);

        memcpy(bytes, data + at, n);
        while (used < n && !seen.is_over)
            used += take(&parser, bytes + used, n - used, room, &seen);
        free(bytes);
        at += n;
    }
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char accept[WS_ACCEPT_SIZE];
    struct seen whole, pieces;

    if (size < 2)
        return 0;
    (void)ws_accept((struct http_str){(const char *)data, size}, accept);
    whole = run(data + 2, size - 2, size, 512);
    pieces = run(data + 2, size - 2, 1U + data[0], 1U + data[1]);
    /* Text that is refused may have been handed on up to different places. */
    if (whole.is_over != pieces.is_over || whole.status != pieces.status || whole.controls != pieces.controls)
        abort();
    if (whole.status != WS_STATUS_BAD_DATA && (whole.sum != pieces.sum || whole.length != pieces.length))
        abort();
    return 0;
}
