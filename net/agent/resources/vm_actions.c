/* SPDX-License-Identifier: BSD-2-Clause */
#include "../query.h"
#include "../vm_request.h"
#include "../vms.h"

#include <errno.h>
#include <net/http.h>
#include <string.h>

/* POST /v1/vms/{name}/actions/{action}: answers with what the VM is then. */

static const struct action {
    const char *name;
    int (*run)(struct vm *vm, struct vm_error *error);
} actions[] = {
    {"start", vm_start},
    {"stop", vm_stop},
    {"pause", vm_pause},
    {"resume", vm_resume},
    {"reset", vm_reset},
    {"nmi", vm_nmi},
    {"dirty-log-start", vm_dirty_log_start},
    {"dirty-log-stop", vm_dirty_log_stop},
};

struct action_request {
    struct vm_request base;
    const struct action *action;
};

static void action_work(struct vm_request *base)
{
    const struct action *action = container_of(base, struct action_request, base)->action;
    struct vm_record *record = vms_get(base->name, &base->problem);
    struct vm_error why = {0};
    int error;

    if (!record)
        return;
    error = action->run(record->vm, &why);
    if (!error)
        vm_json(&base->json, NULL, record, true);
    else
        /* Its configuration was good: what it names is not. */
        vm_problem_from(&base->problem, error == -EINVAL ? -ENOEXEC : error, &why);
}

static void action_start(struct http_request *req)
{
    struct http_str name = req->params[1];
    struct action_request *self;
    size_t i = 0;

    while (i < ARRAY_SIZE(actions) &&
           !http_str_eq(name, (struct http_str){actions[i].name, strlen(actions[i].name)}))
        i++;
    if (i == ARRAY_SIZE(actions)) {
        http_respond_problem(req, 404, "not_found", NULL,
                             "The actions are start, stop, pause, resume, reset, nmi, dirty-log-start, "
                             "dirty-log-read and dirty-log-stop.");
        return;
    }
    self = (struct action_request *)vm_request_new(req, sizeof(*self), action_work);
    if (!self)
        return;
    self->action = &actions[i];
    vm_request_start(&self->base);
}

static void action_post(struct http_request *req)
{
    request_read_nothing(req, action_start);
}
HTTP_ROUTE(vm_action, .pattern = "/v1/vms/{name}/actions/{action}", .methods = HTTP_BIT(HTTP_POST),
           .scope = HTTP_SCOPE_OPERATE, .handler = action_post);
