/* SPDX-License-Identifier: BSD-2-Clause */
#include "ws_frame.h"

#include <string.h>

#define FIN         0x80
#define RSV         0x70
#define MASKED      0x80
#define LENGTH_16   126
#define LENGTH_64   127
#define IS_CONTROL  0x08
#define MASK_LENGTH 4

static bool fail(struct ws_parser *parser, struct ws_event *event, uint16_t status)
{
    parser->is_failed = true;
    *event = (struct ws_event){.type = WS_EVENT_ERROR, .status = status};
    return false;
}

static enum ws_opcode opcode_of(const struct ws_parser *parser)
{
    return (enum ws_opcode)(parser->head[0] & 15);
}

static bool is_control(const struct ws_parser *parser)
{
    return parser->head[0] & IS_CONTROL;
}

/* How long the head is, as far as its first two bytes tell. A client's frames are masked (5.1). */
static unsigned head_size(const struct ws_parser *parser)
{
    unsigned length = parser->head[1] & 127;

    return 2 + (length == LENGTH_16 ? 2 : length == LENGTH_64 ? 8 : 0) + MASK_LENGTH;
}

/* The first two bytes are there: RFC 6455, 5.2, 5.4 and 5.5. */
static bool check_start(const struct ws_parser *parser)
{
    uint8_t first = parser->head[0], second = parser->head[1];

    if ((first & RSV) || !(second & MASKED))
        return false;
    switch (opcode_of(parser)) {
    case WS_CONTINUATION:
        return parser->is_in_message;
    case WS_TEXT:
    case WS_BINARY:
        return !parser->is_in_message;
    case WS_CLOSE:
    case WS_PING:
    case WS_PONG:
        return (first & FIN) && (second & 127) <= WS_CONTROL_MAX;
    default:
        return false;
    }
}

/* Reads the length; false: it is not in its shortest form, or its top bit is set (5.2). */
static bool read_length(struct ws_parser *parser)
{
    unsigned length = parser->head[1] & 127, size = head_size(parser) - 2 - MASK_LENGTH;
    uint64_t value = 0;

    if (size == 0) {
        parser->left = length;
        return true;
    }
    for (unsigned i = 0; i < size; i++)
        value = value << 8 | parser->head[2 + i];
    parser->left = value;
    return size == 2 ? value >= LENGTH_16 : value > 0xffff && !(value >> 63);
}

/* The head is complete. */
static bool begin_payload(struct ws_parser *parser)
{
    if (!read_length(parser))
        return false;
    parser->is_in_payload = true;
    parser->n_masked = 0;
    parser->n_control = 0;
    if (is_control(parser))
        return true;
    if (opcode_of(parser) != WS_CONTINUATION) {
        parser->is_text = opcode_of(parser) == WS_TEXT;
        parser->utf8 = (struct ws_utf8){0};
    }
    parser->is_in_message = !(parser->head[0] & FIN);
    return true;
}

/* Takes bytes of the head. */
static size_t take_head(struct ws_parser *parser, const uint8_t *in, size_t length, struct ws_event *event)
{
    size_t taken = 0;

    while (taken < length && !parser->is_in_payload) {
        parser->head[parser->n_head++] = in[taken++];
        if (parser->n_head == 2 && !check_start(parser)) {
            fail(parser, event, WS_STATUS_PROTOCOL_ERROR);
            break;
        }
        if (parser->n_head >= 2 && parser->n_head == head_size(parser) && !begin_payload(parser)) {
            fail(parser, event, WS_STATUS_PROTOCOL_ERROR);
            break;
        }
    }
    return taken;
}

static void unmask(struct ws_parser *parser, const uint8_t *in, uint8_t *out, size_t length)
{
    const uint8_t *mask = parser->head + head_size(parser) - MASK_LENGTH;

    for (size_t i = 0; i < length; i++)
        out[i] = in[i] ^ mask[parser->n_masked++ % MASK_LENGTH];
}

/* Codes that may stand in a close frame (7.4.1, 7.4.2, and IANA's registry). */
static bool is_status_valid(unsigned status)
{
    return (status >= 1000 && status <= 1003) || (status >= 1007 && status <= 1014) ||
           (status >= 3000 && status <= 4999);
}

