/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpu.h>
#include <contract/arch.h>
#include <core/cmdline.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/panic.h>
#include <core/thread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "console.h"

/* What happens after the report: a fleet wants the host back, a developer wants it to stand still. */
static const char *const policies[] = {"restart", "halt"};
static size_t policy;

static int option_panic(const char *value)
{
    return cmdline_parse_choice(value, policies, ARRAY_SIZE(policies), &policy);
}
BOOT_OPTION("panic", option_panic, "restart|halt");

#define NOBODY (~0U)
static atomic_uint panicking_cpu = NOBODY;
static unsigned depth; /* owner: the panicking CPU */

#define BACKTRACE_MAX 32

bool panic_in_progress(void)
{
    return atomic_load_explicit(&panicking_cpu, memory_order_relaxed) != NOBODY;
}

void panic_enter(void)
{
    unsigned nobody = NOBODY;

    arch_irq_disable();
    if (!atomic_compare_exchange_strong(&panicking_cpu, &nobody, cpu_id()) && nobody != cpu_id())
        arch_halt(); /* somebody else was first: one report is enough */
    if (++depth > 2)
        arch_reboot(); /* a fault in the fault handler's fault handler: no more words */
    arch_cpus_stop_others();
    console_enter_panic();
}

void panic_line(const char *format, ...)
{
    char line[LOG_MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    log_write(LOG_LEVEL_ERROR, "%s", line);
}

static void backtrace_line(unsigned n, uint64_t pc)
{
    uint64_t offset = 0;
    const char *name = symbol_lookup(pc, &offset);

    panic_line("  #%-2u %016llx %s+%#llx", n, (unsigned long long)pc, name ? name : "?",
               (unsigned long long)offset);
}

void panic_backtrace(uint64_t pc, uint64_t frame_pointer)
{
    panic_line("backtrace:");
    backtrace_line(0, pc);
    /* Frames must rise within what a stack can hold, or the chain is not one. */
    for (unsigned n = 1; n < BACKTRACE_MAX && frame_pointer != 0 && frame_pointer % 8 == 0; n++) {
        const uint64_t *frame = (const uint64_t *)frame_pointer;
        uint64_t offset;

        if (!arch_is_mapped(frame_pointer) || !arch_is_mapped(frame_pointer + 8) ||
            symbol_lookup(frame[1], &offset) == NULL)
            break;
        backtrace_line(n, frame[1]);
        if (frame[0] <= frame_pointer || frame[0] - frame_pointer > 65536)
            break;
        frame_pointer = frame[0];
    }
    panic_line("policy: %s", policies[policy]);
    if (policy == 0)
        arch_reboot();
    arch_halt();
}

void panic(const char *format, ...)
{
    char text[LOG_MESSAGE_MAX];
    va_list args;

    panic_enter();
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    panic_line("panic on CPU %u in thread %s: %s", cpu_id(), thread_name(thread_self()), text);
    panic_backtrace((uint64_t)__builtin_return_address(0), (uint64_t)__builtin_frame_address(0));
}
