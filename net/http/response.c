/* SPDX-License-Identifier: BSD-2-Clause */

/* The head of a response (RFC 9112 sections 4 and 5, RFC 9110 section 6.6). */

#include "append.h"
#include "chars.h"
#include "conn.h"

#define CONTENT_TYPE_MAX 128
#define REQUEST_ID_MAX   64

_Static_assert(HTTP_OUT_BYTES - HTTP_STATUS_MAX - HTTP_EXTRA_MAX >= CONTENT_TYPE_MAX + 256 + HTTP_COPY_MAX,
               "head and short body fit whatever the handler added");

bool response_is_bodyless(const struct http_exchange *x, unsigned status)
{
    return x->req.method == HTTP_HEAD || status < 200 || status == 204 || status == 304;
}

static bool extra_valid(const char *name, struct http_str value)
{
    if (!*name)
        return false;
    for (; *name; name++) {
        if (!char_is_token((unsigned char)*name))
            return false;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (!char_is_value((unsigned char)value.ptr[i]))
            return false;
    }
    return true;
}

static void extra_add(struct http_request *req, const char *name, struct http_str value)
{
    struct http_exchange *x = exchange_of(req);
    struct append a = {x->out_bytes + HTTP_STATUS_MAX, HTTP_EXTRA_MAX, x->extra_len, false};

    if (x->phase != PHASE_HANDLING)
        return;
    append_str(&a, name);
    append_lit(&a, ": ");
    append_bytes(&a, value.ptr, value.len);
    append_lit(&a, "\r\n");
    if (a.overflow || !extra_valid(name, value))
        x->extra_failed = true;
    else
        x->extra_len = (uint16_t)a.len;
}

void http_response_header(struct http_request *req, const char *name, const char *value)
{
    extra_add(req, name, (struct http_str){value, strlen(value)});
}

void http_response_header_u64(struct http_request *req, const char *name, uint64_t value)
{
    char digits[20];
    struct append a = {digits, sizeof(digits), 0, false};

    append_u64(&a, value);
    extra_add(req, name, (struct http_str){digits, a.len});
}

bool response_begin(struct http_exchange *x, unsigned status)
{
    if (x->conn->x != x || x->phase != PHASE_HANDLING)
        return false;
    if (x->extra_failed) {
        x->extra_failed = false;
        x->extra_len = 0;
        http_respond_problem(&x->req, 500, NULL, NULL, "The resource made a field that cannot be sent.");
        return false;
    }
    x->phase = PHASE_RESPONDING;
    x->on_abort = NULL;
    x->status = (uint16_t)status;
    body_settle(x);
    return true;
}

/* The status line ends where the fields start. Returns where it begins. */
static char *status_line(struct http_exchange *x, unsigned status)
{
    char line[HTTP_STATUS_MAX];
    struct append a = {line, sizeof(line), 0, false};

    append_lit(&a, "HTTP/1.1 ");
    append_u64(&a, status);
    append_lit(&a, " ");
    append_str(&a, http_status_text(status));
    append_lit(&a, "\r\n");
    memcpy(x->out_bytes + HTTP_STATUS_MAX - a.len, line, a.len);
    return x->out_bytes + HTTP_STATUS_MAX - a.len;
}

/* A client's own id is taken over if it is one that can be put into a log line safely. */
static bool client_id(const struct http_exchange *x, struct http_str *id)
{
    unsigned index = 0;

    if (!http_head_field(&x->head, x->bytes, HTTP_STR("X-Request-Id"), &index, id))
        return false;
    if (id->len == 0 || id->len > REQUEST_ID_MAX)
        return false;
    for (size_t i = 0; i < id->len; i++) {
        char c = char_lower(id->ptr[i]);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.')
            return false;
    }
    return true;
}

static void append_general(struct append *a, const struct http_exchange *x)
{
    const struct http_server *s = x->conn->server;
    char date[29];
    struct http_str id;

    append_bytes(a, s->server_field, s->server_field_len);
    if (s->config.date && s->config.date(date)) {
        append_lit(a, "Date: ");
        append_bytes(a, date, sizeof(date));
        append_lit(a, "\r\n");
    }
    append_lit(a, "X-Request-Id: ");
    if (client_id(x, &id))
        append_bytes(a, id.ptr, id.len);
    else
        append_hex(a, x->req.id);
    append_lit(a, "\r\n");
}

static void append_framing(struct append *a, struct http_exchange *x, unsigned status, int64_t content_length)
{
    if (x->upgrade || status == 204 || status == 304)
        return;
    if (content_length != HTTP_LENGTH_UNKNOWN) {
        append_lit(a, "Content-Length: ");
        append_u64(a, (uint64_t)content_length);
        append_lit(a, "\r\n");
    } else if (x->req.method == HTTP_HEAD) {
        return;
    } else if (x->head.minor > 0) {
        x->chunk_out = true;
        append_lit(a, "Transfer-Encoding: chunked\r\n");
    } else {
        /* HTTP/1.0 knows one way to end a body of unknown length. */
        x->conn->close = true;
    }
}

void response_head(struct http_exchange *x, unsigned status, const char *content_type, int64_t content_length)
{
    char *start = status_line(x, status);
    struct append a = {x->out_bytes, sizeof(x->out_bytes), (size_t)HTTP_STATUS_MAX + x->extra_len, false};

    if (x->conn->server->draining)
        x->conn->close = true;
    append_general(&a, x);
    if (content_type) {
        append_lit(&a, "Content-Type: ");
        append_str(&a, strlen(content_type) <= CONTENT_TYPE_MAX ? content_type : "application/octet-stream");
        append_lit(&a, "\r\n");
    }
    append_framing(&a, x, status, content_length);
    if (x->upgrade)
        append_lit(&a, "Connection: upgrade\r\n");
    else if (x->conn->close)
        append_lit(&a, "Connection: close\r\n");
    else if (x->head.minor == 0)
        append_lit(&a, "Connection: keep-alive\r\n");
    append_lit(&a, "\r\n");
    x->out_len = (uint16_t)a.len;
    output_add(x, start, (size_t)(x->out_bytes + a.len - start), 0);
}
