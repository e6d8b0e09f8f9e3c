/* SPDX-License-Identifier: BSD-2-Clause */
#include "../query.h"
#include "../vm_request.h"
#include "../vms.h"

#include <net/http.h>
#include <stdlib.h>

/* GET /v1/vms/{name}/console[?offset=]: a WebSocket. */

struct attach_request {
    struct vm_request base;
    uint64_t offset;
    struct vm_record *record;
};

static void attach_work(struct vm_request *base)
{
    container_of(base, struct attach_request, base)->record = vms_get(base->name, &base->problem);
}

/* A job that deletes the VM comes later, and so does its done(): the record is still there. */
static void attach_done(struct vm_request *base)
{
    struct attach_request *self = container_of(base, struct attach_request, base);

    if (!base->req || !self->record) {
        vm_request_answer(base);
        return;
    }
    console_hub_attach(&self->record->hub, base->req, self->offset);
    free(self);
}

static void console_get(struct http_request *req)
{
    static const char *const names[] = {"offset", NULL};
    struct attach_request *self;
    uint64_t offset = 0;

    if (!query_only(req, names) || !query_u64(req, "offset", 0, UINT64_MAX >> 1, &offset))
        return;
    self = (struct attach_request *)vm_request_new(req, sizeof(*self), attach_work);
    if (!self)
        return;
    self->offset = offset;
    self->base.done = attach_done;
    vm_request_start(&self->base);
}
HTTP_ROUTE(vm_console, .pattern = "/v1/vms/{name}/console", .methods = HTTP_BIT(HTTP_GET),
           .scope = HTTP_SCOPE_OPERATE, .handler = console_get, .flags = HTTP_ROUTE_STREAMING);
