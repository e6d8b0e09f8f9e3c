/* SPDX-License-Identifier: BSD-2-Clause */
#include "../vms.h"
#include "../query.h"
#include "../vm_request.h"

#include <core/log.h>
#include <net/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* /v1/vms: the collection, and each VM. */

#define PAGE_DEFAULT 100
#define PAGE_MAX     1000
#define CONFIG_MAX   16384 /* bytes of JSON */

/* ---- GET /v1/vms?limit=&cursor=: sorted by name; the cursor is the last name of the page before ---- */

struct list_request {
    struct vm_request base;
    uint64_t limit;
    char cursor[VM_NAME_MAX + 1];
};

static void list_work(struct vm_request *base)
{
    struct list_request *self = container_of(base, struct list_request, base);
    struct vm_record *record = vms_next(self->cursor);
    struct json_out *json = &base->json;

    json_object(json, NULL);
    json_array(json, "items");
    for (uint64_t n = 0; record && n < self->limit; n++) {
        vm_json(json, NULL, record, false);
        snprintf(self->cursor, sizeof(self->cursor), "%s", record->name);
        record = vms_next(self->cursor);
    }
    json_array_end(json);
    if (record)
        json_string(json, "next_cursor", self->cursor);
    else
        json_null(json, "next_cursor");
    json_object_end(json);
}

static void vms_get_list(struct http_request *req)
{
    static const char *const names[] = {"limit", "cursor", NULL};
    struct list_request *self;
    char cursor[VM_NAME_MAX + 1];
    uint64_t limit = PAGE_DEFAULT;

    if (!query_only(req, names) || !query_u64(req, "limit", 1, PAGE_MAX, &limit) ||
        !query_text(req, "cursor", cursor, sizeof(cursor)))
        return;
    self = (struct list_request *)vm_request_new(req, sizeof(*self), list_work);
    if (!self)
        return;
    self->limit = limit;
    memcpy(self->cursor, cursor, sizeof(cursor));
    vm_request_start(&self->base);
}
HTTP_ROUTE(vms_list, .pattern = "/v1/vms", .methods = HTTP_BIT(HTTP_GET), .scope = HTTP_SCOPE_READ,
           .handler = vms_get_list);

/* ---- POST /v1/vms ---- */

struct create_request {
    struct vm_request base;
    struct vm_config config;
};

static void create_work(struct vm_request *base)
{
    struct create_request *self = container_of(base, struct create_request, base);
    struct vm_record *record;

    if (!vms_create(&self->config, &record, &base->problem))
        return;
    base->status = 201;
    vm_json(&base->json, NULL, record, true);
    log_info("vm %s: created, %u vCPUs, %llu bytes of memory", self->config.name, self->config.vcpus,
             (unsigned long long)self->config.memory);
}

static void create_done(struct vm_request *base)
{
    struct create_request *self = container_of(base, struct create_request, base);
    char location[VM_NAME_MAX + 16];

    if (base->req && base->status == 201) {
        snprintf(location, sizeof(location), "/v1/vms/%s", self->config.name);
        http_response_header(base->req, "Location", location);
    }
    vm_request_answer(base);
}

static void create_read(struct http_request *req, char *body, size_t length)
{
    struct create_request *self = (struct create_request *)vm_request_new(req, sizeof(*self), create_work);

    if (!self)
        return;
    self->base.done = create_done;
    if (vm_config_parse(body, length, &self->config, &self->base.problem))
        vm_request_start(&self->base);
    else
        vm_request_answer(&self->base);
}

static void vms_post(struct http_request *req)
{
    if (request_is_json(req))
        http_request_read_body(req, CONFIG_MAX, create_read);
}
HTTP_ROUTE(vms_create, .pattern = "/v1/vms", .methods = HTTP_BIT(HTTP_POST), .scope = HTTP_SCOPE_OPERATE,
           .handler = vms_post);

/* ---- GET /v1/vms/{name} ---- */

static void show_work(struct vm_request *self)
{
    struct vm_record *record = vms_get(self->name, &self->problem);

    if (record)
        vm_json(&self->json, NULL, record, true);
}

static void vm_get_one(struct http_request *req)
{
    struct vm_request *self = vm_request_new(req, sizeof(*self), show_work);

    if (self)
        vm_request_start(self);
}
HTTP_ROUTE(vm_show, .pattern = "/v1/vms/{name}", .methods = HTTP_BIT(HTTP_GET), .scope = HTTP_SCOPE_READ,
           .handler = vm_get_one);

/* ---- DELETE /v1/vms/{name}: answered when the last page is free ---- */

struct delete_request {
    struct vm_request base;
    struct vm_record *record;
};

static void release_work(struct vm_request *base)
{
    vms_release(container_of(base, struct delete_request, base)->record);
}

static void release_done(struct vm_request *base)
{
    free(container_of(base, struct delete_request, base)->record);
    vm_request_answer(base);
}

static void delete_work(struct vm_request *base)
{
    struct delete_request *self = container_of(base, struct delete_request, base);
    struct vm_record *record = vms_get(base->name, &base->problem);

    if (record && vms_delete(record, &base->problem)) {
        self->record = record;
        base->status = 204;
        log_info("vm %s: deleted", base->name);
    }
}

/* Clients of the console hold no reference: they leave before the VM goes. */
static void delete_done(struct vm_request *base)
{
    struct delete_request *self = container_of(base, struct delete_request, base);

    if (!self->record) {
        vm_request_answer(base);
        return;
    }
    console_hub_close(&self->record->hub);
    base->work = release_work;
    base->done = release_done;
    vm_request_start(base);
}

static void vm_delete_one(struct http_request *req)
{
    struct vm_request *self = vm_request_new(req, sizeof(struct delete_request), delete_work);

    if (!self)
        return;
    self->done = delete_done;
    vm_request_start(self);
}
HTTP_ROUTE(vm_delete, .pattern = "/v1/vms/{name}", .methods = HTTP_BIT(HTTP_DELETE),
           .scope = HTTP_SCOPE_OPERATE, .handler = vm_delete_one);
