/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LOADER_H
#define LOADER_H

#include <stdbool.h>
#include <stdint.h>

enum { INFO_MEMORY = 1 << 0, INFO_COMMAND_LINE = 1 << 2, INFO_MODULES = 1 << 3, INFO_MAP = 1 << 6 };

/* Multiboot specification 0.6.96, 3.3. */
struct info {
    uint32_t flags, memory_lower, memory_upper, boot_device, command_line, modules_count, modules;
    uint32_t symbols[4];
    uint32_t map_length, map;
    uint32_t others[10];
    uint32_t image_start; /* ours */
};

struct module {
    uint32_t start, end, string, reserved;
};

struct map_entry {
    uint32_t size;
    uint64_t base, length;
    uint32_t type;
} __attribute__((packed));

static inline void outb(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t inb(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void outl(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

void say(const char *text);
void say_hex(uint32_t value);
void *memcpy(void *to, const void *from, uint32_t size);
void *memset(void *to, int value, uint32_t size);

/* Damages the ACPI tables in memory as the modes in `line` say. */
void acpi_break(const char *line, bool (*has_mode)(const char *line, const char *mode));

__attribute__((noreturn)) void enter(uint32_t entry, void *info);
__attribute__((noreturn)) void loader_main(const struct info *given);

#endif
