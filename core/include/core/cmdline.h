/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_CMDLINE_H
#define CORE_CMDLINE_H

/*
 * Boot options: NAME or NAME=VALUE, separated by white space. Double or single quotes keep white space and
 * may start anywhere in a word (ip="a b", "ip=a b"); inside double quotes \" and \\ stand for themselves. A
 * module declares an option beside the code that uses it, by linking:
 *
 *     static int option_loglevel(const char *value) { return ...; }
 *     BOOT_OPTION("loglevel", option_loglevel, "error|warning|info|debug");
 */

#include <core/compiler.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct boot_option {
    const char *name;
    /*
     * Takes the value ("" when the option stands alone or ends in '='), which stays valid for ever. Returns 0
     * or a negative errno when the value is not acceptable; the option then keeps what it had. Called once
     * per occurrence, in order: the last one wins, or the option collects them. Context: boot CPU, before
     * threads, log and heap exist: set a variable, nothing more.
     */
    int (*parse)(const char *value);
    const char *accepts; /* what a value may be, for the warning and the documentation: "on|off", "1..64" */
};

/*
 * Section names that are C identifiers get __start_ and __stop_ symbols from the linker. The explicit
 * alignment keeps the compiler from padding between items.
 */
#define BOOT_OPTION(option_name, parse_fn, accepted) \
    BOOT_OPTION_(option_name, parse_fn, accepted, __COUNTER__)
#define BOOT_OPTION_(option_name, parse_fn, accepted, n) BOOT_OPTION__(option_name, parse_fn, accepted, n)
#define BOOT_OPTION__(option_name, parse_fn, accepted, n)                      \
    static const struct boot_option boot_option_##n in_section("boot_options") \
        keep_symbol aligned_to(_Alignof(struct boot_option)) = {option_name, parse_fn, accepted}

/* One complaint, without newline. Called by cmdline_apply for each unknown option and bad value. */
typedef void (*cmdline_warn_fn)(void *context, const char *text);

/*
 * Splits line in place and hands each option to the one of options[0, count) that has its name. Values point
 * into line, which therefore must stay. Unknown options, refused values and a missing quote are reported
 * through warn and skipped; the rest still counts. Returns how many options were taken. Context: any.
 */
size_t cmdline_apply(char *line, const struct boot_option *options, size_t count, cmdline_warn_fn warn,
                     void *context);

/*
 * Replaces the values of `token=` options in a command line by "***", in place, for logs and the API. Words
 * are told apart as cmdline_apply does. Pure. Context: any.
 */
void cmdline_redact(char *line);

/* The linked options. */
extern const struct boot_option __start_boot_options[] __attribute__((weak));
extern const struct boot_option __stop_boot_options[] __attribute__((weak));

/* For parse functions: the index of value in names[0, count). -EINVAL: it is none of them, *out stays. */
int must_check cmdline_parse_choice(const char *value, const char *const *names, size_t count, size_t *out);

#endif
