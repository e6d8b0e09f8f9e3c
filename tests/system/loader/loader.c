/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Enters the image (its first module) with a multiboot information structure, memory map or ACPI tables that
 * are wrong in the ways its command line names:  loader.elf MODE[,MODE…] -- COMMAND LINE OF THE IMAGE.
 */
#include "loader.h"

struct multiboot_header {
    uint32_t magic, flags, checksum, header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr;
};

static struct info info;
static struct module modules[64];
static uint8_t memory_map[4096];
static char command_line[4096];

static void put(char c)
{
    while (!(inb(0x3fd) & 0x20))
        ;
    outb(0x3f8, (uint8_t)c);
}

void say(const char *text)
{
    while (*text)
        put(*text++);
}

void say_hex(uint32_t value)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        put("0123456789abcdef"[(value >> shift) & 15]);
}

/* gcc calls these. */
void *memcpy(void *to, const void *from, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        ((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    return to;
}

void *memset(void *to, int value, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        ((volatile uint8_t *)to)[i] = (uint8_t)value;
    return to;
}

static bool starts_with(const char *text, const char *word, char *after)
{
    while (*word)
        if (*text++ != *word++)
            return false;
    *after = *text;
    return true;
}

/* Is `mode` one of the comma-separated words? The first word of the line is this program's own name. */
static bool has_mode(const char *line, const char *mode)
{
    char after;

    while (*line && *line != ' ')
        line++;
    while (*line == ' ')
        line++;
    while (*line && *line != ' ') {
        if (starts_with(line, mode, &after) && (after == ',' || after == ' ' || after == 0))
            return true;
        while (*line && *line != ' ' && *line != ',')
            line++;
        if (*line == ',')
            line++;
    }
    return false;
}

static const char *rest_of_line(const char *line)
{
    char after;

    for (; *line; line++)
        if (starts_with(line, " -- ", &after))
            return line + 4;
    return "";
}

static uint32_t load_image(const struct module *image)
{
    const uint8_t *file = (const uint8_t *)image->start;
    uint32_t size = image->end - image->start;

    for (uint32_t at = 0; at + sizeof(struct multiboot_header) <= size && at < 8192; at += 4) {
        const struct multiboot_header *header = (const void *)(file + at);

        if (header->magic != 0x1badb002 || header->magic + header->flags + header->checksum != 0)
            continue;
        uint32_t from = at - (header->header_addr - header->load_addr);
        uint32_t bytes = header->load_end_addr ? header->load_end_addr - header->load_addr : size - from;

        memcpy((void *)header->load_addr, file + from, bytes);
        memset((void *)(header->load_addr + bytes), 0, header->bss_end_addr - header->load_addr - bytes);
        info.image_start = header->load_addr;
        return header->entry_addr;
    }
    say("LOADER: no multiboot header\n");
    for (;;)
        __asm__ volatile("hlt");
}

static void break_modules(const char *line, const struct info *given)
{
    uint32_t free = 0x6000000; /* 96 MiB: in RAM, used by nobody */
    uint32_t n = 0;

    if (has_mode(line, "modules-overlap")) {
        modules[n++] = (struct module){free, free + 0x3000, (uint32_t)"first", 0};
        modules[n++] = (struct module){free + 0x1800, free + 0x5000, (uint32_t)"second", 0};
        modules[n++] = (struct module){free, free + 0x3000, (uint32_t)"again", 0};
    }
    if (has_mode(line, "modules-image"))
        modules[n++] =
            (struct module){info.image_start + 0x1000, info.image_start + 0x9000, (uint32_t)"inside", 0};
    if (has_mode(line, "modules-wild")) {
        modules[n++] = (struct module){free + 0x1000, free, (uint32_t)"backwards", 0};
        modules[n++] = (struct module){0xfffff000, 0xffffffff, (uint32_t)"rom", 0};
        modules[n++] = (struct module){0xe0000000, 0xf0000000, (uint32_t)"hole", 0};
        modules[n++] = (struct module){free, free, 0xfffffffe, 0};
        modules[n++] = (struct module){0, 0x1000, 0, 0};
    }
    if (has_mode(line, "modules-tokens"))
        modules[n++] = given->modules_count > 1 ? ((struct module *)given->modules)[1] : modules[0];
    info.modules = (uint32_t)modules;
    info.modules_count = n;
    if (has_mode(line, "modules-many"))
        info.modules_count = 0xffffffff;
    if (has_mode(line, "modules-nowhere")) {
        info.modules = 0xfffffff0;
        info.modules_count = 16;
    }
    info.flags |= INFO_MODULES;
}

static uint32_t map_entry(uint32_t at, uint64_t base, uint64_t length, uint32_t type)
{
    struct map_entry entry = {sizeof(entry) - 4, base, length, type};

    memcpy(memory_map + at, &entry, sizeof(entry));
    return at + sizeof(entry);
}

static void break_memory_map(const char *line, const struct info *given)
{
    uint32_t at = given->map_length < 2048 ? given->map_length : 2048;

    memcpy(memory_map, (const void *)given->map, at);
    if (has_mode(line, "map-overlap")) {
        at = map_entry(at, 0x4000000, 0x1000000, 2); /* reserved in the middle of RAM */
        at = map_entry(at, 0x4800123, 0x100456, 1);  /* and RAM in the middle of that, off page borders */
        at = map_entry(at, 0xfffffffffffff000, 0x10000, 1);
        at = map_entry(at, 0x5000000, 0, 1);
        at = map_entry(at, 0x200000, 0xffffffffffffffff, 77);
    }
    if (has_mode(line, "map-broken")) {
        memset(memory_map + at, 0, 64); /* size 0 */
        at += 64;
        memset(memory_map + at, 0xff, 64);
        at += 64;
    }
    info.map = (uint32_t)memory_map;
    info.map_length = at - (has_mode(line, "map-cut") ? 7 : 0);
    info.flags |= INFO_MAP;
    if (has_mode(line, "map-none"))
        info.flags &= ~(uint32_t)INFO_MAP;
    if (has_mode(line, "map-nowhere"))
        info.map = 0xc0000000; /* nothing answers there */
}

static void break_command_line(const char *line)
{
    const char *rest = rest_of_line(line);
    uint32_t i = 0;

    /* As GRUB has it: without the file's name in front. */
    for (; rest[i] && i < sizeof(command_line) - 1; i++)
        command_line[i] = rest[i];
    info.command_line = (uint32_t)command_line;
    if (has_mode(line, "line-long")) {
        if (i)
            command_line[i++] = ' ';
        memset(command_line + i, 'x', sizeof(command_line) - 1 - i);
    }
    if (has_mode(line, "line-binary") && i)
        command_line[i++] = ' ';
    if (has_mode(line, "line-binary"))
        for (uint32_t j = 0; j < 512; j++)
            command_line[i++] = (char)(j % 255 + 1);
    info.flags |= INFO_COMMAND_LINE;
    if (has_mode(line, "line-nowhere"))
        info.command_line = 0xffffff00;
}

void loader_main(const struct info *given)
{
    const char *line = (const char *)given->command_line;
    uint32_t entry;

    say("LOADER: ");
    say(line);
    say("\n");
    info.flags = given->flags & INFO_MEMORY;
    info.memory_lower = given->memory_lower;
    info.memory_upper = given->memory_upper;
    entry = load_image((const struct module *)given->modules);
    break_modules(line, given);
    break_memory_map(line, given);
    break_command_line(line);
    acpi_break(line, has_mode);
    say("LOADER: entering ");
    say_hex(entry);
    say("\n");
    enter(entry, &info);
}
