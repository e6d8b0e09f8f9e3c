/* SPDX-License-Identifier: BSD-2-Clause */
#include "base64.h"
#include "ws_frame.h"
#include "ws_handshake.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- Handshake ---- */

Test(ws_handshake, answers_as_the_rfc)
{
    char accept[WS_ACCEPT_SIZE];

    /* RFC 6455, 1.3. */
    cr_assert_eq(ws_accept(HTTP_STR("dGhlIHNhbXBsZSBub25jZQ=="), accept), 0);
    cr_assert_str_eq(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

Test(ws_handshake, refuses_bad_keys)
{
    static const char *const keys[] = {"",
                                       "dGhlIHNhbXBsZSBub25jZQ=",
                                       "dGhlIHNhbXBsZSBub25jZQ===",
                                       "dGhlIHNhbXBsZSBub25jZR==",
                                       "dGhlIHNhbXBsZSBub25jZQ=A",
                                       "dGhlIHNhbXBsZSBub25j!Q==",
                                       "AAAA"};
    char accept[WS_ACCEPT_SIZE];

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        cr_assert_eq(ws_accept((struct http_str){keys[i], strlen(keys[i])}, accept), -EINVAL, "%s", keys[i]);
}

Test(base64, both_ways)
{
    /* RFC 4648, 10. */
    static const struct {
        const char *plain, *coded;
    } cases[] = {{"", ""},
                 {"f", "Zg=="},
                 {"fo", "Zm8="},
                 {"foo", "Zm9v"},
                 {"foob", "Zm9vYg=="},
                 {"fooba", "Zm9vYmE="},
                 {"foobar", "Zm9vYmFy"}};

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        size_t size = strlen(cases[i].plain);
        char coded[16], plain[16] = "";

        base64_encode(cases[i].plain, size, coded);
        cr_assert_str_eq(coded, cases[i].coded);
        cr_assert_eq(base64_decode(coded, strlen(coded), plain, size), 0);
        cr_assert_arr_eq(plain, cases[i].plain, size);
    }
}

/* ---- Frames ---- */

/* Makes a client's frame. */
static size_t frame(uint8_t *out, unsigned first, const void *payload, size_t length, unsigned size_of_length)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    size_t n = 2;

    out[0] = (uint8_t)first;
    out[1] = (uint8_t)(0x80 | (size_of_length == 2 ? 126 : size_of_length == 8 ? 127 : length));
    for (unsigned i = 0; i < size_of_length; i++)
        out[n++] = (uint8_t)((uint64_t)length >> 8 * (size_of_length - 1 - i));
    memcpy(out + n, mask, 4);
    n += 4;
    for (size_t i = 0; i < length; i++)
        out[n++] = ((const uint8_t *)payload)[i] ^ mask[i % 4];
    return n;
}

struct result {
    uint8_t data[200000];
    size_t length;
    unsigned n_events[WS_EVENT_ERROR + 1];
    uint8_t last[WS_CONTROL_MAX]; /* of the last control frame */
    size_t last_length;
    unsigned status;
};
static struct result result;

/* Parses in portions; each input byte lies in an allocation of its own size. */
static void parse(const uint8_t *in, size_t length, size_t portion, size_t room)
{
    struct ws_parser parser = {0};
    uint8_t out[512];

    memset(&result, 0, sizeof(result));
    for (size_t at = 0; at < length;) {
        size_t n = MIN(portion, length - at), used = 0;
        uint8_t *bytes = malloc(n);

        memcpy(bytes, in + at, n);
        while (used < n) {
            struct ws_event event;
            size_t taken = ws_parse(&parser, bytes + used, n - used, out, room, &event);

            cr_assert(taken <= n - used);
            cr_assert(taken > 0 || event.type != WS_EVENT_NONE);
            used += taken;
            result.n_events[event.type]++;
            if (event.type == WS_EVENT_DATA) {
                cr_assert(event.length > 0 && event.length <= room);
                memcpy(result.data + result.length, event.bytes, event.length);
                result.length += event.length;
            } else if (event.type != WS_EVENT_NONE) {
                memcpy(result.last, event.bytes ? event.bytes : (const uint8_t *)"", event.length);
                result.last_length = event.length;
                result.status = event.status;
            }
        }
        free(bytes);
        at += n;
    }
}

Test(ws_frame, data_of_any_size_in_any_portions)
{
    static const size_t sizes[] = {0, 1, 125, 126, 127, 511, 512, 513, 65535, 65536, 100000};
    static const size_t portions[] = {1, 2, 7, 1000, 1000000};
    static uint8_t payload[100000], bytes[100100];

    for (size_t i = 0; i < sizeof(payload); i++)
        payload[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        unsigned size_of_length = sizes[i] < 126 ? 0 : sizes[i] < 65536 ? 2 : 8;
        size_t n = frame(bytes, 0x82, payload, sizes[i], size_of_length);

        n += frame(bytes + n, 0x89, "hi", 2, 0);
        for (size_t p = 0; p < ARRAY_SIZE(portions); p++) {
            parse(bytes, n, portions[p], 512);
            cr_assert_eq(result.length, sizes[i]);
            cr_assert_arr_eq(result.data, payload, sizes[i]);
            cr_assert_eq(result.n_events[WS_EVENT_PING], 1);
            cr_assert_eq(result.n_events[WS_EVENT_ERROR], 0);
            cr_assert(result.last_length == 2 && memcmp(result.last, "hi", 2) == 0);
        }
    }
}

