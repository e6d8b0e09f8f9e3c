/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_TEXT_H
#define AGENT_TEXT_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * An answer being written: text that grows. A failed allocation is remembered and makes text_respond() say
 * so; the writers in between need no checks.
 */
struct text_block;
struct http_request;

struct text {
    struct text_block *block;
    size_t length, room;
    bool is_failed;
};

void text_add(struct text *text, const char *bytes, size_t length);
void text_string(struct text *text, const char *string);
void text_u64(struct text *text, uint64_t value); /* decimal */
void text_printf(struct text *text, const char *format, ...) printf_like(2, 3);
void text_free(struct text *text);

/* The text so far; not terminated. */
const char *text_bytes(const struct text *text);

/* Answers with the text and gives it up; 503 if memory was out. */
void text_respond(struct http_request *req, unsigned status, const char *content_type, struct text *text);

#endif
