/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/log.h>
#include <core/panic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* A panic ends the test process with SIGABRT: tests that expect one say `.signal = SIGABRT`. */

__attribute__((weak)) void panic(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("panic: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

__attribute__((weak)) bool panic_in_progress(void)
{
    return false;
}

__attribute__((weak)) void log_write(enum log_level level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fprintf(stderr, "log %d: ", (int)level);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}
