/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot information and ACPI become struct host_info: the order of the steps, and what all parsers call. Pure.
 */

#include "acpi.h"
#include "builder.h"
#include "phys.h"

#include <core/cmdline.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define WARNING_TEXT_MAX 384

void host_info_warn(struct host_info *out, struct arena *arena, const char *format, ...)
{
    char text[WARNING_TEXT_MAX];
    struct host_warning *warning;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    for (char *c = text; *c; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
            *c = '?';
    }
    warning = ARENA_NEW(arena, struct host_warning, 1);
    if (warning)
        warning->text = text_copy(arena, text, strlen(text));
    if (warning == NULL || warning->text == NULL) {
        out->warnings_dropped++;
        return;
    }
    if (out->newest_warning)
        out->newest_warning->next = warning;
    else
        out->warnings = warning;
    out->newest_warning = warning;
}

int fw_range_add(struct fw_builder *b, uint64_t base, uint64_t size, enum host_memory_type type)
{
    struct memmap_range *range;

    if (size == 0)
        return 0;
    if (base + (size - 1) < base) {
        fw_warn(b, "memory range at %#llx wraps around the address space, ignored", (unsigned long long)base);
        return 0;
    }
    range = ARENA_PUSH(b->arena, &b->ranges, struct memmap_range);
    if (range == NULL)
        return -ENOMEM;
    *range = (struct memmap_range){base, size, type};
    return 0;
}

int fw_range_add_e820(struct fw_builder *b, uint64_t base, uint64_t size, uint32_t type)
{
    switch (type) {
    case 1:
        return fw_range_add(b, base, size, HOST_MEM_USABLE);
    case 3:
        return fw_range_add(b, base, size, HOST_MEM_ACPI_RECLAIM);
    case 4:
        return fw_range_add(b, base, size, HOST_MEM_ACPI_NVS);
    case 7:
        return fw_range_add(b, base, size, HOST_MEM_PERSISTENT);
    default:
        return fw_range_add(b, base, size, HOST_MEM_RESERVED);
    }
}

/* Does text begin with a path or URI rather than with an option? */
static bool begins_with_path(const char *text)
{
    for (; *text && *text != ' ' && *text != '='; text++) {
        if (*text == '/' || *text == '\\')
            return true;
    }
    return false;
}

int fw_cmdline_set(struct fw_builder *b, const char *loader_text, bool drop_first_word)
{
    size_t builtin_length = strlen(builtin_cmdline);
    char *line;

    loader_text = loader_text ? loader_text : "";
    loader_text += strspn(loader_text, " ");
    if (drop_first_word || begins_with_path(loader_text)) {
        loader_text += strcspn(loader_text, " ");
        loader_text += strspn(loader_text, " ");
    }
    line = ARENA_NEW(b->arena, char, builtin_length + strlen(loader_text) + 2);
    if (line == NULL)
        return -ENOMEM;
    memcpy(line, builtin_cmdline, builtin_length);
    if (builtin_length && *loader_text)
        line[builtin_length++] = ' ';
    strcpy(line + builtin_length, loader_text);
    b->info->cmdline = line;
    return 0;
}

static void info_init(struct host_info *out)
{
    *out = (struct host_info){
        .loader = "",
        .cmdline = "",
        .rsdp = HPA_NONE,
        .efi_system_table = HPA_NONE,
        .ap_trampoline = HPA_NONE,
        .x86 = {.lapic_base = HPA_NONE},
        .gic = {.distributor = HPA_NONE,
                .cpu_interface = HPA_NONE,
                .hypervisor_interface = HPA_NONE,
                .virtual_cpu_interface = HPA_NONE},
        /* A PC without FADT is an old PC. */
        .power = {.has_8042 = true, .has_legacy_devices = true, .has_vga = true, .has_cmos_rtc = true},
        .hpet = HPA_NONE,
        .rtc = HPA_NONE,
    };
}

static int u32_compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* All proximity domains that occur, sorted, become the nodes; at least one. */
static int nodes_build(struct fw_builder *b)
{
    const struct memmap_affinity *memory = b->memory_domains.items;
    const struct cpu_affinity *cpus = b->cpu_domains.items;
    size_t total = b->memory_domains.count + b->cpu_domains.count;
    uint32_t *domains = ARENA_NEW(b->arena, uint32_t, total + 1);
    struct host_node *nodes = ARENA_NEW(b->arena, struct host_node, total + 1);
    size_t n = 0;
    size_t count = 0;

    if (domains == NULL || nodes == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < b->memory_domains.count; i++)
        domains[n++] = memory[i].node;
    for (size_t i = 0; i < b->cpu_domains.count; i++)
        domains[n++] = cpus[i].domain;
    if (n == 0)
        n = 1; /* the zeroed first item: domain 0 */
    qsort(domains, n, sizeof(*domains), u32_compare);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || domains[i] != domains[i - 1])
            nodes[count++].proximity_domain = domains[i];
    }
    b->info->nodes = nodes;
    b->info->node_count = count;
    return 0;
}

