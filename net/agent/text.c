/* SPDX-License-Identifier: BSD-2-Clause */
#include "text.h"

#include <net/http.h>
#include <net/net.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text_block {
    struct net_after_tx after;
    char bytes[];
};

static void text_reserve(struct text *text, size_t more)
{
    struct text_block *block;
    size_t room = text->room ? text->room : 1024;

    if (text->is_failed || text->room - text->length >= more)
        return;
    while (room - text->length < more)
        room *= 2;
    block = realloc(text->block, sizeof(*block) + room);
    if (!block) {
        text->is_failed = true;
        return;
    }
    text->block = block;
    text->room = room;
}

void text_add(struct text *text, const char *bytes, size_t length)
{
    text_reserve(text, length);
    if (text->is_failed || length == 0)
        return;
    memcpy(text->block->bytes + text->length, bytes, length);
    text->length += length;
}

void text_string(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

/* What most of an answer is made of, so without a format to interpret. */
void text_u64(struct text *text, uint64_t value)
{
    char digits[20];
    size_t first = sizeof(digits);

    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    text_add(text, digits + first, sizeof(digits) - first);
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list args;
    int length;

    text_reserve(text, 128);
    for (int attempt = 0; attempt < 2 && !text->is_failed; attempt++) {
        size_t room = text->room - text->length;

        va_start(args, format);
        length = vsnprintf(text->block->bytes + text->length, room, format, args);
        va_end(args);
        if (length >= 0 && (size_t)length < room) {
            text->length += (size_t)length;
            return;
        }
        text_reserve(text, length < 0 ? room + 1 : (size_t)length + 1);
    }
}

void text_free(struct text *text)
{
    free(text->block);
    *text = (struct text){0};
}

const char *text_bytes(const struct text *text)
{
    return text->block ? text->block->bytes : "";
}

static void block_free(struct net_after_tx *after)
{
    free(container_of(after, struct text_block, after));
}

/* A NIC may still read a copy of a segment whose twin was acknowledged. */
static void block_release(void *body)
{
    struct text_block *block = container_of(body, struct text_block, bytes);

    block->after.fn = block_free;
    net_after_tx(&block->after);
}

void text_respond(struct http_request *req, unsigned status, const char *content_type, struct text *text)
{
    text_reserve(text, 1);
    if (text->is_failed) {
        text_free(text);
        http_response_header_u64(req, "Retry-After", 1);
        http_respond_problem(req, 503, "out_of_memory", NULL, "The host has no memory left to answer this.");
        return;
    }
    http_respond_owned(req, status, content_type, text->block->bytes, text->length, block_release);
    *text = (struct text){0};
}
