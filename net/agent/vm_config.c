/* SPDX-License-Identifier: BSD-2-Clause */
/* First: our `always_inline` is a macro, which yyjson's question about the attribute would meet. */
#include <yyjson.h>

#include "vm_config.h"

#include <core/image.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const restart_names[] = {
    [VM_RESTART_NEVER] = "never", [VM_RESTART_ON_CRASH] = "on-crash", [VM_RESTART_ALWAYS] = "always"};

const char *vm_restart_name(enum vm_restart restart)
{
    return restart_names[restart];
}

void vm_problem_set(struct vm_problem *problem, unsigned status, const char *code, const char *field,
                    const char *format, ...)
{
    va_list args;

    problem->status = status;
    problem->code = code;
    snprintf(problem->field, sizeof(problem->field), "%s", field ? field : "");
    va_start(args, format);
    vsnprintf(problem->detail, sizeof(problem->detail), format, args);
    va_end(args);
}

bool vm_size_parse(const char *text, uint64_t *bytes)
{
    static const char suffixes[] = "KMGT";
    uint64_t value = 0;
    unsigned shift = 0;
    const char *at = text;

    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');

        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (at == text)
        return false;
    if (*at) {
        const char *suffix = strchr(suffixes, *at++);

        shift = suffix ? (unsigned)(suffix - suffixes + 1) * 10 : 64;
    }
    if (*at || shift == 64 || value > UINT64_MAX >> shift)
        return false;
    *bytes = value << shift;
    return true;
}

/* ---- Members: each reads its value into the configuration, or names the mistake ---- */

static bool invalid(struct vm_problem *problem, const char *field, const char *what)
{
    vm_problem_set(problem, 422, "invalid_value", field, "Field %s is %s.", field, what);
    return false;
}

static bool read_name(yyjson_val *value, const char *field, char out[VM_NAME_MAX + 1],
                      struct vm_problem *problem)
{
    if (!yyjson_is_str(value) || !image_name_valid(yyjson_get_str(value), yyjson_get_len(value)))
        return invalid(problem, field,
                       "a name: a string of 1 to 64 of A-Z a-z 0-9 . _ - that does not start with a dot");
    memcpy(out, yyjson_get_str(value), yyjson_get_len(value) + 1);
    return true;
}

static bool set_name(yyjson_val *value, struct vm_config *config, struct vm_problem *problem)
{
    return read_name(value, "name", config->name, problem);
}

static bool set_kernel(yyjson_val *value, struct vm_config *config, struct vm_problem *problem)
{
    return read_name(value, "kernel", config->kernel, problem);
}

static bool set_initrd(yyjson_val *value, struct vm_config *config, struct vm_problem *problem)
{
    return yyjson_is_null(value) || read_name(value, "initrd", config->initrd, problem);
}

static bool set_vcpus(yyjson_val *value, struct vm_config *config, struct vm_problem *problem)
{
    if (!yyjson_is_uint(value) || yyjson_get_uint(value) < 1 || yyjson_get_uint(value) > VM_VCPUS_MAX)
        return invalid(problem, "vcpus", "an integer from 1 to 1024");
    config->vcpus = (unsigned)yyjson_get_uint(value);
    return true;
}
_Static_assert(VM_VCPUS_MAX == 1024, "the message says so");

static bool set_memory(yyjson_val *value, struct vm_config *config, struct vm_problem *problem)
{
    bool is_good = false;

    if (yyjson_is_uint(value)) {
        config->memory = yyjson_get_uint(value);
        is_good = true;
    } else if (yyjson_is_str(value) && strlen(yyjson_get_str(value)) == yyjson_get_len(value)) {
        is_good = vm_size_parse(yyjson_get_str(value), &config->memory);
    }
    return (is_good && config->memory > 0) ||
           invalid(problem, "memory", "a size: bytes as an integer, or a string like \"512M\" or \"2G\"");
}

