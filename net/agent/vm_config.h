/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_VM_CONFIG_H
#define AGENT_VM_CONFIG_H

#include <core/compiler.h>
#include <core/types.h>
#include <vmm/vm.h>

/* VM configurations as JSON: strict, every mistake is named. Pure but for malloc. */

/* What an answer says about a mistake. */
struct vm_problem {
    unsigned status; /* HTTP */
    const char *code;
    char field[VM_NAME_MAX + 1]; /* "": none */
    char detail[240];
};

void vm_problem_set(struct vm_problem *problem, unsigned status, const char *code, const char *field,
                    const char *format, ...) printf_like(5, 6);

/*
 * Reads the body of POST /v1/vms; `body` is changed. False: *problem says why. Bounds that only the VMM knows
 * (how much memory there is) are not checked here. Context: a thread with FPU registers.
 */
must_check bool vm_config_parse(char *body, size_t length, struct vm_config *config,
                                struct vm_problem *problem);

/* A size as bytes, or with one of the suffixes K M G T (powers of 1024). False: it is none. */
must_check bool vm_size_parse(const char *text, uint64_t *bytes);

const char *vm_restart_name(enum vm_restart restart);

#endif
