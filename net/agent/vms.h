/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_VMS_H
#define AGENT_VMS_H

#include "console_hub.h"
#include "json_out.h"
#include "vm_config.h"

#include <sys/tree.h>
#include <vmm/vm.h>

/*
 * What the agent keeps of each VM: a reference, and who is attached to its console. Made, found and taken out
 * on the worker thread only.
 */
struct vm_record {
    RB_ENTRY(vm_record) node;   /* worker thread */
    struct vm *vm;              /* immutable: a reference */
    char name[VM_NAME_MAX + 1]; /* immutable */
    struct console_hub hub;
};

/* ---- vms.c; context: worker thread ---- */

/* False: *problem says why. */
must_check bool vms_create(const struct vm_config *config, struct vm_record **out,
                           struct vm_problem *problem);

/* The first whose name sorts after `name` ("": the very first), or NULL. */
struct vm_record *vms_next(const char *name);

/* The record of that name; *problem is 404 if there is none. */
struct vm_record *vms_get(const char *name, struct vm_problem *problem);

/*
 * Deletes the VM: nobody finds it any more, but its console can be read until vms_release(), which gives back
 * its memory. False: *problem says why.
 */
must_check bool vms_delete(struct vm_record *record, struct vm_problem *problem);
void vms_release(struct vm_record *record);

/* Makes an answer of what a vm_* call returned. Context: any. */
void vm_problem_from(struct vm_problem *problem, int error, const struct vm_error *why);

/* ---- vm_json.c; context: worker thread ---- */

/* with_details: each vCPU's state and figures, and the counts of exits. */
void vm_json(struct json_out *json, const char *key, const struct vm_record *record, bool with_details);

#endif
