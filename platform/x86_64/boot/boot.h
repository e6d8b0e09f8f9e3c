/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef X86_BOOT_H
#define X86_BOOT_H

#include <core/compiler.h>
#include <core/types.h>

/* AP start-up code, copied below 1 MiB (boot/trampoline.S). */
extern const char trampoline_start[], trampoline_end[];

/* What the trampoline and the starting CPU share; in the page after it. trampoline.S knows the offsets. */
struct trampoline_args {
    uint32_t cr3;
    uint32_t padding;
    uint64_t entry; /* void (*)(uint64_t cpu) */
    uint64_t stack_top;
    uint64_t percpu_base;
    uint64_t cpu;
};
#define TRAMPOLINE_ARGS_OFFSET 0x1000

#endif
