/* SPDX-License-Identifier: BSD-2-Clause */
#include "vms.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int record_compare(const struct vm_record *a, const struct vm_record *b)
{
    return strcmp(a->name, b->name);
}

RB_HEAD(record_tree, vm_record);
RB_GENERATE_STATIC(record_tree, vm_record, node, record_compare)

static struct record_tree records = RB_INITIALIZER(&records); /* worker thread */

void vm_problem_from(struct vm_problem *problem, int error, const struct vm_error *why)
{
    static const struct {
        int error;
        unsigned status;
        const char *code;
    } meanings[] = {
        {-EEXIST, 409, "exists"},        {-EPERM, 409, "wrong_state"},
        {-EBUSY, 409, "wrong_state"},    {-ENOMEM, 507, "insufficient_storage"},
        {-EINVAL, 422, "invalid_value"}, {-ENOENT, 422, "unknown_image"},
        {-ENOEXEC, 422, "not_loadable"}, {-ENODEV, 501, "no_virtualization"},
    };
    unsigned status = 500;
    const char *code = "internal_error";

    for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
        if (meanings[i].error == error) {
            status = meanings[i].status;
            code = meanings[i].code;
        }
    }
    vm_problem_set(problem, status, code, why->field, "%s.", why->detail[0] ? why->detail : "It failed");
}

static void make_key(struct vm_record *key, const char *name)
{
    snprintf(key->name, sizeof(key->name), "%s", name);
}

static struct vm_record *record_find(const char *name)
{
    struct vm_record key;

    make_key(&key, name);
    return RB_FIND(record_tree, &records, &key);
}

bool vms_create(const struct vm_config *config, struct vm_record **out, struct vm_problem *problem)
{
    struct vm_record *record;
    struct vm_error why = {0};
    int error;

    if (record_find(config->name)) {
        vm_problem_set(problem, 409, "exists", "name", "There is a VM %s already.", config->name);
        return false;
    }
    record = calloc(1, sizeof(*record));
    if (!record) {
        vm_problem_set(problem, 507, "insufficient_storage", NULL, "The host has no memory left for this.");
        return false;
    }
    error = vm_create(config, &record->vm, &why);
    if (error) {
        vm_problem_from(problem, error, &why);
        free(record);
        return false;
    }
    snprintf(record->name, sizeof(record->name), "%s", config->name);
    console_hub_init(&record->hub, vm_console(record->vm));
    RB_INSERT(record_tree, &records, record);
    *out = record;
    return true;
}

struct vm_record *vms_next(const char *name)
{
    struct vm_record key, *record;

    make_key(&key, name);
    record = RB_NFIND(record_tree, &records, &key);
    return record && strcmp(record->name, name) == 0 ? RB_NEXT(record_tree, &records, record) : record;
}

struct vm_record *vms_get(const char *name, struct vm_problem *problem)
{
    struct vm_record *record = record_find(name);

    if (!record)
        vm_problem_set(problem, 404, "not_found", NULL, "There is no VM %s.", name);
    return record;
}

bool vms_delete(struct vm_record *record, struct vm_problem *problem)
{
    struct vm_error why = {0};
    struct vm *vm = vm_get(record->name);
    int error = vm ? vm_delete(vm, &why) : 0;

    if (error) {
        vm_put(vm);
        vm_problem_from(problem, error, &why);
        return false;
    }
    RB_REMOVE(record_tree, &records, record);
    return true;
}

void vms_release(struct vm_record *record)
{
    vm_put(record->vm);
}
