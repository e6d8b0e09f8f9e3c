/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest.h"
#include <stdarg.h>

#define COM1       0x3f8
#define DEBUG_EXIT 0xf4

struct multiboot_info {
    uint32_t flags, mem_lower, mem_upper, boot_device, cmdline;
};

extern uint64_t boot_info;
static unsigned failures;

static void put(char c)
{
    while (!(in8(COM1 + 5) & 0x20))
        cpu_relax();
    out8(COM1, (uint8_t)c);
}

static void put_number(uint64_t value, unsigned base)
{
    char digits[24];
    unsigned n = 0;

    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (n)
        put(digits[--n]);
}

static void print_list(const char *format, va_list list)
{
    for (; *format; format++) {
        if (*format != '%') {
            put(*format);
            continue;
        }
        format++;
        if (*format == 's')
            for (const char *s = va_arg(list, const char *); *s; s++)
                put(*s);
        else
            put_number(va_arg(list, uint64_t), *format == 'x' ? 16 : 10);
    }
}

void print(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    print_list(format, list);
    va_end(list);
}

void fail(const char *format, ...)
{
    va_list list;

    /* The first ones tell; a flood would only take time. */
    if (failures++ >= 20)
        return;
    print("FAIL %s: ", guest_name);
    va_start(list, format);
    print_list(format, list);
    va_end(list);
    put('\n');
}

void finish(void)
{
    if (failures == 0)
        print("PASS %s\n", guest_name);
    out32(DEBUG_EXIT, failures != 0);
    for (;;)
        __asm__ volatile("cli; hlt");
}

uint32_t memory_upper_kib(void)
{
    return ((const struct multiboot_info *)boot_info)->mem_upper;
}

static const char *match(const char *at, const char *name)
{
    while (*name && *at == *name)
        at++, name++;
    return *name == 0 && *at == '=' ? at + 1 : NULL;
}

/* What follows `name=` on the command line. */
static const char *option_find(const char *name)
{
    const struct multiboot_info *info = (const void *)boot_info;

    if (!(info->flags & 4))
        return NULL;
    for (const char *at = (const char *)(uintptr_t)info->cmdline; *at; at++) {
        const char *value = match(at, name);

        if (value)
            return value;
    }
    return NULL;
}

uint64_t option(const char *name, uint64_t otherwise)
{
    const char *digit = option_find(name);
    uint64_t value = 0;

    if (digit == NULL)
        return otherwise;
    for (; *digit >= '0' && *digit <= '9'; digit++)
        value = value * 10 + (uint64_t)(*digit - '0');
    return value;
}

bool option_is(const char *name, const char *value)
{
    const char *at = option_find(name);

    if (at == NULL || value == NULL)
        return at != NULL;
    while (*value && *at == *value)
        at++, value++;
    return *value == 0 && (*at == 0 || *at == ' ');
}

void guest_main(void);
void guest_main(void)
{
    trap_init();
    /* The 8259s stay out of it: what a boot loader left in them must not arrive. */
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
    print("guest %s\n", guest_name);
    guest_run();
    finish();
}

void *memcpy(void *to, const void *from, size_t size)
{
    void *start = to;

    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
    return start;
}

void *memset(void *to, int value, size_t size)
{
    void *start = to;

    __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
    return start;
}