static bool set_cmdline(yyjson_val *value, struct vm_config *config, struct vm_problem *problem)
{
    size_t length = yyjson_get_len(value);
    const char *text = yyjson_get_str(value);

    if (!text || length > VM_CMDLINE_MAX)
        return invalid(problem, "cmdline", "a string of at most 2048 bytes");
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return invalid(problem, "cmdline", "one line: it has no control characters");
    memcpy(config->cmdline, text, length + 1);
    return true;
}
_Static_assert(VM_CMDLINE_MAX == 2048, "the message says so");

static bool set_debug_exit(yyjson_val *value, struct vm_config *config, struct vm_problem *problem)
{
    if (!yyjson_is_bool(value))
        return invalid(problem, "debug_exit", "true or false");
    config->debug_exit = yyjson_get_bool(value);
    return true;
}

static bool set_address_bits(yyjson_val *value, struct vm_config *config, struct vm_problem *problem)
{
    if (!yyjson_is_null(value) &&
        (!yyjson_is_uint(value) || yyjson_get_uint(value) < 1 || yyjson_get_uint(value) > 64))
        return invalid(problem, "address_bits", "an integer from 1 to 64, or null");
    config->address_bits = (unsigned)yyjson_get_uint(value);
    return true;
}

static bool set_restart(yyjson_val *value, struct vm_config *config, struct vm_problem *problem)
{
    for (size_t i = 0; i < ARRAY_SIZE(restart_names); i++) {
        if (yyjson_is_str(value) && yyjson_equals_str(value, restart_names[i])) {
            config->restart = (enum vm_restart)i;
            return true;
        }
    }
    return invalid(problem, "restart", "\"never\", \"on-crash\" or \"always\"");
}

static const struct member {
    const char *name;
    bool is_required;
    bool (*set)(yyjson_val *value, struct vm_config *config, struct vm_problem *problem);
} members[] = {
    {"name", true, set_name},
    {"vcpus", false, set_vcpus},
    {"memory", true, set_memory},
    {"kernel", true, set_kernel},
    {"initrd", false, set_initrd},
    {"cmdline", false, set_cmdline},
    {"restart", false, set_restart},
    {"debug_exit", false, set_debug_exit},
    {"address_bits", false, set_address_bits},
};

static bool set_member(yyjson_val *key, struct vm_config *config, unsigned *seen, struct vm_problem *problem)
{
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        if (!yyjson_equals_str(key, members[i].name))
            continue;
        if (*seen & 1U << i) {
            vm_problem_set(problem, 422, "duplicate_field", members[i].name, "Field %s is there twice.",
                           members[i].name);
            return false;
        }
        *seen |= 1U << i;
        return members[i].set(yyjson_obj_iter_get_val(key), config, problem);
    }
    vm_problem_set(problem, 422, "unknown_field", yyjson_get_str(key), "Field %.64s is not known here.",
                   yyjson_get_str(key));
    return false;
}

static bool read_members(yyjson_val *object, struct vm_config *config, struct vm_problem *problem)
{
    yyjson_obj_iter iter;
    yyjson_val *key;
    unsigned seen = 0;

    yyjson_obj_iter_init(object, &iter);
    while ((key = yyjson_obj_iter_next(&iter)) != NULL)
        if (!set_member(key, config, &seen, problem))
            return false;
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        if (members[i].is_required && !(seen & 1U << i)) {
            vm_problem_set(problem, 422, "missing_field", members[i].name, "Field %s is missing.",
                           members[i].name);
            return false;
        }
    }
    return true;
}

bool vm_config_parse(char *body, size_t length, struct vm_config *config, struct vm_problem *problem)
{
    yyjson_doc *doc = yyjson_read(body, length, 0);
    bool is_good = false;

    memset(config, 0, sizeof(*config));
    config->vcpus = 1;
    if (doc && yyjson_is_obj(yyjson_doc_get_root(doc)))
        is_good = read_members(yyjson_doc_get_root(doc), config, problem);
    else
        vm_problem_set(problem, 400, "malformed_json", NULL, "The body is not a JSON object.");
    yyjson_doc_free(doc);
    return is_good;
}
