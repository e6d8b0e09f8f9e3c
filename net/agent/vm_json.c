/* SPDX-License-Identifier: BSD-2-Clause */
#include "time_text.h"
#include "vms.h"

#include <core/time.h>
#include <stdio.h>
#include <string.h>

static void add_text_or_null(struct json_out *json, const char *key, const char *text)
{
    if (text[0])
        json_string(json, key, text);
    else
        json_null(json, key);
}

static void add_config(struct json_out *json, const struct vm_config *config)
{
    json_string(json, "name", config->name);
    json_u64(json, "vcpus", config->vcpus);
    json_u64(json, "memory", config->memory);
    json_string(json, "kernel", config->kernel);
    add_text_or_null(json, "initrd", config->initrd);
    json_string(json, "cmdline", config->cmdline);
    json_bool(json, "debug_exit", config->debug_exit);
    if (config->address_bits)
        json_u64(json, "address_bits", config->address_bits);
    else
        json_null(json, "address_bits");
    json_string(json, "restart", vm_restart_name(config->restart));
}

/* As numbers they would lose their low bits in readers that know doubles only. */
static void add_hex(struct json_out *json, const char *key, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
    json_string(json, key, text);
}

static void add_registers(struct json_out *json, const struct vm_crash *crash)
{
    const char *open = NULL; /* the register whose parts are being written */

    json_object(json, "registers");
    for (unsigned i = 0; i < crash->register_count; i++) {
        const struct vm_register *reg = &crash->registers[i];

        if (open && (!reg->part || strcmp(open, reg->name) != 0)) {
            json_object_end(json);
            open = NULL;
        }
        if (reg->part && !open) {
            json_object(json, reg->name);
            open = reg->name;
        }
        add_hex(json, reg->part ? reg->part : reg->name, reg->value);
    }
    if (open)
        json_object_end(json);
    json_object_end(json);
}

static void add_outcome(struct json_out *json, const struct vm_info *info, bool with_details)
{
    if (info->has_exit_code)
        json_u64(json, "exit_code", info->exit_code);
    else
        json_null(json, "exit_code");
    if (!info->has_crash) {
        json_null(json, "crash");
        return;
    }
    json_object(json, "crash");
    json_string(json, "reason", info->crash.reason);
    json_string(json, "exit", info->crash.exit);
    json_u64(json, "vcpu", info->crash.vcpu);
    add_hex(json, info->crash.pc_name, info->crash.pc);
    if (with_details)
        add_registers(json, &info->crash);
    json_object_end(json);
}

/* When the restart policy starts it again. The date is null on a host that does not know it. */
static void add_restart(struct json_out *json, const struct vm_info *info)
{
    uint64_t now_ns = clock_now_ns(), wall_ns = clock_wall_at_ns(info->restart_at_ns);
    char at[TIME_RFC3339_MS_SIZE] = "";

    json_u64(json, "restarts", info->restarts);
    if (info->restart_at_ns == 0) {
        json_null(json, "restart_pending");
        return;
    }
    if (wall_ns)
        time_rfc3339_ms(wall_ns, at);
    json_object(json, "restart_pending");
    add_text_or_null(json, "at", at);
    json_u64(json, "in_ns", info->restart_at_ns > now_ns ? info->restart_at_ns - now_ns : 0);
    json_object_end(json);
}

static void add_cpus(struct json_out *json, const struct vm_record *record, unsigned n)
{
    struct vcpu_info cpu;

    json_array(json, "cpus");
    for (unsigned i = 0; i < n && vm_vcpu_info(record->vm, i, &cpu) == 0; i++) {
        json_object(json, NULL);
        json_u64(json, "id", i);
        json_string(json, "state", cpu.activity);
        JSON_FIGURES(json, {"run_ns", cpu.run_ns}, {"steal_ns", cpu.steal_ns}, {"halted_ns", cpu.halted_ns},
                     {"exits", cpu.exits_total});
        json_object_end(json);
    }
    json_array_end(json);
}

static void add_mappings(struct json_out *json, const struct vm_record *record)
{
    struct vm_mappings mappings;

    vm_mappings_get(record->vm, &mappings);
    json_object(json, "mappings");
    JSON_FIGURES(json, {"4K", mappings.pages_4k}, {"2M", mappings.pages_2m}, {"1G", mappings.pages_1g});
    json_object_end(json);
}

static void add_exits(struct json_out *json, const struct vm_record *record)
{
    uint64_t counts[VM_EXIT_REASONS_MAX] = {0};
    const char *const *names = NULL;

    vm_exit_counts(record->vm, &names, counts, ARRAY_SIZE(counts));
    json_object(json, "exits");
    for (unsigned i = 0; i < ARRAY_SIZE(counts) && names && names[i]; i++)
        json_u64(json, names[i], counts[i]);
    json_object_end(json);
}

void vm_json(struct json_out *json, const char *key, const struct vm_record *record, bool with_details)
{
    struct vm_info info;

    vm_info_get(record->vm, &info);
    json_object(json, key);
    add_config(json, &info.config);
    json_string(json, "state", vm_state_name(info.state));
    json_u64(json, "run_ns", info.run_ns);
    json_u64(json, "overhead_bytes", info.overhead_bytes);
    json_bool(json, "dirty_log", info.has_dirty_log);
    add_restart(json, &info);
    add_outcome(json, &info, with_details);
    if (with_details) {
        add_cpus(json, record, info.config.vcpus);
        add_mappings(json, record);
        add_exits(json, record);
    }
    json_object_end(json);
}