Test(ws_frame, fragments_with_control_frames_between)
{
    uint8_t bytes[200];
    size_t n = frame(bytes, 0x01, "\xe2\x82", 2, 0); /* half a character */

    n += frame(bytes + n, 0x8a, "", 0, 0);
    n += frame(bytes + n, 0x00, "", 0, 0);
    n += frame(bytes + n, 0x80, "\xac!", 2, 0);
    n += frame(bytes + n, 0x88,
               "\x03\xe8"
               "bye",
               5, 0);
    for (size_t portion = 1; portion < n; portion++) {
        parse(bytes, n, portion, 1);
        cr_assert(result.length == 4 && memcmp(result.data, "\xe2\x82\xac!", 4) == 0);
        cr_assert_eq(result.n_events[WS_EVENT_PONG], 1);
        cr_assert_eq(result.n_events[WS_EVENT_CLOSE], 1);
        cr_assert_eq(result.status, 1000);
        cr_assert(result.last_length == 3 && memcmp(result.last, "bye", 3) == 0);
    }
}

struct bad {
    const char *what;
    unsigned status;
    size_t length;
    uint8_t bytes[24];
};

Test(ws_frame, refuses)
{
    static const struct bad cases[] = {
        {"not masked", 1002, 3, {0x82, 0x01, 'a'}},
        {"RSV1", 1002, 6, {0xc2, 0x80}},
        {"RSV3", 1002, 6, {0x92, 0x80}},
        {"opcode 3", 1002, 6, {0x83, 0x80}},
        {"opcode 11", 1002, 6, {0x8b, 0x80}},
        {"continues nothing", 1002, 6, {0x80, 0x80}},
        {"message in message", 1002, 12, {0x02, 0x80, 0, 0, 0, 0, 0x82, 0x80}},
        {"fragmented ping", 1002, 6, {0x09, 0x80}},
        {"long ping", 1002, 8, {0x89, 0xfe, 0, 126}},
        {"length not shortest, 16 bits", 1002, 8, {0x82, 0xfe, 0, 125}},
        {"length not shortest, 64 bits", 1002, 14, {0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff}},
        {"length of 64 bits", 1002, 14, {0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0}},
        {"close with one byte", 1002, 7, {0x88, 0x81, 0, 0, 0, 0, 3}},
        {"close with 1005", 1002, 8, {0x88, 0x82, 0, 0, 0, 0, 3, 0xed}},
        {"close with 999", 1002, 8, {0x88, 0x82, 0, 0, 0, 0, 3, 0xe7}},
        {"close with 5000", 1002, 8, {0x88, 0x82, 0, 0, 0, 0, 0x13, 0x88}},
        {"close whose reason is no UTF-8", 1007, 9, {0x88, 0x83, 0, 0, 0, 0, 3, 0xe8, 0xff}},
        {"text that is no UTF-8", 1007, 7, {0x81, 0x81, 0, 0, 0, 0, 0xff}},
        {"text with half a character", 1007, 7, {0x81, 0x81, 0, 0, 0, 0, 0xc3}},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        for (size_t portion = 1; portion <= cases[i].length; portion++) {
            parse(cases[i].bytes, cases[i].length, portion, 16);
            cr_assert_eq(result.n_events[WS_EVENT_ERROR], 1, "%s", cases[i].what);
            cr_assert_eq(result.status, cases[i].status, "%s", cases[i].what);
        }
    }
}

Test(ws_frame, close_without_code)
{
    static const uint8_t bytes[] = {0x88, 0x80, 1, 2, 3, 4, 0x82, 0x80};

    parse(bytes, sizeof(bytes), 100, 16);
    cr_assert_eq(result.n_events[WS_EVENT_CLOSE], 1);
    cr_assert_eq(result.status, WS_STATUS_NONE);
    cr_assert_eq(result.n_events[WS_EVENT_ERROR], 0, "what follows is not looked at");
}

Test(ws_frame, heads_of_ours)
{
    uint8_t head[WS_HEAD_SENT];

    cr_assert_eq(ws_frame_head(head, WS_BINARY, 125), 2);
    cr_assert(head[0] == 0x82 && head[1] == 125);
    cr_assert_eq(ws_frame_head(head, WS_TEXT, 126), 4);
    cr_assert(head[0] == 0x81 && head[1] == 126 && head[2] == 0 && head[3] == 126);
    cr_assert_eq(ws_frame_head(head, WS_CLOSE, 0), 2);
    cr_assert(head[0] == 0x88 && head[1] == 0);
}

Test(ws_utf8, as_rfc_3629)
{
    static const char *const good[] = {"",
                                       "a",
                                       "\xc2\x80",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80",
                                      "\xc3\x28",
                                      "\xff"};

    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        struct ws_utf8 utf8 = {0};

        cr_assert(ws_utf8_take(&utf8, (const uint8_t *)good[i], strlen(good[i])) && utf8.missing == 0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct ws_utf8 utf8 = {0};

        cr_assert(!ws_utf8_take(&utf8, (const uint8_t *)bad[i], strlen(bad[i])), "%zu", i);
    }
}