static uint32_t node_find(const struct host_info *info, uint32_t domain)
{
    size_t low = 0;
    size_t high = info->node_count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (info->nodes[middle].proximity_domain <= domain)
            low = middle;
        else
            high = middle;
    }
    return (uint32_t)low;
}

static int cpu_affinity_compare(const void *a, const void *b)
{
    uint64_t x = ((const struct cpu_affinity *)a)->hardware_id;
    uint64_t y = ((const struct cpu_affinity *)b)->hardware_id;

    return (x > y) - (x < y);
}

static void cpus_place(struct fw_builder *b, struct host_cpu *cpus, size_t count)
{
    struct cpu_affinity *domains = b->cpu_domains.items;

    if (b->cpu_domains.count == 0)
        return;
    qsort(domains, b->cpu_domains.count, sizeof(*domains), cpu_affinity_compare);
    for (size_t i = 0; i < count; i++) {
        struct cpu_affinity key = {b->cpu_domains_by_uid ? cpus[i].acpi_uid : cpus[i].hardware_id, 0};
        const struct cpu_affinity *hit =
            bsearch(&key, domains, b->cpu_domains.count, sizeof(key), cpu_affinity_compare);

        if (hit)
            cpus[i].node = node_find(b->info, hit->domain);
    }
}

static int memory_build(struct fw_builder *b, const struct boot_handover *handover)
{
    struct memmap_affinity *affinity = b->memory_domains.items;
    size_t affinity_count = b->memory_domains.count;
    struct host_memory_range *memory;
    int error;

    for (size_t i = 0; i < affinity_count; i++)
        affinity[i].node = node_find(b->info, affinity[i].node);
    if (!memmap_affinity_sort(affinity, affinity_count)) {
        fw_warn(b, "ACPI SRAT: memory ranges overlap, all memory counts as node 0");
        affinity_count = 0;
    }
    /* Page zero stays unmapped and the real-mode vectors stay as they are. */
    error = fw_range_add(b, 0, PAGE_SIZE, HOST_MEM_RESERVED);
    if (!error)
        error = fw_range_add(b, handover->image.v, handover->image_size, HOST_MEM_IMAGE);
    if (!error)
        error = memmap_normalise(b->arena, b->ranges.items, b->ranges.count, affinity, affinity_count,
                                 &memory, &b->info->memory_count);
    if (error)
        return error;
    b->info->memory = memory;
    b->info->ap_trampoline = memmap_trampoline_find(memory, b->info->memory_count);
    for (size_t i = 0; i < b->info->memory_count; i++) {
        if (memory[i].type == HOST_MEM_USABLE)
            return 0;
    }
    return -EINVAL;
}

int host_info_build(const struct boot_handover *handover, const struct phys_reader *reader,
                    struct arena *arena, struct host_info *out)
{
    struct fw_builder b = {.reader = reader, .arena = arena, .info = out};
    struct host_cpus cpus = {0};
    int error;

    info_init(out);
    error = bootinfo_parse(&b, handover);
    if (!error)
        error = fw_modules_settle(&b, handover->image, handover->image_size);
    if (!error)
        error = machine_parse(&b, handover, &cpus);
    if (!error)
        error = nodes_build(&b);
    if (error)
        return error;
    cpus_place(&b, cpus.items, cpus.count);
    error = memory_build(&b, handover);
    if (error)
        return error;
    host_cpus_release_check(&b, &cpus);
    out->cpus = cpus.items;
    out->cpu_count = cpus.count;
    return 0;
}

struct warn_target {
    struct host_info *info;
    struct arena *arena;
};

static void option_warn(void *context, const char *text)
{
    struct warn_target *target = context;

    host_info_warn(target->info, target->arena, "%s", text);
}

void host_info_apply_options(struct host_info *out, struct arena *arena)
{
    struct warn_target target = {out, arena};
    /* Split in place: values must outlive this, and out->cmdline stays whole. */
    char *line = text_copy(arena, out->cmdline, strlen(out->cmdline));

    if (line == NULL) {
        host_info_warn(out, arena, "no memory for the boot options, all ignored");
        return;
    }
    cmdline_apply(line, __start_boot_options, (size_t)(__stop_boot_options - __start_boot_options),
                  option_warn, &target);
}
