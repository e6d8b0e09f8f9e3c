/* SPDX-License-Identifier: BSD-2-Clause */
#include "vm_request.h"

#include <core/image.h>
#include <stdlib.h>
#include <string.h>

static void on_work(struct worker_job *job)
{
    struct vm_request *self = container_of(job, struct vm_request, job);

    self->work(self);
}

static void on_done(struct worker_job *job)
{
    struct vm_request *self = container_of(job, struct vm_request, job);

    if (self->done)
        self->done(self);
    else
        vm_request_answer(self);
}

static void on_abort(struct http_request *req)
{
    struct vm_request *self = req->ctx;

    self->req = NULL;
}

struct vm_request *vm_request_new(struct http_request *req, size_t size,
                                  void (*work)(struct vm_request *self))
{
    struct http_str name = req->n_params > 0 ? req->params[0] : (struct http_str){0};
    struct vm_request *self;

    if (req->n_params > 0 && !image_name_valid(name.ptr, name.len)) {
        http_respond_problem(req, 404, "not_found", NULL, "No VM can have this name.");
        return NULL;
    }
    self = calloc(1, size);
    if (!self) {
        http_response_header_u64(req, "Retry-After", 1);
        http_respond_problem(req, 503, "out_of_memory", NULL, "The host has no memory left to answer this.");
        return NULL;
    }
    if (name.len > 0)
        memcpy(self->name, name.ptr, name.len);
    self->job.work = on_work;
    self->job.done = on_done;
    self->work = work;
    self->req = req;
    self->status = 200;
    return self;
}

void vm_request_start(struct vm_request *self)
{
    if (self->req) {
        self->req->ctx = self;
        http_request_defer(self->req, on_abort);
    }
    worker_submit(&self->job);
}

void vm_request_answer(struct vm_request *self)
{
    struct http_request *req = self->req;

    if (!req) {
        text_free(&self->json.text);
    } else if (self->problem.status) {
        text_free(&self->json.text);
        http_respond_problem(req, self->problem.status, self->problem.code,
                             self->problem.field[0] ? self->problem.field : NULL, "%s", self->problem.detail);
    } else if (self->status == 204) {
        http_respond_empty(req, 204);
    } else if (self->content_type) {
        text_respond(req, self->status, self->content_type, &self->json.text);
    } else {
        json_respond(req, self->status, &self->json);
    }
    free(self);
}
