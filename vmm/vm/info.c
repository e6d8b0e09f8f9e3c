/* SPDX-License-Identifier: BSD-2-Clause */
#include "../mem/dirty.h"
#include "run.h"
#include "vm.h"
#include <core/time.h>
#include <errno.h>
#include <string.h>

/* What an operator sees of a VM: copies, taken without stopping anything. */

static const char *const exit_names[EXIT_KINDS + 1] = {
#define EXIT_NAME(kind, name) [kind] = (name),
    EXIT_LIST(EXIT_NAME)
#undef EXIT_NAME
};

const char *vm_exit_name(enum exit_kind kind)
{
    return exit_names[kind];
}

static uint64_t exits_of(const struct vcpu *vcpu, unsigned kind)
{
    return __atomic_load_n(&vcpu->stats.exits[kind], __ATOMIC_RELAXED);
}

void vm_info_get(struct vm *vm, struct vm_info *out)
{
    memset(out, 0, sizeof(*out));
    out->config = vm->config;
    out->state = (enum vm_state)atomic_load(&vm->state);
    out->run_ns = vm_clock_now_ns(&vm->clock);
    out->overhead_bytes = atomic_load(&vm->stage2.table_bytes) + vm_overhead_bytes(vm);
    out->has_dirty_log = dirty_log_is_on(vm);
    /* Counted before it is planned: a start that is pending is among the restarts. */
    out->restart_at_ns = atomic_load(&vm->restart_at_ns);
    out->restarts = atomic_load(&vm->restarts);
    out->has_exit_code = atomic_load(&vm->end_reason) == VM_END_DEBUG_EXIT;
    out->exit_code = vm->exit_code;
    out->has_crash = out->state == VM_CRASHED;
    if (out->has_crash)
        out->crash = vm->crash;
}

int vm_vcpu_info(struct vm *vm, unsigned vcpu, struct vcpu_info *out)
{
    const struct vcpu *v;
    struct thread_times times;

    if (vcpu >= vm->vcpu_count)
        return -EINVAL;
    v = vm->vcpus[vcpu];
    thread_times_get(v->thread, &times);
    *out = (struct vcpu_info){.run_ns = clock_cycles_span_ns(times.run_cycles),
                              .steal_ns = clock_cycles_span_ns(times.steal_cycles),
                              .halted_ns = clock_cycles_span_ns(vcpu_halted_cycles(v, times.steal_cycles))};
    for (unsigned i = 0; i < EXIT_KINDS; i++)
        out->exits_total += exits_of(v, i);
    if (atomic_load(&v->requests) & VCPU_REQ_PARK)
        out->activity = "parked";
    else
        out->activity = v->activity == VCPU_RUNNING  ? "running"
                        : v->activity == VCPU_HALTED ? "halted"
                                                     : "off";
    return 0;
}

void vm_exit_counts(struct vm *vm, const char *const **names, uint64_t *counts, unsigned max)
{
    *names = exit_names;
    for (unsigned kind = 0; kind < MIN(max, (unsigned)EXIT_KINDS); kind++) {
        counts[kind] = 0;
        for (unsigned i = 0; i < vm->vcpu_count; i++)
            counts[kind] += exits_of(vm->vcpus[i], kind);
    }
}

bool vm_exit_audits(struct vm *vm, uint64_t *locks, uint64_t *allocations, unsigned max)
{
    for (unsigned kind = 0; IS_ENABLED(CONFIG_DEBUG) && kind < MIN(max, (unsigned)EXIT_KINDS); kind++) {
        locks[kind] = allocations[kind] = 0;
        for (unsigned i = 0; i < vm->vcpu_count; i++) {
            const struct audit *a = &vm->vcpus[i]->stats.audits[kind];

            locks[kind] += __atomic_load_n(&a->locks, __ATOMIC_RELAXED);
            allocations[kind] += __atomic_load_n(&a->allocations, __ATOMIC_RELAXED);
        }
    }
    return IS_ENABLED(CONFIG_DEBUG);
}

struct vm_console *vm_console(struct vm *vm)
{
    return vm->console;
}
