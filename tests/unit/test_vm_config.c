/* SPDX-License-Identifier: BSD-2-Clause */
#include "vm_config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct vm_config config;
static struct vm_problem problem;

static bool parse(const char *json)
{
    size_t length = strlen(json);
    char *body = calloc(1, length + 8);
    bool is_good;

    memcpy(body, json, length);
    memset(&problem, 0, sizeof(problem));
    is_good = vm_config_parse(body, length, &config, &problem);
    free(body);
    cr_assert(is_good == (problem.status == 0));
    return is_good;
}

Test(vm_config, all_members)
{
    cr_assert(parse(
        "{\"name\":\"web-1\",\"vcpus\":4,\"memory\":\"512M\",\"kernel\":\"vmlinuz\",\"initrd\":\"initrd.gz\","
        "\"cmdline\":\"console=ttyS0 quiet\",\"debug_exit\":true,\"restart\":\"on-crash\"}"));
    cr_assert_str_eq(config.name, "web-1");
    cr_assert_eq(config.vcpus, 4);
    cr_assert_eq(config.memory, 512ULL << 20);
    cr_assert_str_eq(config.kernel, "vmlinuz");
    cr_assert_str_eq(config.initrd, "initrd.gz");
    cr_assert_str_eq(config.cmdline, "console=ttyS0 quiet");
    cr_assert(config.debug_exit);
    cr_assert_eq(config.restart, VM_RESTART_ON_CRASH);
}

Test(vm_config, defaults)
{
    cr_assert(parse("{\"name\":\"a\",\"memory\":8388608,\"kernel\":\"k\",\"initrd\":null}"));
    cr_assert_eq(config.vcpus, 1);
    cr_assert_eq(config.memory, 8388608);
    cr_assert_str_eq(config.initrd, "");
    cr_assert_str_eq(config.cmdline, "");
    cr_assert(!config.debug_exit);
    cr_assert_eq(config.restart, VM_RESTART_NEVER);
}

#define GOOD "\"name\":\"a\",\"memory\":\"8M\",\"kernel\":\"k\""

