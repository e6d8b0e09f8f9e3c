/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_HTTP_PARSE_H
#define NET_HTTP_PARSE_H

/*
 * The head of a request and the framing of its body, from bytes that arrive in any portions (RFC 9112). Pure:
 * works on the caller's buffer, keeps offsets into it (so the buffer may move while it grows), allocates
 * nothing.
 *
 * Strict where leniency is how requests get smuggled past a proxy: lines end with CRLF and nothing else, no
 * folding, no space before the colon, one framing only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <core/compiler.h>
#include <net/http_route.h>
#include <net/http_str.h>

#define HTTP_TARGET_MAX       8192  /* longer: 414 */
#define HTTP_FIELD_BYTES_MAX  16384 /* all field lines together; more: 431 */
#define HTTP_FIELDS_MAX       100   /* more: 431 */
#define HTTP_METHOD_BYTES_MAX 32    /* no method that exists is longer: 501 */
/* Method, two spaces, target, "HTTP/1.1", CRLF. */
#define HTTP_REQUEST_LINE_MAX (HTTP_METHOD_BYTES_MAX + HTTP_TARGET_MAX + 12)
/* A buffer of this size holds every head that is accepted, with the empty line that may precede it. */
#define HTTP_HEAD_MAX (2 + HTTP_REQUEST_LINE_MAX + HTTP_FIELD_BYTES_MAX)

/* Offsets into the head's buffer. */
struct http_span {
    uint16_t start;
    uint16_t len;
};

struct http_field {
    struct http_span name;
    struct http_span value; /* without white space around it */
};

_Static_assert(HTTP_HEAD_MAX <= UINT16_MAX, "spans hold offsets in 16 bits");

/* All zero before the first call of http_head_parse(). */
struct http_head {
    uint32_t line; /* where the line being read starts */
    uint32_t scan; /* where to look on for its end */
    uint32_t fields_start;
    uint8_t phase;
    uint8_t method; /* enum http_method */
    uint8_t minor;  /* HTTP/1.minor; 1 for anything above */
    bool has_host;
    bool has_length;
    bool has_coding; /* a Transfer-Encoding field was seen */
    bool chunked;
    bool close;      /* Connection: close */
    bool keep_alive; /* Connection: keep-alive */
    bool upgrade;    /* Connection: upgrade */
    bool expect_continue;
    bool expect_other; /* an expectation that is not known: 417 */
    uint16_t n_fields;
    struct http_span path;  /* starts with '/' or is "*"; empty: "/" (absolute form without path) */
    struct http_span query; /* without '?' */
    uint64_t content_length;
    const char *error; /* why, after a negative return; constant text */
    struct http_field fields[HTTP_FIELDS_MAX];
};

/*
 * Reads on in buf[0, len), where everything from the start of the request is kept. Returns 0 if the head is
 * incomplete, its length (with the empty line at its end) when it is complete, or -status (-400, -414, -431,
 * -501, -505). Each byte is looked at a constant number of times, however it is split.
 */
int must_check http_head_parse(struct http_head *head, const char *buf, size_t len);

/* Applies what a field means for framing and connection. Returns 0 or -status. For http_head_parse(). */
int must_check http_field_apply(struct http_head *head, struct http_str name, struct http_str value);

static inline struct http_str http_span_str(struct http_span span, const char *buf)
{
    return (struct http_str){buf + span.start, span.len};
}

/* The first field of that name from *index on, which is advanced behind it. Returns false if there is none.
 */
bool http_head_field(const struct http_head *head, const char *buf, struct http_str name, unsigned *index,
                     struct http_str *value);

#endif
