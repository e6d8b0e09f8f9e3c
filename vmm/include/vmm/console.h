/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_CONSOLE_PUBLIC_H
#define VMM_CONSOLE_PUBLIC_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * A VM's serial console: output is kept in a ring with a running offset, so that any number of readers replay
 * and follow it; input goes to the guest's UART. A reader that falls behind loses the oldest bytes and sees
 * it by the offset.
 */
struct vm_console;

/*
 * Copies output from byte number `offset` (0: the guest's first) on; returns how many, 0 if there is none
 * yet. *offset becomes that of the first byte copied, which is later than asked for when the ring has
 * overwritten it. Context: any thread.
 */
size_t vm_console_read(struct vm_console *console, uint64_t *offset, void *to, size_t size);

/* The offset of the oldest byte kept, and the one that comes next. Context: any. */
void vm_console_range(struct vm_console *console, uint64_t *first, uint64_t *next);

/* Gives input to the guest; returns how many bytes its UART's queue had room for. Context: any thread. */
size_t vm_console_input(struct vm_console *console, const void *from, size_t size);

/* Calls fn (any context, must not block) once, as soon as there is output behind `offset`. One at a time per
 * console. */
void vm_console_notify(struct vm_console *console, uint64_t offset, void (*fn)(void *arg), void *arg);

/*
 * Calls fn (any context, must not block) once, as soon as vm_console_input() has room again. One at a time
 * per console.
 */
void vm_console_notify_room(struct vm_console *console, void (*fn)(void *arg), void *arg);

#endif