static void end_close(struct ws_parser *parser, struct ws_event *event)
{
    struct ws_utf8 utf8 = {0};

    event->type = WS_EVENT_CLOSE;
    event->status = WS_STATUS_NONE;
    /* Nothing may follow. */
    parser->is_failed = true;
    if (parser->n_control == 0)
        return;
    if (parser->n_control == 1) {
        fail(parser, event, WS_STATUS_PROTOCOL_ERROR);
        return;
    }
    event->status = (uint16_t)(parser->control[0] << 8 | parser->control[1]);
    event->bytes = parser->control + 2;
    event->length = parser->n_control - 2U;
    if (!is_status_valid(event->status))
        fail(parser, event, WS_STATUS_PROTOCOL_ERROR);
    else if (!ws_utf8_take(&utf8, event->bytes, event->length) || utf8.missing)
        fail(parser, event, WS_STATUS_BAD_DATA);
}

static void end_control(struct ws_parser *parser, struct ws_event *event)
{
    if (opcode_of(parser) == WS_CLOSE) {
        end_close(parser, event);
        return;
    }
    event->type = opcode_of(parser) == WS_PING ? WS_EVENT_PING : WS_EVENT_PONG;
    event->bytes = parser->control;
    event->length = parser->n_control;
}

static size_t take_control(struct ws_parser *parser, const uint8_t *in, size_t length)
{
    size_t n = (size_t)MIN(parser->left, length);

    unmask(parser, in, parser->control + parser->n_control, n);
    parser->n_control = (uint8_t)(parser->n_control + n);
    parser->left -= n;
    return n;
}

static size_t take_data(struct ws_parser *parser, const uint8_t *in, size_t length, uint8_t *out, size_t size,
                        struct ws_event *event)
{
    size_t n = (size_t)MIN(parser->left, MIN(length, size));

    unmask(parser, in, out, n);
    parser->left -= n;
    if (parser->is_text && !ws_utf8_take(&parser->utf8, out, n)) {
        fail(parser, event, WS_STATUS_BAD_DATA);
    } else if (n > 0) {
        event->type = WS_EVENT_DATA;
        event->bytes = out;
        event->length = n;
    }
    return n;
}

/* The payload is complete. */
static void end_frame(struct ws_parser *parser, struct ws_event *event)
{
    parser->is_in_payload = false;
    parser->n_head = 0;
    if (is_control(parser))
        end_control(parser, event);
    else if (!parser->is_in_message && parser->is_text && parser->utf8.missing)
        fail(parser, event, WS_STATUS_BAD_DATA);
}

size_t ws_parse(struct ws_parser *parser, const uint8_t *in, size_t length, uint8_t *out, size_t size,
                struct ws_event *event)
{
    size_t taken = 0;

    *event = (struct ws_event){.type = WS_EVENT_NONE};
    if (parser->is_failed)
        return length;
    while (event->type == WS_EVENT_NONE && (taken < length || parser->is_in_payload)) {
        if (!parser->is_in_payload)
            taken += take_head(parser, in + taken, length - taken, event);
        else if (is_control(parser))
            taken += take_control(parser, in + taken, length - taken);
        else
            taken += take_data(parser, in + taken, length - taken, out, size, event);
        if (parser->is_failed || !parser->is_in_payload)
            continue;
        if (parser->left == 0)
            end_frame(parser, event);
        else if (taken == length)
            break;
    }
    return taken;
}

size_t ws_frame_head(uint8_t out[WS_HEAD_SENT], enum ws_opcode opcode, size_t length)
{
    out[0] = (uint8_t)(FIN | opcode);
    if (length < LENGTH_16) {
        out[1] = (uint8_t)length;
        return 2;
    }
    out[1] = LENGTH_16;
    out[2] = (uint8_t)(length >> 8);
    out[3] = (uint8_t)length;
    return 4;
}

/* What may follow a first byte: RFC 3629, 4. */
static bool utf8_begin(struct ws_utf8 *utf8, uint8_t byte)
{
    utf8->low = 0x80;
    utf8->high = 0xbf;
    if (byte < 0x80)
        return true;
    if (byte < 0xc2 || byte > 0xf4)
        return false;
    utf8->missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    if (byte == 0xe0)
        utf8->low = 0xa0;
    else if (byte == 0xed)
        utf8->high = 0x9f;
    else if (byte == 0xf0)
        utf8->low = 0x90;
    else if (byte == 0xf4)
        utf8->high = 0x8f;
    return true;
}

bool ws_utf8_take(struct ws_utf8 *utf8, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (utf8->missing == 0) {
            if (!utf8_begin(utf8, bytes[i]))
                return false;
        } else if (bytes[i] < utf8->low || bytes[i] > utf8->high) {
            return false;
        } else {
            utf8->missing--;
            utf8->low = 0x80;
            utf8->high = 0xbf;
        }
    }
    return true;
}
