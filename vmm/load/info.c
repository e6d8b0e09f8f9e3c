/* SPDX-License-Identifier: BSD-2-Clause */
/* What a kernel is told at its start, as far as protocols differ in the layout of entries only. */

#include "loader.h"

#include <string.h>

static size_t string_size(const char *text)
{
    return strlen(text ? text : "") + 1;
}

int string_put(struct loader *l, const char *text, uint64_t *cursor, uint64_t *at)
{
    size_t size = string_size(text);

    *at = *cursor;
    *cursor += size;
    return load_write(l, *at, text ? text : "", size);
}

/* How many bytes all command lines need. */
static uint64_t command_lines_size(const struct loader *l)
{
    uint64_t sum = string_size(l->params->cmdline);

    for (unsigned i = 0; i < modules_count(l); i++)
        sum += string_size(module_at(l, i).cmdline);
    return sum;
}

int info_place(struct loader *l, const struct info_format *format, struct info_layout *layout)
{
    uint64_t map = format->fixed_size, list = map + l->params->memory_map_count * format->range_size;
    uint64_t strings = list + modules_count(l) * format->module_size;
    uint64_t size = strings + command_lines_size(l) + format->strings_size;

    layout->info = space_lowest(l, size, PAGE_SIZE, LOAD_LOW_MIN, LOAD_LIMIT_4G);
    if (layout->info == SPACE_NONE)
        return load_fail(l, "memory", "no room for %llu bytes of boot information below 4 GiB",
                         (unsigned long long)size);
    space_take(l, layout->info, size);
    layout->map = layout->info + map;
    layout->list = layout->info + list;
    layout->strings = layout->info + strings;
    return 0;
}

static int map_write(struct loader *l, const struct info_format *format, uint64_t at)
{
    int status = 0;

    for (unsigned i = 0; i < l->params->memory_map_count && !status; i++) {
        uint8_t entry[INFO_ENTRY_MAX] = {0};

        format->range_put(entry, &l->params->memory_map[i]);
        status = load_write(l, at + i * format->range_size, entry, format->range_size);
    }
    return status;
}

int info_lists_write(struct loader *l, const struct info_format *format, const struct info_layout *layout,
                     uint64_t *cursor)
{
    uint64_t address = layout->modules;
    int status = map_write(l, format, layout->map);

    for (unsigned i = 0; i < modules_count(l) && !status; i++) {
        struct load_module module = module_at(l, i);
        uint8_t entry[INFO_ENTRY_MAX] = {0};
        uint64_t cmdline;

        status = string_put(l, module.cmdline, cursor, &cmdline);
        format->module_put(entry, &module, address, cmdline);
        if (!status)
            status = load_write(l, layout->list + i * format->module_size, entry, format->module_size);
        address = module_next(address, module.source->size);
    }
    return status;
}
