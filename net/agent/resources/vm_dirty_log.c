/* SPDX-License-Identifier: BSD-2-Clause */
#include "../query.h"
#include "../vm_request.h"
#include "../vms.h"

#include <net/http.h>
#include <stdlib.h>

/* GET /v1/vms/{name}/dirty-log looks; POST /v1/vms/{name}/actions/dirty-log-read also begins anew. */

#define RANGES_MAX 4096

static void add_log(struct json_out *json, const struct vm_dirty_log *log)
{
    json_object(json, NULL);
    json_u64(json, "page_size", VM_DIRTY_PAGE_SIZE);
    json_u64(json, "dirty_pages", log->pages);
    json_array(json, "ranges");
    for (unsigned i = 0; i < log->count; i++) {
        json_object(json, NULL);
        json_u64(json, "address", log->ranges[i].address);
        json_u64(json, "pages", log->ranges[i].pages);
        json_object_end(json);
    }
    json_array_end(json);
    json_bool(json, "is_cut", log->is_cut);
    json_object_end(json);
}

static void log_answer(struct vm_request *self, bool is_clearing)
{
    struct vm_record *record = vms_get(self->name, &self->problem);
    struct vm_dirty_log log = {.max = RANGES_MAX};
    struct vm_error why = {0};
    int error;

    if (!record)
        return;
    log.ranges = calloc(log.max, sizeof(*log.ranges));
    if (!log.ranges) {
        vm_problem_set(&self->problem, 507, "insufficient_storage", NULL,
                       "The host has no memory left for this.");
        return;
    }
    error = vm_dirty_log_read(record->vm, is_clearing, &log, &why);
    if (error)
        vm_problem_from(&self->problem, error, &why);
    else
        add_log(&self->json, &log);
    free(log.ranges);
}

static void peek_work(struct vm_request *self)
{
    log_answer(self, false);
}

static void read_work(struct vm_request *self)
{
    log_answer(self, true);
}

static void request_start(struct http_request *req, void (*work)(struct vm_request *self))
{
    struct vm_request *self = vm_request_new(req, sizeof(*self), work);

    if (self)
        vm_request_start(self);
}

static void dirty_log_get(struct http_request *req)
{
    request_start(req, peek_work);
}
HTTP_ROUTE(vm_dirty_log, .pattern = "/v1/vms/{name}/dirty-log", .methods = HTTP_BIT(HTTP_GET),
           .scope = HTTP_SCOPE_READ, .handler = dirty_log_get);

static void dirty_log_read_start(struct http_request *req)
{
    request_start(req, read_work);
}

static void dirty_log_read_post(struct http_request *req)
{
    request_read_nothing(req, dirty_log_read_start);
}
HTTP_ROUTE(vm_dirty_log_read, .pattern = "/v1/vms/{name}/actions/dirty-log-read",
           .methods = HTTP_BIT(HTTP_POST), .scope = HTTP_SCOPE_OPERATE, .handler = dirty_log_read_post);
