/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_PANIC_H
#define CORE_PANIC_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * The host cannot go on: stops the other CPUs, prints the message and a symbolised backtrace on the console
 * and into the log, then acts by the boot option `panic=` (restart, the default, or halt). Only for bugs and
 * dead hardware: nothing a guest, the network or firmware sends may lead here. Context: any.
 */
noreturn_fn void panic(const char *format, ...) printf_like(1, 2);

/* A condition that only a bug of ours can break; checked in every build. */
#define ASSERT(condition)                                                                       \
    do {                                                                                        \
        if (unlikely(!(condition)))                                                             \
            panic("%s:%d: %s: assertion failed: %s", __FILE__, __LINE__, __func__, #condition); \
    } while (0)

/*
 * The rest of panic(), for the platform's exception handlers, which have printed the registers already.
 * `frame_pointer` is where the backtrace starts, `pc` its first line.
 */
noreturn_fn void panic_backtrace(uint64_t pc, uint64_t frame_pointer);

/* Called first by an exception handler: silences other CPUs, switches the console to polled output. */
void panic_enter(void);

/* Whether any CPU has panicked: checks that would only report what is broken anyway are off then. */
bool panic_in_progress(void);

/* One line to console and log, during a panic. */
void panic_line(const char *format, ...) printf_like(1, 2);

/* Name of the function that holds address `pc` and the offset into it; NULL if it is not the image's. */
const char *symbol_lookup(uint64_t pc, uint64_t *offset);

#endif