Test(vm_config, names_the_mistake)
{
    static const struct {
        const char *json;
        unsigned status;
        const char *code, *field;
    } cases[] = {
        {"", 400, "malformed_json", ""},
        {"[]", 400, "malformed_json", ""},
        {"{" GOOD "", 400, "malformed_json", ""},
        {"{" GOOD "} x", 400, "malformed_json", ""},
        {"{\"memory\":1,\"kernel\":\"k\"}", 422, "missing_field", "name"},
        {"{\"name\":\"a\",\"kernel\":\"k\"}", 422, "missing_field", "memory"},
        {"{\"name\":\"a\",\"memory\":1}", 422, "missing_field", "kernel"},
        {"{" GOOD ",\"cpus\":2}", 422, "unknown_field", "cpus"},
        {"{" GOOD ",\"name\":\"b\"}", 422, "duplicate_field", "name"},
        {"{" GOOD ",\"vcpus\":0}", 422, "invalid_value", "vcpus"},
        {"{" GOOD ",\"vcpus\":1025}", 422, "invalid_value", "vcpus"},
        {"{" GOOD ",\"vcpus\":-1}", 422, "invalid_value", "vcpus"},
        {"{" GOOD ",\"vcpus\":2.0}", 422, "invalid_value", "vcpus"},
        {"{" GOOD ",\"vcpus\":\"2\"}", 422, "invalid_value", "vcpus"},
        {"{" GOOD ",\"vcpus\":null}", 422, "invalid_value", "vcpus"},
        {"{" GOOD ",\"initrd\":\"\"}", 422, "invalid_value", "initrd"},
        {"{" GOOD ",\"initrd\":\"a/b\"}", 422, "invalid_value", "initrd"},
        {"{" GOOD ",\"cmdline\":\"a\\nb\"}", 422, "invalid_value", "cmdline"},
        {"{" GOOD ",\"cmdline\":\"a\\u0000b\"}", 422, "invalid_value", "cmdline"},
        {"{" GOOD ",\"cmdline\":7}", 422, "invalid_value", "cmdline"},
        {"{" GOOD ",\"debug_exit\":1}", 422, "invalid_value", "debug_exit"},
        {"{" GOOD ",\"address_bits\":0}", 422, "invalid_value", "address_bits"},
        {"{" GOOD ",\"address_bits\":65}", 422, "invalid_value", "address_bits"},
        {"{" GOOD ",\"address_bits\":\"48\"}", 422, "invalid_value", "address_bits"},
        {"{" GOOD ",\"restart\":\"sometimes\"}", 422, "invalid_value", "restart"},
        {"{" GOOD ",\"restart\":true}", 422, "invalid_value", "restart"},
        {"{\"name\":\".a\",\"memory\":1,\"kernel\":\"k\"}", 422, "invalid_value", "name"},
        {"{\"name\":\"a\\u0000b\",\"memory\":1,\"kernel\":\"k\"}", 422, "invalid_value", "name"},
        {"{\"name\":\"a\",\"memory\":0,\"kernel\":\"k\"}", 422, "invalid_value", "memory"},
        {"{\"name\":\"a\",\"memory\":1.5,\"kernel\":\"k\"}", 422, "invalid_value", "memory"},
        {"{\"name\":\"a\",\"memory\":\"8M\\u0000\",\"kernel\":\"k\"}", 422, "invalid_value", "memory"},
        {"{\"name\":\"a\",\"memory\":18446744073709551616,\"kernel\":\"k\"}", 422, "invalid_value", "memory"},
        {"{\"name\":\"a\",\"memory\":\"8M\",\"kernel\":\"\"}", 422, "invalid_value", "kernel"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cr_assert(!parse(cases[i].json), "%s", cases[i].json);
        cr_assert_eq(problem.status, cases[i].status, "%s", cases[i].json);
        cr_assert_str_eq(problem.code, cases[i].code, "%s", cases[i].json);
        cr_assert_str_eq(problem.field, cases[i].field, "%s", cases[i].json);
        cr_assert(problem.detail[0], "%s", cases[i].json);
    }
}

Test(vm_config, bounds_of_strings)
{
    char json[5000], text[2100];

    memset(text, 'x', sizeof(text));
    snprintf(json, sizeof(json), "{" GOOD ",\"cmdline\":\"%.2048s\"}", text);
    cr_assert(parse(json));
    cr_assert_eq(strlen(config.cmdline), 2048);
    snprintf(json, sizeof(json), "{" GOOD ",\"cmdline\":\"%.2049s\"}", text);
    cr_assert(!parse(json));
    snprintf(json, sizeof(json), "{\"name\":\"%.64s\",\"memory\":1,\"kernel\":\"k\"}", text);
    cr_assert(parse(json));
    snprintf(json, sizeof(json), "{\"name\":\"%.65s\",\"memory\":1,\"kernel\":\"k\"}", text);
    cr_assert(!parse(json));
    snprintf(json, sizeof(json), "{" GOOD ",\"%.200s\":1}", text);
    cr_assert(!parse(json));
    cr_assert_eq(strlen(problem.field), VM_NAME_MAX);
}

Test(vm_config, sizes)
{
    static const struct {
        const char *text;
        uint64_t bytes; /* 0: none */
    } cases[] = {{"1", 1},
                 {"1K", 1024},
                 {"2G", 2ULL << 30},
                 {"3T", 3ULL << 40},
                 {"", 0},
                 {"M", 0},
                 {"1m", 0},
                 {"1MB", 0},
                 {"1 M", 0},
                 {"-1", 0},
                 {"0x10", 0},
                 {"1.5G", 0},
                 {"16777215T", 16777215ULL << 40},
                 {"16777216T", 0},
                 {"18446744073709551615", UINT64_MAX},
                 {"18446744073709551616", 0}};

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint64_t bytes = 0;

        cr_assert(vm_size_parse(cases[i].text, &bytes) == (cases[i].bytes != 0), "%s", cases[i].text);
        cr_assert_eq(bytes, cases[i].bytes, "%s", cases[i].text);
    }
}
