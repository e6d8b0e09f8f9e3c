/* SPDX-License-Identifier: BSD-2-Clause */
#include "../query.h"
#include "../vm_request.h"
#include "../vms.h"

#include <net/http.h>
#include <stdlib.h>
#include <string.h>

/* The console for scripts: its output by offsets, and input. */

#define LOG_MAX   65536 /* bytes in an answer: more than the ring keeps */
#define INPUT_MAX 65536 /* bytes in a request; the guest's queue is shorter */
#define PIECE     1024

/* ---- GET /v1/vms/{name}/console/log?offset=&limit= ---- */

struct log_request {
    struct vm_request base;
    uint64_t offset, limit;
    uint64_t first, oldest, next; /* of the answer's first byte, the oldest kept, behind the answer's last */
    bool is_json;
};

/* Reads until `limit`, the end, or a place that the guest has overwritten meanwhile. */
static void read_log(struct vm_console *console, struct log_request *self, struct text *out)
{
    uint64_t at = self->offset;
    char piece[PIECE];
    size_t n;

    self->first = self->next = at;
    while (self->limit > 0) {
        n = vm_console_read(console, &at, piece, (size_t)MIN(sizeof(piece), self->limit));
        if (out->length > 0 && at != self->next)
            break;
        if (out->length == 0)
            self->first = at;
        if (n == 0)
            break;
        text_add(out, piece, n);
        at += n;
        self->next = at;
        self->limit -= n;
    }
    self->next = MAX(self->next, self->first);
}

static void log_work(struct vm_request *base)
{
    struct log_request *self = container_of(base, struct log_request, base);
    struct vm_record *record = vms_get(base->name, &base->problem);
    struct json_out *json = &base->json;
    struct text bytes = {0};
    uint64_t end;

    if (!record)
        return;
    vm_console_range(record->hub.console, &self->oldest, &end);
    if (!self->is_json) {
        base->content_type = "application/octet-stream";
        read_log(record->hub.console, self, &json->text);
        return;
    }
    read_log(record->hub.console, self, &bytes);
    json_object(json, NULL);
    json_u64(json, "offset", self->first);
    json_u64(json, "next_offset", self->next);
    json_u64(json, "oldest_offset", self->oldest);
    json_string_n(json, "text", text_bytes(&bytes), bytes.length);
    json_object_end(json);
    json->text.is_failed |= bytes.is_failed;
    text_free(&bytes);
}

static void log_done(struct vm_request *base)
{
    struct log_request *self = container_of(base, struct log_request, base);

    if (base->req && !base->problem.status) {
        http_response_header_u64(base->req, "X-Offset", self->first);
        http_response_header_u64(base->req, "X-Next-Offset", self->next);
        http_response_header_u64(base->req, "X-Oldest-Offset", self->oldest);
        http_response_header(base->req, "Cache-Control", "no-store");
    }
    vm_request_answer(base);
}

static void console_log_get(struct http_request *req)
{
    static const char *const names[] = {"offset", "limit", NULL};
    uint64_t offset = 0, limit = LOG_MAX;
    struct log_request *self;

    if (!query_only(req, names) || !query_u64(req, "offset", 0, UINT64_MAX >> 1, &offset) ||
        !query_u64(req, "limit", 1, LOG_MAX, &limit))
        return;
    self = (struct log_request *)vm_request_new(req, sizeof(*self), log_work);
    if (!self)
        return;
    self->offset = offset;
    self->limit = limit;
    self->is_json = accept_names(req, "application/json");
    self->base.done = log_done;
    vm_request_start(&self->base);
}
HTTP_ROUTE(vm_console_log, .pattern = "/v1/vms/{name}/console/log", .methods = HTTP_BIT(HTTP_GET),
           .scope = HTTP_SCOPE_READ, .handler = console_log_get);

/* ---- POST /v1/vms/{name}/console/input: the body's bytes, as they are ---- */

struct input_request {
    struct vm_request base;
    size_t length;
    char bytes[];
};

static void input_work(struct vm_request *base)
{
    struct input_request *self = container_of(base, struct input_request, base);
    struct vm_record *record = vms_get(base->name, &base->problem);
    struct vm_info info;
    size_t n;

    if (!record)
        return;
    vm_info_get(record->vm, &info);
    if (info.state != VM_RUNNING && info.state != VM_PAUSED) {
        vm_problem_set(&base->problem, 409, "wrong_state", "state", "VM %s is %s: nobody reads its input.",
                       base->name, vm_state_name(info.state));
        return;
    }
    n = vm_console_input(record->hub.console, self->bytes, self->length);
    if (n == 0 && self->length > 0) {
        vm_problem_set(&base->problem, 503, "input_full", NULL, "The guest has not read earlier input yet.");
        return;
    }
    json_object(&base->json, NULL);
    json_u64(&base->json, "accepted_bytes", n);
    json_object_end(&base->json);
}

static void input_done(struct vm_request *base)
{
    if (base->req && base->problem.status == 503)
        http_response_header_u64(base->req, "Retry-After", 1);
    vm_request_answer(base);
}

static void input_read(struct http_request *req, char *body, size_t length)
{
    struct input_request *self =
        (struct input_request *)vm_request_new(req, sizeof(*self) + length, input_work);

    if (!self)
        return;
    memcpy(self->bytes, body, length);
    self->length = length;
    self->base.done = input_done;
    vm_request_start(&self->base);
}

static void console_input_post(struct http_request *req)
{
    http_request_read_body(req, INPUT_MAX, input_read);
}
HTTP_ROUTE(vm_console_input, .pattern = "/v1/vms/{name}/console/input", .methods = HTTP_BIT(HTTP_POST),
           .scope = HTTP_SCOPE_OPERATE, .handler = console_input_post);
