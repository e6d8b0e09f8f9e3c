/* SPDX-License-Identifier: BSD-2-Clause */
#include "../metrics.h"
#include "../vm_request.h"
#include "../vms.h"

#include <core/time.h>
#include <net/http.h>

/* The VMs' part of /metrics. A metric's samples stand together, so the VMs are gone through once for each. */

static void add_states(struct text *text)
{
    uint64_t counts[VM_STATES] = {0};

    for (struct vm_record *record = vms_next(""); record; record = vms_next(record->name)) {
        struct vm_info info;

        vm_info_get(record->vm, &info);
        counts[info.state]++;
    }
    metric_head(text, "basalt_vms", "gauge", "VMs by state.");
    for (unsigned state = 0; state < VM_STATES; state++)
        text_printf(text, "basalt_vms{state=\"%s\"} %llu\n", vm_state_name((enum vm_state)state),
                    (unsigned long long)counts[state]);
}

static void add_memory(struct text *text)
{
    metric_head(text, "basalt_vm_memory_bytes", "gauge",
                "The host's memory behind a VM: its RAM, and what it needs beyond that.");
    for (struct vm_record *record = vms_next(""); record; record = vms_next(record->name)) {
        struct vm_info info;

        vm_info_get(record->vm, &info);
        text_printf(text, "basalt_vm_memory_bytes{vm=\"%s\",state=\"guest\"} %llu\n", record->name,
                    (unsigned long long)info.config.memory);
        text_printf(text, "basalt_vm_memory_bytes{vm=\"%s\",state=\"overhead\"} %llu\n", record->name,
                    (unsigned long long)info.overhead_bytes);
    }
}

static void add_vm_exits(struct text *text, struct vm_record *record)
{
    uint64_t counts[VM_EXIT_REASONS_MAX] = {0};
    const char *const *names = NULL;

    vm_exit_counts(record->vm, &names, counts, ARRAY_SIZE(counts));
    for (unsigned i = 0; i < ARRAY_SIZE(counts) && names && names[i]; i++)
        text_printf(text, "basalt_vm_exits_total{vm=\"%s\",reason=\"%s\"} %llu\n", record->name, names[i],
                    (unsigned long long)counts[i]);
}

static void add_exits(struct text *text)
{
    metric_head(text, "basalt_vm_exits_total", "counter", "Exits of a VM's vCPUs by reason.");
    for (struct vm_record *record = vms_next(""); record; record = vms_next(record->name))
        add_vm_exits(text, record);
}

static void add_audit(struct text *text, const char *name, const char *help, bool is_locks)
{
    metric_head(text, name, "counter", help);
    for (struct vm_record *record = vms_next(""); record; record = vms_next(record->name)) {
        uint64_t locks[VM_EXIT_REASONS_MAX] = {0}, allocations[VM_EXIT_REASONS_MAX] = {0};
        uint64_t counts[VM_EXIT_REASONS_MAX];
        const char *const *names = NULL;

        vm_exit_counts(record->vm, &names, counts, ARRAY_SIZE(counts));
        if (!vm_exit_audits(record->vm, locks, allocations, ARRAY_SIZE(locks)))
            return;
        for (unsigned i = 0; i < ARRAY_SIZE(locks) && names && names[i]; i++)
            text_printf(text, "%s{vm=\"%s\",reason=\"%s\"} %llu\n", name, record->name, names[i],
                        (unsigned long long)(is_locks ? locks[i] : allocations[i]));
    }
}

/* Common exits do neither: tests look here. */
static void add_audits(struct text *text)
{
    add_audit(text, "basalt_debug_exit_locks_total",
              "Locks taken while a VM's exits were handled, by reason.", true);
    add_audit(text, "basalt_debug_exit_allocations_total",
              "Calls of the memory allocators while a VM's exits were handled, by reason.", false);
}

static void add_mode(struct text *text, const char *vm, unsigned vcpu, const char *mode, uint64_t ns)
{
    text_printf(text, "basalt_vcpu_seconds_total{vm=\"%s\",vcpu=\"%u\",mode=\"%s\"} %llu.%09llu\n", vm, vcpu,
                mode, (unsigned long long)(ns / NSEC_PER_SEC), (unsigned long long)(ns % NSEC_PER_SEC));
}

static void add_times(struct text *text)
{
    metric_head(text, "basalt_vcpu_seconds_total", "counter",
                "Time that vCPUs ran, waited for a CPU that others had, and were halted.");
    for (struct vm_record *record = vms_next(""); record; record = vms_next(record->name)) {
        struct vcpu_info cpu;

        for (unsigned i = 0; vm_vcpu_info(record->vm, i, &cpu) == 0; i++) {
            add_mode(text, record->name, i, "run", cpu.run_ns);
            add_mode(text, record->name, i, "steal", cpu.steal_ns);
            add_mode(text, record->name, i, "halt", cpu.halted_ns);
        }
    }
}

static void metrics_work(struct vm_request *self)
{
    struct text *text = &self->json.text;

    self->content_type = METRICS_TYPE;
    add_states(text);
    add_memory(text);
    add_exits(text);
    add_times(text);
    if (IS_ENABLED(CONFIG_DEBUG))
        add_audits(text);
}

void vm_metrics_respond(struct http_request *req, struct text *text)
{
    struct vm_request *self = vm_request_new(req, sizeof(*self), metrics_work);

    if (!self) {
        text_free(text);
        return;
    }
    self->json.text = *text;
    vm_request_start(self);
}
