/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_VM_REQUEST_H
#define AGENT_VM_REQUEST_H

#include "json_out.h"
#include "vm_config.h"
#include "worker.h"

#include <core/time.h>
#include <net/http.h>

/*
 * A request about VMs: its handler gathers what it says, work() does it on the worker thread and writes the
 * answer, which the net thread gives. Whoever asked may be gone by then; what was asked for is done all the
 * same. Embedded in larger ones as the first member.
 */
struct vm_request {
    struct worker_job job;
    struct http_request *req; /* net thread; NULL: nobody waits any more */
    void (*work)(struct vm_request *self);
    void (*done)(struct vm_request *self); /* takes over; NULL: the answer is given */
    char name[VM_NAME_MAX + 1];
    struct vm_problem problem; /* status not 0: the answer */
    unsigned status;           /* of the answer otherwise; 204: without a body */
    const char *content_type;  /* NULL: JSON */
    struct json_out json;      /* the answer's body, whatever its type */
};

/*
 * Makes one, of `size` bytes (all zero behind its head), with the name in the path if there is one. NULL: the
 * request is answered, 404 for names that no VM can have. Context of everything: net thread.
 */
struct vm_request *vm_request_new(struct http_request *req, size_t size,
                                  void (*work)(struct vm_request *self));

/* Gives it to the worker; the handler returns. A second time from done(): for what is left to do. */
void vm_request_start(struct vm_request *self);

/* Gives the answer and frees it. */
void vm_request_answer(struct vm_request *self);

#endif
