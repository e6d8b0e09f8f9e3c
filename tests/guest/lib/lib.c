/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest.h"
#include <stdarg.h>

static unsigned failures;

static void put_number(uint64_t value, unsigned base)
{
    char digits[24];
    unsigned n = 0;

    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (n)
        serial_put(digits[--n]);
}

static void print_list(const char *format, va_list list)
{
    for (; *format; format++) {
        if (*format != '%') {
            serial_put(*format);
            continue;
        }
        format++;
        if (*format == 's')
            for (const char *s = va_arg(list, const char *); *s; s++)
                serial_put(*s);
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
    serial_put('\n');
}

void finish(void)
{
    if (failures == 0)
        print("PASS %s\n", guest_name);
    machine_exit(failures != 0);
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
    const char *at = command_line();

    for (; at && *at; at++) {
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
    guest_init();
    print("guest %s\n", guest_name);
    guest_run();
    finish();
}
